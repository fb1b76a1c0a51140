"""`train mine` on small real repositories."""

import gzip
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reviewbot.cli.train import train
from reviewbot.errors import ReviewbotError, UsageError
from reviewbot.train import szz, traces
from reviewbot.train.fix_filter import FixedLine, probabilities
from reviewbot.train.mine import Mined, mine

CLAUDE = "\n\nCo-Authored-By: Claude Opus 4 <noreply@anthropic.com>"
LAST = "def last(items):\n    size = len(items)\n    return items[size]\n"
FIXED = LAST.replace("[size]", "[size - 1]")
STAYS = "def first(items):\n    return items[0]\n\n\ndef second(items):\n    return items[1]\n"


class History:
    """A repository that grows by a commit a day."""

    def __init__(self, root: Path) -> None:
        root.mkdir(exist_ok=True)
        self.root = root
        self.day = 0.0
        self.git("init", "-q", "-b", "main")
        self.commit("Start", {"README.md": "x\n", "main.py": "run = 1\n"})

    def git(self, *args: str) -> str:
        date = f"@{1_767_225_600 + int(self.day * 86_400)} +0000"
        people = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Jane Doe"), ("EMAIL", "jane@example.org"), ("DATE", date))
        }
        return subprocess.run(
            ["git", *args],
            cwd=self.root,
            env={**os.environ, **people},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()

    def commit(self, message: str, files: dict[str, str], *, days: float = 1) -> str:
        self.day += days
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "shop")


def no_progress(_label: str) -> Callable[[int, int], None]:
    return lambda _done, _of: None


def mined(history: History, scope: str = "ai") -> tuple[list[dict[str, Any]], Mined]:
    out = history.root.parent / "mined.jsonl.gz"
    summary = mine(history.root, out, scope=scope, progress=no_progress)
    rows = gzip.decompress(out.read_bytes()).splitlines()
    return [json.loads(row) for row in rows], summary


def lines(rows: list[dict[str, Any]]) -> list[tuple[str, str, int, str, str | None]]:
    return [
        (row["sha"], fault["path"], fault["line"], fault["text"], fault["becomes"])
        for row in rows
        for fault in row["faulty"]
    ]


def test_a_fix_is_traced_to_the_line_that_introduced_the_fault(history: History) -> None:
    added = history.commit(f"Add last for Jane Doe{CLAUDE}", {"a.py": LAST, "test_a.py": "x = 1\n"})
    clean = history.commit(f"Add first{CLAUDE}", {"b.py": STAYS})
    moved = {"lib/c.py": "if True:\n" + "".join(f"    {line}\n" for line in LAST.splitlines())}
    history.git("mv", "a.py", "c.py")
    history.commit("Rename it", {"lib/.keep": ""})
    history.git("mv", "c.py", "lib/c.py")
    history.commit("Move it", {})
    history.commit("Indent it", moved)
    fixed = {"lib/c.py": moved["lib/c.py"].replace("[size]", "[size - 1]"), "docs.md": "x\n"}
    fix = history.commit("Fix last (thanks @janedoe)", fixed)
    history.commit("Go on", {"main.py": "run = 2\n"}, days=100)

    rows, summary = mined(history)

    assert lines(rows) == [
        (added, "a.py", 3, "    return items[size]", "        return items[size - 1]")
    ]
    assert [(row["sha"], row["status"]) for row in rows] == [(clean, "clean"), (added, "faulty")]
    row = rows[1]
    fault = row.pop("faulty")[0]
    assert 0 < fault["probability"] < 1
    assert {key: fault[key] for key in list(fault) if key.startswith(("fix", "lag"))} == {
        "fix_sha": fix,
        "fix_subject": "Fix last (thanks @dev)",
        "fix_strength": 2,
        "lag_days": 5.0,
        "fix_deleted": 1,
        "fix_added": 1,
    }
    assert row == {
        "id": f"shop@{added[:12]}",
        "set": "mined",
        "repo": "shop",
        "group": "shop",
        "sha": added,
        "date": "2026-01-03T00:00:00Z",
        "tool": "claude",
        "model": "Opus 4",
        "message": f"Add last for Dev{CLAUDE}",
        "files": [
            {"path": "a.py", "base_path": "a.py", "lang": "python", "base": None, "head": LAST}
        ],
        "status": "faulty",
        "read": False,
    }
    assert (summary.faulty, summary.clean, summary.lost) == (1, 1, 0)


