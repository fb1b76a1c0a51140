"""The torch encoder: a transformers model from disk, cut off behind the layer that is read."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoModelForCausalLM
from transformers import utils as transformers_utils
from transformers.utils import logging as transformers_logging

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import TORCH_LIBRARIES, EncoderSpec, Tokens, engine_name
from reviewbot.encoders.processor import isa, usable_cores
from reviewbot.encoders.quantization import loading_arguments, offline
from reviewbot.encoders.states import HEAD, HiddenStates
from reviewbot.encoders.tokenizer import token, tokenize
from reviewbot.errors import EnvironmentFailure, ModelUnavailable

LOGIT_ROWS = 256  # positions whose logits are in memory at once: 152 k floats each
PADDING = 0  # any token would do: its states are dropped
Load = Callable[[EncoderSpec, str, str], Any]  # spec, "fp32" or "bf16", device -> the model


def load_model(spec: EncoderSpec, dtype: str, device: str) -> Any:
    """Load a checkpoint: from disk, safetensors only, complete or not at all.

    dtype    "fp32" or "bf16", of what is not quantized
    returns  the model, on the device if it is quantized, else in memory
    raises   ModelUnavailable for a damaged checkpoint; EnvironmentFailure if bitsandbytes fails
    """
    model_class = AutoModelForCausalLM if spec.full else AutoModel
    quantized = spec.quantize != "none"
    transformers_logging.disable_progress_bar()
    try:
        with _without_scipy(), offline() if quantized else nullcontext():
            model, loading = model_class.from_pretrained(
                spec.directory,
                dtype=torch.bfloat16 if dtype == "bf16" else torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                **(loading_arguments(spec.quantize, device) if quantized else {}),
            )
    except Exception as exc:  # safetensors and the hub's checks raise bare Exceptions
        if isinstance(exc, MemoryError | torch.OutOfMemoryError) or (
            "allocate memory" in str(exc).lower()
        ):
            raise
        if quantized and isinstance(exc, ImportError | RuntimeError | AttributeError):
            raise EnvironmentFailure(
                f"bitsandbytes cannot quantize the model, nothing was scored: {str(exc)[:300]}",
                fix="run `python -m bitsandbytes`, which reports what is missing",
            ) from exc
        raise _damaged(f"the model cannot be loaded, nothing was scored: {str(exc)[:300]}") from exc
    if missing := sorted(loading["missing_keys"]):  # transformers fills them with random numbers
        raise _damaged(f"the model's files lack {missing[0]!r}, nothing was scored")
    return model.eval()


def _damaged(what: str) -> ModelUnavailable:
    return ModelUnavailable(what, fix="run `reviewbot model verify`, then `reviewbot model pull`")


@contextmanager
def _without_scipy() -> Iterator[None]:
    """Hide scipy from transformers, which would import it for half a second without any use.

    scikit-learn installs it; transformers then imports scipy.optimize for an object detection loss.
    """
    is_available = transformers_utils.is_scipy_available
    transformers_utils.is_scipy_available = lambda: False
    try:
        yield
    finally:
        transformers_utils.is_scipy_available = is_available


def torch_engine_name(dtype: str, device: str) -> str:
    """Return the `Encoder.engine` for an `Encoder.dtype` on a device of torch."""
    if device == "cpu" and dtype in ("fp32", "bf16"):
        return engine_name(TORCH_LIBRARIES, dtype, torch.get_num_threads())
    libraries = f"torch {torch.__version__} transformers {version('transformers')}"
    parts = [libraries, device.partition(":")[0], dtype]
    if dtype in ("8bit", "4bit"):
        parts.append(f"bitsandbytes {version('bitsandbytes')}")
    if device == "cpu":
        return " ".join([*parts, str(torch.get_num_threads()), isa()])
    toolkit = torch.version.cuda or torch.version.hip
    return " ".join([*parts, str(toolkit), torch.cuda.get_device_name(device)])


def choose_dtype(dtype: str, device: str = "cpu") -> str:
    """Resolve "auto" to "fp32" or "bf16": bf16 on a GPU that supports it in hardware.

    A CPU must support it and be faster with it in a short measurement. Without AVX512_BF16 or AMX,
    bf16 is tens of times slower than fp32 (pytorch issue 146508), so nothing is measured then.
    """
    if dtype != "auto":
        return dtype
    if device != "cpu":
        with torch.cuda.device(device):
            supported = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16" if supported else "fp32"
    if "avx512_bf16" not in isa() and "amx_bf16" not in isa():
        return "fp32"
    return "bf16" if _seconds(torch.bfloat16) < 0.8 * _seconds(torch.float32) else "fp32"


def _seconds(dtype: torch.dtype) -> float:
    left, right = torch.ones(256, 896, dtype=dtype), torch.ones(896, 4864, dtype=dtype)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        torch.mm(left, right)
        times.append(time.perf_counter() - start)
    return min(times)


class TransformersEncoder:
    """Reads windows one by one, unpadded: on a CPU the causal fast path beats a batch."""

    def __init__(
        self,
        spec: EncoderSpec,
        get_tokenizer: Callable[[], Tokenizer],
        device: str = "cpu",
        load: Load = load_model,
    ) -> None:
        """Load the model.

        get_tokenizer  returns what `tokenizer.load_tokenizer` loaded
        device         torch's name: "cpu", "cuda:0"
        raises         ModelUnavailable if the model does not have the layers
        """
        torch.set_num_threads(spec.threads or usable_cores())
        quantized = spec.quantize != "none"
        dtype = "bf16" if quantized else choose_dtype(spec.dtype, device)
        self.dtype = spec.quantize if quantized else dtype
        self.engine = torch_engine_name(self.dtype, device)
        self._device = torch.device(device)
        self._model = load(spec, dtype, device)
        self._tokenizer = get_tokenizer()
        body: Any = getattr(self._model, "model", None) if spec.full else self._model
        if not hasattr(body, "layers"):
            raise ModelUnavailable(
                f"nothing was scored: a model of type {self._model.config.model_type!r} "
                "does not keep its decoder blocks in `layers`",
                fix="choose another --model, such as a Qwen2 or Llama checkpoint",
            )
        layers = {spec.layer, spec.layer if spec.deep is None else spec.deep}
        if min(layers) < 1 or max(layers) > len(body.layers):
            raise ModelUnavailable(
                f"nothing was scored: the checkpoint has {len(body.layers)} layers, "
                f"layer {max(layers)} is asked for",
                fix="choose the artifact that was trained on this model",
            )
        if not spec.full:
            del body.layers[max(layers) :]
        if not quantized:  # quantized weights are on the device already
            self._model.to(self._device)
        self.width = int(body.config.hidden_size)
        self._full, self._layer, self._deep = spec.full, spec.layer, spec.deep
        self._states: dict[int, torch.Tensor] = {}
        # Hooks, because a truncated model's last hidden state is overwritten by the final norm.
        for layer in layers:
            body.layers[layer - 1].register_forward_hook(partial(self._store, layer))

    def _store(self, layer: int, _module: Any, _inputs: Any, output: Any) -> None:
        self._states[layer] = output[0] if isinstance(output, tuple) else output

    def _rows_of(self, layer: int, lengths: Sequence[int]) -> list[Array]:
        """Return a layer's states of each row, float32, without the padding."""
        if layer not in self._states:
            raise RuntimeError(f"the hook of layer {layer} did not run")
        # The batch dimension may have been dropped by the layer's own output convention.
        states_BTD = self._states[layer].reshape(len(lengths), max(lengths), -1).cpu()
        rows = zip(states_BTD, lengths, strict=True)
        return [np.asarray(row_TD[:length].float().numpy(), np.float32) for row_TD, length in rows]

    def tokenize(self, text: str) -> Tokens:
        """Split a text into tokens with character offsets."""
        return tokenize(self._tokenizer, text)

    def token(self, number: int) -> str:
        """Return the text of a token."""
        return token(self._tokenizer, number)

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        """Read one window in one forward pass; return the states from token `first` on."""
        return self.rows([ids], [first])[0]

    def rows(
        self, windows: Sequence[Sequence[int]], firsts: Sequence[int] | None = None
    ) -> list[HiddenStates]:
        """Read windows in one forward pass, padded on the right to the longest.

        firsts  of each window, the first token whose states are returned; by default 0

        There is no attention mask, on purpose. Attention is causal, so no token depends on those
        after it, padding included; and only without a mask does torch choose its causal kernel.
        """
        lengths, firsts = [len(ids) for ids in windows], firsts or [0] * len(windows)
        padded = [[*ids, *[PADDING] * (max(lengths) - len(ids))] for ids in windows]
        deep: Sequence[Array | None] = [None] * len(lengths)
        signals: Sequence[Array | None] = deep
        with torch.inference_mode():
            try:
                ids_BT = torch.tensor(padded, dtype=torch.long, device=self._device)
                body = self._model.model if self._full else self._model
                out = body(input_ids=ids_BT, use_cache=False)
                values = self._rows_of(self._layer, lengths)
                if self._deep:
                    deep = self._rows_of(self._deep, lengths)
                if self._full:
                    signals = self._signals(out.last_hidden_state, ids_BT, lengths, firsts)
            finally:
                self._states.clear()  # also if memory ran out: the next try needs it
        return [
            HiddenStates.of(
                values_TD[first:], None if deep_TD is None else deep_TD[first:], head_TS
            )
            for first, values_TD, deep_TD, head_TS in zip(
                firsts, values, deep, signals, strict=True
            )
        ]

    def _signals(
        self,
        final_BTD: torch.Tensor,
        ids_BT: torch.Tensor,
        lengths: Sequence[int],
        firsts: Sequence[int],
    ) -> list[Array]:
        """Return the columns of `states.HEAD` of each row; zeros for its window's first token."""
        # A token is judged by the state before it, which the window's first token lacks.
        starts = [max(first, 1) for first in firsts]
        rows = list(enumerate(zip(starts, lengths, strict=True)))
        final_ND = torch.cat([final_BTD[row, start - 1 : n - 1] for row, (start, n) in rows])
        actual_N = torch.cat([ids_BT[row, start:n] for row, (start, n) in rows])
        signals_NS = np.zeros((len(actual_N), len(HEAD)), np.float32)
        for start in range(0, len(actual_N), LOGIT_ROWS):
            piece = slice(start, start + LOGIT_ROWS)
            logs = self._model.lm_head(final_ND[piece]).float().log_softmax(dim=-1)
            actual_N1 = logs.gather(1, actual_N[piece, None])
            columns = [
                -actual_N1[:, 0],
                -(logs.exp() * logs).sum(dim=-1),
                logs.amax(dim=-1) - actual_N1[:, 0],
                (logs > actual_N1).sum(dim=-1).float().log1p(),
                logs.argmax(dim=-1).float(),
            ]
            signals_NS[piece] = torch.stack(columns, dim=1).cpu().numpy()
        parts = np.split(signals_NS, np.cumsum([n - start for _, (start, n) in rows])[:-1])
        return [
            np.pad(part_TS, ((start - first, 0), (0, 0)))
            for part_TS, start, first in zip(parts, starts, firsts, strict=True)
        ]
