"""What an author of a pull request, a commenter or a flaky server tried: it holds."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reviewbot.forges.github.calls import Calls, ForgeFailure
from tests.github.conftest import SAFE, World, risky
from tests.github.fake import LINE, Trouble
from tests.github.test_events import ack, ids, stage_one, workflow_run


def two_lines(text: str) -> bool:
    lines = text.splitlines()
    return len(lines) == 2 and lines[0].startswith("error: ") and lines[1].startswith("  fix: ")


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


# What stands stays, what is wrong does not sink the rest


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


def test_a_comment_in_a_file_that_grew_too_long_to_read_stays(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    world.push({"b.py": risky(1) + "x = 1\n" * 50})

    result = world.review("--max-file-lines", "20")

    assert result.exit_code == 3
    assert len(world.github.comments) == 1


def test_a_folded_comment_is_not_folded_again(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    world.github.comments[0]["reactions"] = {"total_count": 1}
    world.push({"b.py": SAFE + "\n"})

    for _ in range(3):
        world.review()

    assert len(world.github.minimised) == 1
    assert "This finding is gone." in world.bodies[0]

    world.push({"b.py": risky(1)})
    world.review()
    assert "gone" not in world.bodies[0]


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


# The check run tells this verdict, once


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
def test_a_template_that_is_no_good_is_told_before_anything_is_posted(
    world: World, text: str
) -> None:
    world.repo.git("checkout", "-q", "main")
    files = {".reviewbot.toml": 'templates = "t"\n', "t/comment.md.j2": text}
    base = world.repo.commit("templates", files)
    world.repo.git("checkout", "-q", "-B", "topic")
    world.github.pulls[1].base = base
    world.push({"b.py": risky(1)})

    result = world.review()

    assert result.exit_code == 2
    assert world.github.writes == []


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
    elsewhere = world.folder / "elsewhere"
    elsewhere.mkdir()

    assert world.review("--post", "never", root=elsewhere).exit_code == 3


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

    with pytest.raises(ForgeFailure, match="more time"):
        made.read("x", slow)


def test_a_write_of_which_nobody_knows_says_so(world: World) -> None:
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


# Reports of strangers


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
    ack(world, "nobody", "/reviewbot ack 0123456789 x")

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