def test_only_older_commits_in_scope_are_blamed(history: History) -> None:
    person = history.commit("Add last", {"a.py": LAST})
    agent = history.commit(f"Add first{CLAUDE}", {"b.py": STAYS})
    young = history.commit(f"Add third{CLAUDE}", {"c.py": LAST})
    history.commit("Fix third", {"c.py": FIXED}, days=0.1)
    history.commit("fix: both", {"a.py": FIXED, "b.py": STAYS.replace("[1]", "[2]")})

    assert {line[0] for line in lines(mined(history)[0])} == {agent}
    assert {line[0] for line in lines(mined(history, "all")[0])} == {person, agent}
    assert young not in {row["sha"] for row in mined(history, "all")[0]}


def test_a_revert_blames_only_what_it_names(history: History) -> None:
    history.commit(f"Add last{CLAUDE}", {"a.py": LAST})
    bad = history.commit(f"Change last{CLAUDE}", {"a.py": LAST.replace("size]", "0]")})
    history.commit(f'Revert "Change last"\n\nThis reverts commit {bad[:12]}.', {"a.py": LAST})

    rows, _ = mined(history)

    assert lines(rows) == [(bad, "a.py", 3, "    return items[0]", "    return items[size]")]


def test_a_fix_that_was_reverted_is_none(history: History) -> None:
    history.commit(f"Add last{CLAUDE}", {"a.py": LAST})
    fix = history.commit("Fix last", {"a.py": FIXED})
    history.commit(f'Revert "Fix last"\n\nThis reverts commit {fix}.', {"a.py": LAST})

    with pytest.raises(UsageError, match="blame no line"):
        mined(history)


def test_moving_code_to_another_file_does_not_blame_the_mover(history: History) -> None:
    body = LAST.replace("last", "last_of_all_the_items").replace("size", "number_of_items")
    history.commit("Add last", {"a.py": STAYS + body})
    history.commit(f"Split the module{CLAUDE}", {"a.py": STAYS, "b.py": body})
    history.commit("Fix last", {"b.py": body.replace("items]", "items - 1]")})

    with pytest.raises(UsageError, match="blame no line"):
        mined(history)


def test_large_fixes_and_large_commits_are_left_out(history: History) -> None:
    long = "".join(f"a{number} = {number}\n" for number in range(60))
    history.commit(f"Add much{CLAUDE}", {"a.py": long})
    history.commit(f"Add all{CLAUDE}", {f"many/f{n}.py": LAST for n in range(60)})
    history.commit("Fix much", {"a.py": long.replace("= ", "= 1")})
    history.commit("Fix one of many", {"many/f1.py": FIXED})

    with pytest.raises(UsageError, match="blame no line"):
        mined(history)


def test_a_stopped_run_goes_on_and_gives_the_same_bytes(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "BATCH", 2)
    for number in range(6):
        history.commit(f"Add {number}{CLAUDE}", {f"f{number}.py": LAST})
        history.commit(f"Fix {number}", {f"f{number}.py": FIXED})
    history.commit(f"Add first{CLAUDE}", {"b.py": STAYS})
    out = history.root.parent / "mined.jsonl.gz"
    mined(history)
    whole = out.read_bytes()
    out.unlink()

    def stop(label: str) -> Callable[[int, int], None]:
        def progress(done: int, of: int) -> None:
            if label == "fixes" and done >= 4:
                raise KeyboardInterrupt

        return progress

    with pytest.raises(KeyboardInterrupt):
        mine(history.root, out, scope="ai", progress=stop)
    partial = out.with_name("mined.jsonl.gz.partial")
    assert not out.exists()
    assert len(partial.read_bytes().splitlines()) == 1 + 4
    with partial.open("ab") as file:
        file.write(b'{"fix": "cut')  # the machine stopped while it wrote
    traced: list[str] = []

    def trace(top: Path, objects: Any, fix: Any, oldest: Any) -> Any:
        traced.append(fix.hash)
        return szz.trace(top, objects, fix, oldest)

    monkeypatch.setattr(traces, "trace", trace)
    mined(history)

    assert out.read_bytes() == whole
    assert len(traced) == 2
    assert not partial.exists()


def test_each_line_has_the_probability_of_the_noise_filter(history: History) -> None:
    for number in range(3):
        history.commit(f"Add {number}{CLAUDE}", {f"f{number}.py": LAST, f"g{number}.py": STAYS})
        history.commit(f"Go on {number}{CLAUDE}", {f"h{number}.py": STAYS})
        changed = STAYS.replace("items[1]", "third(items)")
        history.commit("Fix it", {f"f{number}.py": FIXED, f"g{number}.py": changed})

    rows, _ = mined(history)

    faults = [fault for row in rows for fault in row["faulty"]]
    heads = {(row["sha"], f["path"]): f["head"] for row in rows for f in row["files"]}
    fixed = [
        FixedLine(
            **{name: fault[name] for name in FixedLine.__slots__ if name != "head"},
            head=heads[row["sha"], fault["path"]].splitlines(),
        )
        for row in rows
        for fault in row["faulty"]
    ]
    assert len(faults) == 6
    assert [fault["probability"] for fault in faults] == pytest.approx(
        probabilities(fixed), abs=1e-4
    )
    assert len({fault["probability"] for fault in faults}) > 1


