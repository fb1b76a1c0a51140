"""Where the diff comes from, where the verdict goes, and whose policy holds."""

import json
from pathlib import Path

from reviewbot.report.comment_sync import marked_finding
from tests.github.conftest import SAFE, World, risky


def test_what_github_does_not_list_of_many_files_is_incomplete(world: World) -> None:
    # GitHub lists the first 3,000; this one the first 300.
    files = {f"m{n:03}.py": f"x = {n}\n" for n in range(310)}
    world.push(files)
    world.github.pulls[1].changed_files = 310
    world.github.files_shown = lambda files: files[:300]

    local = world.review("--format", "json")
    # Files are asked for one by one without a checkout: only a few of them are read here.
    remote = world.review(
        "--format",
        "json",
        "--exclude",
        "m*[1-9].py",
        "--exclude",
        "m*[1-9]0.py",
        root=world.empty_folder(),
    )

    assert local.exit_code == 0, local.stderr
    assert json.loads(local.stdout)["ledger"]["scored"] == 310
    assert remote.exit_code == 3, remote.stderr
    found = json.loads(remote.stdout)
    assert found["ledger"]["unread_files"] == 10
    assert "GitHub does not list 10 files of this pull request" in found["notes"]
    assert sum(path.endswith("/files") for _, path in world.github.requests) <= 12


def test_without_a_checkout_the_diff_comes_from_github(world: World, tmp_path: Path) -> None:
    world.push({"b.py": SAFE + "\n" + risky(1), "t.bin": "a\0b", "a.py": "one = 1\n"})

    result = world.review("--format", "json", root=world.empty_folder())

    assert result.exit_code == 1, result.stderr
    found = json.loads(result.stdout)
    assert [f["path"] for f in found["findings"]] == ["b.py"]
    assert found["change"]["base"] == world.github.pulls[1].base
    assert any("not from a checkout" in note for note in found["notes"])
    assert len(world.github.comments) == 1


def test_a_server_of_ones_own(world: World) -> None:
    world.github.prefix = "/api/v3"
    world.environ["GITHUB_API_URL"] = world.github.url = f"{world.github.url}/api/v3"
    world.push({"b.py": risky(1)})
    # GraphQL lies beside the REST API there.
    world.review()

    assert len(world.github.comments) == 1


def test_the_check_run_the_status_and_the_label_tell_the_verdict(world: World) -> None:
    world.push({f"m{n}.py": risky(n) for n in range(60)})

    world.review("--check-run", "reviewbot", "--commit-status", "reviewbot", "--label", "risky")

    (run,) = world.github.check_runs
    assert (run["conclusion"], len(run["annotations"])) == ("failure", 60)
    assert [s["state"] for s in world.github.statuses] == ["failure"]
    assert world.github.pulls[1].labels == ["risky"]

    for n in range(60):
        (world.repo.root / f"m{n}.py").unlink()
    world.push({"b.py": SAFE + "\n"})
    world.review("--check-run", "reviewbot", "--commit-status", "reviewbot", "--label", "risky")

    assert world.github.check_runs[1]["conclusion"] == "success"
    assert world.github.statuses[1]["state"] == "success"
    assert world.github.pulls[1].labels == []


def test_the_base_sets_the_policy_and_the_change_can_only_tighten_it(world: World) -> None:
    world.base({".reviewbot.toml": "max-lines-over = 5\nmin-coverage = 0.5\n"})
    world.push({"b.py": risky(1)})
    assert world.review().exit_code == 0

    world.push({".reviewbot.toml": "max-lines-over = 0\nmin-coverage = 0.0\n"})
    result = world.review("--format", "json")

    assert result.exit_code == 1
    policy = json.loads(result.stdout)["policy"]
    assert (policy["max_lines_over"], policy["min_coverage"]) == (0, 0.5)

    world.push({".reviewbot.toml": "max-lines-over = 999\nmax-risk = 1.0\n"})
    assert world.review().exit_code == 0  # five, still
    assert "stricter" not in world.summary


def test_limits_by_path_and_by_author(world: World) -> None:
    world.push({"auth/b.py": "short = 1 + 2 + 3 + 4 + 5\n", "c.py": "short = 1 + 2 + 3 + 4 + 5\n"})

    loose = world.review("--format", "json", "--post", "never")
    strict = world.review("--format", "json", "--post", "never", "--max-risk-for", "auth/**=0.1")
    author = world.review(
        "--format", "json", "--post", "never", "--max-risk-for", "author:unknown=0.1"
    )

    assert (loose.exit_code, strict.exit_code, author.exit_code) == (0, 1, 1)
    assert "1 line above the 0.9 threshold (or auth/**=0.1; 0 allowed)" in strict.stdout
    assert "2 lines above" in author.stdout


def test_our_comments_carry_their_marks_and_nothing_of_this_machine(world: World) -> None:
    world.push({"b.py": risky(1)})
    result = world.review("--format", "json")

    assert [marked_finding(body) is not None for body in world.bodies] == [True]
    everything = json.dumps([world.github.comments, world.github.issue_comments]) + result.output
    assert str(world.folder) not in everything
    assert world.github.token not in everything
