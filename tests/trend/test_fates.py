"""What git tells of findings, in real repositories with real fixes."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from reviewbot.core.trend import Fate, Place
from reviewbot.forges import fates
from reviewbot.forges.fates import (
    AWAY,
    CHANGED,
    LEFT,
    OTHER,
    SILENT,
    YOUNG,
    Found,
    found_fates,
    looks_like_a_fix,
)
from reviewbot.forges.times import commit_times
from tests.trend.made import DAY, NOW, Dates, head_of

OLD = "def paid(total):\n    return total > 0\n"
NEW = OLD + "\n\ndef rate(total, count):\n    return total / count\n"
RISKY = [6]
LATEST = int(NOW.timestamp())
FIXED = NEW.replace("total / count", "total / max(count, 1)")


@pytest.fixture
def made(tmp_path: Path) -> Dates:
    made = Dates(tmp_path / "repo")
    made.commit(0, "base", {"bill.py": OLD})
    return made


def asked(
    made: Dates, head: str, numbers: Sequence[int] = RISKY, path: str = "bill.py"
) -> Fate | Mapping[str, int]:
    """The fate of one finding, or why there is none."""
    place = Place(head, path, "ab:1")
    found = found_fates(
        made.repo.root, {place: numbers}, commit_times(made.repo.root, [head]), 60, LATEST
    )
    assert len(found.fates) + sum(found.unknown.values()) == 1
    return found.fates.get(place) or found.unknown


def test_a_later_fix_that_changes_the_line_tells_that_the_finding_was_right(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(20, "Fix a division by zero", {"bill.py": FIXED})
    made.commit(62, "later", {"other.py": "x = 1\n"})

    assert asked(made, head) is Fate.FIXED


def test_a_commit_with_a_false_clock_ends_no_days_and_is_counted(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(30, "something else", {"other.py": "x = 1\n"})
    made.commit(26_000, "in 2097", {"other.py": "x = 2\n"})
    made.commit(31, "something else", {"other.py": "x = 3\n"})
    place, times = Place(head, "bill.py", "ab:1"), commit_times(made.repo.root, [head])

    young = found_fates(made.repo.root, {place: RISKY}, times, 60, LATEST)
    made.commit(61, "something else", {"other.py": "x = 4\n"})
    made.commit(2, "of the past", {"other.py": "x = 5\n"})
    fine = found_fates(made.repo.root, {place: RISKY}, times, 60, LATEST)
    early = found_fates(made.repo.root, {place: RISKY}, times, 60, Dates.START + 60 * DAY)

    assert young == Found({}, {YOUNG: 1}, 1)
    assert fine == Found({place: Fate.FINE}, {}, 1)
    assert early == Found({}, {YOUNG: 1}, 2)


def test_neither_outcome_is_known_before_the_days_are_over(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(20, "fix a division by zero", {"bill.py": FIXED})
    made.commit(60, "almost", {"other.py": "x = 1\n"})

    assert asked(made, head) == {YOUNG: 1}

    made.commit(61, "to the second", {"other.py": "x = 2\n"})

    assert asked(made, head) is Fate.FIXED


def test_so_does_a_revert_that_deletes_it(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.git(9, "revert", "--no-edit", head)
    made.commit(90, "later", {"other.py": "x = 1\n"})

    assert asked(made, head) is Fate.FIXED


def test_a_line_that_still_stands_after_the_days_was_fine(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(62, "something else", {"other.py": "x = 1\n"})

    assert asked(made, head) is Fate.FINE


def test_a_fix_after_the_days_comes_too_late(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(62, "fix a division by zero", {"bill.py": FIXED})

    assert asked(made, head) is Fate.FINE


def test_nobody_knows_yet_of_a_line_that_is_young(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(30, "something else", {"other.py": "x = 1\n"})

    assert asked(made, head) == {YOUNG: 1}


def test_a_change_that_is_no_fix_leaves_it_unknown(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(5, "rename a variable", {"bill.py": NEW.replace("count", "number")})
    made.commit(90, "later", {"other.py": "x = 1\n"})

    assert asked(made, head) == {CHANGED: 1}


def test_a_fix_elsewhere_in_the_file_tells_nothing_and_moves_the_line_only(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    moved = "# a note\n\n" + NEW.replace("total > 0", "total >= 0")
    made.commit(5, "fix the bound", {"bill.py": moved})
    made.commit(90, "later", {"other.py": "x = 1\n"})

    assert asked(made, head) is Fate.FINE


def test_indenting_is_no_change(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(
        5, "fix indentation", {"bill.py": NEW.replace("    return total /", "  return total /")}
    )
    made.commit(90, "later", {"other.py": "x = 1\n"})

    assert asked(made, head) is Fate.FINE


def test_a_fix_counts_that_came_by_a_merge(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.repo.git("checkout", "-q", "-b", "topic")
    made.commit(3, "fix a division by zero", {"bill.py": FIXED})
    made.repo.git("checkout", "-q", "main")
    made.commit(4, "something else", {"other.py": "x = 1\n"})
    made.git(5, "merge", "-q", "--no-ff", "-m", "Merge topic", "topic")
    made.commit(90, "later", {"other.py": "x = 2\n"})

    assert asked(made, head) is Fate.FIXED


def test_a_head_that_was_squashed_away_tells_nothing(made: Dates) -> None:
    made.repo.git("checkout", "-q", "-b", "topic")
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.repo.git("checkout", "-q", "main")
    made.commit(2, "add rates (squashed)", {"bill.py": NEW})
    made.commit(90, "fix a division by zero", {"bill.py": FIXED})

    assert asked(made, head) == {OTHER: 1}


def test_a_deleted_file_leaves_it_unknown(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.repo.git("rm", "-q", "bill.py")
    made.commit(5, "drop billing", {})
    made.commit(90, "later", {"other.py": "x = 1\n"})

    assert asked(made, head) == {CHANGED: 1}


def test_lines_of_two_commits_are_fine_together_only(made: Dates) -> None:
    made.commit(1, "first line", {"bill.py": OLD + "a = 1\n"})
    head = made.commit(2, "second line", {"bill.py": OLD + "a = 1\nb = 2\n"})
    made.commit(90, "later", {"other.py": "x = 1\n"})

    assert asked(made, head, [3, 4]) is Fate.FINE

    made.commit(91, "more", {"bill.py": OLD + "a = 1\nb = 3\n"})
    late = made.commit(92, "fix b", {"bill.py": OLD + "a = 1\nb = 4\n"})

    assert asked(made, late, [3, 4]) == {YOUNG: 1}


def test_a_head_that_the_repository_does_not_know_is_no_error(made: Dates) -> None:
    assert asked(made, head_of(7)) == {AWAY: 1}


@pytest.mark.parametrize(
    "path",
    [
        "gone.py",
        "../x",
        "/etc/passwd",
        "-rf",
        ":(top)bill.py",
        "*.py",
        "",
        "a\0b",
        "\ud800",
        "x" * 200_000,
    ],
)
def test_a_strange_path_is_unknown(made: Dates, path: str) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(90, "fix it", {"bill.py": FIXED})

    assert asked(made, head, path=path) == {SILENT: 1}


@pytest.mark.parametrize("numbers", [[10**30], [99], list(range(1, 3000, 2))])
def test_so_is_a_line_that_is_not_there(made: Dates, numbers: list[int]) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})

    assert asked(made, head, numbers) == {SILENT: 1}


def test_a_line_that_is_not_there_takes_nothing_from_its_neighbour(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(2, "fix", {"bill.py": FIXED})
    made.commit(90, "later", {"other.py": "x = 1\n"})
    good, bad = Place(head, "bill.py", "ab:1"), Place(head, "bill.py", "ab:2")

    found = found_fates(
        made.repo.root, {bad: [99], good: RISKY}, commit_times(made.repo.root, [head]), 60, LATEST
    )

    assert found == Found({good: Fate.FIXED}, {SILENT: 1})


def test_a_path_full_of_magic_is_a_path(made: Dates) -> None:
    head = made.commit(1, "add", {":(glob)*[a].py": "a = 1\n", "caf\u00e9 \n.py": "b = 1\n"})
    made.commit(2, "fix", {":(glob)*[a].py": "a = 2\n"})
    made.commit(3, "fix", {"caf\u00e9 \n.py": "b = 2\n"})
    made.commit(90, "later", {"other.py": "x = 1\n"})

    assert asked(made, head, [1], ":(glob)*[a].py") is Fate.FIXED
    assert asked(made, head, [1], "caf\u00e9 \n.py") is Fate.FIXED


def test_number_and_time_are_bounded_and_what_is_left_is_counted(
    made: Dates, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    made.commit(90, "later", {"other.py": "x = 1\n"})
    findings = {Place(head, "bill.py", f"ab:{n}"): RISKY for n in range(1, 4)}
    times = commit_times(made.repo.root, [head])

    monkeypatch.setattr(fates, "MOST_FINDINGS", 2)
    found = found_fates(made.repo.root, findings, times, 60, LATEST)
    assert (len(found.fates), found.unknown) == (2, {LEFT: 1})

    monkeypatch.setattr(fates, "MOST_SECONDS", 0.0)
    assert found_fates(made.repo.root, findings, times, 60, LATEST) == Found({}, {LEFT: 3})


@pytest.mark.parametrize(
    ("subject", "fix"),
    [
        ("Fix a crash", True),
        ("fixes #12: rates", True),
        ("fix(bill): rates", True),
        ("Bugfix for rates", True),
        ('Revert "add rates"', True),
        ("a regression in rates", True),
        ("docs: fix a typo", False),
        ("test(bill): fix the fixture", False),
        ("chore!: fix the lock file", False),
        ("add a prefix", False),
        ("new fixture", False),
        ("debug output", False),
        ("", False),
    ],
)
def test_what_looks_like_a_fix(subject: str, fix: bool) -> None:
    assert looks_like_a_fix(subject) is fix


def test_times_are_those_of_commits_only(made: Dates) -> None:
    head = made.commit(1, "add rates", {"bill.py": NEW})
    blob = made.repo.git("rev-parse", "HEAD:bill.py")

    assert commit_times(made.repo.root, [head, blob, head_of(3)]) == {head: Dates.START + 86_400}
