"""The reference encoder: a transformers model cut off behind the layer we read."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import AutoModel, AutoModelForCausalLM
from transformers import utils as transformers_utils
from transformers.utils import logging as transformers_logging

from reviewbot.core.arrays import Array
from reviewbot.core.errors import ModelUnavailable
from reviewbot.core.states import SIGNALS, HiddenStates
from reviewbot.encoders import EncoderSpec, Tokens, engine_name, usable_cores
from reviewbot.encoders.tokens import tokenize

LOGIT_ROWS = 256  # positions whose logits are held at once: 152 k floats each


class TransformersEncoder:
    """Reads windows one by one, unpadded: on a CPU the causal fast path beats a batch."""

    def __init__(self, spec: EncoderSpec, tokenizer: Callable[[], Tokenizer]) -> None:
        """Load the model; `tokenizer` gives what `tokens.load_tokenizer` loaded."""
        torch.set_num_threads(spec.threads or usable_cores())
        self.dtype = choose_dtype(spec.dtype)
        self.engine = engine_name("torch", self.dtype, spec.threads)
        self._model = _load(spec.directory, self.dtype, full=spec.full)
        self._tokenizer = tokenizer()
        body: Any = getattr(self._model, "model", None) if spec.full else self._model
        if not hasattr(body, "layers"):
            raise ModelUnavailable(
                f"nothing was scored: a model of type {self._model.config.model_type!r} "
                "does not keep its decoder blocks in `layers`",
                fix="choose another --model, such as a Qwen2 or Llama checkpoint",
            )
        deepest = max(spec.layer, spec.deep or 0)
        if not (spec.layer >= 1 and (spec.deep is None or spec.deep >= 1)) or deepest > len(
            body.layers
        ):
            raise ModelUnavailable(
                f"nothing was scored: the checkpoint has {len(body.layers)} layers, "
                f"layer {deepest} is asked for",
                fix="choose the artifact that was trained on this model",
            )
        if not spec.full:
            del body.layers[deepest:]
        self.width = int(body.config.hidden_size)
        self._full = spec.full
        self._layer, self._deep = spec.layer, spec.deep
        self._states: dict[int, torch.Tensor] = {}
        # Hooks, because a truncated model's last hidden state is overwritten by the final norm.
        for layer in {spec.layer, spec.deep or spec.layer}:
            body.layers[layer - 1].register_forward_hook(partial(self._keep, layer))

    def _keep(self, layer: int, _module: Any, _inputs: Any, output: Any) -> None:
        self._states[layer] = output[0] if isinstance(output, tuple) else output

    def _kept(self, layer: int, tokens: int) -> Array:
        if layer not in self._states:
            raise RuntimeError(f"the hook of layer {layer} did not run")
        # The batch dimension may have been dropped by the layer's own output convention.
        return np.asarray(self._states[layer].reshape(tokens, -1).float().numpy(), np.float32)

    def tokenize(self, text: str) -> Tokens:
        """Split a text into tokens with character offsets."""
        return tokenize(self._tokenizer, text)

    def states(self, ids: Sequence[int]) -> HiddenStates:
        """Read one window: one forward pass over the code as it stands."""
        with torch.inference_mode():
            ids_1T = torch.tensor([list(ids)], dtype=torch.long)
            body = self._model.model if self._full else self._model
            out = body(input_ids=ids_1T, use_cache=False)
            values_TD = self._kept(self._layer, len(ids))
            deep_TD = None if self._deep is None else self._kept(self._deep, len(ids))
            signals_TS = self._head(out.last_hidden_state[0], ids_1T[0]) if self._full else None
            self._states.clear()
        return HiddenStates(values_TD, deep_TD, signals_TS)

    def _head(self, final_TD: torch.Tensor, ids_T: torch.Tensor) -> Array:
        """Return the columns of `core.states.SIGNALS` for each token; zeros for the first."""
        signals_TS = torch.zeros(len(ids_T), len(SIGNALS))
        for start in range(0, len(ids_T) - 1, LOGIT_ROWS):
            end = min(start + LOGIT_ROWS, len(ids_T) - 1)
            logits = self._model.lm_head(final_TD[start:end]).float()
            logs = logits.log_softmax(dim=-1)
            actual_T1 = logs.gather(1, ids_T[start + 1 : end + 1, None])
            signals_TS[start + 1 : end + 1] = torch.stack(
                [
                    -actual_T1[:, 0],
                    -(logs.exp() * logs).sum(dim=-1),
                    logs.amax(dim=-1) - actual_T1[:, 0],
                    (logs > actual_T1).sum(dim=-1).float().log1p(),
                ],
                dim=1,
            )
        return np.asarray(signals_TS.numpy(), np.float32)


@contextmanager
def _no_scipy() -> Iterator[None]:
    """Let transformers believe for a moment that scipy is not there.

    Where it is (scikit-learn brings it), importing a model imports scipy.optimize for a loss of
    object detection: half a second of start-up for something that is never computed here.
    """
    found = transformers_utils.is_scipy_available
    transformers_utils.is_scipy_available = lambda: False
    try:
        yield
    finally:
        transformers_utils.is_scipy_available = found


def _load(directory: Path, dtype: str, *, full: bool) -> Any:
    kind = AutoModelForCausalLM if full else AutoModel
    transformers_logging.disable_progress_bar()  # a bar for half a second of loading is noise
    try:
        with _no_scipy():
            model, loading = kind.from_pretrained(
                directory,
                dtype=torch.bfloat16 if dtype == "bf16" else torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
            )
    except Exception as exc:  # safetensors and the hub's checks raise bare Exceptions
        if isinstance(exc, MemoryError) or "allocate memory" in str(exc).lower():
            raise
        raise ModelUnavailable(
            f"the model cannot be loaded, nothing was scored: {str(exc)[:300]}",
            fix="run `reviewbot model verify`, then `reviewbot model pull`",
        ) from exc
    if missing := sorted(loading["missing_keys"]):  # transformers fills them with random numbers
        raise ModelUnavailable(
            f"the model's files lack {missing[0]!r}, nothing was scored",
            fix="run `reviewbot model verify`, then `reviewbot model pull`",
        )
    return model.eval()


def choose_dtype(asked: str) -> str:
    """Return "fp32" or "bf16"; "auto" takes bf16 only where the CPU has it and it is faster here.

    On a CPU without AVX512_BF16 or AMX, bf16 is tens of times slower than fp32 (pytorch issue
    146508), so the flags are looked at before anything is timed.
    """
    if asked != "auto":
        return asked
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return "fp32"
    if "avx512_bf16" not in flags and "amx_bf16" not in flags:
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
