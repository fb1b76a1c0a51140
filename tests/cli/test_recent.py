"""`reviewbot recent`: what a repository's own recent lines are like, and what `check` says then."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reviewbot.cli import main
from reviewbot.cli import recent as recent_cli
from reviewbot.git import recent_commits
from tests.cli.small import write_artifact
from tests.cli.test_check import as_json, check, first_commit, git, repo
from tests.git.test_changes import copy_of

__all__ = ["repo"]  # the fixture

SHORT, LONG = "x{} = 1", "value{} = compute(first, second, third) + other(fourth)"


@pytest.fixture
def grown(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository with 200 short lines more, then twice 60 lines, of which 20 are long."""
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(copy_of(_grown, tmp_path / "grown"))
    return tmp_path / "grown"


def _grown(repo: Path) -> None:
    first_commit(repo)
    add(repo, "old.py", [SHORT.format(n) for n in range(200)])
    for name in ("b.py", "c.py"):
        add(repo, name, [(LONG if n % 3 == 0 else SHORT).format(n) for n in range(60)])


def add(repo: Path, name: str, lines: list[str]) -> None:
    (repo / name).write_text("\n".join(lines) + "\n")
    git(repo, "add", ".")
    git(repo, "commit", "-m", name)


def head_of(repo: Path) -> str:
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, cwd=repo, check=True, capture_output=True, text=True).stdout[:-1]


def recent(*args: str) -> Result:
    return CliRunner().invoke(main, ["recent", *args])


def written(file: Path, *args: str) -> Any:
    """Return what a run that must succeed writes to the file."""
    done = recent("--output", str(file), *args)
    assert done.exit_code == 0, done.stderr
    return json.loads(file.read_text())


def of_line(*args: str) -> Any:
    found = as_json(check("--format", "json", *args))
    (line,) = found["files"][0]["lines"]
    return found["recent"], line["recent"]


def change(repo: Path, line: str) -> None:
    (repo / "a.py").write_text(f"x = 1\n{line}\n")


def test_a_line_is_compared_with_the_newest_lines_only(grown: Path) -> None:
    change(grown, SHORT.format(7))
    assert of_line() == (None, None)
    done = recent("--lines", "110")

    assert done.exit_code == 0, done.stderr
    assert "120 lines of" in done.stderr
    info, percentile = of_line()
    assert info["lines"] == 120
    assert percentile == 0  # as risky as the least risky ones is riskier than none
    change(grown, LONG.format("_and_longer"))
    assert of_line()[1] == 100.0


def test_the_whole_history_is_taken_where_there_are_fewer_lines(grown: Path) -> None:
    head = head_of(grown)[:10]

    first, last = recent("--lines", "5000").stderr.splitlines()

    assert first == f"reading up to 321 lines from the first commit to {head}"
    assert last.startswith(f"321 lines from the first commit to {head} scored; half of them above")


@pytest.mark.parametrize("where", ["topic", "pushed topic", "unpushed main", "detached"])
def test_a_change_under_review_is_not_compared_with_itself(
    where: str, grown: Path, tmp_path: Path
) -> None:
    before = head_of(grown)
    if where == "unpushed main":
        git(grown, "update-ref", "refs/remotes/origin/main", before)
    elif where == "detached":  # nothing tells what is under review, so HEAD counts
        git(grown, "branch", "-m", "main", "trunk")
        git(grown, "checkout", "-q", "--detach")
    else:
        git(grown, "checkout", "-q", "-b", "topic")
    if where != "detached":
        add(grown, "new.py", [LONG.format(n) for n in range(150)])
    if where == "pushed topic":  # then the upstream of the branch holds the change, too
        git(grown, "init", "-q", "--bare", str(tmp_path / "origin"))
        git(grown, "remote", "add", "origin", str(tmp_path / "origin"))
        git(grown, "push", "-q", "-u", "origin", "main", "topic")

    found = written(tmp_path / "r.json", "--lines", "110")

    assert (found["head"], len(found["risks"])) == (before, 120)


