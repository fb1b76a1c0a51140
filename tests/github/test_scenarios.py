"""The life of a pull request, with the real PyGithub against a strict fake of GitHub."""

import pytest

from tests.authorship.repos import CLAUDE
from tests.github.conftest import SAFE, World, risky

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
    assert "written by `AI (claude)`" in comment["body"]
    assert "### reviewbot: BLOCK" in world.summary
    assert "commented" in world.summary


def test_posting_twice_posts_once(world: World) -> None:
    world.push({"b.py": risky(1)})
    world.review()
    before = list(world.github.writes)

    result = world.review()

    assert world.github.writes == before
    assert "posted: nothing, everything is up to date" in result.stderr


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


@pytest.mark.parametrize(("coverage", "code"), [("0", 0), ("1", 3)])
def test_the_summary_says_that_all_was_excluded(world: World, coverage: str, code: int) -> None:
    world.push({"b.py": SAFE + "\n"})

    result = world.review("--exclude", "*.py", "--min-coverage", coverage)

    assert result.exit_code == code
    assert "0 of 1 added lines were read (all excluded)" in world.summary


def test_a_second_push_announces_only_what_is_new_and_edits_the_summary(world: World) -> None:
    world.push({"b.py": risky(1) + "\n" * 9})
    world.review()
    first = dict(world.github.comments[0])
    world.push({"b.py": "a = 1\nb = 2\n" + risky(1) + "\n" * 9, "c.py": risky(2)})

    world.review()

    assert len(world.github.reviews) == 2
    assert world.github.comments[0] == first  # it has moved, and is not repeated
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
    assert "### reviewbot: EMPTY" in world.summary


def test_more_findings_than_comments_stand_in_the_table(world: World) -> None:
    world.push({f"m{n}.py": risky(n) for n in range(14)})

    world.review("--max-comments", "3")

    assert len(world.github.comments) == 3
    assert world.summary.count("commented") == 3
    assert world.summary.count("here only") == 11


def test_a_finding_that_reaches_out_of_its_hunk_is_cut_to_it(world: World) -> None:
    world.base({"b.py": CODE})
    lines = CODE.splitlines()
    lines[10:10] = risky(1, 2, 3).splitlines()
    world.push({"b.py": "\n".join(lines) + "\n"})

    world.review()

    (comment,) = world.github.comments
    assert (comment["start_line"], comment["line"]) == (11, 13)
