"""Attacks by the author of a pull request or a commenter, and flaky servers."""

import json
from typing import Any

import pytest

from tests.github.conftest import SAFE, World, risky, two_lines
from tests.github.fake import LINE
from tests.github.fake_parts import Trouble
from tests.github.test_events import ack, ids

# The policy is the base branch's, as it is now


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (".reviewbot-authors.toml", "", '[[rule]]\npaths = ["**"]\nauthor = "ai"\n'),
        (".gitattributes", "*.py linguist-generated\n", ""),
    ],
)
def test_a_branch_that_forked_earlier_gets_todays_rules(
    world: World, file: str, old: str, new: str
) -> None:
    world.repo.git("checkout", "-q", "main")
    fork = world.repo.commit("old", {file: old, ".reviewbot.toml": 'gate-scope = "ai"\n'})
    tip = world.repo.commit("new", {file: new})
    world.repo.git("checkout", "-q", "-B", "topic", fork)
    world.github.pulls[1].base = tip
    message = "Co-authored-by: Claude <noreply@anthropic.com>" if file == ".gitattributes" else "x"
    world.push({"b.py": risky(1)}, f"x\n\n{message}")

    assert world.review("--post", "never").exit_code == 1


@pytest.mark.parametrize("text", ["x = " + "9" * 5_000, "top = 0x" + "f" * 6_000, "[" * 9_999])
def test_settings_of_a_change_that_break_a_parser_say_nothing(world: World, text: str) -> None:
    world.push({"b.py": SAFE + "\n", ".reviewbot.toml": text + "\n"})

    assert world.review("--post", "never").exit_code == 0


def test_a_link_in_the_working_tree_does_not_switch_templates_off(world: World) -> None:
    world.repo.git("checkout", "-q", "main")
    files = {".reviewbot.toml": 'templates = "tpl"\n', "tpl/finding.md.j2": "ours {{ risk }}\n"}
    base = world.repo.commit("templates", files)
    world.repo.git("checkout", "-q", "-B", "topic")
    world.github.pulls[1].base = base
    world.repo.git("rm", "-rq", "tpl")
    (world.repo.root / "tpl").symlink_to("tpl")
    world.push({"b.py": risky(1)})

    assert world.review().exit_code == 1
    assert world.bodies[0].startswith("ours ")


# A comment stays; one bad anchor does not stop the others


def test_one_bad_anchor_is_left_out_and_the_others_are_posted(world: World) -> None:
    world.push({"a1.py": risky(1), "b1.py": risky(2), "c1.py": risky(3)})
    real = world.github._anchor

    def strict(pull: Any, comment: dict[str, Any]) -> list[str]:
        return [LINE] if comment["path"] == "b1.py" else real(pull, comment)

    world.github._anchor = strict  # type: ignore[method-assign]

    assert world.review().exit_code == 1
    assert sorted(c["path"] for c in world.github.comments) == ["a1.py", "c1.py"]
    assert len(world.github.reviews) == 1
    assert world.summary.count("here only") == 1


@pytest.mark.parametrize("name", ["b.py", "renamed.py"])
def test_a_comment_in_a_file_that_grew_too_long_to_read_stays(world: World, name: str) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    if name != "b.py":
        world.repo.git("mv", "b.py", name)
    world.push({name: risky(1) + "x = 1\n" * 50})

    result = world.review("--max-file-lines", "20")

    assert result.exit_code == 3
    assert len(world.github.comments) == 1


def test_a_comment_is_folded_once_and_shown_again_when_its_finding_is_back(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    world.github.comments[0]["reactions"] = {"total_count": 1}
    world.push({"b.py": SAFE + "\n"})
    for _ in range(3):
        world.review("--resolve-threads")
    (comment,) = world.github.comments
    assert world.github.minimised == [comment["node_id"]]
    assert world.github.resolved == [f"T{comment['id']}"]
    assert "This finding is gone, or acknowledged" in world.bodies[0]

    world.push({"b.py": risky(1)})
    world.review("--resolve-threads")

    assert (world.github.minimised, world.github.resolved) == ([], [])
    assert "gone, or acknowledged" not in world.bodies[0]


def test_a_comment_that_a_person_deleted_meanwhile_fails_nothing(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    world.github.comments[0]["body"] = "old\n\n" + world.bodies[0].splitlines()[-1]
    world.github.troubles.append(Trouble("PATCH", "/pulls/comments", 404))

    assert world.review().exit_code == 1


def test_a_stale_run_changes_no_label(world: World) -> None:
    world.push({"b.py": SAFE + "\n"})
    world.event()
    world.github.pulls[1].labels = ["risky"]
    old = world.github.pulls[1].head
    event = json.loads((world.folder / "event.json").read_text())
    world.push({"b.py": risky(1)})
    event["pull_request"]["head"]["sha"] = old
    (world.folder / "event.json").write_text(json.dumps(event))

    result = world.call("review", "--root", str(world.repo.root), "--label", "risky")

    assert "moved on" in result.stderr
    assert world.github.pulls[1].labels == ["risky"]


# The check run has this verdict, once


def test_a_lost_answer_never_leaves_an_older_success_as_the_word(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    world.github.permissions["jane"] = "write"
    ack(world, "jane", f"/reviewbot ack {ids(world)[0]} fine")
    world.review("--check-run", "rb")
    world.github.issue_comments = [
        c for c in world.github.issue_comments if c["user"]["login"] != "jane"
    ]
    world.github.troubles.append(Trouble("POST", "/check-runs", 502))

    world.review("--check-run", "rb")
    world.review("--check-run", "rb")

    assert [run["conclusion"] for run in world.github.check_runs] == ["success", "failure"]


def test_the_status_is_set_even_where_the_review_fails(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.github.troubles += [Trouble("POST", "/reviews", 400)]

    result = world.review("--commit-status", "rb")

    assert result.exit_code == 4
    assert two_lines(result.stderr)
    assert [s["state"] for s in world.github.statuses] == ["failure"]
    assert "not posted: the review" in result.stderr


def test_the_report_is_written_even_where_posting_fails(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.github.troubles += [Trouble("GET", "/issues/1/comments", 403)]
    path = world.folder / "r.json"

    result = world.review("--format", "json", "--output", str(path))

    assert result.exit_code == 4
    assert json.loads(path.read_text())["verdict"]["status"] == "block"


@pytest.mark.parametrize("text", ["{{ 1/0 }}", "{{ nothing }}", "{{ verdict.x.y }}"])
def test_a_broken_template_is_reported_before_anything_is_posted(world: World, text: str) -> None:
    world.repo.git("checkout", "-q", "main")
    files = {".reviewbot.toml": 'templates = "t"\n', "t/comment.md.j2": text}
    base = world.repo.commit("templates", files)
    world.repo.git("checkout", "-q", "-B", "topic")
    world.github.pulls[1].base = base
    world.push({"b.py": risky(1)})

    result = world.review()

    assert result.exit_code == 2
    assert world.github.writes == []
