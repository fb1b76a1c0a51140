"""The benchmark's own arithmetic."""

import json
from pathlib import Path
from typing import Any

from research.benchmarks.arithmetic import flops, matrices, shape_of
from research.benchmarks.figures import ceilings, figure, joined, ratios, spread
from research.benchmarks.machine import cpu, versions
from research.benchmarks.process import LINES, READING, Run, environment, linked, steps
from research.benchmarks.profiled import seconds, shares
from research.benchmarks.tables import compared, ranged

QWEN = {  # of Qwen2.5-Coder-0.5B
    "hidden_size": 896,
    "intermediate_size": 4864,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "vocab_size": 151_936,
}


def run(wall: float, reading: float = 1.0) -> Run:
    return Run(wall, reading, wall - reading, wall, 100.0, 0, served=False)


def test_the_weights_of_a_layer_are_those_of_the_real_model() -> None:
    sizes = [wide * out for wide, out in matrices(shape_of(QWEN))]

    assert sum(sizes) == 2 * 896 * 896 + 2 * 896 * 128 + 3 * 896 * 4_864 == 14_909_440


def test_a_token_costs_two_operations_per_weight_and_attention_what_stands_before_it() -> None:
    shape = shape_of({**QWEN, "head_dim": 64})
    one = 2 * 14_909_440

    assert flops(shape, 1, [1]) == one + 4 * 896
    assert flops(shape, 6, [3]) == 6 * (3 * one + 4 * 896 * (1 + 2 + 3))
    assert flops(shape, 6, [3, 1]) == flops(shape, 6, [3]) + flops(shape, 6, [1])
    head = flops(shape, 6, [3, 1], output_head=True) - flops(shape, 6, [3, 1])
    assert head == 2 * 2 * 896 * 151_936


def test_the_weights_of_a_checkpoint_are_those_that_the_formula_counts(tiny_model: Path) -> None:
    from safetensors import safe_open

    shape = shape_of(json.loads((tiny_model / "config.json").read_text()))
    with safe_open(tiny_model / "model.safetensors", "np") as file:
        names = [n for n in file.keys() if "layers.0." in n]  # noqa: SIM118
        found = [file.get_slice(n).get_shape() for n in names]

    real = sorted(wide * out for out, wide in (s for s in found if len(s) == 2))
    assert sorted(wide * out for wide, out in matrices(shape)) == real


def test_a_figure_is_a_median_with_its_range_never_the_best() -> None:
    assert spread([3.0, 1.0, 9.0]) == {"median": 3, "min": 1, "max": 9}
    assert ranged(spread([3.0, 1.0, 9.0])) == "3.0 (1.0 to 9.0)"
    assert ranged(None) == "-"


def test_rates_are_given_for_what_was_read_and_measured_against_the_ceiling() -> None:
    counted: dict[str, Any] = {"tokens": 600, "flops": 4e9}
    runs = [run(4, 2), run(5, 2), run(5, 4)]

    tops = {"fp32": 10.0, "int8": 40.0}
    cold = figure(runs, counted, tops, read=True)
    warm = figure(runs, counted, tops, read=False)

    assert cold["tokens_per_s"] == {"median": 300, "min": 150, "max": 300}
    assert cold["share_of_ceiling"] == {"fp32": 0.2, "int8": 0.05}
    assert cold["start_up_s"]["median"] == 2
    assert "tokens_per_s" not in warm


def test_the_ceiling_is_the_fastest_pass_of_all_libraries_for_the_same_numbers() -> None:
    first = {"torch fp32": {256: [5.0, 6.0]}, "torch int8": {256: [50.0]}}
    rates = joined(first, {"torch fp32": {256: [7.0]}, "numpy fp32": {2_048: [6.5]}})

    assert rates["torch fp32"] == {256: [5, 6, 7]}
    assert ceilings(rates) == {"fp32": 7, "int8": 50}


