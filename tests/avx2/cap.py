"""Make the copy of ONNX Runtime, and the variables that cap a process."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CPUID, TRAP = b"\x0f\xa2", b"\xcc\x90"  # int3; nop
SWITCHES = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
    "OPENBLAS_CORETYPE": "Haswell",
}


def why_not() -> str | None:
    """Return why no process can be capped here, None where one can."""
    lacking = [tool for tool in ("gcc", "objdump", "readelf") if shutil.which(tool) is None]
    if lacking or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return f"needs Linux on x86-64 with gcc and binutils; missing: {lacking}"
    return None


def capped(work: Path) -> dict[str, str]:
    """Make what caps a process in the folder `work`; return the variables that do it.

    raises  RuntimeError if a process with them is not capped
    """
    answer = work / "cpuid.so"
    build = ["gcc", "-O2", "-shared", "-fPIC", "-o", str(answer), str(HERE / "cpuid.c")]
    subprocess.run(build, check=True)
    shutil.copy(HERE / "sitecustomize.py", work)
    capped_copy(work)
    variables = {**SWITCHES, "LD_PRELOAD": str(answer), "PYTHONPATH": str(work)}
    proof = [sys.executable, "-m", "tests.avx2.proof"]
    done = subprocess.run(
        proof, env=os.environ | variables, cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"the processor is not capped to AVX2:\n{done.stderr[-2_000:]}")
    return variables


def capped_copy(work: Path) -> None:
    """Copy the installed onnxruntime into a directory, capped.

    raises  RuntimeError if no place was changed: it would run uncapped
    """
    spec = find_spec("onnxruntime")
    if spec is None or spec.origin is None:
        raise RuntimeError("onnxruntime is not installed")
    copy = work / "onnxruntime"
    shutil.copytree(Path(spec.origin).parent, copy)
    if sum(set_traps(path) for path in copy.glob("capi/*.so*")) == 0:
        raise RuntimeError("onnxruntime asks the processor nothing: this way to cap it is outdated")


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


def printed(*command: str | Path) -> Iterator[str]:
    """Yield the lines that a tool prints; all of a disassembly at once would need a gigabyte."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tool:
        yield from tool.stdout or ()
    if tool.returncode:
        raise subprocess.CalledProcessError(tool.returncode, command)
