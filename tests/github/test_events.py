"""The other events: acknowledgements, merge queues, pushes, and posting in a second workflow."""

import json
from pathlib import Path
from typing import Any

import pytest

from reviewbot.errors import UsageError
from reviewbot.github.events import Target, target_of
from tests.github.conftest import SAFE, World, risky, two_lines


def ids(world: World) -> list[str]:
    """The names of the findings, as the summary shows them."""
    rows = [
        line for line in world.summary.splitlines() if line.startswith("| ") and "<code>" in line
    ]
    return [row.split("|")[1].strip() for row in rows]


def ack(world: World, login: str, text: str) -> None:
    world.github.say(login, text)
    comment = {"issue": {"number": 1, "pull_request": {"url": "x"}}}
    world.event("issue_comment", **comment)


def queue(world: World, base: str) -> str:
    """Put the pull request into the merge queue; return the commit that the queue made."""
    world.repo.git("checkout", "-q", "-B", "queue", base)
    world.repo.git("merge", "-q", "--no-ff", "-m", "queued", "topic")
    head = world.repo.git("rev-parse", "HEAD").strip()
    ref = f"refs/heads/gh-readonly-queue/main/pr-1-{base}"
    group = {"head_sha": head, "base_sha": base, "head_ref": ref}
    world.event("merge_group", merge_group=group, pull_request=None)
    return head


def test_an_acknowledgement_by_somebody_who_may_push_clears_the_finding(world: World) -> None:
    world.push({"b.py": risky(1) + "\n" * 9 + risky(2)})
    assert world.review().exit_code == 1
    first, second = ids(world)
    world.github.permissions["jane"] = "write"

    ack(world, "jane", f"/reviewbot ack {first} it is @right")
    half = world.review()
    ack(world, "jane", f"> quoted\n/reviewbot ack `{second}` checked by hand")
    both = world.review()

    assert (half.exit_code, both.exit_code) == (1, 0)
    assert "acknowledged by jane&#58; it is &#64;right" in world.summary
    assert "### reviewbot: PASS" in world.summary
    assert world.github.comments == []  # what is acknowledged needs no comment


@pytest.mark.parametrize(
    ("login", "permission", "text"),
    [
        ("mallory", "read", "/reviewbot ack {} because"),
        ("mallory", "triage", "/reviewbot ack {} because"),
        ("some[bot]", "write", "/reviewbot ack {} because"),
        ("jane", "write", "/reviewbot ack {}"),
        ("jane", "write", "> /reviewbot ack {} because"),
        ("jane", "write", "please /reviewbot ack {} because"),
        ("jane", "write", "/reviewbot ack 0123456789abcdef0123 because"),
    ],
)
def test_what_is_no_acknowledgement(world: World, login: str, permission: str, text: str) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    world.github.permissions[login] = permission

    ack(world, login, text.format(ids(world)[0]))

    assert world.review().exit_code == 1
    assert "acknowledged" not in world.summary.replace("acknowledge it", "")


def test_an_acknowledgement_holds_for_one_head_only_and_permission_is_asked_again(
    world: World,
) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    world.github.permissions["jane"] = "admin"
    ack(world, "jane", f"/reviewbot ack {ids(world)[0]} fine")
    assert world.review().exit_code == 0

    world.github.permissions["jane"] = "read"
    assert world.review().exit_code == 1

    world.github.permissions["jane"] = "admin"
    world.push({"c.py": SAFE + "\n"})
    assert world.review().exit_code == 1


def test_a_merge_group_is_checked_again_and_nothing_is_posted(world: World) -> None:
    base = world.github.pulls[1].base
    head = world.push({"b.py": risky(1)})
    group = {"head_sha": head, "base_sha": base, "head_ref": "refs/heads/gh-readonly-queue/main/x"}
    world.event("merge_group", merge_group=group, pull_request=None)

    result = world.review("--format", "json", "--commit-status", "reviewbot")

    assert result.exit_code == 1, result.stderr
    assert json.loads(result.stdout)["change"] == {"base": base, "head": head}
    assert [s["sha"] for s in world.github.statuses] == [head]
    assert world.github.comments == []


