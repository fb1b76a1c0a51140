"""`review --dry-run`: what would be posted, and nothing is; with GitHub, and without."""

import json
import re

import pytest

from tests.authorship.repos import CLAUDE
from tests.github.conftest import ONE_RISKY, SAFE, UNEXPLAINED, World, risky, two_lines

MARKS = ("--check-run", "rb", "--commit-status", "rb/gate", "--label", "risky")


def local(world: World, *args: str) -> tuple[int, str]:
    """Run it on the checkout, without a token and without an event."""
    world.environ.pop("GITHUB_TOKEN", None)
    result = world.call("review", "--dry-run", "--root", str(world.repo.root), *args)
    assert world.github.requests == []
    return result.exit_code, result.stdout if result.exit_code < 2 else result.stderr


def test_a_dry_run_prints_what_is_posted_afterwards(world: World) -> None:
    world.push({"b.py": UNEXPLAINED + "x = 1\n" * 9 + risky(1)}, f"AI\n\n{CLAUDE}")

    dry = world.review("--dry-run", *MARKS)
    assert world.github.writes == []
    assert world.review(*MARKS).exit_code == dry.exit_code == 1

    (body,) = world.bodies
    summary = re.sub(r"\[commented\]\([^)]*\)", "<code>commented</code>", world.summary)
    run, status = world.github.check_runs[0], world.github.statuses[0]
    assert dry.stdout == (
        f"dry run of the lines added from {world.pull.base[:10]} to {world.pull.head[:10]}:"
        f" nothing was posted\n\n--- comment on b.py:11\n{body}\n\n--- summary\n{summary}\n\n"
        "--- beside the exit code\n"
        f"check run rb: {run['conclusion']}, {len(run['annotations'])} annotations\n"
        f"commit status rb/gate: {status['state']}, {status['description']}\n"
        "label risky: set\n"
    )


def test_a_dry_run_knows_what_is_on_the_pull_request(world: World) -> None:
    world.push({"b.py": risky(1), "c.py": risky(2)})
    world.review("--max-comments", "1")
    (name,) = (comment["id"] for comment in world.github.comments)
    world.push(SAFE)
    world.ack("/reviewbot ack 0 x")
    before = list(world.github.writes)

    same = world.review("--dry-run", "--max-comments", "1")
    assert "--- removed comment on b.py\n" in same.stdout
    assert "--- comment on c.py:1\n" in same.stdout
    world.push(ONE_RISKY)
    again = world.review("--dry-run")
    assert "--- edited comment on b.py\n" in again.stdout
    assert f"#discussion_r{name})" in again.stdout
    assert world.github.writes == before

    world.review()
    world.github.comments.clear()
    lost = world.review("--dry-run")
    assert "this commit has a review already: no comment would be added\n" in lost.stdout
    assert "--- comment on" not in lost.stdout


@pytest.mark.parametrize("how", ["range", "diff", "merge base"])
def test_a_local_change_needs_neither_a_token_nor_github(world: World, how: str) -> None:
    base, head = world.pull.base, world.push({"b.py": "x = 1\n" + risky(1)})
    args: tuple[str, ...] = (f"{base}..{head}",)
    if how == "diff":
        file = world.folder / "change.diff"
        file.write_text(world.repo.git("diff", base, head) + "\n")
        args = ("--diff", str(file))
    report = world.folder / "report.json"

    code, text = local(
        world,
        *(() if how == "merge base" else args),
        *(*MARKS, "--format", "json", "--output", str(report)),
    )

    assert code == json.loads(report.read_text())["verdict"]["exit_code"] == 1
    assert "nothing was posted\nwithout a pull request: GitHub was not asked" in text
    assert "\n--- comment on b.py:2\n`+`: the model expected `*`" in text
    assert "\n--- summary\n### reviewbot: BLOCK" in text
    assert "| <code>b&#46;py&#58;2</code> | critical" in text
    assert "check run rb: failure, 1 annotation\n" in text
    assert local(world, *args, "--fail-on", "never")[0] == 0


def test_what_is_not_to_be_posted_is_not_shown(world: World) -> None:
    head = world.push()
    span = f"{world.pull.base}..{head}"

    assert local(world, span, "--post", "never")[1].endswith("posted\nnothing would be posted\n")
    newer = world.push({"c.md": "words\n"})
    code, text = local(world, f"{head}..{newer}", "--scope", "ai")
    assert (code, text.splitlines()[-1]) == (0, "nothing would be posted")


def test_the_templates_of_the_base_are_used_and_control_characters_are_shown(world: World) -> None:
    own = {".reviewbot.toml": 'templates = "t"\n', "t/finding.md.j2": "own\x1b[2J {{ ack }}\n"}
    base = world.base(own)
    head = world.push({**ONE_RISKY, "t/finding.md.j2": "theirs\n"})

    _, text = local(world, f"{base}..{head}")

    assert "\n--- comment on b.py:1\nown<U+001B>[2J /reviewbot ack " in text


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--pr", "1"), "there is no token"),
        (("--pr", "1", "a..b"), "--pr cannot be combined with a range"),
        (("--pr", "1", "--diff", "x"), "--pr cannot be combined with a diff"),
        (("a..b", "--diff", "x"), "--diff cannot be combined with a range"),
        (("nothing..HEAD",), "nothing was reviewed: "),
        (("a", "b"), "nothing was reviewed: expected one RANGE"),
        (("--from-report", "x"), "--from-report cannot be combined with --dry-run"),
    ],
)
def test_a_wrong_dry_run_is_an_error_of_two_lines(
    world: World, args: tuple[str, ...], words: str
) -> None:
    code, text = local(world, *args)

    assert code == 2
    assert words in text
    assert two_lines(text)


def test_a_dry_run_of_a_merge_group_shows_what_would_be_set(world: World) -> None:
    base = world.pull.base
    world.push()
    world.queue(base)

    result = world.review("--dry-run", *MARKS)

    assert result.exit_code == 1, result.stderr
    assert "check run rb: failure, 1 annotation\ncommit status rb/gate: failure" in result.stdout
    assert "label" not in result.stdout
    assert world.github.writes == []
