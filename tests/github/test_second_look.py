"""Acknowledgements, marks in the queue, half-done writes: what a second review found."""

import json
from typing import Any

import pytest

from reviewbot.diff.parser import parse
from reviewbot.github.client import ListedFile
from reviewbot.github.remote_diff import diff_of
from reviewbot.report.acks import acks_in
from tests.github import fake, graphql
from tests.github.conftest import SAFE, World, risky
from tests.github.fake_parts import Pull, Trouble
from tests.github.test_events import ack, ids, queue, stage_one, workflow_run

ID = "0123456789abcdef0123"


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_a_quote_goes_on_where_github_shows_no_line_end(end: str) -> None:
    assert acks_in(f"> nice{end}/reviewbot ack {ID} fine\n\nI disagree", "jane") == []


@pytest.mark.parametrize(
    "text",
    [
        f"```\n/reviewbot ack {ID} fine\n```",
        f"<!--\n/reviewbot ack {ID} fine\n-->",
        f"<!-- /reviewbot\n-->/reviewbot ack {ID} fine",
        f"/reviewbot ack {ID} fine\u202e",
    ],
)
def test_text_that_a_reader_does_not_see_as_a_command_is_ignored(text: str) -> None:
    assert acks_in(text, "jane") == []


def test_a_command_after_a_fence_and_with_any_line_end_counts() -> None:
    assert len(acks_in(f"```\nx\n```\r\n/reviewbot ack {ID} fine", "jane")) == 1


GROWS = risky(1) + "evil(a, b, c, d)\n"


def test_an_acknowledgement_does_not_cover_a_line_that_was_not_shown(world: World) -> None:
    world.push({"b.py": GROWS})
    assert world.review().exit_code == 1
    (name,) = ids(world)
    world.github.permissions["jane"] = "write"
    ack(world, "jane", f"/reviewbot ack {name} line 1 is fine")
    assert world.review().exit_code == 0

    assert world.review("--max-risk", "0.05").exit_code == 1
    assert ids(world) != [name]


def test_nor_in_the_queue(world: World) -> None:
    world.push({"b.py": GROWS})
    world.review()
    world.github.permissions["jane"] = "write"
    ack(world, "jane", f"/reviewbot ack {ids(world)[0]} line 1 is fine")
    world.repo.git("checkout", "-q", "main")
    base = world.repo.commit("stricter", {".reviewbot.toml": "max-risk = 0.05\n"})
    queue(world, base)

    assert world.review().exit_code == 1


@pytest.mark.parametrize("event", ["pull_request", "issue_comment", "bare", "merge_group"])
def test_the_marks_of_a_pull_request_count_whatever_started_the_run(
    world: World, event: str
) -> None:
    base = world.base({".reviewbot.toml": 'gate-scope = "ai"\n'})
    world.github.pulls[1].login = "copilot-swe-agent[bot]"
    world.github.pulls[1].branch = "copilot/fix-1"
    world.push({"b.py": risky(1)}, "a change")
    more: dict[str, Any] = {}
    if event == "pull_request":
        world.event()
    elif event == "merge_group":
        queue(world, base)
    else:
        ack(world, "jane", f"/reviewbot ack {ID} nothing")
    if event == "bare":
        more["root"] = world.empty_folder()

    assert world.review("--post", "never", **more).exit_code == 1


@pytest.mark.parametrize("lost", [False, True])
def test_annotations_are_neither_doubled_nor_lost(world: World, lost: bool) -> None:
    world.push({f"m{n}.py": risky(n) for n in range(60)})
    if lost:
        world.github.troubles.append(Trouble("PATCH", "/check-runs", 502, after=True))
    else:
        world.github.troubles += [Trouble("PATCH", "/check-runs", 500) for _ in range(6)]

    assert world.review("--check-run", "r").exit_code == (1 if lost else 4)
    world.review("--check-run", "r")

    assert [len(run["annotations"]) for run in world.github.check_runs] == [60]


@pytest.mark.parametrize("how", ["empty", "mode", "rename"])
def test_without_a_checkout_what_has_no_patch_and_no_change_is_complete(
    world: World, how: str
) -> None:
    if how != "empty":
        world.base({"s.py": SAFE + "\n"})
    if how == "mode":
        (world.repo.root / "s.py").chmod(0o755)
    elif how == "rename":
        world.repo.git("mv", "s.py", "t.py")
    world.push({"b.py": SAFE + "x\n"} | ({"pkg/__init__.py": ""} if how == "empty" else {}))

    result = world.review("--post", "never", root=world.empty_folder())

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("answer", [{"repository": {"pullRequest": None}}, {"repository": None}])
def test_threads_that_github_does_not_show_are_a_failure_and_no_crash(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    real = graphql.graphql

    def odd(github: fake.FakeGitHub, body: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        if "reviewThreads" in body["query"]:
            return 200, {"data": answer}, {}
        return real(github, body)

    monkeypatch.setattr(fake, "graphql", odd)
    world.push({"b.py": risky(1)})
    world.review()
    world.github.comments[0]["reactions"] = {"total_count": 1}
    world.push({"b.py": SAFE + "\n"})

    assert world.review("--resolve-threads").exit_code == 4


def test_a_queue_without_a_token_has_a_report_all_the_same(world: World) -> None:
    base = world.github.pulls[1].base
    world.push({"b.py": risky(1)})
    queue(world, base)
    del world.environ["GITHUB_TOKEN"]

    result = world.review("--format", "json", "--commit-status", "x")

    assert result.exit_code == 2
    report = json.loads(result.stdout)
    assert report["verdict"]["status"] == "block"
    assert any("no token" in note for note in report["notes"])


def test_of_two_pull_requests_with_one_head_none_is_chosen(world: World) -> None:
    world.push({"b.py": risky(1)})
    pull = world.github.pulls[1]
    world.github.pulls[2] = Pull(2, pull.head, pull.base)
    path = stage_one(world)
    workflow_run(world, pull_requests=[{"number": 2}, {"number": 1}])

    assert world.call("post", str(path)).exit_code == 2
    assert world.github.comments == []


def test_a_short_page_with_a_next_one_is_not_the_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.push({"b.py": risky(1)})
    for n in range(120):
        world.github.say("dev", f"hello {n}")
    world.review()
    real = fake.FakeGitHub._page

    def short(github: fake.FakeGitHub, path: str, query: dict[str, str], found: list[Any]) -> Any:
        code, value, headers = real(github, path, query, found)
        cut = path.endswith("/issues/1/comments") and query.get("page", "1") == "1"
        return code, value[1:] if cut else value, headers

    monkeypatch.setattr(fake.FakeGitHub, "_page", short)
    world.review()

    assert sum("reviewbot:summary" in c["body"] for c in world.github.issue_comments) == 1


@pytest.mark.parametrize("status", ["added", "removed", "modified", "changed", "renamed", "copied"])
@pytest.mark.parametrize("same", [False, True])
def test_a_listed_file_without_a_patch_is_a_diff_that_can_be_read(status: str, same: bool) -> None:
    old = "a.py" if status in ("renamed", "copied") else None
    text = diff_of([ListedFile("b.py", old, status, 0, 0, None)], ["b.py"] if same else [])

    (file,) = parse(text).files

    assert file.path == "b.py"
    assert not file.added