def test_what_is_acknowledged_on_the_pull_request_passes_its_merge_queue(world: World) -> None:
    base = world.github.pulls[1].base
    head = world.push({"b.py": risky(1)})
    world.review()
    world.github.permissions["jane"] = "write"
    ack(world, "jane", f"/reviewbot ack {ids(world)[0]} read it")
    queued = queue(world, base)

    assert queued != head
    result = world.review()
    assert result.exit_code == 0, result.stderr
    assert "acknowledged on pull request 1 by jane" in result.stderr

    world.github.permissions["jane"] = "read"
    assert world.review().exit_code == 1

    del world.github.pulls[1]
    assert world.review().exit_code == 4


def test_a_push_is_checked(world: World) -> None:
    base = world.github.pulls[1].base
    head = world.push({"b.py": risky(1)})
    world.event("push", before=base, after=head, pull_request=None)

    result = world.review()

    assert result.exit_code == 1
    assert world.github.requests == []


def rewritten(world: World, *files: str) -> str:
    """Put topic back to main, and commit on it; return the new head."""
    world.repo.git("checkout", "-q", "-B", "topic", "main")
    return world.repo.commit("again", {name: f"{name[0]} = 1\n" for name in files})


ZEROS, LOST, MAIN, TOPIC = "0" * 40, "9" * 40, "refs/heads/main", "refs/heads/topic"


@pytest.mark.parametrize(
    ("ref", "before", "after", "code", "lines", "words"),
    [
        (TOPIC, ZEROS, "topic", 0, 1, "a new branch, topic: compared with where it left main"),
        (TOPIC, LOST, "topic", 0, 1, "a forced push of topic: compared with where it left main"),
        (TOPIC, "old", "topic", 0, 1, "a forced push of topic: compared with where it left main"),
        (TOPIC, "topic", "topic~1", 0, 0, "a forced push of topic: main already has its commits"),
        (TOPIC, ZEROS, "main", 0, 0, "a new branch, topic: main already has its commits"),
        (TOPIC, ZEROS, "apart", 0, 2, "a new branch, topic: compared with the empty tree"),
        ("refs/tags/v1", ZEROS, "v1", 0, 1, "the tag v1: compared with where it left main"),
        ("refs/tags/v1", "main", "v1", 0, 1, "the tag v1: compared with where it left main"),
        ("refs/tags/v0", ZEROS, "main", 0, 0, "the tag v0: main already has its commits"),
        (MAIN, ZEROS, "main", 0, 3, "first push to this repository: "),
        (MAIN, LOST, "topic", 2, 0, "where main was before, is not in the clone"),
        (MAIN, "old", "topic", 0, 1, "forced push: compared with where old and new history part"),
        (MAIN, "old", "apart", 0, 2, "forced push: compared with the empty tree, as old and new"),
        (MAIN, "topic", "main", 0, 0, "forced push: no new commits"),
        (TOPIC, "topic", ZEROS, 0, 0, "nothing to check: refs/heads/topic was deleted"),
        (None, ZEROS, "topic", 2, 0, "no ref or default branch"),
        ("refs/heads/x..y", LOST, "topic", 2, 0, "no ref or default branch"),
        (TOPIC, ZEROS, LOST, 2, 0, "git knows no commit"),
    ],
)
def test_a_push_reads_what_is_new_and_says_what_it_was_compared_with(
    world: World, ref: str | None, before: str, after: str, code: int, lines: int, words: str
) -> None:
    world.repo.git("checkout", "-q", "--orphan", "apart")
    world.repo.git("rm", "-qrf", ".")
    world.repo.commit("apart", {"z.py": "z = 1\ny = 1\n"})
    world.repo.git("checkout", "-q", "topic")
    world.repo.commit("old", {"b.py": "b = 1\nbb = 1\n"})
    world.repo.git("branch", "old")
    rewritten(world, "c.py")
    world.repo.git("tag", "-a", "-m", "v", "v1")  # the event gives the tag's own hash

    def oid(name: str) -> str:
        return name if name in (ZEROS, LOST) else world.repo.git("rev-parse", name)

    after = oid(after)
    more = {"ref": ref, "deleted": after == ZEROS, "repository": {"default_branch": "main"}}
    world.event("push", before=oid(before), after=after, pull_request=None, **more)

    result = world.review("--format", "json", "--commit-status", "reviewbot")

    assert result.exit_code == code, result.stderr
    assert words in result.stdout + result.stderr
    if code == 0:
        report = json.loads(result.stdout)
        assert report["ledger"]["scored"] == lines
        assert (lines == 0) == report["verdict"]["reasons"][0].startswith("nothing to check: ")
    else:
        assert two_lines(result.stderr)
    has_commit = code == 0 and after != ZEROS  # a deleted ref has no commit
    assert [s["state"] for s in world.github.statuses] == ["success"] * has_commit


