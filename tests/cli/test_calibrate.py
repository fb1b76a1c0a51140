"""`reviewbot calibrate`: thresholds from merged changes, and what `check` says afterwards."""

import gzip
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reviewbot.app import calibrate as replaying
from reviewbot.cli import main
from reviewbot.encoders.states import HiddenStates
from reviewbot.errors import EnvironmentFailure
from reviewbot.git.changes import ChangeRequest, between
from tests.cli.small import ByteEncoder, write_artifact
from tests.cli.test_check import as_json, check, first_commit, git, repo
from tests.git.test_changes import copy_of

__all__ = ["repo"]  # the fixture

CHANGES, LINES = 24, 50  # of `grown`


class CountingEncoder(ByteEncoder):
    """Counts forward passes."""

    passes = 0

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        CountingEncoder.passes += 1
        return super().states(ids, first)


@pytest.fixture
def grown(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """24 changes of 50 lines; the longest line of each, its third, is longer than the one before.

    The risk of a line follows its length.
    """
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("reviewbot.app.warm.load_model", lambda *_: CountingEncoder())
    monkeypatch.chdir(copy_of(_grown, tmp_path / "grown"))
    return tmp_path / "grown"


def _grown(repo: Path) -> None:
    first_commit(repo)
    for n in range(CHANGES):
        add(repo, f"f{n:02}.py", lines(n))


def lines(n: int, count: int = LINES) -> list[str]:
    return ["x = 1", "y = 2", "v" * (10 + n) + " = 3", *["x = 1"] * (count - 3)]


def add(repo: Path, name: str, text: list[str], subject: str = "add") -> str:
    (repo / name).write_text("\n".join(text) + "\n")
    git(repo, "add", ".")
    git(repo, "commit", "-m", subject)
    return commit_of(repo, "HEAD")


def commit_of(repo: Path, name: str) -> str:
    command = ["git", "rev-parse", name]
    return subprocess.run(command, cwd=repo, check=True, capture_output=True, text=True).stdout[:-1]


def calibrate(*args: str) -> Result:
    return CliRunner().invoke(main, ["calibrate", *args])


def said(*args: str) -> list[str]:
    """Return what a run that must succeed prints."""
    done = calibrate(*args)
    assert done.exit_code == 0, done.stderr
    return [row.strip() for row in done.stdout.splitlines()]


def written(file: Path, *args: str) -> Any:
    """Return what a run that must succeed writes to the file."""
    said("--output", str(file), *args)
    return json.loads(file.read_text())


def of_line(*args: str) -> Any:
    found = as_json(check("--format", "json", *args))
    (line,) = found["files"][0]["lines"]
    return found["recent"], line["recent"], found["change"]["level"]


def change(repo: Path, line: str) -> None:
    (repo / "a.py").write_text(f"x = 1\n{line}\n")


def labelled(sha: str, path: str, *faulty: dict[str, Any]) -> dict[str, Any]:
    """Return a row as `train mine` writes it."""
    lines = [{"path": path} | line for line in faulty]
    return {"sha": sha, "files": [{"path": path}], "faulty": lines}


def test_each_budget_gets_a_threshold_that_keeps_it_and_a_trial_in_the_newer_half(
    grown: Path,
) -> None:
    rows = said()

    assert rows[0].startswith("24 changes with 1,200 scored lines, 20")
    assert [" ".join(row.split()) for row in rows[3:7]] == [
        'fail-on = "medium" 24 of 1,200 lines 24 of 24',
        'fail-on = "high" 12 of 1,200 lines 12 of 24',
        'fail-on = "critical" 2 of 1,200 lines 2 of 24',
        "ack-top = 3 24 places 24 of 24",
    ]
    at = rows.index("at most 1 line in 200")
    threshold = float(rows[at + 1].removeprefix("max-risk = "))
    assert rows[at + 2] == "flags 6 of 1,200 lines, in 6 of 24 changes: 25 lines per 100 changes"
    # Lines get longer with time, so that the older half promises too much.
    assert "flags in the newer half 12 of 600 lines, 1 in 50 (95 % interval 1 in 29" in rows[at + 3]
    at = rows.index("at most 3 lines of a change, in 19 of 20 changes")
    assert rows[at + 2].startswith("flags 24 of 1,200 lines, in 24 of 24 changes: 100 lines per")
    assert rows[at + 3].endswith("more than 3 in 0 of 12 changes, 0 % (95 % interval 0 to 24 %)")
    assert [row.partition(" ")[2].strip().split(" ")[0] for row in rows[-5:]] == [
        f"f{n}.py:3" for n in (23, 22, 21, 20, 19)
    ]
    (grown / ".reviewbot.toml").write_text(f"max-risk = {threshold}\n")
    for n, code in ((17, 0), (18, 1)):
        change(grown, lines(n)[2])
        assert check().exit_code == code


def test_a_change_is_read_as_check_reads_it(grown: Path, tmp_path: Path) -> None:
    (grown / ".reviewbot.toml").write_text('exclude = ["f23.py"]\n')
    add(grown, "notes.md", ["prose"])
    git(grown, "checkout", "-q", "-b", "side", "HEAD~3")
    add(grown, "g.py", lines(3))
    add(grown, "g.py", [*lines(30), "z = 1"])
    git(grown, "checkout", "-q", "main")
    git(grown, "merge", "-q", "--no-ff", "-m", "merge", "side")
    add(grown, "f00.py", ["w = 3", *lines(0)])

    found = written(tmp_path / "c.json")

    assert found["base"] == commit_of(grown, "HEAD~27")
    assert found["head"] == commit_of(grown, "HEAD")
    risks, changes = [], []
    for n in range(27):
        report = as_json(check(f"HEAD~{n + 1}..HEAD~{n}", "--format", "json", "--exclude=f23.py"))
        own = [line["risk"] for file in report["files"] for line in file["lines"]]
        scored = [risk for risk in own if risk is not None]
        risks += scored
        changes += [report["change"]["level"]["expected"]] if scored else []
    assert len(risks) == 23 * LINES + 51 + 1
    assert found["lines"] == sorted(risks)
    assert found["changes"] == sorted(changes)


def test_labels_give_precision_and_recall_also_through_a_merge(grown: Path, tmp_path: Path) -> None:
    git(grown, "checkout", "-q", "-b", "side")
    sha = add(grown, "g.py", lines(40))
    add(grown, "g.py", ["import os", *lines(40)])  # the faulty line moves down
    git(grown, "checkout", "-q", "main")
    git(grown, "merge", "-q", "--no-ff", "-m", "merge", "side")
    add(grown, "later.py", lines(50))  # no label can know its faults yet
    rows = [
        labelled(sha, "g.py", {"line": 3, "probability": 0.5}),
        labelled(commit_of(grown, "HEAD~2"), "f23.py", {"line": 9, "verdict": "related"}),
        labelled(commit_of(grown, "HEAD~3"), "f22.py", {"line": 1}),
        labelled(commit_of(grown, "HEAD~4"), "tests/not_looked_at.py"),
        labelled("0" * 40, "f22.py", {"line": 3}),
    ]
    file = tmp_path / "labels.jsonl.gz"
    file.write_bytes(gzip.compress("".join(f"{json.dumps(row)}\n" for row in rows).encode()))

    result = calibrate("--labels", str(file))
    out = [row.strip() for row in result.stdout.splitlines()]

    assert "nothing is stored" in result.stderr
    assert out[0].startswith("25 changes with 1,251 scored lines")
    assert out[1] == "labels cover 150 lines of 3 changes; 1.5 of these were at fault"
    assert out[13] == (
        "precision 17 % (95 % interval 2 to 69 %): 0.5 of 3 labelled lines, recall 33 %"
    )
    file.write_text(json.dumps(rows[-1]))
    assert "no label names a commit" in calibrate("--labels", str(file)).stderr


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]\n",
        b"",
        b'{"sha": "a"}',
        json.dumps(labelled("a", "x") | {"faulty": ["x"]}).encode(),
        json.dumps(labelled("a", "x") | {"sha": 1}).encode(),
        json.dumps(labelled("a", "x", {"line": 1, "probability": 2})).encode(),
        json.dumps(labelled("a", "x", {"line": 1.5})).encode(),
        json.dumps(labelled("a", "x", {"line": 1}) | {"files": []}).encode(),
        gzip.compress(b"{}" * 100, mtime=0)[:-9],
        b"\x1f\x8b",
        gzip.compress(b"{}" * 100, mtime=0)[:12] + b"\xff" * 9,
    ],
)
def test_labels_of_another_kind_are_refused(grown: Path, tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "labels").write_bytes(raw)

    result = calibrate("--labels", str(tmp_path / "labels"))

    assert result.exit_code == 2
    assert "does not hold labelled changes" in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_a_place_that_takes_no_file_is_refused_before_the_work(grown: Path, tmp_path: Path) -> None:
    CountingEncoder.passes = 0

    for place in (tmp_path, tmp_path / "none" / "c.json"):
        result = calibrate("--output", str(place))
        assert result.exit_code == 2
        assert "is no place for a file" in result.stderr
    assert CountingEncoder.passes == 0


