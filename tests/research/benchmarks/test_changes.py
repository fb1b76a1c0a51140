"""The named changes: real code, exact sizes, the same everywhere."""

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from research.benchmarks.changes import (
    CHANGES,
    FIRST,
    PIECE,
    PUSHED,
    SECOND,
    Size,
    content_hash,
    planned,
    standard_library,
    with_push,
    write_repository,
)


def text(lines: int) -> str:
    return "".join(f"x{n} = {n}\n" for n in range(lines))


def numstat(where: Path, commits: str) -> list[list[str]]:
    command = ["git", "-C", str(where), "diff", "--numstat", commits]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [row.split("\t") for row in rows]


@pytest.mark.parametrize("name", CHANGES)
def test_a_named_change_adds_exactly_its_lines_to_exactly_its_files(
    name: str, tmp_path: Path
) -> None:
    size = CHANGES[name]

    write_repository(tmp_path, with_push(planned(standard_library(), size)))

    for commits in (FIRST, SECOND):
        rows = numstat(tmp_path, commits)
        assert len(rows) == size.files
        assert sum(int(added) for added, _, _ in rows) == size.lines
        assert {removed for _, removed, _ in rows} == {"0"}
    pushed = [row[:2] for row in numstat(tmp_path, "HEAD~1..HEAD")]
    assert sum(int(added) for added, _ in pushed) == PUSHED
    assert all(added == removed for added, removed in pushed)


def test_the_head_of_a_change_is_the_real_file_and_its_lines_are_spread() -> None:
    change = planned({"b.py": text(500), "a.py": text(400), "short.py": text(100)}, Size(201, 2))

    assert list(change) == ["a.py", "b.py"]
    assert [head for _, head in change.values()] == [text(400), text(500)]
    base = change["a.py"][0].splitlines()
    gone = [n for n, line in enumerate(text(400).splitlines()) if line not in base]
    breaks = sum(b > a + 1 for a, b in pairwise(gone))
    assert len(gone) == 101
    assert breaks + 1 == -(-101 // PIECE) == 2


def test_too_few_files_are_no_smaller_benchmark() -> None:
    with pytest.raises(ValueError, match="only 1 files"):
        planned({"a.py": text(90), "b.py": text(79)}, Size(80, 2))


def test_a_file_that_is_not_utf8_or_no_module_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    for name in ("a.py", "b.py", "c.txt", "test/d.py", "short.py"):
        (tmp_path / name).write_text(text(9 if name == "short.py" else 300), encoding="utf-8")
    (tmp_path / "b.py").write_bytes(b"# \xe9\n" * 300)

    assert list(standard_library(tmp_path)) == ["a.py"]


def test_a_change_is_named_by_its_content_and_its_commits_never_differ(tmp_path: Path) -> None:
    change = planned({"a.py": text(90)}, Size(10, 1))
    names = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        write_repository(folder, change)
        command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
        names.append(subprocess.run(command, capture_output=True, check=True).stdout)

    assert names[0] == names[1]
    assert content_hash(change) == content_hash(dict(reversed(change.items())))
    assert content_hash(change) != content_hash({"a.py": (change["a.py"][0], text(91))})
