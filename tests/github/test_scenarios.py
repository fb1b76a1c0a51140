"""The life of a pull request, with the real PyGithub against a strict fake of GitHub."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from reviewbot.report.comment_sync import marked_finding
from tests.authorship.repos import CLAUDE
from tests.github.conftest import ONE_RISKY, SAFE, UNEXPLAINED, World, risky
from tests.github.fake import BOT
from tests.github.fake_parts import Trouble

CODE = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(30))


def test_the_first_push_gets_one_review_and_one_summary_and_the_gate_blocks(world: World) -> None:
    world.push({"b.py": "x = 1\n" + risky(1)}, f"AI\n\n{CLAUDE}")

    result = world.review("--format", "json")

    assert result.exit_code == 1, result.stderr
    assert "posted: a review with 1 comments, the summary" in result.stderr
    (review,) = world.github.reviews
    (comment,) = world.github.comments
    assert review["commit_id"] == world.pull.head
    assert (comment["path"], comment["line"], comment["side"]) == ("b.py", 2, "RIGHT")
    assert "start_line" not in comment
    assert "written by `AI (claude)`" in comment["body"]
    assert marked_finding(comment["body"])
    assert "### reviewbot: BLOCK" in world.summary
    assert "commented" in world.summary
    everything = json.dumps([world.github.comments, world.github.issue_comments]) + result.output
    assert str(world.folder) not in everything
    assert world.github.token not in everything


def test_a_finding_without_a_concrete_doubt_is_in_the_summary_and_gets_no_comment(
    world: World,
) -> None:
    world.push({"b.py": UNEXPLAINED + "x = 1\n" * 9 + risky(1)})

    assert world.review().exit_code == 1
    (body,) = world.bodies
    said = body.splitlines()
    assert said[:2] == [
        "`+`: the model expected `*` (0.8 against 0.002)",
        "critical: riskier than 99.8 % of changed lines",
    ]
    assert said[3] == ""
    (doubt,) = [row for row in world.summary.splitlines() if "commented" in row]
    assert "| <code>&#42;</code>, not <code>&#43;</code> |" in doubt
    (name,) = re.findall("`/reviewbot ack ([0-9a-f]{20}) reason`$", said[2])
    assert doubt.endswith(f"#discussion_r{world.github.comments[0]['id']}), `{name}` |")
    (other,) = [row for row in world.summary.splitlines() if "no comment" in row]
    assert f"]({world.github.url}/o/r/blob/{world.pull.head}/b.py#L1)" in other
    assert "b&#46;py&#58;1</code>" in other

    world.push({"b.py": UNEXPLAINED})
    world.review()
    assert world.bodies == []


@pytest.mark.parametrize("args", [(), ("--bot-login", "GitHub-Actions[bot]")])
def test_posting_twice_posts_once(world: World, args: tuple[str, ...]) -> None:
    world.push()
    world.review()
    before = list(world.github.writes)

    result = world.review(*args)

    assert world.github.writes == before
    assert "posted: nothing, everything is up to date" in result.stderr


def test_a_summary_that_cannot_link_to_its_comments_is_repaired_by_the_next_run(
    world: World,
) -> None:
    world.push()

    def deny(verb: str, path: str) -> None:
        if world.github.reviews and verb == "GET" and path.endswith("/pulls/1/comments"):
            world.github.troubles.append(Trouble("GET", "/pulls/1/comments", 403))

    world.github.before = deny
    result = world.review()
    assert result.exit_code == 4
    assert "posted: a review with 1 comments; not posted: the summary" in result.stderr

    world.github.before = lambda _verb, _path: None
    assert world.review().exit_code == 1
    assert f"[commented]({world.github.url}/o/r/pull/1#discussion_r" in world.summary
    assert len(world.github.comments) == 1


EXCLUDED = ("--exclude", "*.py", "--min-coverage")


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("--no-comment-when-clean",), 0, ""),
        (("--scope", "ai"), 0, ""),  # no line is scored
        ((), 0, "### reviewbot: PASS"),
        ((*EXCLUDED, "0"), 0, "0 of 1 added lines were read (all excluded)"),
        ((*EXCLUDED, "1"), 3, "0 of 1 added lines were read (all excluded)"),
    ],
)
def test_a_clean_change_is_met_with_silence_unless_something_is_to_be_said(
    world: World, args: tuple[str, ...], code: int, words: str
) -> None:
    world.push(SAFE)

    assert world.review(*args).exit_code == code
    assert words in world.summary
    assert len(world.github.writes) == (words != "")
    assert world.github.reviews == []


def lasting(comment: Mapping[str, Any]) -> dict[str, Any]:
    """What stays of a comment from push to push: all but the finding's id."""
    return {**comment, "body": re.sub(r"ack [0-9a-f]{20} ", "ack ID ", comment["body"])}


