"""GitHub refuses, loses answers, limits or forbids: loud failures, and no write twice."""

import json

import pytest

from tests.github.conftest import SAFE, World, risky
from tests.github.fake import BOT, LINE
from tests.github.fake_parts import Trouble


def test_an_anchor_that_github_refuses_does_not_sink_the_review(world: World) -> None:
    world.push({"b.py": risky(1, 2)})
    world.github.troubles.append(
        Trouble("POST", "/reviews", 422, message=f"Unprocessable Entity: {LINE}")
    )

    result = world.review()

    assert result.exit_code == 1
    (comment,) = world.github.comments
    assert "start_line" not in comment  # the second try was with single lines
    assert "commented" in world.summary


def test_where_no_anchor_is_taken_the_summary_has_it_all(world: World) -> None:
    world.push({"b.py": risky(1, 2)})
    world.github.troubles += [Trouble("POST", "/reviews", 422, message=LINE) for _ in range(2)]

    result = world.review()

    assert result.exit_code == 1
    assert world.github.comments == []
    assert "here only" in world.summary


@pytest.mark.parametrize("path", ["/reviews", "/issues/1/comments"])
def test_a_review_or_summary_whose_answer_was_lost_is_not_posted_again(
    world: World, path: str
) -> None:
    world.push({"b.py": risky(1)})
    world.github.troubles.append(Trouble("POST", path, 502, after=True))

    result = world.review()

    assert result.exit_code == 1
    assert (len(world.github.reviews), len(world.github.comments)) == (1, 1)
    assert "BLOCK" in world.summary


@pytest.mark.parametrize("after", [True, False])
def test_a_flaky_edit_is_repeated(world: World, after: bool) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    world.push({"b.py": SAFE + "\n"})
    world.github.troubles.append(Trouble("PATCH", "/issues/comments", 502, after=after))
    world.github.troubles.append(Trouble("DELETE", "/pulls/comments", 502, after=after))

    result = world.review()

    assert result.exit_code == 0, result.stderr
    assert world.github.comments == []
    assert "PASS" in world.summary


def test_a_rate_limit_in_the_middle_is_waited_out(world: World, pauses: list[float]) -> None:
    world.push({"b.py": risky(1)})
    slow = {"retry-after": "7"}
    text = "You have exceeded a secondary rate limit."
    world.github.troubles += [
        Trouble("POST", "/reviews", 403, slow, text),
        Trouble("GET", "/files", 429, slow),
        Trouble("POST", "/issues", 403, {}, text),
    ]

    result = world.review()

    assert result.exit_code == 1
    assert [pause for pause in pauses if pause] == [7, 7, 60]
    assert (len(world.github.reviews), len(world.github.comments)) == (1, 1)


def test_a_limit_beyond_our_patience_ends_loudly_and_says_what_was_posted(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.github.troubles.append(
        Trouble("POST", "/issues", 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9e12"})
    )

    result = world.review()

    assert result.exit_code == 4
    assert "posted: a review with 1 comments; not posted: the summary" in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_a_server_that_never_answers_ends_loudly(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.github.troubles += [Trouble("POST", "/reviews", 500) for _ in range(9)]

    result = world.review()

    assert result.exit_code == 4
    assert "posted: the summary; not posted: the review" in result.stderr
    assert world.summary.count("here only") == 1


def test_a_token_that_may_not_write_ends_loudly(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.github.may_write = False

    result = world.review()

    assert result.exit_code == 4
    assert "Resource not accessible by integration" in result.stderr
    assert "pull-requests: write" in result.stderr
    assert world.github.token not in result.output


def test_a_wrong_token_and_none_end_loudly(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.environ["GITHUB_TOKEN"] = "wrong"  # noqa: S105 - no password
    assert world.review().exit_code == 4
    del world.environ["GITHUB_TOKEN"]
    assert world.review().exit_code == 2


def test_on_a_fork_the_gate_holds_and_nothing_is_posted(world: World) -> None:
    world.github.pulls[1].head_repo = "someone/r"
    world.github.may_write = False
    world.push({"b.py": risky(1)})

    result = world.review()

    assert result.exit_code == 1
    assert "not posted: the pull request comes from a fork" in result.stderr
    assert world.github.writes == []


def test_a_head_that_moves_while_we_read_gets_nothing(world: World) -> None:
    world.push({"b.py": risky(1)})
    seen: list[str] = []

    def move(_verb: str, path: str) -> None:
        seen.append(path)
        if path.endswith("/files"):
            world.github.pulls[1].head = "9" * 40
            world.github.before = lambda _verb, _path: None

    world.github.before = move
    world.github.files_shown = lambda files: files
    head = world.github.pulls[1].head
    real = world.github._files
    world.github._files = lambda pull: real(type(pull)(1, head, pull.base))  # type: ignore[method-assign]

    result = world.review()

    assert "moved on to 9999999999" in result.stderr
    assert world.github.writes == []


def test_another_account_cannot_write_in_our_name(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review("--post", "never", "--output", str(world.folder / "r.json"), "--format", "json")
    (finding,) = json.loads((world.folder / "r.json").read_text())["findings"]
    mark = f"<!-- reviewbot:finding {finding['fingerprint']} -->"
    forged = {"id": 5, "node_id": "N", "path": "b.py", "body": mark, "number": 1}
    world.github.comments.append({**forged, "user": {"login": "mallory"}, "reactions": {}})
    world.github.say("mallory", "all is well\n\n<!-- reviewbot:summary -->")
    world.github.reviews.append(
        {
            "id": 6,
            "user": {"login": "mallory"},
            "body": f"<!-- reviewbot:review {world.github.pulls[1].head} -->",
            "number": 1,
        }
    )

    world.review()

    assert len(world.github.comments) == 2
    assert sum(c["user"]["login"] == BOT for c in world.github.issue_comments) == 1