@pytest.mark.parametrize(
    ("ref", "before", "after"),
    [
        (TOPIC, ZEROS, "apart"),
        (TOPIC, ZEROS, "topic"),
        ("refs/tags/v1", ZEROS, "topic"),
        (TOPIC, LOST, "apart"),
        (TOPIC, "main", "main~0"),
        (MAIN, "main", "apart"),
        (MAIN, "main", "topic"),
    ],
)
def test_the_settings_of_the_default_branch_hold_for_a_push_that_does_not_come_from_it(
    world: World, ref: str, before: str, after: str
) -> None:
    world.repo.commit("before the policy", {"b.py": SAFE + "\n"})
    world.repo.git("checkout", "-q", "--orphan", "apart")
    world.repo.git("rm", "-qrf", ".")
    world.repo.commit("apart", {"z.py": SAFE + "\n"})
    world.repo.git("checkout", "-q", "main")
    world.repo.commit("policy", {".reviewbot.toml": "max-risk = 0.000001\n"})
    if after == "main~0":  # an ordinary push, to a branch with settings of its own
        world.repo.git("checkout", "-q", "-B", "topic")
        before = world.repo.commit("its own", {".reviewbot.toml": "max-risk = 0.99\n"})
        after = world.repo.commit("mine", {"m.py": SAFE + "\n"})
    oids = [x if x in (ZEROS, LOST) else world.repo.git("rev-parse", x) for x in (before, after)]
    more = {"ref": ref, "repository": {"default_branch": "main"}}
    world.event("push", before=oids[0], after=oids[1], pull_request=None, **more)

    result = world.review("--format", "json")

    assert json.loads(result.stdout)["policy"]["max_risk"] == 0.000001
    assert result.exit_code == 1, result.stderr


@pytest.mark.parametrize(
    ("ref", "depth", "words"),
    [
        (TOPIC, 1, "the clone has no main, with which topic is compared"),
        (TOPIC, 9, "the clone has no main, with which topic is compared"),
        (MAIN, 1, "is not in the clone"),
    ],
)
def test_a_push_that_the_clone_does_not_reach_back_from_says_what_to_fetch(
    world: World, tmp_path: Path, ref: str, depth: int, words: str
) -> None:
    world.repo.commit("one", {"b.py": "b = 1\n"})
    head = world.repo.commit("two", {"c.py": "c = 1\n"})
    url = world.repo.root.as_uri()
    shallow = tmp_path / "shallow"
    world.repo.git("clone", "-q", f"--depth={depth}", "-b", "topic", url, str(shallow))
    before = world.repo.git("rev-parse", "topic~1") if ref == MAIN else ZEROS
    more = {"ref": ref, "repository": {"default_branch": "main"}}
    world.event("push", before=before, after=head, pull_request=None, **more)

    result = world.review(root=shallow)

    assert result.exit_code == 2
    assert two_lines(result.stderr)
    assert words in result.stderr
    assert "fetch-depth: 0" in result.stderr


