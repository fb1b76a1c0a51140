"""The `Encoder` protocol, what to load (`EncoderSpec`), and the table of engines."""

import pkgutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any, Protocol, TypeGuard, runtime_checkable

from reviewbot.encoders.processor import isa, usable_cores
from reviewbot.encoders.spans import Span
from reviewbot.encoders.states import HiddenStates
from reviewbot.errors import EXTRAS, MissingExtra, UsageError, install


@dataclass(frozen=True, slots=True)
class Tokens:
    """A tokenized text without special tokens, whatever the text contains."""

    ids: list[int]
    offsets: list[Span]  # in characters of the text, ascending


class Encoder(Protocol):
    """A code language model in teacher-forcing mode."""

    @property
    def width(self) -> int:
        """D, the width of the states."""

    @property
    def dtype(self) -> str:
        """The number format: "fp32", "bf16", "int8", or "8bit" and "4bit" of bitsandbytes."""

    @property
    def engine(self) -> str:
        """What else can change a number: library, version, number format, processor."""

    def tokenize(self, text: str) -> Tokens:
        """Split a text; lone surrogates in it count as U+FFFD."""

    def token(self, number: int) -> str:
        """Return the text of a token, or "" if there is no such token."""

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        """Read one window in one forward pass; return the states from token `first` on."""


@runtime_checkable
class BatchEncoder(Encoder, Protocol):
    """An encoder that reads several windows faster together than one by one, as on a GPU."""

    @property
    def batch_tokens(self) -> int:
        """How many tokens, padding included, are worth one call."""

    def batch(
        self, windows: Sequence[Sequence[int]], firsts: Sequence[int] | None = None
    ) -> list[HiddenStates]:
        """Read several windows; the result has their order. firsts  as in `states`, by default 0"""


def at_once(encoder: Encoder) -> int:
    """Return how many windows an encoder may read at the same time, each on its own thread.

    A lazy encoder loads its model for this.
    """
    return getattr(encoder, "at_once", 1)


def batches(encoder: Encoder) -> TypeGuard[BatchEncoder]:
    """Return True if an encoder takes several windows at once. Loads nothing.

    isinstance would read the width, and a LazyEncoder would load its model for it.
    """
    return hasattr(type(encoder), "batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpec:
    """What to load and how to run it."""

    directory: Path  # a checkpoint (config.json, safetensors), or an int8 engine; tokenizer.json
    engine: str = "torch"  # a key of `ENCODERS`
    layer: int  # decoder blocks below the state that is read
    deep: int | None = None  # a later block whose state is returned too
    full: bool = False  # run the whole model and its output head, for `encoders.states.SIGNALS`
    dtype: str = "fp32"  # "fp32", "bf16", or "auto": bf16 on a GPU, or where it proves faster
    threads: int = 0  # 0: one per core this process may use
    one_by_one: bool = False  # windows come one at a time: read each on all threads
    device: str = "cpu"  # or "cuda": the first GPU that torch sees
    quantize: str = "none"  # "8bit" or "4bit": weights through bitsandbytes, on a GPU only


def default_dtype(device: str) -> str:
    """Return the number format if none was set: fp32 wastes a GPU."""
    return "auto" if device == "cuda" else "fp32"


ENCODERS = {  # torch is an extra of the same name, ONNX Runtime comes with the package
    "torch": "reviewbot.encoders.gpu_encoder:torch_encoder",
    "onnx": "reviewbot.encoders.onnx_encoder:OnnxEncoder",
}
TORCH_LIBRARIES = ("torch", "transformers")  # their versions can change a number


def engine_name(libraries: Sequence[str], dtype: str, threads: int) -> str:
    """Return the `Encoder.engine` of libraries on this processor; they need not be loaded."""
    versions = " ".join(f"{name} {_version(name)}" for name in libraries)
    return f"{versions} cpu {dtype} {threads or usable_cores()} {isa()}"


def _version(module: str) -> str:
    try:
        return version(module)
    except PackageNotFoundError:  # another distribution brings it, such as onnxruntime-gpu
        names = sorted(set(packages_distributions().get(module, ())))
        return " ".join(f"{name} {version(name)}" for name in names)


def expected_engine(spec: EncoderSpec) -> tuple[str, str] | None:
    """Return the dtype and engine that an encoder will have; None if it must be loaded first."""
    if spec.engine == "onnx":
        return "int8", engine_name(("onnxruntime",), "int8", spec.threads)
    if (spec.engine, spec.device, spec.dtype) == ("torch", "cpu", "fp32"):
        return "fp32", engine_name(TORCH_LIBRARIES, "fp32", spec.threads)
    return None


def load_encoder(spec: EncoderSpec, get_tokenizer: Callable[[], Any] | None = None) -> Encoder:
    """Load the encoder of the spec's engine; its framework is imported only now.

    The tokenizer is read at the same time, on another core: the import takes seconds.
    get_tokenizer  returns the tokenizer, if it is loaded already
    """
    name = spec.engine
    if name not in ENCODERS:
        raise UsageError(f"no encoder is named {name!r}", fix=f"use one of: {', '.join(ENCODERS)}")
    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            load_tokenizer = pkgutil.resolve_name("reviewbot.encoders.tokenizer:load_tokenizer")
            get_tokenizer = get_tokenizer or pool.submit(load_tokenizer, spec.directory).result
            make: Callable[[EncoderSpec, Any], Encoder] = pkgutil.resolve_name(ENCODERS[name])
        except ImportError as exc:
            fresh = "install reviewbot-risk in a fresh environment"
            raise MissingExtra(
                f"encoder {name!r} cannot be loaded, nothing was scored: {exc}",
                fix=f"{install(name)}; if that is there, {fresh}" if name in EXTRAS else fresh,
            ) from exc
        return make(spec, get_tokenizer)
