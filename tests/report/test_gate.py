"""May it merge? Every row of the truth table."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from reviewbot.authorship.model import Attribution, Author, Authors, Scope
from reviewbot.config.levels import FailOn, Level
from reviewbot.diff.model import ChangedLine
from reviewbot.report.change_level import ChangeLevel
from reviewbot.report.gate import NARROW, GateRules, GateStatus, Status, Verdict, decide
from reviewbot.report.ledger import count
from reviewbot.scoring.outcomes import Expectation, Failed, LineScore, Outcome, Skipped
from tests.render.examples import policy_of

LINE = ChangedLine("a.py", 1, "x")
SAFE, RISKY = LineScore(LINE, 0.1, 10.0, ()), LineScore(LINE, 0.95, 99.9, ())
HIGH, NAN = LineScore(LINE, 0.05, 99.0, ()), LineScore(LINE, float("nan"), 0.0, ())
CRITICAL_ONLY, NEVER = {"fail_on": FailOn.CRITICAL}, {"fail_on": FailOn.NEVER}
BLANK, UNREAD = Skipped(LINE, "blank"), Skipped(LINE, "too large", counts_as_unread=True)
FAILED = Failed(LINE, "no head")
OUT, EXCLUDED = Skipped(LINE, "author out of scope"), Skipped(LINE, "excluded")
PASS, BLOCK, INCOMPLETE = (Status.PASS, 0), (Status.BLOCK, 1), (Status.INCOMPLETE, 3)


def verdict_of(
    outcomes: Sequence[Outcome],
    unread_files: int = 0,
    *,
    acknowledged: bool = False,
    places: tuple[frozenset[tuple[str, int]], ...] = (),
    change: ChangeLevel | None = None,
    **policy: Any,
) -> Verdict:
    """The gate's answer about these lines; `policy` names what differs from fail-on critical."""
    rules = GateRules(
        policy=policy_of(**CRITICAL_ONLY | policy),
        can_block=lambda _line: policy.get("gate_scope") is not Scope.AI,
        acknowledged=frozenset({(LINE.path, LINE.number)} if acknowledged else ()),
        places=places,
    )
    scores = [one for one in outcomes if isinstance(one, LineScore)]
    lines = [(one.level, rules.status(one)) for one in scores]
    return decide(rules, count(outcomes, unread_files), lines, change)


@pytest.mark.parametrize(
    ("outcomes", "policy", "answer"),
    [
        ([], {}, PASS),
        ([BLANK], {}, PASS),
        ([SAFE], {}, PASS),
        ([SAFE, RISKY], {}, BLOCK),
        ([SAFE, NAN], {}, BLOCK),
        ([HIGH], {}, PASS),
        ([HIGH], {"fail_on": FailOn.HIGH}, BLOCK),
        ([HIGH], {"max_risk": 0.05}, PASS),
        ([HIGH], {"max_risk": 0.049}, BLOCK),
        ([RISKY, NAN], NEVER, PASS),
        ([RISKY], NEVER | {"max_risk": 0.95}, PASS),
        ([RISKY], NEVER | {"max_risk": 0.94}, BLOCK),
        ([NAN], NEVER | {"max_risk": 1.0}, BLOCK),
        ([RISKY], NEVER | {"max_risk": float("nan")}, BLOCK),
        ([HIGH], {"fail_on_for": ("*.py=high",)}, BLOCK),
        ([HIGH], {"fail_on_for": ("*.py=0.05",)}, PASS),
        ([RISKY], {"fail_on_for": ("*.py=0.95",)}, PASS),
        ([RISKY], {"max_risk": 0.1, "fail_on_for": ("*.py=high", "a.py=never")}, PASS),
        ([RISKY], {"fail_on_for": ("a.py=never", "*.py=high")}, BLOCK),
        ([RISKY], {"fail_on_for": ("a.py=never", "author:unknown=high")}, BLOCK),
        ([HIGH], {"fail_on_for": ("author:unknown=high",)}, BLOCK),
        ([HIGH], {"fail_on_for": ("author:ai=high",)}, PASS),
        ([RISKY, RISKY], {"max_lines_over": 2}, PASS),
        ([RISKY, RISKY], {"max_lines_over": 1}, BLOCK),
        ([RISKY, SAFE], {"min_lines": 3}, PASS),
        ([RISKY, SAFE], {"min_lines": 2}, BLOCK),
        ([SAFE, FAILED], {}, INCOMPLETE),
        ([SAFE, UNREAD], {}, INCOMPLETE),
        ([RISKY, FAILED], {}, INCOMPLETE),
        ([FAILED], NEVER, INCOMPLETE),
        ([RISKY, FAILED], NEVER | {"min_lines": 9}, INCOMPLETE),
        ([SAFE, FAILED], {"min_coverage": 0.5}, PASS),
        ([SAFE, FAILED, FAILED], {"min_coverage": 0.5}, INCOMPLETE),
        ([RISKY, FAILED], {"min_coverage": 0.5}, BLOCK),
        ([SAFE], {"min_coverage": float("nan")}, INCOMPLETE),
        ([EXCLUDED, BLANK, OUT], {}, INCOMPLETE),
        ([EXCLUDED], NEVER | {"min_coverage": 0.01}, INCOMPLETE),
        ([EXCLUDED], {"min_coverage": 0.0}, PASS),
        ([EXCLUDED, SAFE], {}, PASS),
        ([EXCLUDED, RISKY], {}, BLOCK),
        ([BLANK, OUT], {}, PASS),
    ],
)
def test_the_gate_answers(
    outcomes: Sequence[Outcome], policy: dict[str, Any], answer: tuple[Status, int]
) -> None:
    verdict = verdict_of(outcomes, **policy)

    assert (verdict.status, verdict.exit_code) == answer
    assert verdict.reasons


