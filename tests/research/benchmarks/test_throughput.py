"""The throughput benchmark's arithmetic, and a run of the whole on tiny shapes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from research.benchmarks.throughput import SHAPES, VOCABULARY, build, table, windows

ROOT = Path(__file__).parents[3]


def run(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "research" / "benchmarks" / "throughput.py"), *flags],
        capture_output=True,
        text=True,
        timeout=240,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "CUDA_VISIBLE_DEVICES": ""},
    )


def test_the_operations_are_those_that_torch_counts_but_for_what_causality_saves() -> None:
    shape, length = SHAPES["tiny"], 64
    model = build(shape, 2, torch.float32, "cpu")
    # Its counter knows the plain products, and not the fused attention of a CPU.
    plain = sdpa_kernel(SDPBackend.MATH)
    with FlopCounterMode(display=False) as counter, torch.inference_mode(), plain:
        model(input_ids=torch.zeros(1, length, dtype=torch.long), use_cache=False)

    square = 2 * 2 * length * (length - 1) * shape.width  # torch counts masked scores too
    assert shape.flop(length, 2) + square == pytest.approx(counter.get_total_flops(), rel=0.01)


def test_windows_hold_the_tokens_asked_for_and_none_is_too_long() -> None:
    found = windows(10_000, 512, seed=0)

    assert sum(map(len, found)) == 10_000
    assert max(map(len, found)) <= 512
    assert len({len(ids) for ids in found}) > 10
    assert max(map(max, found)) < VOCABULARY
    assert found == windows(10_000, 512, seed=0)


def test_the_shapes_are_those_of_the_models() -> None:
    per_block = {name: sum(a * b for a, b in s.products()) for name, s in SHAPES.items()}

    # 24 and 28 blocks make the published 0.36, 1.31 and 6.53 billion weights without embeddings.
    assert round(24 * per_block["0.5b"] / 1e9, 2) == 0.36
    assert round(28 * per_block["1.5b"] / 1e9, 2) == 1.31
    assert round(28 * per_block["7b"] / 1e9, 2) == 6.53


@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_a_whole_run_measures_batches(dtype: str) -> None:
    small = ("--shape=tiny", "--tokens=3000", "--context=256", "--step=500", "--repeats=1")

    done = run(*small, "--threads=1", f"--dtype={dtype}")

    assert done.returncode == 0, done.stderr
    made, end = json.JSONDecoder().raw_decode(done.stdout)
    assert (made["device"], made["dtype"], made["read_layers"]) == ("cpu", dtype, 2)
    assert f" cpu {dtype} 1 " in made["engine"]
    assert (made["tokens"], made["step"]) == (3_000, 500)
    assert 0 < made["padding"] <= 0.25
    assert made["tokens_per_s"] > 0 < made["tokens_per_s_one_by_one"]
    assert made["of_ceiling"] > 0
    assert made["tflop_per_s"] / made["ceiling_tflop_per_s"] == pytest.approx(made["of_ceiling"])
    assert 50 < made["peak_mb"] < 3_000
    assert table(made) == done.stdout[end:].strip()


def test_a_gpu_that_is_not_there_is_two_lines_and_no_run_on_the_cpu() -> None:
    done = run("--shape=tiny", "--device=cuda")

    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.count("\n") == 2
    assert "sees no GPU" in done.stderr
