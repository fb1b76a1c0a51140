"""Make the copy of ONNX Runtime, and run pytest with it."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
CPUID, TRAP = b"\x0f\xa2", b"\xcc\x90"  # int3; nop
SWITCHES = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}


def main() -> int:
    """Run pytest with the arguments given; return its exit code, 0 where nothing can be capped."""
    lacking = [tool for tool in ("gcc", "objdump", "readelf") if shutil.which(tool) is None]
    if lacking or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        say(f"SKIPPED: needs Linux on x86-64 with gcc and binutils; missing: {lacking}")
        return 0
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        answer = work / "cpuid.so"
        build = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(answer), str(HERE / "cpuid.c")]
        subprocess.run(build, check=True)
        shutil.copy(HERE / "sitecustomize.py", work)
        say(f"{capped_copy(work)} cpuid instructions of ONNX Runtime are traps")
        environ = {**os.environ, **SWITCHES, "LD_PRELOAD": str(answer), "PYTHONPATH": str(work)}
        command = [sys.executable, "-m", "pytest", "-p", "tests.avx2.plugin", *sys.argv[1:]]
        return subprocess.run(command, env=environ, check=False).returncode


def say(text: str) -> None:
    """Print a line before what pytest prints."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def capped_copy(work: Path) -> int:
    """Copy the installed onnxruntime into a directory, capped; return how many places changed.

    raises  RuntimeError if there are none: the tests would run uncapped
    """
    spec = find_spec("onnxruntime")
    if spec is None or spec.origin is None:
        raise RuntimeError("onnxruntime is not installed")
    copy = work / "onnxruntime"
    shutil.copytree(Path(spec.origin).parent, copy)
    count = sum(set_traps(path) for path in copy.glob("capi/*.so*"))
    if count == 0:
        raise RuntimeError("onnxruntime asks the processor nothing: this way to cap it is outdated")
    return count


def set_traps(library: Path) -> int:
    """Replace each cpuid instruction of a shared library by a trap; return how many there were."""
    segments = [row.split() for row in printed("readelf", "-lW", library) if " LOAD " in row]
    data = bytearray(library.read_bytes())
    found = 0
    for row in printed("objdump", "-d", "--no-show-raw-insn", library):
        if (match := re.fullmatch(r"\s*([0-9a-f]+):\s+cpuid\s*", row)) is None:
            continue
        address = int(match[1], 16)
        for _, offset, start, _, size, *_ in segments:
            at = address - int(start, 16)
            if 0 <= at < int(size, 16):
                place = slice(int(offset, 16) + at, int(offset, 16) + at + 2)
                if data[place] != CPUID:
                    raise RuntimeError(f"{library.name}: no cpuid at {address:x}")
                data[place] = TRAP
                found += 1
    library.write_bytes(data)
    return found


def printed(*command: str | Path) -> list[str]:
    """Return the lines that a tool prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