def test_a_work_file_of_another_state_is_not_used(history: History) -> None:
    history.commit(f"Add last{CLAUDE}", {"a.py": LAST})
    history.commit("Fix last", {"a.py": FIXED})
    partial = history.root.parent / "mined.jsonl.gz.partial"
    partial.write_text('{"rules": 0}\n{"fix": "x"}\n')

    assert len(lines(mined(history)[0])) == 1


def test_dates_that_no_calendar_has_do_not_stop_the_run(history: History) -> None:
    added = history.commit(f"Add last{CLAUDE}", {"a.py": LAST})
    history.commit("Fix last", {"a.py": FIXED})
    late = history.commit(f"Add late{CLAUDE}", {"b.py": LAST}, days=4_000_000)
    history.commit("Fix late", {"b.py": FIXED})
    raw = history.root.parent / "raw"
    dated = history.git("cat-file", "commit", "HEAD").splitlines()
    raw.write_text("\n".join(re.sub("^(committer.*>).*", r"\1 ", line) for line in dated))
    undated = history.git("hash-object", "-t", "commit", "--literally", "-w", str(raw))
    history.git("update-ref", "HEAD", undated)
    history.commit(f"Go on{CLAUDE}", {"c.py": LAST})
    history.commit("Fix c", {"c.py": FIXED})

    rows, _ = mined(history)

    assert {row["sha"] for row in rows if row["faulty"]} == {added}
    assert late not in {row["sha"] for row in rows}


def test_a_work_file_that_is_a_link_is_refused(history: History) -> None:
    history.commit(f"Add last{CLAUDE}", {"a.py": LAST})
    history.commit("Fix last", {"a.py": FIXED})
    other = history.root.parent / "other"
    other.write_text("kept")
    (history.root.parent / "mined.jsonl.gz.partial").symlink_to(other)

    with pytest.raises(UsageError, match="is a link"):
        mined(history)
    assert other.read_text() == "kept"


def test_a_file_that_training_could_not_read_back_is_refused(history: History) -> None:
    out = history.root.parent / "mined.jsonl"

    result = CliRunner().invoke(train, ["mine", str(history.root), "--out", str(out)])

    assert result.exit_code == 2
    assert "does not end in .gz" in result.output


def test_a_bare_repository_is_mined(history: History) -> None:
    history.commit(f"Add last{CLAUDE}", {"a.py": LAST, "b.py": STAYS})
    history.commit("Fix last", {"a.py": FIXED})
    bare = history.root.parent / "bare.git"
    history.git("clone", "-q", "--bare", ".", str(bare))
    subprocess.run(["git", "-C", str(bare), "remote", "remove", "origin"], check=True)
    out = history.root.parent / "bare.jsonl.gz"

    result = CliRunner().invoke(train, ["mine", str(bare), "--out", str(out)])

    assert result.exit_code == 0, result.output
    assert json.loads(gzip.decompress(out.read_bytes()))["repo"] == "bare"
    assert "1 faulty changes (1 lines)" in result.output


def test_what_cannot_be_mined_is_an_error_with_advice(history: History) -> None:
    out = history.root.parent / "out.jsonl.gz"
    cases: list[tuple[Path, str, str]] = [(history.root, "no mark of an AI", "--scope all")]
    shallow = history.root.parent / "shallow"
    history.commit("More", {"main.py": "run = 3\n"})
    url = history.root.as_uri()
    history.git("clone", "-q", "--depth=1", url, str(shallow))
    cases.append((shallow, "shallow", "unshallow"))
    cases.append((history.root.parent, "not in a git repository", "inside a repository"))

    prose = History(history.root.parent / "prose")
    prose.commit("Say more", {"README.md": "y\n"})
    cases.append((prose.root, "none changes code", "of code"))

    for root, what, fix in cases:
        scope = ["--scope", "all"] if root == prose.root else []
        result = CliRunner().invoke(train, ["mine", str(root), "--out", str(out), *scope])
        error = result.exception
        assert isinstance(error, ReviewbotError), (root, result.output)
        assert error.what.startswith("nothing was mined: ")
        assert what in error.what
        assert fix in error.fix
        assert not out.exists()
