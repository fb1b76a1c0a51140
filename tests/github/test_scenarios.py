"""Days in the life of a pull request, with the real PyGithub against a GitHub that is strict."""

import json
from pathlib import Path

import pytest

from reviewbot.core.review import marked_finding
from tests.authorship.repos import CLAUDE
from tests.github.conftest import SAFE, World, risky
from tests.github.fake import BOT, LINE, Trouble

CODE = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(30))


def test_the_first_push_gets_one_review_and_one_summary_and_the_gate_blocks(world: World) -> None:
    world.push({"b.py": SAFE + "\n" + risky(1)}, f"AI\n\n{CLAUDE}")

    result = world.review()

    assert result.exit_code == 1, result.stderr
    assert "posted: a review with 1 comments, the summary" in result.stderr
    (review,) = world.github.reviews
    (comment,) = world.github.comments
    assert review["commit_id"] == world.github.pulls[1].head
    assert (comment["path"], comment["line"], comment["side"]) == ("b.py", 2, "RIGHT")
    assert "start_line" not in comment
    assert "written by `ai (claude)`" in comment["body"]
    assert "### reviewbot: BLOCK" in world.summary
    assert "commented" in world.summary


def test_posting_twice_posts_once(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    before = list(world.github.writes)

    result = world.review()

    assert world.github.writes == before
    assert "posted: nothing, all is as it was" in result.stderr


def test_a_clean_change_is_met_with_silence(world: World) -> None:
    world.push({"b.py": SAFE + "\n"})

    result = world.review()

    assert result.exit_code == 0
    assert world.github.writes == []


def test_silence_can_be_broken(world: World) -> None:
    world.push({"b.py": SAFE + "\n"})

    world.review("--comment-when-clean")

    assert "### reviewbot: PASS" in world.summary
    assert world.github.reviews == []


def test_a_second_push_announces_only_what_is_new_and_edits_the_summary(world: World) -> None:
    world.push({"b.py": risky(1) + "\n" * 9})
    world.review()
    first = dict(world.github.comments[0])
    world.push({"b.py": "a = 1\nb = 2\n" + risky(1) + "\n" * 9, "c.py": risky(2)})

    world.review()

    assert len(world.github.reviews) == 2
    assert world.github.comments[0] == first  # it has moved, and is not said again
    assert [c["path"] for c in world.github.comments] == ["b.py", "c.py"]
    assert world.summary.count("commented") == 2


def test_a_finding_that_is_gone_is_deleted_and_the_summary_says_all_is_well(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    world.push({"b.py": SAFE + "\n"})

    result = world.review()

    assert result.exit_code == 0
    assert world.github.comments == []
    assert "### reviewbot: PASS" in world.summary
    assert len(world.github.reviews) == 1


@pytest.mark.parametrize("how", ["reaction", "reply"])
def test_a_finding_that_is_gone_and_was_answered_is_folded_not_deleted(
    world: World, how: str
) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    (comment,) = world.github.comments
    if how == "reaction":
        comment["reactions"] = {"total_count": 1, "+1": 1}
    else:
        reply = {"id": 7, "body": "why?", "user": {"login": "dev"}, "path": "b.py", "number": 1}
        world.github.comments.append({**reply, "in_reply_to_id": comment["id"]})
    world.push({"b.py": SAFE + "\n"})

    world.review()

    assert comment in world.github.comments
    assert world.github.minimised == [comment["node_id"]]
    assert world.github.resolved == []


def test_threads_are_resolved_only_where_that_is_asked_for(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    (comment,) = world.github.comments
    comment["reactions"] = {"total_count": 1}
    world.push({"b.py": SAFE + "\n"})

    world.review("--resolve-threads")

    assert world.github.resolved == [f"T{comment['id']}"]


def test_a_force_push_of_the_same_lines_says_nothing_again(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    world.repo.git("commit", "-q", "--amend", "-m", "other words")
    world.github.pulls[1].head = world.repo.git("rev-parse", "HEAD")

    world.review()

    assert (len(world.github.reviews), len(world.github.comments)) == (1, 1)
    assert world.github.pulls[1].head[:10] in world.summary


def test_a_rename_says_nothing_again(world: World) -> None:
    world.push({"b.py": CODE + risky(1)})
    world.review()
    world.repo.git("mv", "b.py", "renamed.py")
    world.push({})

    world.review()

    assert (len(world.github.reviews), len(world.github.comments)) == (1, 1)
    assert "renamed&#46;py&#58;121" in world.summary


def test_a_revert_takes_everything_back(world: World) -> None:
    world.push({"b.py": risky(1, 2)})
    world.review()
    (world.repo.root / "b.py").unlink()
    world.push({})

    result = world.review()

    assert result.exit_code == 0
    assert world.github.comments == []
    assert "### reviewbot: PASS" in world.summary


def test_more_findings_than_comments_stand_in_the_table(world: World) -> None:
    world.push({f"m{n}.py": risky(n) for n in range(14)})

    world.review("--max-comments", "3")

    assert len(world.github.comments) == 3
    assert world.summary.count("commented") == 3
    assert world.summary.count("here only") == 11


def test_a_finding_that_reaches_out_of_its_hunk_is_cut_to_it(world: World) -> None:
    world.repo.git("checkout", "-q", "main")
    base = world.repo.commit("b", {"b.py": CODE})
    world.repo.git("checkout", "-q", "-B", "topic")
    world.github.pulls[1].base = base
    lines = CODE.splitlines()
    lines[10:10] = risky(1, 2, 3).splitlines()
    world.push({"b.py": "\n".join(lines) + "\n"})

    world.review()

    (comment,) = world.github.comments
    assert (comment["start_line"], comment["line"]) == (11, 13)


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


def test_a_review_whose_answer_was_lost_is_not_posted_again(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.github.troubles.append(Trouble("POST", "/reviews", 502, after=True))

    result = world.review()

    assert result.exit_code == 1
    assert (len(world.github.reviews), len(world.github.comments)) == (1, 1)


def test_a_summary_whose_answer_was_lost_is_not_posted_again(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.github.troubles.append(Trouble("POST", "/issues/1/comments", 502, after=True))

    world.review()

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


def test_a_stranger_cannot_speak_in_our_name(world: World) -> None:
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


def test_three_thousand_files_and_what_github_does_not_list_is_incomplete(world: World) -> None:
    files = {f"m{n:04}.py": f"x = {n}\n" for n in range(3_010)}
    world.push(files)
    world.github.pulls[1].changed_files = 3_010
    world.github.files_shown = lambda files: files[:3_000]
    elsewhere = world.folder / "elsewhere"
    elsewhere.mkdir()

    local = world.review("--format", "json")
    # Files are asked for one by one without a checkout: only a few of them are read here.
    remote = world.review(
        "--format", "json", "--exclude", "m*[1-9].py", "--exclude", "m*[1-9]0.py", root=elsewhere
    )

    assert local.exit_code == 0, local.stderr
    assert json.loads(local.stdout)["ledger"]["scored"] == 3_010
    assert remote.exit_code == 3, remote.stderr
    found = json.loads(remote.stdout)
    assert found["ledger"]["unread_files"] == 10
    assert "GitHub does not list 10 files of this pull request" in found["notes"]
    assert max(sum(path.endswith("/files") for _, path in world.github.requests), 0) <= 120


def test_without_a_checkout_the_diff_comes_from_github(world: World, tmp_path: Path) -> None:
    world.push({"b.py": SAFE + "\n" + risky(1), "t.bin": "a\0b", "a.py": "one = 1\n"})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    result = world.review("--format", "json", root=elsewhere)

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
    world.repo.git("checkout", "-q", "main")
    base = world.repo.commit("s", {".reviewbot.toml": "max-lines-over = 5\nmin-coverage = 0.5\n"})
    world.repo.git("checkout", "-q", "-B", "topic")
    world.github.pulls[1].base = base
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
    assert "1 line is above the risk of 0.9 (or auth/**=0.1)" in strict.stdout
    assert "2 lines are above" in author.stdout


def test_our_comments_carry_their_marks_and_nothing_of_this_machine(world: World) -> None:
    world.push({"b.py": risky(1)})
    result = world.review("--format", "json")

    assert [marked_finding(body) is not None for body in world.bodies] == [True]
    everything = json.dumps([world.github.comments, world.github.issue_comments]) + result.output
    assert str(world.folder) not in everything
    assert world.github.token not in everything
