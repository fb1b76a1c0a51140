"""`reviewbot map`: real repositories and files; only the model is small."""

import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from reviewbot.app.map_items import Item, Share, share_of
from reviewbot.app.ray_map import ScoreItems
from reviewbot.cli import main
from reviewbot.encoders.encoder import Encoder
from reviewbot.encoders.states import HiddenStates
from reviewbot.errors import EngineUnfit, ModelUnavailable, UsageError
from reviewbot.report.json_v1 import schema
from tests.cli.small import ByteEncoder, environ, write_artifact
from tests.cli.test_check import as_json, check, git
from tests.git.test_changes import copy_of

CHANGES = 3  # of each repository, after its first commit


class Model(ByteEncoder):
    """Counts forward passes and how often it was loaded; cannot read a paragraph sign."""

    passes = loaded = 0

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        Model.passes += 1
        if ord("§") in ids:
            raise ValueError("a paragraph sign")
        return super().states(ids, first)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the repositories a and b, which is the current one."""
    for name in list(os.environ):
        if name.startswith(("REVIEWBOT_", "SLURM_", "GITHUB_")) or name in ("RANK", "CI"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("REVIEWBOT_ARTIFACT", str(write_artifact(tmp_path / "artifact")))
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "cache"))
    for name in ("passes", "loaded"):
        monkeypatch.setattr(Model, name, 0)

    def load(*_: Any) -> Encoder:
        Model.loaded += 1
        return Model()

    monkeypatch.setattr("reviewbot.app.warm.load_model", load)
    monkeypatch.setattr("reviewbot.app.check.load_model", load)
    where = tmp_path / "root"
    for name in "ab":
        copy_of(_grown, where / name)
    monkeypatch.chdir(where)
    return where


def _grown(where: Path) -> None:
    git(where, "init", "-q", "-b", "main")
    for n in range(CHANGES + 1):
        add(where, f"f{n}.py", f"x = {'1' * (4 + 9 * n)}\n")


def add(repo: Path, name: str, text: str) -> None:
    (repo / name).write_text(text)
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", f"add {name}")


def run(*lines: dict[str, str], out: str = "out", args: Sequence[str] = ()) -> Result:
    Path("m.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return CliRunner().invoke(main, ["map", "m.jsonl", "--out", out, *args])


def files(out: str = "out") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(out).iterdir()}


def results(out: str = "out") -> list[Any]:
    return [json.loads(raw) for name, raw in files(out).items() if ".error." not in name]


A, B, GONE = {"repo": "a"}, {"repo": "b"}, {"repo": "gone"}
NEWEST = {"repo": "a", "range": "HEAD~1..HEAD"}


def test_an_item_gets_the_report_of_check_whatever_its_repository_and_a_ci_run_say(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = as_json(check("HEAD~1..HEAD", "--root", "a", "--format", "json"))
    (root / "a" / ".reviewbot.toml").write_text('exclude = ["*"]\nshow = "low"\n')
    git(root / "a", "add", ".")
    git(root / "a", "commit", "-q", "-m", "settings")
    event = {"pull_request": {"head": {"ref": "claude/x"}, "user": {"login": "claude[bot]"}}}
    (root / "event.json").write_text(json.dumps(event))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(root / "event.json"))
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    add(root / "a", "last.py", "y = 1\n")
    item = {"repo": "a", "range": "HEAD~3..HEAD~2"}

    done = run(item)

    assert (done.exit_code, done.stdout, done.stderr) == (0, "done 1, skipped 0, failed 0\n", "")
    (found,) = results()
    assert found == {"schema": "reviewbot-map/1", "item": item, "report": expected}
    assert found["report"]["ledger"]["scored"] == 1


def test_a_line_without_a_range_means_the_newest_merged_changes_and_the_model_is_loaded_once(
    root: Path,
) -> None:
    done = run(A, B, args=["--last", "2"])

    assert done.stdout == "done 4, skipped 0, failed 0\n"
    assert Model.loaded == 1
    of_a = [one for one in results() if one["item"]["repo"] == "a"]
    assert {one["report"]["files"][0]["path"] for one in of_a} == {"f3.py", "f2.py"}
    for one in of_a:
        change = one["report"]["change"]
        assert one["item"]["range"] == f"{change['base']}..{change['head']}"
        jsonschema.validate(one["report"], schema())
    add(root / "a", "new.py", "z = 1\n")  # an item more; the older ones are still there
    assert run(A, args=["--last", "2"]).stdout == "done 1, skipped 1, failed 0\n"


def test_a_second_run_has_the_same_bytes_and_reads_nothing(root: Path) -> None:
    assert run(A, B).exit_code == 0
    first, passes = files(), Model.passes
    assert passes >= 2 * CHANGES

    again = run(B, A)

    assert (again.exit_code, Model.passes, Model.loaded) == (0, passes, 1)
    assert again.stdout == "done 0, skipped 6, failed 0\nnothing was scored\n"
    assert files() == first
    assert run(B, A, out="other").exit_code == 0
    assert files("other") == first
    # Other settings, another artifact: another result, never the old one.
    write_artifact(root / "artifact", letters=30)
    for flag in ("--fail-on=high", "--exclude=f1.py", "--artifact=artifact"):
        assert run(A, args=[flag]).stdout == "done 3, skipped 0, failed 0\n"
    assert run(A, args=["--threads=3"]).stdout.startswith("done 0, skipped 3")


def test_processes_divide_the_lines_whatever_their_order(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [{"repo": repo, "range": f"HEAD~{n + 1}..HEAD~{n}"} for repo in "ab" for n in range(3)]
    assert run(*lines, A, out="whole").exit_code == 0
    monkeypatch.setenv("WORLD_SIZE", "2")
    done = []
    for rank, order in enumerate([[*lines, A], [A, *lines[::-1]]]):
        monkeypatch.setenv("RANK", str(rank))
        done.append(run(*order, out="divided").stdout.splitlines()[0])

    assert files("divided") == files("whole")
    shares = [int(text.split("done ")[1].split(",")[0]) for text in done]
    assert sum(shares) == len(lines) + CHANGES
    assert min(shares) > 0
    assert done[0].startswith("worker 1 of 2: done ")
    monkeypatch.setenv("WORLD_SIZE", "1000")
    assert "nothing was done: every line is another worker's" in run(A, out="none").stdout


@pytest.mark.parametrize("slurm", [1, 3])
@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize("workers", [1, 2])
def test_of_an_array_torchrun_and_workers_each_line_belongs_to_exactly_one(
    slurm: int, world: int, workers: int
) -> None:
    array = {"MIN": "5", "MAX": str(4 + slurm), "COUNT": str(slurm)}
    shares = [
        share_of(
            {f"SLURM_ARRAY_TASK_{name}": text for name, text in {**array, "ID": str(5 + n)}.items()}
            | {"RANK": str(rank), "WORLD_SIZE": str(world)}
        ).part(worker, workers)
        for n in range(slurm)
        for rank in range(world)
        for worker in range(workers)
    ]

    assert sorted(shares) == [Share(n, slurm * world * workers) for n in range(len(shares))]
    lines = [Item(f"r{n}") for n in range(200)]
    assert all(sum(share.holds(line) for share in shares) == 1 for line in lines)
    assert all(any(share.holds(line) for line in lines) for share in shares)


@pytest.mark.parametrize(
    ("variables", "what"),
    [
        ({"RANK": "0"}, "WORLD_SIZE is '', not a number"),
        ({"RANK": "-1", "WORLD_SIZE": "2"}, "RANK is '-1', not a number"),
        ({"RANK": "2", "WORLD_SIZE": "2"}, "process 2 of 2 cannot be"),
        ({"SLURM_ARRAY_TASK_ID": "1"}, "SLURM_ARRAY_TASK_MIN is ''"),
        (
            {"SLURM_ARRAY_TASK_ID": "1", "SLURM_ARRAY_TASK_MIN": "1"}
            | {"SLURM_ARRAY_TASK_MAX": "9", "SLURM_ARRAY_TASK_COUNT": "3"},
            "3 tasks between 1 and 9",
        ),
    ],
)
def test_a_division_that_would_leave_lines_out_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], what: str
) -> None:
    for name, text in variables.items():
        monkeypatch.setenv(name, text)

    done = run(A)

    assert (done.exit_code, Path("out").exists()) == (2, False)
    assert what in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_a_repository_that_is_missing_fails_alone_and_is_tried_again(root: Path) -> None:
    (root / "a" / "inside").mkdir()
    (root / "empty").mkdir()
    git(root / "empty", "init", "-q")
    broken = [GONE, {"repo": "a", "range": "nothing..HEAD"}, {"repo": "a/inside"}]
    done = run(*broken, {"repo": "empty"}, NEWEST)

    assert (done.exit_code, done.stdout) == (5, "done 1, skipped 0, failed 4\n")
    assert "gone : error: nothing was scored: gone is not a directory" in done.stderr
    errors = {
        value["item"]["repo"]: value
        for name, raw in files().items()
        if name.endswith(".error.json")
        for value in [json.loads(raw)]
    }
    assert len(errors["gone"]["error"].splitlines()) == 2
    assert errors["gone"]["exit_code"] == 2
    assert "only a directory inside of one" in errors["a/inside"]["error"]
    assert "git knows no commit 'nothing'" in errors["a"]["error"]
    copy_of(_grown, root / "gone")
    again = run(GONE, NEWEST)
    assert (again.exit_code, again.stdout) == (0, "done 3, skipped 1, failed 0\n")
    assert sum(name.endswith(".error.json") for name in files()) == 3


def test_a_bug_in_one_item_does_not_stop_the_others(root: Path) -> None:
    add(root / "a", "sign.py", "s = '§'\n")

    done = run(A, B)

    assert (done.exit_code, done.stdout) == (5, "done 6, skipped 0, failed 1\n")
    assert "ValueError: a paragraph sign" in done.stderr
    assert Model.loaded == 2  # again after the failure
    (error,) = [json.loads(raw) for name, raw in files().items() if name.endswith(".error.json")]
    assert error["exit_code"] == 70


def test_a_missing_model_stops_the_run_and_is_not_a_failure_of_each_item(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(*_: Any) -> Encoder:
        raise ModelUnavailable("nothing was scored: no model", fix="pull it")

    monkeypatch.setattr("reviewbot.app.warm.load_model", load)
    done = run(A)

    assert (done.exit_code, done.stdout, files()) == (4, "", {})
    assert done.stderr == "error: nothing was scored: no model\n  fix: pull it\n"


KILLED = """
import os, pathlib, signal, sys
from reviewbot.app import warm
from reviewbot.cli import main
from tests.cli.small import ByteEncoder
warm.load_model = lambda *_: ByteEncoder()
left, replace = int(sys.argv[1]), pathlib.Path.replace
def kill(self, target):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
pathlib.Path.replace = kill
main(["map", "m.jsonl", "--out", "out"])
"""


def test_a_run_killed_while_it_writes_leaves_no_half_result_and_the_next_one_completes_it(
    root: Path,
) -> None:
    assert run(A, GONE, B, out="whole").exit_code == 5
    for write in (3, 1):  # of the third result, and of the next run's first
        argv = [sys.executable, "-c", KILLED, str(write)]
        done = subprocess.run(argv, env=environ(), capture_output=True, timeout=60, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        whole = {name: raw for name, raw in files().items() if not name.startswith(".")}
        assert whole.items() <= files("whole").items()
        assert len(whole) == 2
    assert any(name.startswith(".") for name in files())

    assert run(A, GONE, B).stdout == "done 4, skipped 2, failed 1\n"
    assert files() == files("whole")


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("", "holds no line"),
        ("{", ":1 is not JSON"),
        ("[" * 100_000, ":1 is not JSON"),
        ('["a"]', ":1 has the keys: none"),
        ('{"range": "a..b"}', ":1 has the keys: 'range'"),
        ('{"repo": "a", "ref": "main"}', ":1 has the keys: 'ref', 'repo'"),
        ('{"repo": 1}', ":1: repo must be a printable text"),
        ('{"repo": "a\\u0000"}', ":1: repo must be a printable text"),
        ('{"repo": "a", "range": "main"}', "'main' is no BASE..HEAD"),
        ('{"repo": "https://me:secret@example.org/a"}', "name no user or password"),
        ('{"repo": "ssh://example.org/a"}', "must begin with https://"),
    ],
)
def test_a_manifest_with_a_wrong_line_is_refused_before_the_work(
    root: Path, line: str, what: str
) -> None:
    Path("m.jsonl").write_text(line)

    done = CliRunner().invoke(main, ["map", "m.jsonl", "--out", "out"])

    assert (done.exit_code, Path("out").exists()) == (2, False)
    assert what in done.stderr
    assert "secret" not in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_an_address_is_read_from_its_mirror_below_the_root(root: Path) -> None:
    mirror = root / "mirrors" / "git.example.org" / "team" / "a.git"
    git(root, "clone", "-q", "--mirror", "a", str(mirror))

    done = run({"repo": "https://git.example.org/team/a.git"}, args=["--root", "mirrors"])

    assert done.stdout == "done 3, skipped 0, failed 0\n"


def test_a_batch_of_ray_gives_the_same_reports_and_errors_as_rows(root: Path) -> None:
    run(A, GONE, NEWEST)
    ranges = [float("nan"), None, "HEAD~1..HEAD"]
    batch: dict[str, list[Any]] = {"repo": ["a", "gone", "a"], "range": ranges}

    rows = ScoreItems()(batch)

    assert rows["repo"] == ["a", "a", "a", "gone", "a"]
    assert [json.loads(text) for text in rows["report"] if text] == [
        next(one["report"] for one in results() if one["item"] == {"repo": repo, "range": range_})
        for repo, range_ in zip(rows["repo"], rows["range"], strict=True)
        if range_
    ]
    assert [bool(text) for text in rows["error"]] == [False, False, False, True, False]


def test_an_error_of_another_process_arrives_as_it_was() -> None:
    for error in (UsageError("no", fix="yes"), EngineUnfit("slow")):
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        assert type(again) is type(error)
        assert (str(again), again.__dict__) == (str(error), error.__dict__)
