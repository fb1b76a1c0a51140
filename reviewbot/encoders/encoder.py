"""Code in, hidden states out. An encoder re-reads code it is given; it never generates."""

import os
import pkgutil
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any, Protocol, TypeGuard, runtime_checkable

from reviewbot.encoders.spans import Span
from reviewbot.encoders.states import HiddenStates
from reviewbot.errors import MissingExtra, UsageError, install


def usable_cores() -> int:
    """Return how many cores this process may use, or have where the system cannot say.

    A container's share of time counts, too: more threads than that only wait for each other.
    """
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # no such system, or "max": no limit
        return cores


FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_bf16", "avx512_vnni", "amx_int8", "amx_bf16")


def first_core(cpuinfo: str) -> dict[str, str]:
    """Return what /proc/cpuinfo says of the first core."""
    rows = [row.partition(":") for row in cpuinfo.splitlines()]
    return {key.strip(): value.strip() for key, _, value in reversed(rows)}


@cache
def isa() -> str:
    """Name those instructions of this processor that decide which kernels a library takes."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # no Linux
        return platform.machine()
    told = first_core(text)
    flags = told.get("flags", "").split()
    # Libraries choose by the model, too, whatever its flags say.
    make = "-".join(told.get(key, "") for key in ("vendor_id", "cpu family", "model"))
    return "+".join([platform.machine(), *(flag for flag in FLAGS if flag in flags), make])


def int8_saturates() -> bool:
    """Return True if this processor may add uint8 x int8 products in 16 bits, where they saturate.

    x86 without VNNI and AMX does (onnxruntime issue 6004). A system that does not list the
    processor's instructions counts as one that saturates: that costs speed, never a digit.
    """
    flags = isa()
    return is_x86() and "vnni" not in flags and "amx_int8" not in flags


def is_x86() -> bool:
    """Return True if this is a processor whose instructions differ as `FLAGS` say."""
    return isa().lower().startswith(("x86", "amd64", "i386", "i686"))


LIBRARIES = {"torch": ("torch", "transformers")}  # whose versions may change a digit


def engine_name(package: str, numbers: str, threads: int) -> str:
    """Return the `Encoder.engine` of a library on this processor, which need not be loaded."""
    versions = " ".join(f"{name} {_version(name)}" for name in LIBRARIES.get(package, (package,)))
    return f"{versions} cpu {numbers} {threads or usable_cores()} {isa()}"


def _version(module: str) -> str:
    try:
        return version(module)
    except PackageNotFoundError:  # another distribution brings it, such as onnxruntime-gpu
        names = sorted(set(packages_distributions().get(module, ())))
        return " ".join(f"{name} {version(name)}" for name in names)


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


def batches(encoder: Encoder) -> TypeGuard[BatchEncoder]:
    """Return True if an encoder takes several windows at once. Loads nothing.

    isinstance would ask the encoder for its width, which makes one that is lazy load its model.
    """
    return hasattr(type(encoder), "batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpec:
    """What to load and how to run it."""

    directory: Path  # a checkpoint (config.json, safetensors), or an int8 engine; tokenizer.json
    engine: str = "torch"  # of `ENCODERS`
    layer: int  # decoder blocks below the state that is read
    deep: int | None = None  # a later block whose state is kept too
    full: bool = False  # run the whole model and its output head, for `encoders.states.SIGNALS`
    dtype: str = "fp32"  # "fp32", "bf16", or "auto": bf16 on a GPU, or where it proves faster
    threads: int = 0  # 0: one per core this process may use
    device: str = "cpu"  # or "cuda": the first GPU that torch sees
    quantize: str = "none"  # "8bit" or "4bit": weights through bitsandbytes, on a GPU only


def default_dtype(device: str) -> str:
    """Return the number format where nobody named one: fp32 wastes a GPU."""
    return "auto" if device == "cuda" else "fp32"


ENCODERS = {  # the extra to install has the same name
    "torch": "reviewbot.encoders.torch_batches:torch_encoder",
    "onnx": "reviewbot.encoders.onnx_encoder:OnnxEncoder",
}


def promised(spec: EncoderSpec) -> tuple[str, str] | None:
    """Return the dtype and engine that an encoder will have; None where only loading it tells."""
    if spec.engine == "onnx":
        return "int8", engine_name("onnxruntime", "int8", spec.threads)
    if (spec.engine, spec.device, spec.dtype) == ("torch", "cpu", "fp32"):
        return "fp32", engine_name("torch", "fp32", spec.threads)
    return None


def load_encoder(spec: EncoderSpec, waiting: Callable[[], Any] | None = None) -> Encoder:
    """Load the encoder of the spec's engine; its framework is imported only now.

    The tokenizer is read meanwhile, on the other core: the framework's import takes seconds.
    waiting  gives the tokenizer, where somebody else loads it
    """
    name = spec.engine
    if name not in ENCODERS:
        raise UsageError(f"no encoder is named {name!r}", fix=f"use one of: {', '.join(ENCODERS)}")
    with ThreadPoolExecutor(max_workers=1) as pool:
        try:
            load_tokenizer = pkgutil.resolve_name("reviewbot.encoders.tokenizer:load_tokenizer")
            waiting = waiting or pool.submit(load_tokenizer, spec.directory).result
            make: Callable[[EncoderSpec, Any], Encoder] = pkgutil.resolve_name(ENCODERS[name])
        except ImportError as exc:
            raise MissingExtra(
                f"encoder {name!r} cannot be loaded, nothing was scored: {exc}",
                fix=f"{install(name)}; if that is there, install it in a fresh environment",
            ) from exc
        return make(spec, waiting)
