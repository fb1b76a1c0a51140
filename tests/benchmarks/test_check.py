"""The benchmark's own arithmetic, and one tiny run of the whole."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.check import BLOCK, READING, cpu, planned, steps, table, write_repository
from reviewbot.artifacts import ArtifactModel
from reviewbot.store.ready import ready
from tests.tiny import LAYER, WIDTH, tiny_artifact

ROOT = Path(__file__).parents[2]


def text(lines: int) -> str:
    return "".join(f"x{n} = {n}\n" for n in range(lines))


@pytest.mark.parametrize("lines", [1, 40, 57, 200])
def test_the_synthetic_change_adds_exactly_the_lines_asked_for(lines: int, tmp_path: Path) -> None:
    files = {f"src/f{n}.py": text(100 + n) for n in range(6)}

    write_repository(tmp_path, planned(files, lines))

    command = ["git", "-C", str(tmp_path), "diff", "--numstat", "HEAD~1..HEAD"]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert sum(int(row.split("\t")[0]) for row in rows) == lines
    assert {row.split("\t")[1] for row in rows} == {"0"}


def test_the_head_of_the_synthetic_change_is_the_real_file() -> None:
    change = planned({"b.py": text(80), "a.py": text(90), "short.py": text(79)}, 50)

    assert list(change) == ["a.py", "b.py"]
    assert change["a.py"][1] == text(90)
    assert len(change["a.py"][0].splitlines()) == 90 - BLOCK


def test_too_few_files_are_no_smaller_benchmark() -> None:
    with pytest.raises(ValueError, match="40 lines for a change, not 200"):
        planned({"a.py": text(90)}, 200)


def test_the_packages_own_code_is_enough_for_200_lines() -> None:
    own = {str(path): path.read_text() for path in ROOT.glob("reviewbot/**/*.py")}

    assert len(planned(own, 200)) == 5


def test_timings_are_read_as_the_check_says_them() -> None:
    said = f"coder (10 MB)\n    0.01 s  asking git\n   12.50 s  {READING}\n   13.00 s  in all\n"

    assert steps(said) == {"asking git": 0.01, READING: 12.5, "in all": 13.0}


def test_only_flags_that_matter_are_named() -> None:
    info = "model name\t: A CPU: 9 @ 2GHz\nflags\t\t: fpu avx2 amx_tile\n\nmodel name\t: other\n"

    assert cpu(info) == {"cpu": "A CPU: 9 @ 2GHz", "flags": ["avx2", "amx_tile"]}
    assert cpu("") == {"cpu": "unknown", "flags": []}


def test_a_whole_run_counts_every_token_and_measures_the_child(
    tmp_path: Path, tiny_model: Path
) -> None:
    environ = os.environ | {"REVIEWBOT_CACHE": str(tmp_path / "cache")}
    model = ArtifactModel("tiny", ready(str(tiny_model), environ=environ).sha256, LAYER, WIDTH)
    artifact = tiny_artifact(tmp_path / "artifact", model=model)
    write_repository(tmp_path, planned({"a.py": text(100)}, 10))
    change = subprocess.run(
        ["git", "-C", str(tmp_path), "diff", "HEAD~1..HEAD"], capture_output=True, check=True
    )
    (tmp_path / "change.diff").write_bytes(change.stdout)
    flags = [f"--model={tiny_model}", f"--artifact={artifact}", "--informational"]
    where = [f"--diff={tmp_path / 'change.diff'}", f"--root={tmp_path}", "--repeats=1"]

    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "check.py"), *where, "--", *flags],
        capture_output=True,
        text=True,
        timeout=120,
        env=environ,
    )

    assert done.returncode == 0, done.stderr
    made, end = json.JSONDecoder().raw_decode(done.stdout)
    assert made["scored"] == 10
    assert made["tokens"] > 100
    assert made["threads"] >= 1
    assert 0 < made["reading_s"] < made["wall_s"]
    assert 50 < made["peak_mb"] < 3_000
    assert table(made) == done.stdout[end:].strip()