LONG = {"b.py": risky(1) + "x = 1\n" * 50}
SHORT = ("--max-file-lines", "20")
SECOND = {  # first push, a git command, second push, options; then exit code, comments, reviews
    "new finding": (
        *({"b.py": risky(1) + "\n" * 9}, "", {"b.py": "a = 1\nb = 2\n" + risky(1) + "\n" * 9}),
        *((), 1, ["b.py"], 1, "commented"),
    ),
    "gone": (ONE_RISKY, "", SAFE, (), 0, [], 1, "### reviewbot: PASS"),
    "force push": (ONE_RISKY, "commit -q --amend -m words", {}, (), 1, ["b.py"], 1, "BLOCK"),
    "rename": (
        *({"b.py": CODE + risky(1)}, "mv b.py renamed.py", {}),
        *((), 1, ["b.py"], 1, "renamed&#46;py&#58;121"),
    ),
    "revert": ({"b.py": risky(1, 2)}, "rm -q b.py", {}, (), 0, [], 1, "### reviewbot: EMPTY"),
    # What could not be read again is not gone.
    "too long": (ONE_RISKY, "", LONG, SHORT, 3, ["b.py"], 1, "INCOMPLETE"),
    "renamed, too long": (
        *(ONE_RISKY, "mv b.py c.py", {"c.py": LONG["b.py"]}),
        *(SHORT, 3, ["b.py"], 1, "INCOMPLETE"),
    ),
}


@pytest.mark.parametrize(
    ("first", "git", "second", "args", "code", "paths", "reviews", "words"),
    SECOND.values(),
    ids=SECOND,
)
def test_a_second_push_changes_only_what_differs(
    world: World,
    first: Mapping[str, str],
    git: str,
    second: Mapping[str, str],
    args: tuple[str, ...],
    code: int,
    paths: list[str],
    reviews: int,
    words: str,
) -> None:
    world.push(first)
    world.review()
    (comment,) = map(dict, world.github.comments)
    if git:
        world.repo.git(*git.split())
    world.push(second)

    result = world.review(*args)

    assert result.exit_code == code, result.stderr
    assert [c["path"] for c in world.github.comments] == paths
    assert [*map(lasting, world.github.comments)] in ([], [lasting(comment)])  # it is not repeated
    assert len(world.github.reviews) == reviews
    assert words in world.summary
    assert world.pull.head[:10] in world.summary


def test_a_second_push_announces_only_what_is_new_and_edits_the_summary(world: World) -> None:
    world.push()
    world.review()
    world.push({"c.py": risky(2)})

    world.review()

    assert len(world.github.reviews) == 2
    assert [c["path"] for c in world.github.comments] == ["b.py", "c.py"]
    assert world.summary.count("commented") == 2


@pytest.mark.parametrize("how", ["reaction", "reply"])
@pytest.mark.parametrize("args", [(), ("--resolve-threads",)])
def test_an_answered_comment_is_folded_once_and_shown_again_when_its_finding_is_back(
    world: World, how: str, args: tuple[str, ...]
) -> None:
    world.push()
    world.review()
    (comment,) = world.github.comments
    if how == "reaction":
        comment["reactions"] = {"total_count": 1, "+1": 1}
    else:
        reply = {"id": 7, "body": "why?", "user": {"login": "dev"}, "path": "b.py", "number": 1}
        world.github.comments.append({**reply, "in_reply_to_id": comment["id"]})
    world.push(SAFE)

    for _ in range(3):
        world.review(*args)
    assert world.github.minimised == [comment["node_id"]]
    assert world.github.resolved == [f"T{comment['id']}"] * len(args)
    assert "This finding is gone, or acknowledged" in world.bodies[0]

    world.push()
    world.review(*args)

    assert (world.github.minimised, world.github.resolved) == ([], [])
    assert "gone, or acknowledged" not in world.bodies[0]


def test_more_findings_than_comments_stand_in_the_table(world: World) -> None:
    world.push({f"m{n}.py": risky(n) for n in range(14)})

    world.review("--max-comments", "3")

    assert len(world.github.comments) == 3
    assert world.summary.count("commented") == 3
    assert world.summary.count("no comment") == 11


def test_a_finding_that_reaches_out_of_its_hunk_is_cut_to_it(world: World) -> None:
    world.base({"b.py": CODE})
    lines = CODE.splitlines(keepends=True)
    lines[10:10] = risky(1, 2, 3)
    world.push({"b.py": "".join(lines)})

    world.review()

    (comment,) = world.github.comments
    assert (comment["start_line"], comment["line"]) == (11, 13)


def test_another_account_cannot_write_in_our_name(world: World) -> None:
    world.push()
    result = world.review("--post", "never", "--format", "json")
    (finding,) = json.loads(result.stdout)["findings"]
    mark = f"<!-- reviewbot:finding {finding['fingerprint']} -->"
    mallory = {"user": {"login": "mallory"}, "number": 1}
    forged = {"id": 5, "node_id": "N", "path": "b.py", "body": mark, "reactions": {}}
    world.github.comments.append(forged | mallory)
    said = world.github.say("mallory", "all is well\n\n<!-- reviewbot:summary -->")
    head = f"<!-- reviewbot:review {world.pull.head} -->"
    world.github.reviews.append({"id": 6, "body": head} | mallory)

    world.review()

    assert len(world.github.comments) == 2
    assert sum(c["user"]["login"] == BOT for c in world.github.issue_comments) == 1
    assert said["body"].startswith("all is well")