def test_a_second_work_tree_shares_it_and_another_artifact_does_not(
    grown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recent().exit_code == 0
    git(grown, "worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    change(tmp_path / "other", LONG)
    assert of_line("--root", str(tmp_path / "other"))[0] is not None
    change(grown, LONG)
    other = write_artifact(tmp_path / "artifact2", gate=0.8)
    assert of_line("--artifact", str(other)) == (None, None)
    assert of_line("--recent", "off") == (None, None)


def test_a_file_is_used_where_it_is_named_and_refused_where_it_is_another_artifact_s(
    grown: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "recent.json"
    assert recent("--output", str(kept)).exit_code == 0
    assert not (tmp_path / "cache" / "recent").exists()
    assert recent("--output", str(tmp_path / "again.json")).exit_code == 0
    assert (tmp_path / "again.json").read_bytes() == kept.read_bytes()
    change(grown, LONG)
    assert of_line("--recent", str(kept))[0]["lines"] == 321
    kept.write_text(json.dumps(json.loads(kept.read_text()) | {"artifact": "0" * 64}))

    result = check("--recent", str(kept))

    assert result.exit_code == 2
    assert "made by another artifact" in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_a_damaged_one_is_said_and_does_not_stop_a_check(grown: Path, tmp_path: Path) -> None:
    assert recent().exit_code == 0
    (kept,) = (tmp_path / "cache" / "recent").iterdir()
    kept.write_text("{")
    change(grown, LONG)

    result = check("--format", "json")

    assert as_json(result)["recent"] is None
    assert "not compared with" in result.stderr


def test_too_few_lines_or_no_repository_are_refused_and_nothing_is_kept(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = recent("--output", str(tmp_path / "r.json"))

    assert result.exit_code == 2
    assert "only 1 lines were scored" in result.stderr
    assert "run it again when the repository has more code" in result.stderr
    assert "--lines" not in result.stderr
    assert not (tmp_path / "r.json").exists()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    result = recent()
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 2)


@pytest.mark.parametrize(
    "name", ["big.json", "vendor/big.py", "uv.lock", "gen.py", "left.py", "gone.py"]
)
def test_lines_that_cannot_be_scored_do_not_use_up_what_is_asked_for(
    grown: Path, tmp_path: Path, name: str
) -> None:
    (grown / "vendor").mkdir()
    (grown / ".gitattributes").write_text("gen.py linguist-generated\n")
    (grown / ".reviewbot.toml").write_text('exclude = ["left.py"]\n')
    add(grown, name, [SHORT.format(n) for n in range(400)])
    if name == "gone.py":
        git(grown, "rm", "-q", name)
        git(grown, "commit", "-m", "gone")

    assert len(written(tmp_path / "r.json", "--lines", "110")["risks"]) == 120


def test_what_is_read_has_a_bound_and_a_larger_number_is_not_asked_for_then(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(grown, "d.py", [SHORT.format(n) for n in range(10)])
    add(grown, "big.json", ["1"] * 400)
    monkeypatch.setattr(recent_commits, "MAX_ADDED", 405)

    done = recent()

    assert done.exit_code == 2
    assert "only 10 lines were scored" in done.stderr
    assert "older ones are not read" in done.stderr


def test_of_too_many_lines_some_of_every_file_are_kept_and_that_is_said(
    grown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_cli, "MAX_LINES", 80)
    out = str(tmp_path / "r.json")

    done = recent("--output", out)

    assert done.exit_code == 0, done.stderr
    assert "321 lines were scored; evenly over all files, one in 5 is stored" in done.stderr
    risks = json.loads(Path(out).read_text())["risks"]
    assert len(risks) == 65
    assert sum(risk > 0.5 for risk in risks) == 8  # 40 of 321 are long, in the last files


@pytest.mark.parametrize("name", ["tool", 'b"q.py', "b\u2028commit z.py", "b\\c.py", "b\xe9.py"])
def test_code_counts_whatever_its_file_is_called(grown: Path, tmp_path: Path, name: str) -> None:
    lines = ["#!/usr/bin/env python3", *(SHORT.format(n) for n in range(120))]
    add(grown, name, lines)

    assert 110 < len(written(tmp_path / "r.json", "--lines", "110")["risks"]) <= 121
