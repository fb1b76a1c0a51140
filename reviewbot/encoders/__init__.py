"""Code in, hidden states out. An encoder re-reads code it is given; it never generates."""

import os
import pkgutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from reviewbot.core.errors import MissingExtra, UsageError
from reviewbot.core.spans import Span
from reviewbot.core.states import HiddenStates


def usable_cores() -> int:
    """Return how many cores this process may use, or have where the system cannot say."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
        """What it computes in: "fp32" or "bf16"."""

    def tokenize(self, text: str) -> Tokens:
        """Split a text; lone surrogates in it count as U+FFFD."""

    def states(self, ids: Sequence[int]) -> HiddenStates:
        """Read one window in one forward pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpec:
    """What to load and how to run it."""

    directory: Path  # a checkpoint: config.json, safetensors, tokenizer.json
    layer: int  # decoder blocks below the state that is read
    deep: int | None = None  # a later block whose state is kept too
    full: bool = False  # run the whole model and its output head, for `core.states.SIGNALS`
    dtype: str = "fp32"  # "fp32", "bf16", or "auto": bf16 where a self-test finds it faster
    threads: int = 0  # 0: one per core this process may use


ENCODERS = {"torch": "reviewbot.encoders.hf:TransformersEncoder"}


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
