"""Acknowledgements: who may, what counts, how far they reach, and what `stats` makes of them."""

import json
import re
from typing import Any

import pytest

from reviewbot.report.ack_log import parse_acks
from reviewbot.report.acks import acks_in
from tests.cli.small import outside_ci
from tests.github.conftest import ONE_RISKY, SAFE, World, risky
from tests.github.fake_parts import Trouble

ID = "0123456789abcdef0123"
ACK = "/reviewbot ack {} because"


@pytest.mark.parametrize(
    "text",
    [
        *(f"> nice{end}/reviewbot ack {ID} x\n\nno" for end in "\u2028\u2029\x85\x0b\x0c\x1c"),
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


def test_an_acknowledgement_by_somebody_who_may_push_clears_the_finding(world: World) -> None:
    world.push({"b.py": risky(1) + "\n" * 9 + risky(2)})
    assert world.review().exit_code == 1
    first, second = world.ids

    world.ack(f"/reviewbot ack {first} it is @right")
    half = world.review()
    world.ack(f"> quoted\n/reviewbot ack `{second}` checked by hand")
    both = world.review()

    assert (half.exit_code, both.exit_code) == (1, 0)
    assert "acknowledged by jane&#58; it is &#64;right" in world.summary
    assert "### reviewbot: PASS" in world.summary
    assert world.github.comments == []  # what is acknowledged needs no comment


@pytest.mark.parametrize(
    ("login", "permission", "text"),
    [
        ("mallory", "read", ACK),
        ("mallory", "triage", ACK),
        ("some[bot]", "write", ACK),
        ("jane", "write", "/reviewbot ack {}"),
        ("jane", "write", f"> {ACK}"),
        ("jane", "write", f"please {ACK}"),
        ("jane", "write", f"/reviewbot ack {ID} because"),
    ],
)
def test_what_is_no_acknowledgement(world: World, login: str, permission: str, text: str) -> None:
    world.push()
    world.review()

    world.ack(text.format(world.ids[0]), login, permission)

    assert world.review().exit_code == 1
    assert "acknowledged" not in world.summary.replace("acknowledge it", "")


def test_an_acknowledgement_holds_for_one_head_only_and_permission_is_asked_again(
    world: World,
) -> None:
    world.push()
    world.review()
    world.ack(ACK.format(world.ids[0]), permission="admin")
    assert world.review().exit_code == 0

    world.github.permissions["jane"] = "read"
    assert world.review().exit_code == 1

    world.github.permissions["jane"] = "admin"
    world.push({"c.py": "x = 1\n"})
    assert world.review().exit_code == 1


@pytest.mark.parametrize("queued", [False, True])
def test_an_acknowledgement_does_not_cover_a_line_that_was_not_shown(
    world: World, queued: bool
) -> None:
    world.push({"b.py": risky(1) + "evil(a, b, c, d)\n"})
    assert world.review().exit_code == 1
    (name,) = world.ids
    world.ack(f"/reviewbot ack {name} line 1 is fine")
    assert world.review().exit_code == 0

    if queued:
        world.repo.git("checkout", "-q", "main")
        world.queue(world.repo.commit("stricter", {".reviewbot.toml": "max-risk = 0.05\n"}))
        assert world.review().exit_code == 1
    else:
        assert world.review("--max-risk", "0.05").exit_code == 1
        assert world.ids != [name]


def test_what_is_acknowledged_on_the_pull_request_passes_its_merge_queue(world: World) -> None:
    base = world.pull.base
    head = world.push()
    world.review()
    world.ack(ACK.format(world.ids[0]))

    assert world.queue(base) != head
    result = world.review()
    assert result.exit_code == 0, result.stderr
    assert "acknowledged on pull request 1 by jane" in result.stderr

    world.github.permissions["jane"] = "read"
    assert world.review().exit_code == 1

    del world.github.pulls[1]
    assert world.review().exit_code == 4


def test_on_a_fork_an_event_whose_token_may_write_posts(world: World) -> None:
    world.pull.head_repo = "someone/r"
    world.push()
    world.ack(ACK.format(ID), "nobody", "none")

    result = world.review("--commit-status", "rb")

    assert result.exit_code == 1
    assert [s["state"] for s in world.github.statuses] == ["failure"]
    assert len(world.github.comments) == 1


def test_acknowledgements_that_hold_are_written_as_records_and_counted(world: World) -> None:
    world.push({"b.py": risky(1) + "x = 1\n" * 5 + risky(2)})
    world.review("--max-comments", "0")
    first, second = world.ids
    world.ack(f"/reviewbot ack {first} it is \u00e9 right")
    world.ack(f"/reviewbot ack {second} let me in", "mallory", "read")
    reports = world.folder / "reports"
    reports.mkdir()
    acks = reports / "outcomes.jsonl"

    output = ("--output", str(reports / "r.json"), "--format", "json")
    world.review(*output, "--post", "never", "--acks", str(acks))
    raw = acks.read_bytes()
    result = world.call("stats", str(reports), "--root", str(world.repo.root), "--format", "json")

    assert json.loads(raw)["by"] == "jane"
    assert raw.isascii()
    assert parse_acks([("x", raw)]) == {first}
    stats: Any = json.loads(result.stdout)
    (group,) = stats["groups"]
    assert group["acknowledged"] == {"count": 1, "n": group["findings"]}
    assert stats["notes"] == []


def test_unreadable_acknowledgements_are_not_written_as_an_empty_file(world: World) -> None:
    world.push()
    limit = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9e12"}
    world.github.troubles.append(Trouble("GET", "/issues", 403, limit))
    out = world.folder / "outcomes.jsonl"

    result = world.review("--acks", str(out), "--post", "never")

    assert result.exit_code == 4
    assert not out.exists()


@pytest.mark.parametrize("event", ["pull_request", "issue_comment", "bare", "merge_group"])
def test_the_marks_of_a_pull_request_count_whatever_started_the_run(
    world: World, event: str
) -> None:
    base = world.base({".reviewbot.toml": 'gate-scope = "ai"\n'})
    world.pull.login, world.pull.branch = "copilot-swe-agent[bot]", "copilot/fix-1"
    world.push(ONE_RISKY, "a change")
    if event == "merge_group":
        world.queue(base)
    elif event != "pull_request":
        world.ack(ACK.format(ID))
    root = world.empty_folder() if event == "bare" else None

    assert world.review("--post", "never", root=root).exit_code == 1


def test_a_queue_without_a_token_has_a_report_all_the_same(world: World) -> None:
    base = world.pull.base
    world.push()
    world.queue(base)
    del world.environ["GITHUB_TOKEN"]

    result = world.review("--format", "json", "--commit-status", "x")

    assert result.exit_code == 2
    report = json.loads(result.stdout)
    assert report["verdict"]["status"] == "block"
    assert any("no token" in note for note in report["notes"])


def test_a_merge_group_is_checked_again_and_nothing_is_posted(world: World) -> None:
    base = world.pull.base
    head = world.push(SAFE | {"c.py": risky(1)})
    group = {"head_sha": head, "base_sha": base, "head_ref": "refs/heads/gh-readonly-queue/main/x"}
    world.event("merge_group", merge_group=group, pull_request=None)

    result = world.review("--format", "json", "--commit-status", "reviewbot")

    assert result.exit_code == 1, result.stderr
    change = json.loads(result.stdout)["change"]
    assert (change["base"], change["head"]) == (base, head)
    assert [s["sha"] for s in world.github.statuses] == [head]
    assert world.github.comments == []


MEDIUM = "total = left + right\n"
TOP = ("--ack-top", "2", "--fail-on", "never")


def test_the_riskiest_places_of_a_pull_request_block_until_each_is_acknowledged(
    world: World,
) -> None:
    world.push({"b.py": risky(1) + "\n" * 9 + MEDIUM + "\n" * 9 + "x = 1\n"})
    before = world.review(*TOP)
    first, second = world.ids
    world.ack(ACK.format(first))
    half = world.review(*TOP)
    world.ack(ACK.format(second))
    both = world.review(*TOP)

    assert (before.exit_code, half.exit_code, both.exit_code) == (1, 1, 0)
    assert "1 of the 2 riskiest places is not acknowledged (ack-top 2)" in half.stdout
    assert "must be acknowledged" in half.stdout
    assert "acknowledged: because" in half.stdout
    assert "reviewbot ack" not in half.stdout.replace("/reviewbot ack", "")  # not from here

    world.push({"c.py": "x = 1\n"})
    assert world.review(*TOP).exit_code == 1


def test_the_places_of_a_merge_queue_are_acknowledged_on_the_pull_request(world: World) -> None:
    base = world.base({"main.py": "x = 1\n"})
    world.push({"b.py": risky(1), "main.py": "x = 1\n" + "\n" * 9 + MEDIUM})
    world.review(*TOP)
    first, second = world.ids
    world.ack(ACK.format(first))

    world.queue(base)
    waiting = world.review(*TOP)
    assert waiting.exit_code == 1
    words = f"to acknowledge, comment on pull request 1, for main.py:11: /reviewbot ack {second} R"
    assert words in waiting.stderr

    world.github.say("jane", ACK.format(second))
    world.queue(base)
    assert world.review(*TOP).exit_code == 0


def test_what_was_acknowledged_locally_does_not_count_in_review(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside_ci(monkeypatch)
    actions = world.environ.pop("GITHUB_ACTIONS")
    world.push()
    args = ("--root", str(world.repo.root), *TOP)
    checked = world.call("check", f"{world.pull.base}..{world.pull.head}", *args)
    (name,) = re.findall(r"reviewbot ack ([0-9a-f]{20})", checked.stdout)
    assert world.call("ack", name, "read", *args[:2]).exit_code == 0
    assert world.call("check", f"{world.pull.base}..{world.pull.head}", *args).exit_code == 0

    world.environ["GITHUB_ACTIONS"] = actions
    assert world.review(*TOP).exit_code == 1