def test_a_second_run_reads_nothing_again(grown: Path) -> None:
    first = said()
    CountingEncoder.passes = 0

    assert said() == first
    assert CountingEncoder.passes == 0


def test_a_later_check_says_where_a_line_and_a_change_stand(grown: Path) -> None:
    change(grown, "x = 1")
    assert of_line()[:2] == (None, None)
    assert of_line()[2].items() >= {"percentile": None, "last_changes": None}.items()
    said()

    info, percentile, level = of_line()
    assert info["lines"] == 1_200
    assert percentile == 0  # as risky as the least risky ones is riskier than none
    assert (level["percentile"], level["counted"], level["last_changes"]) == (0, 0, 24)
    change(grown, lines(12)[2])
    assert of_line()[1] == 99.0
    shown = " ".join(check("--max-risk=0").stdout.split())
    assert "high: riskier than 99.0 % of this repository's last 1,200 lines and" in shown
    (grown / "a.py").write_text("x = 1\n" + "\n".join(lines(12)) + "\n")
    again = " ".join(check().stdout.split())  # its sum is that of the thirteenth change
    assert "; riskier than 50 % of this repository's last 24 changes " in again
    for limit, code in ((50, 0), (49.5, 1)):
        assert check(f"--fail-on-change={limit}", "--fail-on=never").exit_code == code


