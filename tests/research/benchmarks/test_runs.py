"""Whole runs of the benchmark, with a model that is made on the fly."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from research.benchmarks.ceiling import METHODS, MISSING, measured
from research.benchmarks.compare import flags_for, lacking, worktree
from research.benchmarks.process import environment
from reviewbot.encoders.processor import isa
from reviewbot.models.ensure import ensure_model
from reviewbot.scoring.artifact import ArtifactModel
from tests.avx2.cap import capped, why_not
from tests.tiny import LAYER, WIDTH, tiny_artifact

ROOT = Path(__file__).parents[3]
HELP = "Options:\n  --engine [auto|torch]  what\n  --quiet / --no-quiet\n  --top INTEGER  x\n"


def benchmark(
    arguments: Sequence[str], environ: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "research.benchmarks", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=ROOT,
        env=environ,
    )


@pytest.fixture
def tiny(tmp_path: Path, tiny_model: Path) -> tuple[str, list[str], dict[str, str]]:
    """An artifact, the check's flags for it, and an environment with an empty cache."""
    environ = os.environ | {
        "REVIEWBOT_CACHE": str(tmp_path / "cache"),
        "REVIEWBOT_TOP": "no number",
    }
    model = ArtifactModel(
        "tiny", ensure_model(str(tiny_model), environ=environ).sha256, LAYER, WIDTH
    )
    artifact = tiny_artifact(tmp_path / "artifact", model=model)
    return str(artifact), [f"--model={tiny_model}", "--fail-on=never"], environ


def test_a_run_measures_children_and_counts_every_token(
    tiny: tuple[str, list[str], dict[str, str]], tmp_path: Path
) -> None:
    artifact, flags, environ = tiny
    given = ["--changes", "small", "--presets", artifact, "--engines", "torch", "--repeats", "1"]

    done = benchmark([*given, "--output", str(tmp_path / "out"), "--", *flags], environ)

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "result.md").read_text() == done.stdout
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    cold, warm, push = result["figures"]
    assert [row["line_cache"] for row in result["figures"]] == ["cold", "warm", "second push"]
    assert (cold["isa"], cold["engine"], cold["numbers"]) == ("full", "torch", "fp32")
    assert cold["added"] == push["added"] == 50
    assert 20 < cold["scored"] <= 50
    assert warm["tokens"] == cold["tokens"]
    assert not cold["runs"][0]["served"]  # although a server's reports were the same
    assert cold["tokens"] > 500
    assert 0 < cold["reading_s"]["median"] < cold["wall_s"]["median"]
    assert 50 < cold["peak_mb"]["median"] < 3_000
    assert set(cold["share_of_ceiling"]) == {"fp32", "int8"}
    assert all(0 < share < 1 for share in cold["share_of_ceiling"].values())
    (ceiling,) = result["ceilings"]
    assert (ceiling["isa"], ceiling["preset"]) == ("full", artifact)
    rates = ceiling["rates"]
    assert {"torch fp32", "numpy fp32"} <= set(rates) <= set(METHODS)
    assert f"- processor `full`: {isa()}\n" in done.stdout
    assert all(rate > 0 for passes in rates["torch fp32"].values() for rate in passes)
    assert "| small |" in done.stdout


def test_two_commits_are_compared_in_turns(
    tiny: tuple[str, list[str], dict[str, str]], tmp_path: Path
) -> None:
    artifact, flags, environ = tiny
    git = ["git", "-C", str(ROOT), "rev-parse", "--verify", "-q", "HEAD"]
    if subprocess.run(git, capture_output=True).returncode:
        pytest.skip("the source is no git checkout")
    same = f"{artifact}={artifact}"  # what each of the two calls it
    given = ["--compare", "HEAD", "HEAD", "--changes", "small", "--presets", same]

    done = benchmark(
        [*given, "--repeats", "1", "--output", str(tmp_path / "out"), "--", *flags], environ
    )

    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    (entry,) = result["figures"]
    assert 0.1 < entry["ratios"]["wall_s"]["ratio"] < 10
    assert result["commits"][0] == result["commits"][1]
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "worktree", "list"], capture_output=True, text=True, check=True
    )
    assert "/first" not in listed.stdout


def test_a_flag_that_a_commit_lacks_is_an_error_and_ours_is_left_out() -> None:
    assert lacking(HELP, ["--engine=torch", "--top=3", "--quiet"]) == []
    assert flags_for(HELP, "main", ["--top=3"]) == ["--top=3"]
    with pytest.raises(SystemExit, match="of main knows no --line-cache\n  fix: "):
        flags_for(HELP, "main", ["--line-cache=0"])


def test_a_commit_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="nothing was compared"), worktree("no-such", tmp_path):
        pass


def test_a_capped_process_is_told_the_smaller_processor_and_multiplies_under_it(
    tmp_path: Path,
) -> None:
    if why := why_not():
        pytest.skip(why)
    cap = capped(tmp_path)  # an error where torch or ONNX Runtime still see more

    environ = environment(os.environ, ROOT, tmp_path, cap)
    code = "from reviewbot.encoders.processor import isa; print(isa())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environ, capture_output=True, text=True, check=True
    )

    assert "+avx2+" in done.stdout
    assert not re.search(r"avx512|vnni|amx", done.stdout)
    assert set(measured([(16, 32)], environ)) == set(METHODS)


def test_a_library_that_is_missing_has_no_ceiling() -> None:
    code = (
        "import sys, research.benchmarks.ceiling as c\n"
        "sys.modules['torch'] = None\n"
        "c.main('torch fp32', '8x8')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True)

    assert done.returncode == MISSING


@pytest.mark.parametrize("name", METHODS)
def test_every_method_multiplies(name: str) -> None:
    try:
        product = METHODS[name]()(4, 16, 32)
    except ImportError as exc:
        pytest.skip(f"not installed: {exc.name}")

    found = product()
    values = found[0] if name.startswith("onnxruntime") else found
    assert tuple(values.shape) == (4, 32)
    assert float(values[0][0]) == 16
