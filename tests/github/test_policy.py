"""Whose policy holds, and where the diff comes from and the verdict goes."""

import json
from pathlib import Path
from typing import Any

import pytest

from reviewbot.diff.parser import parse
from reviewbot.github.client import ListedFile, web_page
from reviewbot.github.remote_diff import diff_of
from tests.authorship.repos import CLAUDE
from tests.github.conftest import ONE_RISKY, SAFE, World, risky
from tests.github.fake_parts import Trouble

# The base branch, as it is now, sets the policy


def test_the_base_sets_the_policy_and_the_change_can_only_tighten_it(world: World) -> None:
    world.base({".reviewbot.toml": "max-lines-over = 5\nmin-coverage = 0.5\n"})
    world.push()
    assert world.review().exit_code == 0

    world.push({".reviewbot.toml": "max-lines-over = 0\nmin-coverage = 0.0\n"})
    result = world.review("--format", "json")

    assert result.exit_code == 1
    policy = json.loads(result.stdout)["policy"]
    assert (policy["max_lines_over"], policy["min_coverage"]) == (0, 0.5)

    world.push({".reviewbot.toml": 'max-lines-over = 999\nfail-on = "never"\n'})
    assert world.review().exit_code == 0  # five, still
    assert "stricter" not in world.summary


@pytest.mark.parametrize(
    ("file", "old", "new", "trailer"),
    [
        (".reviewbot-authors.toml", "", '[[rule]]\npaths = ["**"]\nauthor = "ai"\n', "x"),
        (".gitattributes", "*.py linguist-generated\n", "", CLAUDE),
    ],
)
def test_a_branch_that_forked_earlier_gets_todays_rules(
    world: World, file: str, old: str, new: str, trailer: str
) -> None:
    fork = world.base({file: old, ".reviewbot.toml": 'gate-scope = "ai"\n'})
    world.base({file: new}, fork)
    world.push(ONE_RISKY, f"x\n\n{trailer}")

    assert world.review("--post", "never").exit_code == 1


@pytest.mark.parametrize("text", ["x = " + "9" * 5_000, "top = 0x" + "f" * 6_000, "[" * 9_999])
def test_settings_of_a_change_that_break_a_parser_say_nothing(world: World, text: str) -> None:
    world.push(SAFE | {".reviewbot.toml": text + "\n"})

    assert world.review("--post", "never").exit_code == 0


def test_limits_by_path_and_by_author(world: World) -> None:
    world.push(dict.fromkeys(("auth/b.py", "c.py"), "short = 1 + 2 + 3 + 4 + 5\n"))
    args = ("--format", "json", "--post", "never")

    loose = world.review(*args)
    strict = world.review(*args, "--fail-on-for", "auth/**=medium")
    author = world.review(*args, "--fail-on-for", "author:unknown=0.1")

    assert (loose.exit_code, strict.exit_code, author.exit_code) == (0, 1, 1)
    assert "1 line is high (fail-on critical or auth/**=medium, 0 allowed)" in strict.stdout
    assert "2 lines are high" in author.stdout


def test_a_link_in_the_working_tree_does_not_switch_templates_off(world: World) -> None:
    finding = "ours {{ level }}\n"
    world.base({".reviewbot.toml": 'templates = "tpl"\n', "tpl/finding.md.j2": finding})
    world.repo.git("rm", "-rq", "tpl")
    (world.repo.root / "tpl").symlink_to("tpl")
    world.push()

    assert world.review().exit_code == 1
    assert world.bodies[0].startswith("ours ")


@pytest.mark.parametrize("text", ["{{ 1/0 }}", "{{ nothing }}", "{{ verdict.x.y }}"])
def test_a_broken_template_is_reported_before_anything_is_posted(world: World, text: str) -> None:
    world.base({".reviewbot.toml": 'templates = "t"\n', "t/comment.md.j2": text})
    world.push()

    assert world.review().exit_code == 2
    assert world.github.writes == []


# Without a checkout the diff comes from GitHub


def test_what_github_does_not_list_of_many_files_is_incomplete(world: World) -> None:
    # GitHub lists the first 3,000; this one the first 300.
    world.push({f"m{n:03}.py": f"x = {n}\n" for n in range(310)})
    world.pull.changed_files = 310
    world.github.files_shown = lambda files: files[:300]

    local = world.review("--format", "json")
    # Files are asked for one by one without a checkout: only a few of them are read here.
    few = ("--exclude", "m*[1-9].py", "--exclude", "m*[1-9]0.py")
    remote = world.review("--format", "json", *few, root=world.empty_folder())

    assert local.exit_code == 0, local.stderr
    assert json.loads(local.stdout)["ledger"]["scored"] == 310
    assert remote.exit_code == 3, remote.stderr
    report = json.loads(remote.stdout)
    assert report["ledger"]["unread_files"] == 10
    assert "GitHub does not list 10 files of this pull request" in report["notes"]
    assert sum(path.endswith("/files") for _, path in world.github.requests) <= 12


