"""Which readings a token budget pays for: those of the riskiest lines, each once."""

from reviewbot.diff.model import ChangedLine
from reviewbot.scoring.outcomes import LineScore
from reviewbot.scoring.token_budget import Budgeted, Planned, within_budget


def line(number: int, path: str = "a.py") -> ChangedLine:
    return ChangedLine(path, number, "x")


def score(number: int, risk: float, path: str = "a.py") -> LineScore:
    return LineScore(line(number, path), risk, 50.0, ())


PLAN: list[Planned] = [((line(1), line(2)), 100), ((line(3),), 50), ((line(4),), 70)]


def chosen(budget: int, *scores: LineScore) -> tuple[list[int], int]:
    found = within_budget(PLAN, scores, budget)
    return sorted(one.number for one in found.lines), found.tokens


def test_the_riskiest_lines_come_first_and_a_reading_counts_once() -> None:
    scores = [score(1, 0.9), score(2, 0.8), score(3, 0.1), score(4, 0.5)]

    assert chosen(99, *scores) == ([], 0)
    assert chosen(100, *scores) == ([1, 2], 100)
    assert chosen(169, *scores) == ([1, 2], 100)
    assert chosen(170, *scores) == ([1, 2, 4], 170)
    assert chosen(220, *scores) == ([1, 2, 3, 4], 220)


def test_the_first_reading_that_exceeds_the_budget_ends_the_choice() -> None:
    assert chosen(60, score(3, 0.9), score(4, 0.8), score(1, 0.1)) == ([3], 50)
    assert chosen(60, score(4, 0.9), score(3, 0.8)) == ([], 0)


def test_of_equal_risks_the_first_path_and_line_is_read_first() -> None:
    plan: list[Planned] = [((line(n, path),), 10) for path in ("b.py", "a.py") for n in (9, 2)]
    scores = [score(n, 0.5, path) for path in ("b.py", "a.py") for n in (9, 2)]

    found = within_budget(plan, scores, 30)

    wanted = frozenset([line(2), line(9), line(2, "b.py")])
    assert found == within_budget(plan[::-1], scores[::-1], 30) == Budgeted(wanted, 30)


def test_a_line_that_the_deeper_model_cannot_read_is_passed_over() -> None:
    assert chosen(50, score(7, 0.99), score(3, 0.5)) == ([3], 50)


def test_a_third_of_a_large_change_is_read_at_most() -> None:
    plan: list[Planned] = [((line(n),), 1_000) for n in range(1, 31)]
    scores = [score(n, n / 100) for n in range(1, 31)]

    assert within_budget(plan, scores, 40_000) == within_budget(plan, scores, 10_000)
    assert within_budget(plan, scores, 40_000).tokens == 10_000
    assert within_budget(plan[:9], scores, 40_000).tokens == 6_000
