"""The CPU engine: int8 weights through ONNX Runtime, without torch and transformers.

Several windows, each on one thread, are read a fifth faster than one window on all threads, and to
the same numbers.
"""

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
from reviewbot.encoders.encoder import EncoderSpec, Tokens, engine_name
from reviewbot.encoders.processor import usable_cores
from reviewbot.encoders.states import HEAD, HiddenStates, layer_norm, sinks
from reviewbot.encoders.tokenizer import token, tokenize
from reviewbot.errors import EngineUnfit, ModelUnavailable

PIECE = 256  # tokens of a window that are read at once: their data fits a processor's cache
HEAD_ROWS = 64  # positions whose logits are in memory at once
# How close the probe's states must be to float32: cosine of the layer-normed states.
MEAN_COSINE, MIN_COSINE = 0.99, 0.95


class OnnxEncoder:
    """Reads windows piece by piece, with the keys and values of the pieces before."""

    dtype = "int8"

    def __init__(self, spec: EncoderSpec, get_tokenizer: Callable[[], Tokenizer]) -> None:
        """Load the engine in `spec.directory` and check it against its probe.

        raises  EngineUnfit if this processor's results are not close to float32,
                ModelUnavailable if a file is damaged
        """
        threads = spec.threads or usable_cores()
        self.engine = engine_name(("onnxruntime",), "int8", threads)
        self.at_once = 1 if spec.one_by_one else threads
        self._layer, self._deep, self._full = spec.layer, spec.deep, spec.full
        each = threads // self.at_once
        self._trunk = _session(spec.directory / "trunk.onnx", each)
        self._head = _session(spec.directory / "head.onnx", each) if spec.full else None
        self._values_VD, self._scales_V = _embedding(spec.directory / "embedding.safetensors")
        self.width = int(self._values_VD.shape[1])
        self._tokenizer = get_tokenizer()
        outputs = self._trunk.get_outputs()
        self._states = [output.name for output in outputs if len(output.shape) == 3]
        past = [output for output in outputs if len(output.shape) == 4]  # keys and values
        self._past = [output.name for output in past]
        self._no_past = [
            _value(np.zeros((1, output.shape[1], 0, output.shape[3]), np.float32))
            for output in past
        ]
        self._check(spec.directory / "probe.safetensors")

    def tokenize(self, text: str) -> Tokens:
        """Split a text into tokens with character offsets."""
        return tokenize(self._tokenizer, text)

    def token(self, number: int) -> str:
        """Return the text of a token."""
        return token(self._tokenizer, number)

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        """Read one window; return the states from token `first` on."""
        states = self._read(np.array(ids, np.intp))
        return HiddenStates.of(
            states[f"state_{self._layer}"][first:],
            None if self._deep is None else states[f"state_{self._deep}"][first:],
            self._signals(states["final"], ids, first) if self._full else None,
        )

    def _read(self, ids_T: Any) -> Mapping[str, Array]:
        """Return the trunk's outputs for a window: name -> (T, D)."""
        parts: dict[str, list[Array]] = {name: [] for name in self._states}
        past = self._no_past
        for start in range(0, len(ids_T), PIECE):
            piece_T = ids_T[start : start + PIECE]
            end = start + len(piece_T)
            embedded_TD = self._values_VD[piece_T] * self._scales_V[piece_T][:, None]
            inputs = {
                "x": _value(embedded_TD[None]),
                "last_key": _value(np.array([end - 1], np.int32)),
                "total": _value(np.array([end], np.int32)),
                **dict(zip((n.removeprefix("new_") for n in self._past), past, strict=True)),
            }
            outputs = self._trunk.run_with_ort_values([*self._states, *self._past], inputs)
            past = outputs[len(self._states) :]
            for name, value in zip(self._states, outputs, strict=False):
                parts[name].append(value.numpy()[0])
        return {name: np.concatenate(pieces) for name, pieces in parts.items()}

    def _signals(self, final_TD: Array, ids: Sequence[int], first: int) -> Array:
        """Return the columns of `encoders.states.HEAD` for each token from `first` on.

        Those of the window's first token are zeros.
        """
        signals_TS = np.zeros((len(ids), len(HEAD)), np.float32)
        if self._head is None:
            raise RuntimeError("the output head is not loaded")
        for start in range(max(first - 1, 0), len(ids) - 1, HEAD_ROWS):
            end = min(start + HEAD_ROWS, len(ids) - 1)
            actual_T1 = np.array(ids[start + 1 : end + 1], np.int64)[:, None]
            inputs = {"final": final_TD[start:end], "actual": actual_T1}
            signals_TS[start + 1 : end + 1] = self._head.run(None, inputs)[0]
        return signals_TS[first:]

    def _check(self, path: Path) -> None:
        """Refuse a processor that does not reproduce the probe's states."""
        try:
            probe = dict(load_file(path))
        except (OSError, SafetensorError) as exc:
            raise _damaged(path, exc) from exc
        lengths = {len(part) for part in probe.values()}
        if probe.keys() != {*self._states, "ids"} or len(lengths) != 1 or 0 in lengths:
            raise _damaged(path, ValueError("it does not contain every state"))
        try:
            states = self._read(probe.pop("ids"))
        except Exception as exc:  # ONNX Runtime's exceptions have no other common base class
            if isinstance(exc, MemoryError):
                raise
            why = f"ONNX Runtime cannot compute this model: {str(exc)[-200:]}"
            raise EngineUnfit(why) from exc
        for name, expected_TD in probe.items():
            cosine_T = _cosines(states[name], expected_TD)
            mean, lowest = float(cosine_T.mean()), float(cosine_T.min())
            if not (mean >= MEAN_COSINE and lowest >= MIN_COSINE):  # NaN is unfit, too
                raise EngineUnfit(
                    "on this processor int8 results are not close to float32 "
                    f"({name}: mean cosine {mean:.4f}, lowest {lowest:.4f})"
                )


def _cosines(actual_TD: Array, expected_TD: Array) -> Array:
    """Compare layer-normed states without attention sinks; (tokens,)."""
    compared_T = ~sinks(expected_TD)
    left, right = layer_norm(actual_TD[compared_T]), layer_norm(expected_TD[compared_T])
    norms_T = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / norms_T, np.float32)


def _value(array: Any) -> Any:
    return onnxruntime.OrtValue.ortvalue_from_numpy(array)


def _session(path: Path, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; they also come as exceptions
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as exc:  # ONNX Runtime's exceptions have no other common base class
        if isinstance(exc, MemoryError):
            raise
        raise _damaged(path, exc) from exc


def _embedding(path: Path) -> tuple[Any, Any]:
    """Map the int8 values (V, D) and float32 scales (V,) into memory; nothing is read yet.

    source  the safetensors format (8 bytes of header length, JSON, data)
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, 1 << 20)))

        def mapped(name: str, dtype: str, kind: Any) -> Any:
            entry = header[name]
            if entry["dtype"] != dtype:
                raise ValueError(f"{name} is {entry['dtype']}")
            at = 8 + length + int(entry["data_offsets"][0])
            return np.memmap(path, kind, "r", at, tuple(entry["shape"]))

        return mapped("values", "I8", np.int8), mapped("scales", "F32", np.float32)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise _damaged(path, exc) from exc


def _damaged(path: Path, exc: Exception) -> ModelUnavailable:
    return ModelUnavailable(
        f"the int8 engine cannot be loaded, nothing was scored: {path.name}: {str(exc)[:300]}",
        fix="run `reviewbot model verify`, then `reviewbot model pull`",
    )
