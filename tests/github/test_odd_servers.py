"""Servers that answer oddly, slowly or elsewhere, and untrusted reports: no crash."""

from collections.abc import Iterator
from typing import Any

import pytest

from reviewbot.github.retry import Calls, ForgeFailure
from tests.github.conftest import World, risky, two_lines
from tests.github.fake_parts import Trouble
from tests.github.test_events import ack, stage_one, workflow_run

# A server that answers oddly


@pytest.mark.parametrize("answer", [None, "x", [], {"message": "hello"}, [{"x": 1}], 7])
@pytest.mark.parametrize(
    "part", ["/pulls/1", "/pulls/1/files", "/pulls/1/comments", "/issues/1/comments", "/reviews"]
)
def test_an_answer_of_another_form_is_an_error_of_two_lines_or_nothing_found(
    world: World, part: str, answer: Any
) -> None:
    world.push({"b.py": risky(1)})
    real = world.github._rest

    def odd(verb: str, path: str, query: dict[str, str], body: Any) -> Any:
        if verb == "GET" and path.endswith(part):
            return 200, answer, {}
        return real(verb, path, query, body)

    world.github._rest = odd  # type: ignore[method-assign]

    result = world.review()

    assert result.exit_code in (1, 4), result.output
    assert result.exit_code == 1 or two_lines(result.stderr)


def test_a_redirect_elsewhere_is_not_followed(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.github.troubles += [
        Trouble("GET", "/pulls/1", 301, {"Location": "http://127.0.0.2:1/x"}) for _ in range(9)
    ]

    result = world.review()

    assert result.exit_code == 4
    assert two_lines(result.stderr)


@pytest.mark.parametrize("url", ["foo", "ftp://x", "https://", "http://[", "https://h/?x"])
def test_an_address_that_is_none_is_wrong_usage(world: World, url: str) -> None:
    world.push({"b.py": risky(1)})
    world.environ["GITHUB_API_URL"] = url

    assert world.review().exit_code == 2


def test_a_large_file_without_a_checkout_is_too_large_and_not_a_bug(world: World) -> None:
    world.push({"b.py": "x = 1\n" + "# " + "y" * 1_200_000 + "\n"})
    real = world.github._content

    def content(path: str, ref: str) -> dict[str, Any]:
        found = real(path, ref)
        return found | {"encoding": "none", "content": ""} if found["size"] > 1_000_000 else found

    world.github._content = content  # type: ignore[method-assign]

    assert world.review("--post", "never", root=world.empty_folder()).exit_code == 3


def test_time_that_the_model_takes_is_not_githubs() -> None:
    now = [0.0]
    waited: list[float] = []
    made = Calls(sleep=waited.append, clock=lambda: now[0], spacing=0, seconds=10)
    answers: Iterator[str | Exception] = iter([ConnectionError(), "one", ConnectionError(), "two"])

    def call() -> str:
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    assert made.read("x", call) == "one"
    now[0] += 10_000
    assert made.write("x", call, again=lambda: None) == "two"


def test_a_slow_server_is_given_up_in_the_end() -> None:
    now = [0.0]
    made = Calls(sleep=lambda _: None, clock=lambda: now[0], spacing=0, seconds=100)

    def slow() -> None:
        now[0] += 60
        raise ConnectionError

    with pytest.raises(ForgeFailure, match="rate limit asks for more"):
        made.read("x", slow)


def test_a_write_with_an_unknown_result_says_so(world: World) -> None:
    world.push({"b.py": risky(1)})
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


# Untrusted reports


def test_a_surrogate_in_a_path_and_a_number_that_is_no_number(world: World) -> None:
    world.push({"b.py": risky(1)})
    path = stage_one(world)
    workflow_run(world)
    text = path.read_text()
    path.write_text(text.replace('"b.py"', '"\\ud800b.py"'))
    assert world.call("post", str(path)).exit_code == 0

    path.write_text(text.replace('"contribution": ', '"contribution": 1e400, "x": '))
    assert world.call("post", str(path)).exit_code == 2
    assert world.github.faults == []


def test_on_a_fork_an_event_whose_token_may_write_posts(world: World) -> None:
    world.github.pulls[1].head_repo = "someone/r"
    world.push({"b.py": risky(1)})
    ack(world, "nobody", "/reviewbot ack 0123456789abcdef0123 x")

    result = world.review("--commit-status", "rb")

    assert result.exit_code == 1
    assert [s["state"] for s in world.github.statuses] == ["failure"]
    assert len(world.github.comments) == 1


def test_a_workflow_run_that_names_nothing_is_wrong_usage(world: World) -> None:
    world.push({"b.py": risky(1)})
    workflow_run(world, head_branch=None)

    result = world.call("review", "--root", str(world.repo.root))

    assert result.exit_code == 2
    assert two_lines(result.stderr)


def test_the_case_of_a_login_does_not_matter(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    before = len(world.github.writes)

    world.review("--bot-login", "GitHub-Actions[bot]")

    assert len(world.github.writes) == before
