"""Where a figure comes from: processor, versions, commit."""

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from reviewbot.encoders.processor import FLAGS, first_core, usable_cores

PACKAGES = ("torch", "transformers", "onnxruntime", "numpy")


def cpu(cpuinfo: str) -> dict[str, object]:
    """Return the processor's name and those of our flags that it has, from /proc/cpuinfo."""
    values = first_core(cpuinfo)
    has = values.get("flags", "").split()
    return {
        "cpu": values.get("model name", "unknown"),
        "flags": [flag for flag in FLAGS if flag in has],
    }


def versions(packages: Sequence[str] = PACKAGES) -> dict[str, str | None]:
    """Return the version of each package, None where it is not installed."""
    found: dict[str, str | None] = dict.fromkeys(packages)
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def commit(root: Path) -> str:
    """Name the commit that is measured, with "+" where files differ from it."""
    said = []
    for args in (("rev-parse", "--short=12", "HEAD"), ("status", "--porcelain")):
        done = subprocess.run(["git", *args], cwd=root, capture_output=True, text=True)
        if done.returncode:
            return "unknown"
        said.append(done.stdout.strip())
    return said[0] + ("+" if said[1] else "")


def machine(root: Path) -> dict[str, object]:
    """Return all of it."""
    info = Path("/proc/cpuinfo")
    return {
        **cpu(info.read_text(encoding="utf-8") if info.exists() else ""),
        "cores": usable_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2),  # of others, before anything is measured
        "python": platform.python_version(),
        "versions": versions(),
        "commit": commit(root),
    }