@pytest.mark.parametrize(
    "chosen",
    list(product((SAFE, RISKY, NAN), (BLANK, UNREAD, FAILED), (FailOn.HIGH, FailOn.NEVER), (0, 5))),
)
def test_whatever_else_holds_an_unread_line_is_never_green(
    chosen: tuple[Outcome, Outcome, FailOn, int],
) -> None:
    scored, other, fail_on, min_lines = chosen
    verdict = verdict_of([scored, other], fail_on=fail_on, min_lines=min_lines)

    assert (verdict.status is Status.INCOMPLETE) == (other is not BLANK)
    assert (verdict.exit_code == 0) <= (other is BLANK)


@pytest.mark.parametrize(
    ("outcomes", "files", "min_coverage", "reasons"),
    [
        (
            [RISKY, FAILED],
            0,
            1.0,
            [
                "1 of 2 lines that should have been read were not "
                "(coverage 50.0%, required 100.0%)",
                "1 line is critical (fail-on critical, 0 allowed)",
            ],
        ),
        (
            [FAILED, UNREAD, BLANK],
            0,
            0.0,
            [
                "0 of 3 added lines were read (1 blank, 1 no head, 1 too large)",
                "no coverage is required",
            ],
        ),
        (
            [EXCLUDED, EXCLUDED, BLANK],
            0,
            1.0,
            ["0 of 3 added lines were read (2 excluded, 1 blank)", NARROW],
        ),
        ([SAFE], 1, 0.01, ["1 code file was not read: git calls such files binary"]),
        ([SAFE], 1, 0.0, ["no line blocks (fail-on critical); all lines are low"]),
        ([], 0, 0.0, ["no line had to be scored"]),
        ([BLANK, BLANK], 0, 0.0, ["0 of 2 added lines were read (all skipped: blank)"]),
        ([OUT], 0, 0.0, ["0 of 1 added lines were read (outside the scope)"]),
        (
            [OUT, BLANK, OUT],
            0,
            0.0,
            ["0 of 3 added lines were read (2 outside the scope, 1 blank)"],
        ),
        (
            [EXCLUDED, EXCLUDED],
            0,
            0.0,
            ["0 of 2 added lines were read (all excluded)", "no coverage is required"],
        ),
        (
            [BLANK],
            1,
            0.0,
            [
                "0 of 1 added lines were read (all skipped: blank)",
                "1 code file was not read, which the policy allows",
            ],
        ),
        ([], 6, 0.0, ["6 code files were not read, which the policy allows"]),
        (
            [FAILED],
            2,
            0.0,
            [
                "0 of 1 added lines were read (all failed: no head)",
                "no coverage is required",
                "2 code files were not read, which the policy allows",
            ],
        ),
    ],
)
def test_a_verdict_says_what_was_not_read_and_why(
    outcomes: Sequence[Outcome], files: int, min_coverage: float, reasons: list[str]
) -> None:
    verdict = verdict_of(outcomes, files, min_coverage=min_coverage)

    assert list(verdict.reasons) == reasons
    assert (verdict.status, verdict.exit_code) == (INCOMPLETE if min_coverage else PASS)


