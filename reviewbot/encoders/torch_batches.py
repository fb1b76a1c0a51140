"""The torch encoder on a GPU: fed with batches of windows."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from tokenizers import Tokenizer

from reviewbot.encoders.batching import pack
from reviewbot.encoders.encoder import Encoder, EncoderSpec, Tokens
from reviewbot.encoders.quantization import check_quantized
from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.torch_encoder import TransformersEncoder
from reviewbot.encoders.torch_loading import Load, load_model
from reviewbot.errors import EnvironmentFailure

GPU = "cuda:0"  # CUDA_VISIBLE_DEVICES chooses among several
STEP = 32_768  # tokens of one forward pass: below, a GPU waits for its own launches
STEPS = 2  # forward passes per call: windows of like length are more among many
T = TypeVar("T")


def torch_encoder(spec: EncoderSpec, tokenizer: Callable[[], Tokenizer]) -> Encoder:
    """Load the encoder that fits the device; "cuda" is never answered with a CPU.

    raises  EnvironmentFailure without a GPU; what `check_quantized` and the loading raise
    """
    check_quantized(spec)
    if spec.device != "cuda":
        return TransformersEncoder(spec, tokenizer)
    require_gpu()
    return GpuEncoder(spec, tokenizer)


def require_gpu() -> None:
    """Refuse to go on where torch sees no GPU. raises EnvironmentFailure"""
    if torch.cuda.is_available() and torch.cuda.device_count():
        return
    built = torch.version.cuda or torch.version.hip
    why = f"built for {built}" if built else "a build for CPUs only"
    raise EnvironmentFailure(
        f"nothing was scored: device is cuda, and torch {torch.__version__} ({why}) sees no GPU",
        fix="install a CUDA build of torch and a driver (docs/install.md), or set device to cpu",
    )


class GpuEncoder:
    """Reads many windows at once; the states come back as float32."""

    def __init__(
        self,
        spec: EncoderSpec,
        tokenizer: Callable[[], Tokenizer],
        device: str = GPU,
        *,
        load: Load = load_model,
        step: int = STEP,
    ) -> None:
        """Load the model onto a device.

        device  torch's name; on "cpu" all but CUDA runs
        load    what loads the model
        step    tokens of one forward pass, padding included
        """
        try:
            self._inner = TransformersEncoder(spec, tokenizer, device, load)
        except torch.OutOfMemoryError as exc:
            raise EnvironmentFailure(
                "nothing was scored: the GPU's memory does not hold the model",
                fix="end what else runs on it, set `quantize`, choose a smaller model or the CPU",
            ) from exc
        self.width, self.dtype = self._inner.width, self._inner.dtype
        self.engine = self._inner.engine
        self.tokenize: Callable[[str], Tokens] = self._inner.tokenize
        self.step = step  # tokens of one forward pass; less once memory ran out

    @property
    def batch_tokens(self) -> int:
        """Tokens worth one call: a few steps."""
        return STEPS * self.step

    def batches(self, lengths: Sequence[int]) -> list[tuple[int, ...]]:
        """Return which windows of so many tokens share a forward pass, by index."""
        return pack(lengths, self.step)

    def states(self, ids: Sequence[int]) -> HiddenStates:
        """Read one window; many at once are far faster."""
        return self.batch([ids])[0]

    def batch(self, windows: Sequence[Sequence[int]]) -> list[HiddenStates]:
        """Read windows of any lengths, in any order; what is returned is in theirs.

        A window's states do not depend on the others, but for the rounding of sums whose order the
        device chooses by the shape of a batch.
        """
        found: dict[int, HiddenStates] = {}
        for rows in self.batches([len(ids) for ids in windows]):
            batch = [windows[row] for row in rows]
            states = halving(self._inner.rows, batch, self._too_many)
            found.update(zip(rows, states, strict=True))
        return [found[row] for row in range(len(windows))]

    def _too_many(self, tokens: int) -> None:
        """Ask for smaller batches from now on."""
        self.step = max(1, min(self.step, tokens // 2))


def halving(
    read: Callable[[Sequence[Sequence[int]]], list[T]],
    windows: Sequence[Sequence[int]],
    too_many: Callable[[int], None],
) -> list[T]:
    """Read windows at once or, where the device's memory does not hold them, half by half.

    too_many  is told how many tokens, padding included, did not fit
    raises    EnvironmentFailure where one window alone does not fit
    """
    try:
        return read(windows)
    except torch.OutOfMemoryError as exc:
        if len(windows) == 1:
            raise EnvironmentFailure(
                f"nothing was scored: the GPU has no memory left for {len(windows[0])} tokens",
                fix="end what else runs on it, set `quantize`, choose a smaller model or the CPU",
            ) from exc
    # Not in the except clause: while the error lives, so do the tensors its frames hold.
    torch.cuda.empty_cache()  # does nothing where CUDA was never started
    too_many(len(windows) * max(map(len, windows)))
    middle = len(windows) // 2
    return [
        *halving(read, windows[:middle], too_many),
        *halving(read, windows[middle:], too_many),
    ]