def test_without_a_checkout_the_diff_comes_from_github(world: World, tmp_path: Path) -> None:
    world.push({"b.py": "x = 1\n" + risky(1), "t.bin": "a\0b", "a.py": "one = 1\n"})

    result = world.review("--format", "json", root=world.empty_folder())

    assert result.exit_code == 1, result.stderr
    report = json.loads(result.stdout)
    assert [f["path"] for f in report["findings"]] == ["b.py"]
    assert report["change"]["base"] == world.pull.base
    assert any("not from a checkout" in note for note in report["notes"])
    assert len(world.github.comments) == 1


@pytest.mark.parametrize("how", ["empty", "mode", "rename"])
def test_without_a_checkout_what_has_no_patch_and_no_change_is_complete(
    world: World, how: str
) -> None:
    if how != "empty":
        world.base({"s.py": "x = 1\n"})
    if how == "mode":
        (world.repo.root / "s.py").chmod(0o755)
    elif how == "rename":
        world.repo.git("mv", "s.py", "t.py")
    world.push(SAFE | ({"pkg/__init__.py": ""} if how == "empty" else {}))

    result = world.review("--post", "never", root=world.empty_folder())

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("status", ["added", "removed", "modified", "changed", "renamed", "copied"])
@pytest.mark.parametrize("same", [False, True])
def test_a_listed_file_without_a_patch_is_a_diff_that_can_be_read(status: str, same: bool) -> None:
    old = "a.py" if status in ("renamed", "copied") else None
    text = diff_of([ListedFile("b.py", old, status, 0, 0, None)], ["b.py"] if same else [])

    (file,) = parse(text).files

    assert file.path == "b.py"
    assert not file.added


# Where the verdict goes


def test_a_server_of_ones_own(world: World) -> None:
    world.github.prefix = "/api/v3"  # GraphQL lies beside the REST API there
    world.environ["GITHUB_API_URL"] = world.github.url = f"{world.github.url}/api/v3"
    world.push()
    world.review()

    assert len(world.github.comments) == 1
    page = world.github.url.removesuffix("/api/v3")
    assert f"]({page}/o/r/blob/{world.pull.head}/b.py#L1)" in world.summary


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://api.github.com", "https://github.com/o/r"),
        ("https://api.octo.ghe.com/", "https://octo.ghe.com/o/r"),
        ("https://git.example/api/v3", "https://git.example/o/r"),
        ("http://git.example:8080/forge/api/v3/", "http://git.example:8080/forge/o/r"),
    ],
)
def test_the_page_of_a_repository_follows_from_the_address_of_the_api(url: str, page: str) -> None:
    assert web_page(url, "o/r") == page


def test_the_check_run_the_status_and_the_label_tell_the_verdict(world: World) -> None:
    args = ("--check-run", "reviewbot", "--commit-status", "reviewbot", "--label", "risky")

    def verdict() -> tuple[Any, ...]:
        world.review(*args)
        run, status = world.github.check_runs[-1], world.github.statuses[-1]
        return run["conclusion"], len(run["annotations"]), status["state"], world.pull.labels

    world.push({f"m{n}.py": risky(n) for n in range(60)})
    assert verdict() == ("failure", 60, "failure", ["risky"])
    world.repo.git("rm", "-q", "m*.py")
    world.push(SAFE)
    assert verdict() == ("success", 0, "success", [])
    assert len(world.github.check_runs) == len(world.github.statuses) == 2


@pytest.mark.parametrize("url", ["foo", "ftp://x", "https://", "http://[", "https://h/?x"])
def test_an_address_that_is_none_is_wrong_usage(world: World, url: str) -> None:
    world.push()
    world.environ["GITHUB_API_URL"] = url

    assert world.review().exit_code == 2


@pytest.mark.parametrize("lost", [False, True])
def test_annotations_are_neither_doubled_nor_lost(world: World, lost: bool) -> None:
    world.push({f"m{n}.py": risky(n) for n in range(60)})
    if lost:
        world.github.troubles.append(Trouble("PATCH", "/check-runs", 502, after=True))
    else:
        world.github.troubles += [Trouble("PATCH", "/check-runs", 500) for _ in range(6)]

    assert world.review("--check-run", "r").exit_code == (1 if lost else 4)
    world.review("--check-run", "r")

    assert [len(run["annotations"]) for run in world.github.check_runs] == [60]
