"""The CPU engine: int8 weights through ONNX Runtime. Knows neither torch nor transformers."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import (
    EncoderSpec,
    Tokens,
    engine_name,
    int8_saturates,
    usable_cores,
)
from reviewbot.encoders.states import SIGNALS, HiddenStates, layer_norm, sinks
from reviewbot.encoders.tokenizer import tokenize
from reviewbot.errors import EngineUnfit, ModelUnavailable

PIECE = 256  # tokens of a window that are read at once: what they need fits a processor's cache
HEAD_ROWS = 64  # positions whose logits are held at once
# How close the states of the probe must come to float32: cosine of the layer-normed states.
MEAN_COSINE, LEAST_COSINE = 0.99, 0.95


class OnnxEncoder:
    """Reads windows piece by piece; keys and values of a piece stay for those behind it."""

    dtype = "int8"

    def __init__(self, spec: EncoderSpec, tokenizer: Callable[[], Tokenizer]) -> None:
        """Load the engine in `spec.directory`, and hold it against its probe.

        raises  EngineUnfit where this processor does not compute what float32 gives,
                ModelUnavailable where a file is damaged
        """
        threads = spec.threads or usable_cores()
        self.engine = engine_name("onnxruntime", "int8", threads)
        self._layer, self._deep, self._full = spec.layer, spec.deep, spec.full
        self._trunk = _session(spec.directory / "trunk.onnx", threads)
        self._head = _session(spec.directory / "head.onnx", threads) if spec.full else None
        self._embedding_VD = _mapped(spec.directory / "embedding.safetensors", "embedding")
        self.width = int(self._embedding_VD.shape[1])
        self._tokenizer = tokenizer()
        self._states = [entry.name for entry in self._trunk.get_outputs() if len(entry.shape) == 3]
        kept = [entry for entry in self._trunk.get_outputs() if len(entry.shape) == 4]
        self._kept = [entry.name for entry in kept]
        empty = [np.zeros((1, e.shape[1], 0, e.shape[3]), np.float32) for e in kept]
        self._empty = [_value(held) for held in empty]
        self._check(spec.directory / "probe.safetensors")

    def tokenize(self, text: str) -> Tokens:
        """Split a text into tokens with character offsets."""
        return tokenize(self._tokenizer, text)

    def states(self, ids: Sequence[int]) -> HiddenStates:
        """Read one window."""
        seen = self._read(np.array(ids, np.intp))
        return HiddenStates(
            seen[f"state_{self._layer}"],
            None if self._deep is None else seen[f"state_{self._deep}"],
            self._signals(seen["final"], ids) if self._full else None,
        )

    def _read(self, ids_T: Any) -> Mapping[str, Array]:
        """Return what the trunk gives for a window: name -> (T, D)."""
        parts: dict[str, list[Array]] = {name: [] for name in self._states}
        kept = self._empty
        for start in range(0, len(ids_T), PIECE):
            piece_T = ids_T[start : start + PIECE]
            end = start + len(piece_T)
            given = {
                "x": _value(self._embedding_VD[piece_T][None].astype(np.float32)),
                "last_key": _value(np.array([end - 1], np.int32)),
                "total": _value(np.array([end], np.int32)),
                **dict(zip((n.removeprefix("new_") for n in self._kept), kept, strict=True)),
            }
            found = self._trunk.run_with_ort_values([*self._states, *self._kept], given)
            kept = found[len(self._states) :]
            for name, value in zip(self._states, found, strict=False):
                parts[name].append(value.numpy()[0])
        return {name: np.concatenate(held) for name, held in parts.items()}

    def _signals(self, final_TD: Array, ids: Sequence[int]) -> Array:
        """Return the columns of `encoders.states.SIGNALS` for each token; zeros for the first."""
        signals_TS = np.zeros((len(ids), len(SIGNALS)), np.float32)
        if self._head is None:
            raise RuntimeError("the output head is not loaded")
        for start in range(0, len(ids) - 1, HEAD_ROWS):
            end = min(start + HEAD_ROWS, len(ids) - 1)
            actual_T1 = np.array(ids[start + 1 : end + 1], np.int64)[:, None]
            given = {"final": final_TD[start:end], "actual": actual_T1}
            signals_TS[start + 1 : end + 1] = self._head.run(None, given)[0]
        return signals_TS

    def _check(self, path: Path) -> None:
        """Refuse to compute on a processor where the probe's states are not what they should be."""
        probe = _probe(path)
        lengths = {len(part) for part in probe.values()}
        if probe.keys() != {*self._states, "ids"} or len(lengths) != 1 or 0 in lengths:
            raise _damaged(path, ValueError("it does not hold every state"))
        try:
            found = self._read(probe.pop("ids"))
        except Exception as exc:  # its own kinds share no base class but Exception
            if isinstance(exc, MemoryError):
                raise
            raise EngineUnfit(
                f"nothing was scored: ONNX Runtime cannot compute this model: {str(exc)[-200:]}",
                fix="use --engine torch",
            ) from exc
        for name, right_TD in probe.items():
            cosine_T = _cosines(found[name], right_TD)
            mean, least = float(cosine_T.mean()), float(cosine_T.min())
            if not (mean >= MEAN_COSINE and least >= LEAST_COSINE):  # NaN, too, is unfit
                raise EngineUnfit(
                    f"nothing was scored: on this processor int8 does not compute what float32 "
                    f"does ({name}: cosine {mean:.4f}, at worst {least:.4f})",
                    fix="use --engine torch",
                )


def _cosines(found_TD: Array, right_TD: Array) -> Array:
    """Compare layer-normed states, attention sinks left out; (tokens,)."""
    kept_T = ~sinks(right_TD)
    left, right = layer_norm(found_TD[kept_T]), layer_norm(right_TD[kept_T])
    norms_T = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / norms_T, np.float32)


def _value(array: Any) -> Any:
    return onnxruntime.OrtValue.ortvalue_from_numpy(array)


def _session(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; they also come as exceptions
    if int8_saturates():  # uint8 x uint8 products do not, and cost a fifth of the speed
        options.add_session_config_entry("session.x64quantprecision", "1")
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # its own kinds share no base class but Exception
        if isinstance(exc, MemoryError):
            raise
        raise _damaged(path, exc) from exc


def _mapped(path: Path, name: str) -> Any:
    """Map a tensor of a safetensors file into memory, float16; nothing is read yet.

    source  the safetensors format (8 bytes of header length, JSON, data)
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            entry = json.loads(file.read(min(length, 1 << 20)))[name]
        if entry["dtype"] != "F16":
            raise ValueError(f"{name} is {entry['dtype']}")
        at = 8 + length + int(entry["data_offsets"][0])
        return np.memmap(path, np.float16, "r", at, tuple(entry["shape"]))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise _damaged(path, exc) from exc


def _probe(path: Path) -> dict[str, Any]:
    try:
        return dict(load_file(path))
    except (OSError, SafetensorError) as exc:
        raise _damaged(path, exc) from exc


def _damaged(path: Path, exc: Exception) -> ModelUnavailable:
    return ModelUnavailable(
        f"the int8 engine cannot be loaded, nothing was scored: {path.name}: {str(exc)[:300]}",
        fix="run `reviewbot model verify`, then `reviewbot model pull`",
    )
