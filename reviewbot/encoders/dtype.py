"""What a model computes in, and the words for all that may change a digit of it."""

import time
from importlib.metadata import version

import torch

from reviewbot.encoders.encoder import engine_name, isa


def engine(dtype: str, device: str) -> str:
    """Name library, device, numbers and processor.

    dtype  what `Encoder.dtype` says
    """
    if device == "cpu" and dtype in ("fp32", "bf16"):
        return engine_name("torch", dtype, torch.get_num_threads())
    libraries = f"torch {torch.__version__} transformers {version('transformers')}"
    parts = [libraries, device.partition(":")[0], dtype]
    if dtype in ("8bit", "4bit"):
        parts.append(f"bitsandbytes {version('bitsandbytes')}")
    if device == "cpu":
        return " ".join([*parts, str(torch.get_num_threads()), isa()])
    toolkit = torch.version.cuda or torch.version.hip
    return " ".join([*parts, str(toolkit), torch.cuda.get_device_name(device)])


def choose_dtype(asked: str, device: str = "cpu") -> str:
    """Return "fp32" or "bf16"; "auto" takes bf16 on a GPU whose hardware has it.

    A CPU must have it and prove faster with it, here: without AVX512_BF16 or AMX, bf16 is tens of
    times slower than fp32 (pytorch issue 146508), so the flags are looked at before anything is
    timed.
    """
    if asked != "auto":
        return asked
    if device != "cpu":
        with torch.cuda.device(device):
            has = torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16" if has else "fp32"
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
