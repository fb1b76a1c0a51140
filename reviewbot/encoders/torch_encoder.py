"""The reference encoder: a transformers model cut off behind the layer we read."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from reviewbot.arrays import Array
from reviewbot.encoders.dtype import choose_dtype, engine
from reviewbot.encoders.encoder import EncoderSpec, Tokens, usable_cores
from reviewbot.encoders.states import SIGNALS, HiddenStates
from reviewbot.encoders.tokenizer import tokenize
from reviewbot.encoders.torch_loading import Load, load_model
from reviewbot.errors import ModelUnavailable

LOGIT_ROWS = 256  # positions whose logits are held at once: 152 k floats each
PADDING = 0  # any token would do: nobody reads what it becomes


class TransformersEncoder:
    """Reads windows one by one, unpadded: on a CPU the causal fast path beats a batch."""

    def __init__(
        self,
        spec: EncoderSpec,
        tokenizer: Callable[[], Tokenizer],
        device: str = "cpu",
        load: Load = load_model,
    ) -> None:
        """Load the model; `tokenizer` gives what `tokens.load_tokenizer` loaded.

        device  torch's name: "cpu", "cuda:0"
        load    what loads the model, onto the CPU where it is not quantized
        """
        torch.set_num_threads(spec.threads or usable_cores())
        numbers = "bf16" if spec.quantize != "none" else choose_dtype(spec.dtype, device)
        self.dtype = numbers if spec.quantize == "none" else spec.quantize
        self.engine = engine(self.dtype, device)
        self._device = torch.device(device)
        self._model = load(spec, numbers, device)
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
        if spec.quantize == "none":  # else the weights were put there as they were quantized
            self._model.to(self._device)
        self.width = int(body.config.hidden_size)
        self._full = spec.full
        self._layer, self._deep = spec.layer, spec.deep
        self._states: dict[int, torch.Tensor] = {}
        # Hooks, because a truncated model's last hidden state is overwritten by the final norm.
        for layer in {spec.layer, spec.deep or spec.layer}:
            body.layers[layer - 1].register_forward_hook(partial(self._keep, layer))

    def _keep(self, layer: int, _module: Any, _inputs: Any, output: Any) -> None:
        self._states[layer] = output[0] if isinstance(output, tuple) else output

    def _kept(self, layer: int, lengths: Sequence[int]) -> list[Array]:
        """Return a layer's states of each row, float32, without the padding."""
        if layer not in self._states:
            raise RuntimeError(f"the hook of layer {layer} did not run")
        # The batch dimension may have been dropped by the layer's own output convention.
        kept_BTD = self._states[layer].reshape(len(lengths), max(lengths), -1).cpu()
        rows = zip(kept_BTD, lengths, strict=True)
        return [np.asarray(row_TD[:length].float().numpy(), np.float32) for row_TD, length in rows]

    def tokenize(self, text: str) -> Tokens:
        """Split a text into tokens with character offsets."""
        return tokenize(self._tokenizer, text)

    def states(self, ids: Sequence[int]) -> HiddenStates:
        """Read one window: one forward pass over the code as it stands."""
        return self.rows([ids])[0]

    def rows(self, windows: Sequence[Sequence[int]]) -> list[HiddenStates]:
        """Read windows in one forward pass, padded on the right to the longest.

        There is no attention mask on purpose. Attention is causal, so no token sees what stands
        behind it, padding included; and only without a mask does torch take its causal kernel.
        """
        lengths = [len(ids) for ids in windows]
        padded = [[*ids, *[PADDING] * (max(lengths) - len(ids))] for ids in windows]
        with torch.inference_mode():
            try:
                ids_BT = torch.tensor(padded, dtype=torch.long, device=self._device)
                body = self._model.model if self._full else self._model
                out = body(input_ids=ids_BT, use_cache=False)
                values = self._kept(self._layer, lengths)
                deep = self._kept(self._deep, lengths) if self._deep else [None] * len(lengths)
                signals = (
                    self._head(out.last_hidden_state, ids_BT, lengths)
                    if self._full
                    else [None] * len(lengths)
                )
            finally:
                self._states.clear()  # also where memory ran out: the next try needs it
        return [HiddenStates(*row) for row in zip(values, deep, signals, strict=True)]

    def _head(
        self, final_BTD: torch.Tensor, ids_BT: torch.Tensor, lengths: Sequence[int]
    ) -> list[Array]:
        """Return the columns of `states.SIGNALS` of each row; zeros for its first token."""
        final_ND = torch.cat([final_BTD[row, : n - 1] for row, n in enumerate(lengths)])
        actual_N = torch.cat([ids_BT[row, 1:n] for row, n in enumerate(lengths)])
        signals_NS = np.zeros((len(actual_N), len(SIGNALS)), np.float32)
        for start in range(0, len(actual_N), LOGIT_ROWS):
            some = slice(start, start + LOGIT_ROWS)
            logs = self._model.lm_head(final_ND[some]).float().log_softmax(dim=-1)
            actual_N1 = logs.gather(1, actual_N[some, None])
            columns = [
                -actual_N1[:, 0],
                -(logs.exp() * logs).sum(dim=-1),
                logs.amax(dim=-1) - actual_N1[:, 0],
                (logs > actual_N1).sum(dim=-1).float().log1p(),
            ]
            signals_NS[some] = torch.stack(columns, dim=1).cpu().numpy()
        rows = np.split(signals_NS, np.cumsum([n - 1 for n in lengths])[:-1])
        return [np.pad(row_TS, ((1, 0), (0, 0))) for row_TS in rows]