@pytest.mark.parametrize("where", ["topic", "pushed topic", "unpushed main", "detached"])
def test_a_change_under_review_is_not_compared_with_itself(
    where: str, grown: Path, tmp_path: Path
) -> None:
    before = commit_of(grown, "HEAD")
    if where == "unpushed main":
        git(grown, "update-ref", "refs/remotes/origin/main", before)
    elif where == "detached":  # nothing tells what is under review, so HEAD counts
        git(grown, "branch", "-m", "main", "trunk")
        git(grown, "checkout", "-q", "--detach")
    else:
        git(grown, "checkout", "-q", "-b", "topic")
    if where != "detached":
        add(grown, "new.py", lines(50))
    if where == "pushed topic":  # then the upstream of the branch holds the change, too
        git(grown, "init", "-q", "--bare", str(tmp_path / "origin"))
        git(grown, "remote", "add", "origin", str(tmp_path / "origin"))
        git(grown, "push", "-q", "-u", "origin", "main", "topic")

    found = written(tmp_path / "c.json")

    assert (found["head"], len(found["changes"])) == (before, CHANGES)


def test_a_second_work_tree_shares_it_and_another_artifact_does_not(
    grown: Path, tmp_path: Path
) -> None:
    said()
    git(grown, "worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    change(tmp_path / "other", "x = 1")
    assert of_line("--root", str(tmp_path / "other"))[0] is not None
    change(grown, "x = 1")
    other = write_artifact(tmp_path / "artifact2", critical=0.8)
    assert of_line("--artifact", str(other))[0] is None
    assert of_line("--calibration", "off")[0] is None


def test_a_file_is_used_where_it_is_named_and_refused_where_it_is_another_artifact_s(
    grown: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.json"
    value = written(own)
    assert not (tmp_path / "cache" / "calibration").exists()
    change(grown, "x = 1")
    assert of_line("--calibration", str(own))[0]["lines"] == 1_200
    own.write_text(json.dumps(value | {"artifact": "0" * 64}))

    result = check("--calibration", str(own))

    assert result.exit_code == 2
    assert "made by another artifact" in result.stderr
    assert len(result.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("calibration/2", "calibration/1", "it is no reviewbot-calibration/2"),
        ('artifact": "', 'artifact": "0', "made by another artifact"),
    ],
)
def test_a_report_says_where_its_levels_come_from_and_what_is_out_of_date(
    grown: Path, tmp_path: Path, old: str, new: str, why: str
) -> None:
    said()
    change(grown, "x = 1")
    assert "levels by this repository's last 1,200 lines" in " ".join(check().stdout.split())
    (own,) = (tmp_path / "cache" / "calibration").iterdir()
    own.write_text(own.read_text().replace(old, new))

    found = as_json(check("--format", "json"))

    (note,) = found["notes"]
    assert found["recent"] is None
    assert note.startswith("the stored calibration of this repository is out of date and was not")
    assert why in note
    shown = " ".join(check().stdout.split())
    assert "levels by its shipped reference" in shown
    assert f"note: {note}" in shown


@pytest.mark.parametrize(
    ("cut", "args", "what", "fix"),
    [
        (5, (), "950 scored lines of 19 changes; 1,000 lines of 20", "when more changes have"),
        (0, ("--scope=ai",), "0 scored lines of 0 changes;", "when more changes have been merged"),
        (0, ("--budget=1/300",), "1,200 scored lines of 24 changes; 1,500", "when more changes"),
        (0, ("--budget=1/300", "--lines=1000"), "1/300 needs 1,500 lines", "give --lines 1500"),
        (0, ("--budget=1/5000",), "1/5000 needs 25,000 lines", "give a larger --budget, such as"),
        (0, ("--labels=nowhere",), "nowhere: No such file", "name a file of labels that can"),
    ],
)
def test_too_little_data_is_said_with_a_number_and_nothing_is_stored(
    grown: Path, tmp_path: Path, cut: int, args: tuple[str, ...], what: str, fix: str
) -> None:
    git(grown, "reset", "-q", "--hard", f"HEAD~{cut}")

    result = calibrate("--output", str(tmp_path / "c.json"), *args)

    assert (result.exit_code, result.stdout) == (2, "")
    *_, first, second = result.stderr.splitlines()
    assert first.startswith("error: nothing was stored: ")
    assert what in first
    assert fix in second
    assert not (tmp_path / "c.json").exists()


def test_it_stops_when_enough_is_read_and_leaves_an_import_out(
    grown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(grown, "import.py", lines(60, 200))
    monkeypatch.setattr(replaying, "MAX_WANTED", 199)

    done = calibrate("--output", str(tmp_path / "c.json"), "--lines", "1000")

    assert done.exit_code == 0, done.stderr
    assert "left out as too large to be a change under review: 1" in done.stderr
    found = json.loads((tmp_path / "c.json").read_text())
    assert (len(found["lines"]), len(found["changes"])) == (1_000, 20)
    monkeypatch.setattr(replaying, "MAX_ADDED", 49)
    assert "0 scored lines of 0 changes" in calibrate().stderr


def test_a_change_that_cannot_be_read_is_left_out_and_many_are_an_error(
    grown: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {commit_of(grown, "HEAD~2")}

    def failing(repo: Any, base: str, head: str) -> ChangeRequest:
        if head in broken:
            raise EnvironmentFailure("nothing was scored: no object", fix="fsck")
        return between(repo, base, head)

    monkeypatch.setattr(replaying, "between", failing)
    done = calibrate()
    assert "left out: " in done.stderr
    assert "23 changes with 1,150 scored lines" in done.stdout
    broken.update(commit_of(grown, f"HEAD~{n}") for n in range(21))

    done = calibrate()

    assert done.exit_code == 4
    assert "error: nothing was stored: no object" in done.stderr


def test_a_pull_request_of_the_ci_run_is_not_taken_for_a_past_change(
    grown: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = {"pull_request": {"head": {"ref": "claude/x"}, "user": {"login": "claude[bot]"}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")

    assert "0 scored lines of 0 changes" in calibrate("--scope=ai").stderr
