"""GitHub refuses, loses answers, limits, forbids or answers oddly: loud, and no write twice."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reviewbot.github.retry import Calls, ForgeFailure
from tests.github.conftest import SAFE, World, risky, two_lines
from tests.github.fake import LINE, Answer
from tests.github.fake_parts import Trouble
from tests.github.shape import GRAPHQL

EXHAUSTED = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9e12"}
SLOW, SECONDARY = {"retry-after": "7"}, "You have exceeded a secondary rate limit."
REFUSED = Trouble("POST", "/reviews", 422, message=f"Unprocessable Entity: {LINE}")
MOVED = Trouble("GET", "/pulls/1", 301, {"Location": "http://127.0.0.2:1/x"})
TROUBLES = {  # what goes wrong; then exit code, first lines of comments, words of summary and error
    # The second try is with single lines.
    "one refused anchor": ([REFUSED], 1, [None], "commented", ""),
    "no anchor": ([REFUSED] * 2, 1, [], "no comment", ""),
    "lost review": ([Trouble("POST", "/reviews", 502, after=True)], 1, [1], "#discussion_r", ""),
    "lost summary": ([Trouble("POST", "/issues", 502, after=True)], 1, [1], "BLOCK", ""),
    "limits to wait out": (
        [
            Trouble("POST", "/reviews", 403, SLOW, SECONDARY),
            Trouble("GET", "/files", 429, SLOW),
            Trouble("POST", "/issues", 403, {}, SECONDARY),
        ],
        *(1, [1], "BLOCK", ""),
    ),
    "limit beyond patience": (
        [Trouble("POST", "/issues", 403, EXHAUSTED)],
        *(4, [1], "", "a review with 1 comments; not posted: the summary"),
    ),
    "no answer": (
        [Trouble("POST", "/reviews", 500)] * 9,
        *(4, [], "no comment", "the summary; not posted: the review"),
    ),
    "bad review": ([Trouble("POST", "/reviews", 400)], 4, [], "", "not posted: the review"),
    "no comments": ([Trouble("GET", "/issues/1/comments", 403)], 4, [], "", ""),
    "redirect": ([MOVED] * 9, 4, [], "", ""),
}


@pytest.mark.parametrize(
    ("troubles", "code", "starts", "summary", "error"), TROUBLES.values(), ids=TROUBLES
)
def test_a_failure_of_github_is_repaired_or_loud_and_the_report_is_written(
    world: World,
    pauses: list[float],
    troubles: list[Trouble],
    code: int,
    starts: list[int | None],
    summary: str,
    error: str,
) -> None:
    world.push({"b.py": risky(1, 2)})
    world.github.troubles += troubles
    path = world.folder / "r.json"

    result = world.review("--format", "json", "--output", str(path), "--commit-status", "rb")

    assert result.exit_code == code
    lines = result.stderr.splitlines()
    if lines[0].startswith("block (exit 1), see "):
        del lines[0]
    assert code == 1 or two_lines("\n".join(lines))
    assert error in result.stderr
    assert [c.get("start_line") for c in world.github.comments] == starts
    assert len(world.github.reviews) == len(starts)
    assert summary in world.summary
    assert MOVED in troubles or json.loads(path.read_text())["verdict"]["status"] == "block"
    if error == "not posted: the review":  # the status is set all the same
        assert [s["state"] for s in world.github.statuses] == ["failure"]
    if SLOW in [trouble.headers for trouble in troubles]:
        assert [pause for pause in pauses if pause] == [7, 7, 60]


@pytest.mark.parametrize("after", [True, False])
def test_a_flaky_edit_is_repeated(world: World, after: bool) -> None:
    world.push()
    world.review()
    world.push(SAFE)
    world.github.troubles.append(Trouble("PATCH", "/issues/comments", 502, after=after))
    world.github.troubles.append(Trouble("DELETE", "/pulls/comments", 502, after=after))

    result = world.review()

    assert result.exit_code == 0, result.stderr
    assert world.github.comments == []
    assert "PASS" in world.summary


def test_a_comment_that_a_person_deleted_meanwhile_fails_nothing(world: World) -> None:
    world.push()
    world.review()
    world.github.comments[0]["body"] = "old\n\n" + world.bodies[0].splitlines()[-1]
    world.github.troubles.append(Trouble("PATCH", "/pulls/comments", 404))

    assert world.review().exit_code == 1


def test_one_bad_anchor_is_left_out_and_the_others_are_posted(world: World) -> None:
    world.push({"a1.py": risky(1), "b1.py": risky(2), "c1.py": risky(3)})
    real = world.github._anchor

    def strict(pull: Any, comment: dict[str, Any]) -> list[str]:
        return [LINE] if comment["path"] == "b1.py" else real(pull, comment)

    world.github._anchor = strict  # type: ignore[method-assign]

    assert world.review().exit_code == 1
    assert sorted(c["path"] for c in world.github.comments) == ["a1.py", "c1.py"]
    assert len(world.github.reviews) == 1
    assert world.summary.count("no comment") == 1


def test_a_write_with_an_unknown_result_says_so(world: World) -> None:
    world.push()
    world.github.troubles.append(Trouble("POST", "/reviews", 502, after=True))

    def deny(verb: str, path: str) -> None:
        if world.github.reviews and verb == "GET" and path.endswith("/reviews"):
            world.github.troubles.append(Trouble("GET", "/reviews", 403))

    world.github.before = deny

    result = world.review()

    assert result.exit_code == 4
    assert "may have been carried out all the same" in result.stderr or (
        "not posted: the review" in result.stderr
    )


def test_a_lost_answer_never_leaves_an_older_success_as_the_word(world: World) -> None:
    world.push()
    world.review()
    world.ack(f"/reviewbot ack {world.ids[0]} fine")
    world.review("--check-run", "rb")
    world.github.permissions["jane"] = "read"
    world.github.troubles.append(Trouble("POST", "/check-runs", 502))

    world.review("--check-run", "rb")
    world.review("--check-run", "rb")

    assert [run["conclusion"] for run in world.github.check_runs] == ["success", "failure"]


@pytest.mark.parametrize(
    ("head_repo", "token", "code", "words"),
    [
        ("o/r", "t0ken", 4, "Resource not accessible by integration"),
        ("someone/r", "t0ken", 1, "not posted: the pull request comes from a fork"),
        ("o/r", "wrong", 4, ""),
        ("o/r", "", 2, ""),
    ],
)
def test_a_token_that_may_not_write_ends_loudly_but_for_a_fork(
    world: World, head_repo: str, token: str, code: int, words: str
) -> None:
    world.pull.head_repo = head_repo
    world.github.may_write = False
    world.environ["GITHUB_TOKEN"] = token
    world.push()

    result = world.review()

    assert result.exit_code == code
    assert words in result.stderr
    assert ("pull-requests: write" in result.stderr) == ("Resource" in words)
    assert world.github.token not in result.output
    assert world.github.comments == world.github.issue_comments == []
    assert code == 4 or world.github.writes == []


def test_a_head_that_moves_while_we_read_gets_nothing(world: World) -> None:
    world.push()
    head, real = world.pull.head, world.github._files

    def move(_verb: str, path: str) -> None:
        if path.endswith("/files"):
            world.pull.head = "9" * 40

    world.github.before = move
    world.github._files = lambda pull: real(type(pull)(1, head, pull.base))  # type: ignore[method-assign]

    result = world.review("--label", "risky")

    assert "moved on to 9999999999" in result.stderr
    assert world.github.writes == []


# A server that answers oddly


@pytest.mark.parametrize("answer", [None, "x", [], {"message": "hello"}, [{"x": 1}], 7])
@pytest.mark.parametrize(
    "part", ["/pulls/1", "/pulls/1/files", "/pulls/1/comments", "/issues/1/comments", "/reviews"]
)
def test_an_answer_of_another_form_is_an_error_of_two_lines_or_nothing_found(
    world: World, part: str, answer: Any
) -> None:
    world.push()

    def odd(verb: str, path: str, _asked: Any, real: Answer) -> Answer:
        return (200, answer, {}) if verb == "GET" and path.endswith(part) else real

    world.github.alter = odd

    result = world.review()

    assert result.exit_code in (1, 4), result.output
    assert result.exit_code == 1 or two_lines(result.stderr)


@pytest.mark.parametrize("answer", [{"repository": {"pullRequest": None}}, {"repository": None}])
def test_threads_that_github_does_not_show_are_a_failure_and_no_crash(
    world: World, answer: dict[str, Any]
) -> None:
    def odd(_verb: str, path: str, asked: Any, real: Answer) -> Answer:
        threads = path == GRAPHQL and "reviewThreads" in asked["query"]
        return (200, {"data": answer}, {}) if threads else real

    world.github.alter = odd
    world.push()
    world.review()
    world.github.comments[0]["reactions"] = {"total_count": 1}
    world.push(SAFE)

    assert world.review("--resolve-threads").exit_code == 4


def test_a_short_page_with_a_next_one_is_not_the_last(world: World) -> None:
    world.push()
    for n in range(120):
        world.github.say("dev", f"hello {n}")
    world.review()

    def short(_verb: str, path: str, asked: Any, real: Answer) -> Answer:
        first = path.endswith("/issues/1/comments") and asked.get("page", "1") == "1"
        return (200, real[1][1:], real[2]) if first else real

    world.github.alter = short
    world.review()

    assert "reviewbot:summary" in world.summary  # one only


def test_a_large_file_without_a_checkout_is_too_large_and_not_a_bug(world: World) -> None:
    world.push({"b.py": "x = 1\n" + "# " + "y" * 1_200_000 + "\n"})

    def large(_verb: str, path: str, _asked: Any, real: Answer) -> Answer:
        if "/contents/" in path and real[1]["size"] > 1_000_000:
            real[1].update(encoding="none", content="")
        return real

    world.github.alter = large

    assert world.review("--post", "never", root=world.empty_folder()).exit_code == 3


def test_time_that_the_model_takes_is_not_githubs() -> None:
    now = [0.0]
    calls = Calls(sleep=lambda _: None, clock=lambda: now[0], spacing=0, seconds=10)
    answers: Iterator[str | Exception] = iter([ConnectionError(), "one", ConnectionError(), "two"])

    def call() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert calls.read("x", call) == "one"
    now[0] += 10_000
    assert calls.write("x", call, again=lambda: None) == "two"


def test_a_slow_server_is_given_up_in_the_end() -> None:
    now = [0.0]
    calls = Calls(sleep=lambda _: None, clock=lambda: now[0], spacing=0, seconds=100)

    def slow() -> None:
        now[0] += 60
        raise ConnectionError

    with pytest.raises(ForgeFailure, match="rate limit asks for more"):
        calls.read("x", slow)
