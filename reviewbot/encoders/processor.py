"""What this processor offers: cores, and the instructions that decide which kernels run."""

import os
import platform
from functools import cache
from pathlib import Path

FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_bf16", "avx512_vnni", "amx_int8", "amx_bf16")


def usable_cores() -> int:
    """Return how many cores this process may use, or has if the system cannot say.

    A container's CPU quota counts too: more threads than that only wait for each other.
    """
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max": no limit
        return cores


def first_core(cpuinfo: str) -> dict[str, str]:
    """Return what /proc/cpuinfo says about the first core."""
    rows = [row.partition(":") for row in cpuinfo.splitlines()]
    return {key.strip(): value.strip() for key, _, value in reversed(rows)}


@cache
def isa() -> str:
    """Return the instructions of this processor that decide which kernels a library chooses."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        return platform.machine()
    core = first_core(text)
    flags = core.get("flags", "").split()
    # Libraries choose by the model, too, whatever its flags say.
    model = "-".join(core.get(key, "") for key in ("vendor_id", "cpu family", "model"))
    return "+".join([platform.machine(), *(flag for flag in FLAGS if flag in flags), model])


def is_x86() -> bool:
    """Return True if this processor's instructions can differ by FLAGS."""
    return isa().lower().startswith(("x86", "amd64", "i386", "i686"))
