"""Which operators a check computes with, and how long: ONNX Runtime's own profile.

    python -m research.benchmarks.profiled FLAGS OF REVIEWBOT CHECK

A process of its own, because profiling takes time. Prints JSON: operator -> seconds.
"""

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from research.benchmarks.counted import run_check

PARTS = ("products", "attention", "the rest")


def seconds(events: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """Add up the kernels of a profile: operator -> seconds, of a thread each."""
    found: Counter[str] = Counter()
    for event in events:
        if event["cat"] == "Node" and event["name"].endswith("_kernel_time"):
            found[event["args"]["op_name"]] += event["dur"] / 1e6
    return found


def shares(operators: Mapping[str, float], reading_s: float, threads: int) -> dict[str, float]:
    """Return each of `PARTS` as a share of the reading time on all threads.

    threads  that read at once, with one window each

    The rest is the other operators and all that is not ONNX Runtime. The probe's few tokens, which
    are computed before the reading, count with the first two.
    """
    products = sum(s for name, s in operators.items() if "MatMul" in name or "Gemm" in name)
    attention = sum(s for name, s in operators.items() if "Attention" in name)
    total = reading_s * threads
    parts = (products, attention, total - products - attention)
    return {name: part / total for name, part in zip(PARTS, parts, strict=True)}


def profile(arguments: list[str]) -> Counter[str]:
    """Run one check in this process. Raises SystemExit where there is no verdict."""
    import onnxruntime

    sessions: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:

        class Profiled(onnxruntime.InferenceSession):  # type: ignore[misc]  # it has no types
            def __init__(self, path: Path, options: Any, **rest: Any) -> None:
                options.enable_profiling = True
                options.profile_file_prefix = str(Path(folder) / f"{len(sessions)}")
                super().__init__(path, options, **rest)
                sessions.append(self)

        with patch.object(onnxruntime, "InferenceSession", Profiled):
            run_check(arguments)
        found: Counter[str] = Counter()
        for session in sessions:
            found += seconds(json.loads(Path(session.end_profiling()).read_text(encoding="utf-8")))
    return found


if __name__ == "__main__":
    print(json.dumps(profile(sys.argv[1:])))