@pytest.mark.parametrize(
    ("scope", "acknowledged", "why"),
    [
        (Scope.ALL, True, "acknowledged"),
        (Scope.AI, False, "of authors outside the gate's scope"),
        (Scope.AI, True, "acknowledged, or of authors outside the gate's scope"),
    ],
)
def test_why_a_line_is_not_counted_is_only_what_can_be(
    scope: Scope, acknowledged: bool, why: str
) -> None:
    verdict = verdict_of([RISKY], acknowledged=acknowledged, gate_scope=scope)

    assert verdict.reasons == (
        f"no line blocks (fail-on critical), not counting 1 ({why}); 1 critical",
    )


@pytest.mark.parametrize(
    ("outcomes", "policy", "words"),
    [
        ([RISKY], NEVER, "no line blocks: fail-on is never; 1 critical"),
        (
            [HIGH, RISKY, HIGH, SAFE],
            NEVER | {"fail_on_for": ("tests/**=never",)},
            "no line blocks: fail-on is never; 1 critical, 2 high",
        ),
        (
            [HIGH, RISKY, HIGH],
            {"fail_on": FailOn.HIGH},
            "1 line is critical, 2 are high (fail-on high, 0 allowed)",
        ),
        (
            [HIGH, SAFE],
            {"max_risk": 0.04, "max_lines_over": 1},
            "1 line is high, 1 is low (fail-on critical or max-risk 0.04, 1 allowed)",
        ),
        ([HIGH], NEVER | {"max_risk": 0.04}, "1 line is high (max-risk 0.04, 0 allowed)"),
        (
            [HIGH],
            NEVER | {"fail_on_for": ("auth/**=0.3", "author:ai=high")},
            "no line blocks (fail-on never or auth/**=0.3 or author:ai=high); 1 high",
        ),
    ],
)
def test_a_verdict_names_levels_and_limits(
    outcomes: Sequence[Outcome], policy: dict[str, Any], words: str
) -> None:
    assert verdict_of(outcomes, **policy).reasons == (words,)


def test_a_limit_for_an_author_holds_for_all_who_may_be_one() -> None:
    maybe = Attribution(Author.MIXED, None, None, 0.5, (), may_be_ai=True)
    rules = GateRules(
        policy=policy_of(fail_on_for=("a.py=never", "author:ai=high")),
        authors=Authors({("a.py", 1): maybe}),
    )

    assert rules.status(HIGH) is GateStatus.ABOVE
    assert rules.status(SAFE) is GateStatus.BELOW


@pytest.mark.parametrize(
    ("show", "percentile", "doubted", "shown"),
    [
        (Level.HIGH, 99.0, False, True),
        (Level.HIGH, 98.99, False, False),
        (Level.HIGH, 95.0, True, True),
        (Level.HIGH, 94.99, True, False),
        (Level.CRITICAL, 99.79, False, False),
        (Level.CRITICAL, 99.8, False, True),
        (Level.LOW, 0.0, False, True),
        (Level.HIGH, float("nan"), False, True),
    ],
)
def test_a_line_is_shown_by_its_level_and_one_level_earlier_with_an_expectation(
    show: Level, percentile: float, doubted: bool, shown: bool
) -> None:
    doubts = (Expectation(0, 1, "x", "y", 0.001, 0.9),) if doubted else ()
    score = replace(SAFE, percentile=percentile, expectations=doubts)

    assert GateRules(policy=policy_of(show=show)).is_shown(score) is shown


def test_what_is_above_the_limit_is_shown_whatever_its_level() -> None:
    rules = GateRules(policy=policy_of(show=Level.CRITICAL, max_risk=0.05))

    assert rules.is_shown(SAFE)


def test_the_percentile_among_the_own_lines_decides_where_it_is_known() -> None:
    assert replace(HIGH, recent=99.9).level is Level.CRITICAL
    assert replace(RISKY, recent=12.0).level is Level.LOW
    assert replace(RISKY, recent=float("nan")).level is Level.CRITICAL
    assert NAN.level is Level.CRITICAL


def test_the_ledger_counts_every_line_once() -> None:
    ledger = count([SAFE, RISKY, BLANK, UNREAD, FAILED, FAILED])

    assert (ledger.added, ledger.scored, ledger.skipped, ledger.failed) == (6, 2, 2, 2)
    assert ledger.added == ledger.scored + ledger.skipped + ledger.failed
    assert ledger.by_reason == {"blank": 1, "no head": 2, "too large": 1}
    assert ledger.coverage == 2 / 5
    assert count([EXCLUDED, BLANK]).coverage == 0.0


