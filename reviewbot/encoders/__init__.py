"""Code in, hidden states out. An encoder re-reads code it is given; it never generates."""

import os
import pkgutil
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from reviewbot.core.errors import MissingExtra, UsageError
from reviewbot.core.spans import Span
from reviewbot.core.states import HiddenStates


def usable_cores() -> int:
    """Return how many cores this process may use, or have where the system cannot say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_bf16", "avx512_vnni", "amx_int8", "amx_bf16")


def isa() -> str:
    """Name those instructions of this processor that decide which kernels a library takes."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # no Linux
        return platform.machine()
    line = next((row for row in text.splitlines() if row.startswith("flags")), "")
    return "+".join([platform.machine(), *(flag for flag in FLAGS if flag in line.split())])


@dataclass(frozen=True, slots=True)
class Tokens:
    """A tokenized text; no special token is ever among them, whatever the text says."""

    ids: list[int]
    offsets: list[Span]  # in characters of the text, ascending


class Encoder(Protocol):
    """A code language model in teacher-forcing mode."""

    @property
    def width(self) -> int:
        """D, the width of its states."""

    @property
    def dtype(self) -> str:
        """What it computes in: "fp32", "bf16", "int8", or "8bit" and "4bit" of bitsandbytes."""

    @property
    def engine(self) -> str:
        """All that may change a digit beside the model: library, version, numbers, processor."""

    def tokenize(self, text: str) -> Tokens:
        """Split a text; lone surrogates in it count as U+FFFD."""

    def states(self, ids: Sequence[int]) -> HiddenStates:
        """Read one window in one forward pass."""


@runtime_checkable
class BatchEncoder(Encoder, Protocol):
    """An encoder that reads several windows faster together than one by one: one on a GPU."""

    @property
    def batch_tokens(self) -> int:
        """How many tokens, padding included, are worth one call."""

    def batch(self, windows: Sequence[Sequence[int]]) -> list[HiddenStates]:
        """Read several windows; what is returned is in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpec:
    """What to load and how to run it."""

    directory: Path  # a checkpoint: config.json, safetensors, tokenizer.json
    layer: int  # decoder blocks below the state that is read
    deep: int | None = None  # a later block whose state is kept too
    full: bool = False  # run the whole model and its output head, for `core.states.SIGNALS`
    dtype: str = "fp32"  # "fp32", "bf16", or "auto": bf16 on a GPU, or where it proves faster
    threads: int = 0  # 0: one per core this process may use
    device: str = "cpu"  # or "cuda": every GPU that torch sees, a replica of the model on each
    quantize: str = "none"  # "8bit" or "4bit": weights through bitsandbytes, on a GPU only


def default_dtype(device: str) -> str:
    """Return the number format where nobody named one: fp32 wastes a GPU."""
    return "auto" if device == "cuda" else "fp32"


ENCODERS = {"torch": "reviewbot.encoders.gpu:torch_encoder"}


def load_encoder(name: str, spec: EncoderSpec) -> Encoder:
    """Load an encoder by name; its framework is imported only now.

    The tokenizer is read meanwhile, on the other core: the framework's import takes seconds.
    """
    if name not in ENCODERS:
        raise UsageError(f"no encoder is named {name!r}", fix=f"use one of: {', '.join(ENCODERS)}")
    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            load_tokenizer = pkgutil.resolve_name("reviewbot.encoders.tokens:load_tokenizer")
            tokenizer = pool.submit(load_tokenizer, spec.directory)
            make: Callable[[EncoderSpec, Any], Encoder] = pkgutil.resolve_name(ENCODERS[name])
        except ImportError as exc:
            raise MissingExtra(
                f"encoder {name!r} cannot be loaded, nothing was scored: {exc}",
                fix="install reviewbot-risk again, with its dependencies, in a fresh environment",
            ) from exc
        return make(spec, tokenizer.result)