def stage_one(world: World) -> Path:
    """What the first workflow leaves: a report, made without a token."""
    path = world.folder / "report.json"
    base, head = world.github.pulls[1].base, world.github.pulls[1].head
    environ = {k: v for k, v in world.environ.items() if k != "GITHUB_TOKEN"}
    world.environ, kept = environ, world.environ
    args = ("--format", "json", "--output", str(path))
    result = world.call("check", f"{base}...{head}", "--root", str(world.repo.root), *args)
    world.environ = kept
    assert result.exit_code in (0, 1), result.stderr
    return path


def workflow_run(world: World, **more: Any) -> None:
    pull = world.github.pulls[1]
    run = {
        "head_sha": pull.head,
        "head_branch": pull.branch,
        "head_repository": {"owner": {"login": (pull.head_repo or "/").split("/")[0]}},
        "pull_requests": [],  # as for a fork
    }
    world.event("workflow_run", workflow_run=run | more, pull_request=None)


def test_the_second_stage_posts_what_the_first_has_found_on_a_fork(world: World) -> None:
    world.github.pulls[1].head_repo = "someone/r"
    world.push({"b.py": risky(1)})
    path = stage_one(world)
    workflow_run(world)

    result = world.call("post", str(path))

    assert result.exit_code == 0, result.stderr
    assert len(world.github.comments) == 1
    assert "read in the pull request's own workflow run" in world.summary.replace("&#39;", "'")
    again = world.call("post", str(path))
    assert "posted: nothing" in again.stderr


@pytest.mark.parametrize("what", ["head", "branch", "owner", "closed", "report"])
def test_a_report_that_is_not_about_the_runs_commit_is_refused(world: World, what: str) -> None:
    world.push({"b.py": risky(1)})
    path = stage_one(world)
    workflow_run(world)
    match what:
        case "head":
            workflow_run(world, head_sha="9" * 40)
        case "branch":
            workflow_run(world, head_branch="other")
        case "owner":
            workflow_run(world, head_repository={"owner": {"login": "mallory"}})
        case "closed":
            world.github.pulls[1].state = "closed"
        case "report":
            value = json.loads(path.read_text())
            value["change"]["head"] = "9" * 40
            path.write_text(json.dumps(value))

    result = world.call("post", str(path))

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 2
    assert world.github.writes == []


def test_a_newer_head_gets_nothing_of_an_older_report(world: World) -> None:
    world.push({"b.py": risky(1)})
    path = stage_one(world)
    workflow_run(world, pull_requests=[{"number": 1}])
    world.push({"b.py": SAFE + "\n"})

    result = world.call("post", str(path))

    assert "moved on" in result.stderr
    assert world.github.writes == []


SHA, OTHER = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("pull_request", {}),
        ("pull_request", {"pull_request": {"number": "1"}}),
        ("pull_request", {"pull_request": {"number": 1, "head": {"sha": "x"}}}),
        ("pull_request", {"pull_request": {"number": True}}),
        ("issue_comment", {"issue": {"number": 1}}),
        ("merge_group", {"merge_group": {"head_sha": SHA}}),
        ("push", {"before": SHA, "after": "0" * 40}),
        ("push", {"before": SHA, "after": SHA[1:], "deleted": True}),
        ("push", {"before": "", "after": SHA}),
        ("workflow_run", {"workflow_run": {}}),
        ("workflow_dispatch", {}),
        ("schedule", {}),
        ("pull_request", []),
        ("pull_request", None),
    ],
)
def test_an_event_that_names_no_change_is_wrong_usage(name: str, event: object) -> None:
    with pytest.raises(UsageError):
        target_of(name, event, "o/r")


@pytest.mark.parametrize("repository", ["", "o", "o/r/x", "o/r?x", "../x", "o r/x"])
def test_a_repository_is_an_owner_and_a_name(repository: str) -> None:
    with pytest.raises(UsageError):
        target_of("push", {"before": SHA, "after": OTHER}, repository)


def test_a_number_that_the_user_gives_wins() -> None:
    found = target_of("schedule", None, "o/r", 7)

    assert found == Target(event="schedule", repository="o/r", number=7)