PLACE = frozenset({(LINE.path, LINE.number)})


@pytest.mark.parametrize(
    ("places", "policy", "answer", "reason"),
    [
        ((PLACE,), NEVER, BLOCK, "the riskiest place is not acknowledged (ack-top 5)"),
        (
            (PLACE, frozenset({("b.py", 1)})),
            {},
            BLOCK,
            "2 of the 2 riskiest places are not acknowledged (ack-top 5)",
        ),
        (
            (PLACE, frozenset({("b.py", 1)})),
            {"acknowledged": True},
            BLOCK,
            "1 of the 2 riskiest places is not acknowledged (ack-top 5)",
        ),
        (
            (PLACE,),
            {"acknowledged": True},
            PASS,
            "the riskiest place is acknowledged (ack-top 5)",
        ),
        ((), {}, PASS, "no place is medium or above: nothing to acknowledge (ack-top 5)"),
        ((PLACE,), {"min_lines": 9}, PASS, "not blocked: only 1 lines scored, the gate needs 9"),
    ],
)
def test_places_that_nobody_has_acknowledged_block(
    places: tuple[frozenset[tuple[str, int]], ...],
    policy: dict[str, Any],
    answer: tuple[Status, int],
    reason: str,
) -> None:
    outcome = HIGH if places else SAFE
    verdict = verdict_of([outcome], places=places, ack_top=5, **policy)

    assert (verdict.status, verdict.exit_code) == answer
    assert reason in verdict.reasons


def test_what_was_not_read_is_incomplete_and_the_places_are_said_as_well() -> None:
    verdict = verdict_of([HIGH, FAILED], places=(PLACE,), ack_top=1)

    assert verdict.status is Status.INCOMPLETE
    assert verdict.reasons[1:] == ("the riskiest place is not acknowledged (ack-top 1)",)


WHOLE = ChangeLevel(1.3, 92, 90)


@pytest.mark.parametrize(
    ("outcomes", "change", "policy", "answer"),
    [
        ([SAFE], WHOLE, {}, PASS),  # no such limit
        ([SAFE], WHOLE, {"fail_on_change": 89.9}, BLOCK),
        ([SAFE], WHOLE, {"fail_on_change": 90}, PASS),  # the lines that can block decide
        ([SAFE], WHOLE, {"fail_on_change": 89.9, "min_lines": 2}, PASS),
        ([SAFE, SAFE], WHOLE, {"fail_on_change": 89.9, "min_lines": 2}, BLOCK),
        ([SAFE, FAILED], WHOLE, {"fail_on_change": 0}, INCOMPLETE),
        ([NAN], ChangeLevel(float("nan")), NEVER | {"fail_on_change": 99}, BLOCK),
        ([BLANK], None, {"fail_on_change": 0}, PASS),
    ],
)
def test_the_change_as_a_whole_blocks_above_its_limit(
    outcomes: list[Outcome], change: ChangeLevel | None, policy: dict[str, Any], answer: Any
) -> None:
    verdict = verdict_of(outcomes, change=change, **policy)

    assert (verdict.status, verdict.exit_code) == answer


def test_a_change_that_blocks_says_what_it_was_compared_with() -> None:
    def first(change: ChangeLevel, **policy: Any) -> str:
        return verdict_of([SAFE], change=change, **policy).reasons[0]

    assert first(ChangeLevel(9.0, 97, 97), fail_on_change=95.0) == (
        "the change is riskier than 97 % of AI-authored changes that survived (fail-on-change 95)"
    )
    assert first(ChangeLevel(9.0, 97, 96, last_changes=1_200), fail_on_change=95.5) == (
        "the change is riskier than 96 % of this repository's last 1,200 changes"
        " (fail-on-change 95.5), by the lines that can block"
    )
    assert first(ChangeLevel(float("nan")), fail_on_change=0) == (
        "how risky the change is among others is unknown (fail-on-change 0)"
    )
    few = verdict_of([SAFE], change=WHOLE, fail_on_change=50, min_lines=2).reasons
    assert few[0].startswith("the change is riskier than 90 % of")
    assert few[-1] == "not blocked: only 1 lines scored, the gate needs 2"
