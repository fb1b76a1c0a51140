"""The torch encoder on a GPU, fed with batches of windows."""

from collections.abc import Callable, Sequence

import torch
from tokenizers import Tokenizer

from reviewbot.encoders.encoder import Encoder, EncoderSpec, Tokens
from reviewbot.encoders.quantization import check_quantized
from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.torch_encoder import Load, TransformersEncoder, load_model
from reviewbot.errors import EnvironmentFailure

GPU = "cuda"  # the current one; CUDA_VISIBLE_DEVICES chooses among several
PASS_TOKENS = 32_768  # of one forward pass: with fewer, a GPU waits for its own launches
CALL_PASSES = 2  # forward passes per call: more windows have more of equal length
MAX_PADDING = 0.25  # of a batch's tokens
FREE_MEMORY = "end what else runs on it, set `quantize`, choose a smaller model or the CPU"


def torch_encoder(spec: EncoderSpec, get_tokenizer: Callable[[], Tokenizer]) -> Encoder:
    """Load the encoder for the device; "cuda" never falls back to a CPU.

    raises  EnvironmentFailure without a GPU; what `check_quantized` and `load_model` raise
    """
    check_quantized(spec.device, spec.quantize, spec.dtype)
    if spec.device != "cuda":
        return TransformersEncoder(spec, get_tokenizer)
    require_gpu()
    return GpuEncoder(spec, get_tokenizer)


def require_gpu() -> None:
    """Refuse to go on if torch finds no GPU. raises EnvironmentFailure"""
    if torch.cuda.is_available() and torch.cuda.device_count():
        return
    toolkit = torch.version.cuda or torch.version.hip
    build = f"built for {toolkit}" if toolkit else "a build for CPUs only"
    raise EnvironmentFailure(
        f"nothing was scored: device is cuda, and torch {torch.__version__} ({build}) sees no GPU",
        fix="install a CUDA build of torch and a driver (docs/install.md), or set device to cpu",
    )


class GpuEncoder:
    """Reads many windows at once and returns their states as float32."""

    def __init__(
        self,
        spec: EncoderSpec,
        get_tokenizer: Callable[[], Tokenizer],
        device: str = GPU,
        *,
        load: Load = load_model,
        pass_tokens: int = PASS_TOKENS,
    ) -> None:
        """Load the model onto a device.

        device       torch's name; on "cpu" everything but CUDA works
        pass_tokens  tokens of one forward pass, padding included
        raises       EnvironmentFailure if the memory is too small; what the loading raises
        """
        try:
            self._inner = TransformersEncoder(spec, get_tokenizer, device, load)
        except torch.OutOfMemoryError as exc:
            raise EnvironmentFailure(
                "nothing was scored: the GPU's memory is too small for the model", fix=FREE_MEMORY
            ) from exc
        self.width, self.dtype = self._inner.width, self._inner.dtype
        self.engine = self._inner.engine
        self.tokenize: Callable[[str], Tokens] = self._inner.tokenize
        self.token: Callable[[int], str] = self._inner.token
        self.pass_tokens = pass_tokens  # decreases when memory runs out

    @property
    def batch_tokens(self) -> int:
        """Tokens worth one call: a few forward passes."""
        return CALL_PASSES * self.pass_tokens

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        """Read one window; many at once are far faster."""
        return self.batch([ids], [first])[0]

    def batch(
        self, windows: Sequence[Sequence[int]], firsts: Sequence[int] | None = None
    ) -> list[HiddenStates]:
        """Read windows of any lengths; the result has their order.

        A window's states do not depend on the other windows, except for the rounding of sums, whose
        order the device chooses by the shape of a batch.
        """
        states: dict[int, HiddenStates] = {}
        firsts = firsts or [0] * len(windows)
        for rows in pack([len(ids) for ids in windows], self.pass_tokens):
            some = [windows[row] for row in rows], [firsts[row] for row in rows]
            states.update(zip(rows, self._read(*some), strict=True))
        return [states[row] for row in range(len(windows))]

    def _read(self, windows: Sequence[Sequence[int]], firsts: Sequence[int]) -> list[HiddenStates]:
        """Read windows in one forward pass or, if memory runs out, half by half.

        raises  EnvironmentFailure if one window alone does not fit
        """
        try:
            return self._inner.rows(windows, firsts)
        except torch.OutOfMemoryError as exc:
            if len(windows) == 1:
                raise EnvironmentFailure(
                    f"nothing was scored: the GPU has no memory left for {len(windows[0])} tokens",
                    fix=FREE_MEMORY,
                ) from exc
        # Outside the except clause: the error would keep alive the tensors of its frames.
        torch.cuda.empty_cache()  # does nothing if CUDA was never started
        tokens = len(windows) * max(map(len, windows))
        self.pass_tokens = max(1, min(self.pass_tokens, tokens // 2))
        middle = len(windows) // 2
        return [
            *self._read(windows[:middle], firsts[:middle]),
            *self._read(windows[middle:], firsts[middle:]),
        ]


def pack(lengths: Sequence[int], max_tokens: int) -> list[tuple[int, ...]]:
    """Group windows of like length into batches, each for one forward pass.

    lengths     tokens of each window, at least 1
    max_tokens  of a batch, padding included; a longer window becomes a batch of its own
    returns     indices into `lengths`, each once, the longest windows first; at most MAX_PADDING of
                a batch is padding
    raises      ValueError for a window without tokens
    """
    if lengths and min(lengths) < 1:
        raise ValueError("a window must hold at least one token")
    batches: list[tuple[int, ...]] = []
    longest = tokens = 0  # of the last batch
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        rows = batches[-1] if batches else ()
        padded = (len(rows) + 1) * longest
        padding = padded - tokens - lengths[index]
        if rows and padded <= max_tokens and padding <= MAX_PADDING * padded:
            batches[-1] = (*rows, index)
        else:
            batches.append((index,))
            longest, tokens = lengths[index], 0
        tokens += lengths[index]
    return batches