def test_commits_are_compared_by_medians_and_by_neighbouring_runs() -> None:
    found = ratios([run(10), run(20), run(10)], [run(5), run(10), run(10)])["wall_s"]

    assert found == {"first": 10, "second": 10, "ratio": 1, "min": 0.5, "max": 1}
    entry = {"change": "small", "isa": "avx2", "preset": "quick", "ratios": {"wall_s": found}}
    text = compared({"figures": [entry], "commits": ["aaa", "bbb"], "repeats": 3})
    assert "| wall_s | 10.00 | 10.00 | 1.000 (0.500 to 1.000) |" in text
    assert "3 pairs of runs" in text


def test_timings_are_read_as_the_check_says_them() -> None:
    said = f"coder (10 MB)\n    0.01 s  asking git\n   12.50 s  {READING}\n   13.00 s  in all\n"

    assert steps(said) == {"asking git": 0.01, READING: 12.5, "in all": 13.0}


def test_only_flags_that_matter_are_named() -> None:
    info = "model name\t: A CPU: 9 @ 2GHz\nflags\t\t: fpu avx2 amx_int8\n\nmodel name\t: other\n"

    assert cpu(info) == {"cpu": "A CPU: 9 @ 2GHz", "flags": ["avx2", "amx_int8"]}
    assert cpu("") == {"cpu": "unknown", "flags": []}


def test_a_package_that_is_missing_has_no_version() -> None:
    found = versions(["numpy", "no-such-package-here"])

    assert found["numpy"]
    assert found["no-such-package-here"] is None


def test_a_fresh_cache_has_the_models_and_no_line(tmp_path: Path) -> None:
    for name in ("models", LINES):
        (tmp_path / "cache" / name).mkdir(parents=True)
    (tmp_path / "cache" / "models" / "file").write_text("x")

    made = linked(tmp_path / "cache", tmp_path / "own")

    assert sorted(path.name for path in made.iterdir()) == ["models"]
    assert (made / "models" / "file").read_text() == "x"
    assert list(linked(tmp_path / "none", tmp_path / "other").iterdir()) == []


def test_no_setting_of_the_shell_reaches_a_check() -> None:
    given = {"REVIEWBOT_ENGINE": "onnx", "REVIEWBOT_MODEL_PATH": "/m", "PATH": "/bin"}
    found = environment(given, Path("/code"), Path("/cache"), {})

    expected = {"REVIEWBOT_MODEL_PATH": "/m", "PATH": "/bin", "PYTHONPATH": "/code"}
    expected |= {"REVIEWBOT_CACHE": "/cache", "XDG_RUNTIME_DIR": ""}
    assert found == expected
    cap = {"PYTHONPATH": "/cap", "LD_PRELOAD": "/cap/cpuid.so"}
    assert environment(given, Path("/code"), Path("/cache"), cap) == {
        **expected,
        "LD_PRELOAD": "/cap/cpuid.so",
        "PYTHONPATH": "/cap:/code",
    }


def test_the_reading_time_is_shared_among_products_attention_and_the_rest() -> None:
    def kernel(operator: str, microseconds: int) -> dict[str, Any]:
        name, args = f"{operator}_7_kernel_time", {"op_name": operator}
        return {"cat": "Node", "name": name, "dur": microseconds, "args": args}

    events = [kernel("MatMulIntegerToFloat", 500_000), kernel("GroupQueryAttention", 250_000)]
    events += [kernel("Mul", 100_000), {"cat": "Session", "name": "model_run", "dur": 900_000}]

    found = seconds([*events, events[0]])
    assert found == {"MatMulIntegerToFloat": 1, "GroupQueryAttention": 0.25, "Mul": 0.1}
    assert shares(found, 2.0, 1) == {"products": 0.5, "attention": 0.125, "the rest": 0.375}
    assert shares(found, 1.0, 2) == shares(found, 2.0, 1)
