"""The other events: pushes, posting in a second workflow, and events that name no change."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reviewbot.errors import UsageError
from reviewbot.github.events import Target, target_of
from tests.github.conftest import SAFE, World, two_lines
from tests.github.fake_parts import Pull


def test_a_push_is_checked(world: World) -> None:
    base, head = world.pull.base, world.push()
    world.pushed(base, head)

    assert world.review().exit_code == 1
    assert world.github.requests == []


def branch_apart(world: World, text: str) -> None:
    """Commit on a branch that has no history in common with the others."""
    world.repo.git("checkout", "-q", "--orphan", "apart")
    world.repo.git("rm", "-qrf", ".")
    world.repo.commit("apart", {"z.py": text})


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
    branch_apart(world, "z = 1\ny = 1\n")
    world.repo.git("checkout", "-q", "topic")
    world.repo.commit("old", {"b.py": "b = 1\nbb = 1\n"})
    world.repo.git("branch", "old")
    world.repo.git("checkout", "-q", "-B", "topic", "main")
    world.repo.commit("again", {"c.py": "c = 1\n"})
    world.repo.git("tag", "-a", "-m", "v", "v1")  # the event gives the tag's own hash

    def oid(name: str) -> str:
        return name if name in (ZEROS, LOST) else world.repo.git("rev-parse", name)

    after = oid(after)
    world.pushed(oid(before), after, ref, deleted=after == ZEROS)

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
    world.repo.commit("before the policy", SAFE)
    branch_apart(world, "x = 1\n")
    world.repo.git("checkout", "-q", "main")
    world.repo.commit("policy", {".reviewbot.toml": "max-risk = 0.000001\n"})
    if after == "main~0":  # an ordinary push, to a branch with settings of its own
        world.repo.git("checkout", "-q", "-B", "topic")
        before = world.repo.commit("its own", {".reviewbot.toml": "max-risk = 0.99\n"})
        after = world.repo.commit("mine", {"m.py": "x = 1\n"})
    oids = [x if x in (ZEROS, LOST) else world.repo.git("rev-parse", x) for x in (before, after)]
    world.pushed(oids[0], oids[1], ref)

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
    world.pushed(before, head, ref)

    result = world.review(root=shallow)

    assert result.exit_code == 2
    assert two_lines(result.stderr)
    assert words in result.stderr
    assert "fetch-depth: 0" in result.stderr


def test_the_second_stage_posts_what_the_first_has_found_on_a_fork(world: World) -> None:
    world.pull.head_repo = "someone/r"
    world.push()
    path = world.stage_one()
    world.workflow_run()

    result = world.post(path)

    assert result.exit_code == 0, result.stderr
    assert len(world.github.comments) == 1
    assert "read in the pull request's own workflow run" in world.summary.replace("&#39;", "'")
    again = world.post(path)
    assert "posted: nothing" in again.stderr


def forge(report: Any, name: str) -> None:
    """Change what a report says, but not its lines."""
    (finding,) = report["findings"]
    match name:
        case "verdict":
            report["verdict"] = {"status": "pass", "exit_code": 0, "reasons": ["approved"]}
        case "not counted":
            for line in report["files"][0]["lines"]:
                line["standing"] = "not counted"
        case "acknowledged":
            finding["acknowledged"] = "read it"
        case "duplicated":
            report["findings"] += [finding, finding]
        case "policy":
            weaker = {"fail_on": "never", "min_lines": 9, "max_lines_over": 9, "show": "critical"}
            report["policy"] |= weaker | {"gate_scope": "ai", "min_coverage": 0.0}
        case "levels":
            finding["level"] = report["files"][0]["lines"][0]["level"] = "low"
        case "ledger":
            report["ledger"] |= {"added": 9, "scored": 9}


FORGERIES = ("verdict", "not counted", "acknowledged", "duplicated", "policy", "levels", "ledger")


def test_only_the_lines_of_a_report_count_and_the_settings_of_the_base(world: World) -> None:
    del world.environ["REVIEWBOT_FAIL_ON"]
    world.base({".reviewbot.toml": 'fail-on = "critical"\n'})
    world.push()
    path = world.stage_one()
    world.workflow_run()
    assert world.post(path).exit_code == 0
    assert "reviewbot: BLOCK" in world.summary
    honest = path.read_text()
    for name in FORGERIES:
        report = json.loads(honest)
        forge(report, name)
        path.write_text(json.dumps(report))

        assert "posted: nothing, everything is up to date" in world.post(path).stderr, name

    path.write_text(honest)
    world.github.permissions["jane"] = "write"
    world.github.say("jane", f"/reviewbot ack {world.ids[0]} read it")
    assert world.post(path).exit_code == 0
    assert "reviewbot: PASS" in world.summary

    path.write_text(json.dumps(json.loads(honest) | {"findings": []}))
    done = world.post(path)
    assert (done.exit_code, two_lines(done.stderr)) == (2, True)
    assert "the report lacks the finding at b.py:1" in done.stderr


def other_report(world: World) -> None:
    path = world.folder / "report.json"
    report = json.loads(path.read_text())
    report["change"]["head"] = "9" * 40
    path.write_text(json.dumps(report))


def second_pull(world: World) -> None:
    world.github.pulls[2] = Pull(2, world.pull.head, world.pull.base)


@pytest.mark.parametrize(
    ("run", "change"),
    [
        ({"head_sha": "9" * 40}, None),
        ({"head_branch": "other"}, None),
        ({"head_repository": {"owner": {"login": "mallory"}}}, None),
        ({}, lambda world: setattr(world.pull, "state", "closed")),
        ({}, other_report),
        ({"pull_requests": [{"number": 2}, {"number": 1}]}, second_pull),  # one head, two requests
    ],
    ids=["head", "branch", "owner", "closed", "report", "two"],
)
def test_a_report_that_is_not_about_the_runs_commit_is_refused(
    world: World, run: dict[str, Any], change: Callable[[World], None] | None
) -> None:
    world.push()
    path = world.stage_one()
    if change:
        change(world)
    world.workflow_run(**run)

    result = world.post(path)

    assert result.exit_code == 2
    assert two_lines(result.stderr)
    assert world.github.writes == []


def test_a_newer_head_gets_nothing_of_an_older_report(world: World) -> None:
    world.push()
    path = world.stage_one()
    world.workflow_run(pull_requests=[{"number": 1}])
    world.push(SAFE)

    assert "moved on" in world.post(path).stderr
    assert world.github.writes == []


def test_a_newer_head_gets_no_label_of_an_older_event(world: World) -> None:
    world.push(SAFE)
    world.pull.labels = ["risky"]
    world.event()
    world.push()

    result = world.call("review", "--root", str(world.repo.root), "--label", "risky")

    assert "moved on" in result.stderr
    assert world.pull.labels == ["risky"]
    assert world.github.writes == []


def test_a_workflow_run_that_names_nothing_is_wrong_usage(world: World) -> None:
    world.push()
    world.workflow_run(head_branch=None)

    result = world.review()

    assert result.exit_code == 2
    assert two_lines(result.stderr)


def test_a_surrogate_in_a_path_and_a_number_that_is_no_number(world: World) -> None:
    world.push()
    path = world.stage_one()
    world.workflow_run()
    text = path.read_text()
    path.write_text(text.replace('"b.py"', '"\\ud800b.py"'))
    assert world.post(path).exit_code == 0

    path.write_text(text.replace('"contribution": ', '"contribution": 1e400, "x": '))
    assert world.post(path).exit_code == 2


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
