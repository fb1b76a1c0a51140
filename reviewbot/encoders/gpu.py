"""The torch encoder on GPUs: a whole copy of the model on each, fed with batches of windows."""

from collections.abc import Callable, Sequence

import torch
from tokenizers import Tokenizer

from reviewbot.core.errors import EnvironmentFailure
from reviewbot.core.states import HiddenStates
from reviewbot.encoders import Encoder, EncoderSpec, Tokens
from reviewbot.encoders.hf import TransformersEncoder
from reviewbot.encoders.loading import Load, load_model
from reviewbot.encoders.packing import pack, share
from reviewbot.encoders.quantized import check_quantized
from reviewbot.encoders.replicas import Replicas, halving

STEP = 32_768  # tokens of one forward pass: below, a GPU waits for its own launches
LEAST = 4_096  # tokens: fewer are not worth splitting between GPUs
STEPS = 2  # forward passes per GPU and call: what is left over at the end is shared out


def torch_encoder(spec: EncoderSpec, tokenizer: Callable[[], Tokenizer]) -> Encoder:
    """Load the encoder that fits the device; "cuda" is never answered with a CPU.

    raises  EnvironmentFailure without a GPU; what `check_quantized` and the loading raise
    """
    check_quantized(spec)
    if spec.device != "cuda":
        return TransformersEncoder(spec, tokenizer)
    return GpuEncoder(spec, tokenizer, visible_gpus())


def visible_gpus() -> list[str]:
    """Return the devices that torch sees; CUDA_VISIBLE_DEVICES chooses among them."""
    if torch.cuda.is_available() and torch.cuda.device_count():
        return [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    built = torch.version.cuda or torch.version.hip
    why = f"built for {built}" if built else "a build for CPUs only"
    raise EnvironmentFailure(
        f"nothing was scored: device is cuda, and torch {torch.__version__} ({why}) sees no GPU",
        fix="install a CUDA build of torch and a driver (docs/gpu.md), or set device to cpu",
    )


class GpuEncoder:
    """Reads many windows at once on every device; the states come back as float32."""

    def __init__(
        self,
        spec: EncoderSpec,
        tokenizer: Callable[[], Tokenizer],
        devices: Sequence[str],
        *,
        load: Load = load_model,
        step: int = STEP,
    ) -> None:
        """Load a copy of the model onto each device.

        devices  torch's names; one may stand there twice, so that all but CUDA runs on a CPU
        load     what loads a copy
        step     tokens of one forward pass, padding included
        """
        words = tokenizer()
        try:
            copies = [TransformersEncoder(spec, lambda: words, device, load) for device in devices]
        except torch.OutOfMemoryError as exc:
            raise EnvironmentFailure(
                "nothing was scored: the GPU's memory does not hold the model",
                fix="end what else runs on it, set `quantize`, choose a smaller model or the CPU",
            ) from exc
        self.width, self.dtype = copies[0].width, copies[0].dtype
        self.engine = " | ".join(dict.fromkeys(copy.engine for copy in copies))
        self.tokenize: Callable[[str], Tokens] = copies[0].tokenize
        self._replicas = Replicas(copies)
        self._count = len(copies)
        self.step = step  # tokens of one forward pass; less once memory ran out

    @property
    def batch_tokens(self) -> int:
        """Tokens worth one call: a few steps for each device."""
        return STEPS * self.step * self._count

    def batches(self, lengths: Sequence[int]) -> list[tuple[int, ...]]:
        """Return which windows of so many tokens share a forward pass, by index."""
        least = min(LEAST, self.step)
        return pack(lengths, share(sum(lengths), self._count, least=least, most=self.step))

    def states(self, ids: Sequence[int]) -> HiddenStates:
        """Read one window; many at once are far faster."""
        return self.batch([ids])[0]

    def batch(self, windows: Sequence[Sequence[int]]) -> list[HiddenStates]:
        """Read windows of any lengths, in any order; what is returned is in theirs.

        A window's states do not depend on the others, but for the rounding of sums whose order the
        device chooses by the shape of a batch.
        """
        batches = self.batches([len(ids) for ids in windows])
        read = self._replicas.map(self._read, [[windows[row] for row in rows] for rows in batches])
        found = {
            row: states
            for rows, several in zip(batches, read, strict=True)
            for row, states in zip(rows, several, strict=True)
        }
        return [found[row] for row in range(len(windows))]

    def _read(
        self, replica: TransformersEncoder, windows: Sequence[Sequence[int]]
    ) -> list[HiddenStates]:
        return halving(replica.rows, windows, self._too_many)

    def _too_many(self, tokens: int) -> None:
        """Ask for smaller batches from now on."""
        self.step = max(1, min(self.step, tokens // 2))
