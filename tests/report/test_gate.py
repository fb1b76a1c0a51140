"""May it merge? Every row of the truth table."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from reviewbot.authorship.model import Scope
from reviewbot.diff.model import ChangedLine
from reviewbot.report.gate import NARROW, GateRules, Status, Verdict, count, decide
from reviewbot.scoring.outcomes import Failed, LineScore, Outcome, Skipped
from tests.render.examples import policy_of

LINE = ChangedLine("a.py", 1, "x")
SAFE, RISKY = LineScore(LINE, 0.1, 10.0, ()), LineScore(LINE, 0.95, 99.0, ())
NAN = LineScore(LINE, float("nan"), 0.0, ())
BLANK, UNREAD = Skipped(LINE, "blank"), Skipped(LINE, "too large", counts_as_unread=True)
FAILED = Failed(LINE, "no head")
OUT, EXCLUDED = Skipped(LINE, "author out of scope"), Skipped(LINE, "excluded")
PASS, BLOCK, INCOMPLETE = (Status.PASS, 0), (Status.BLOCK, 1), (Status.INCOMPLETE, 3)


def verdict_of(
    outcomes: Sequence[Outcome], unread_files: int = 0, *, acknowledged: bool = False, **policy: Any
) -> Verdict:
    """The gate's answer about these lines; `policy` names what differs."""
    rules = GateRules(
        policy=policy_of(**policy),
        can_block=lambda _line: policy.get("gate_scope") is not Scope.AI,
        acknowledged=frozenset({(LINE.path, LINE.number)} if acknowledged else ()),
    )
    statuses = [rules.status(one) for one in outcomes if isinstance(one, LineScore)]
    return decide(rules, count(outcomes, unread_files), statuses)


@pytest.mark.parametrize(
    ("outcomes", "policy", "answer"),
    [
        ([], {}, PASS),
        ([BLANK], {}, PASS),
        ([SAFE], {}, PASS),
        ([SAFE, RISKY], {}, BLOCK),
        ([SAFE, NAN], {}, BLOCK),
        ([RISKY], {"max_risk": 0.95}, PASS),
        ([RISKY], {"max_risk": float("nan")}, BLOCK),
        ([RISKY, RISKY], {"max_lines_over": 2}, PASS),
        ([RISKY, RISKY], {"max_lines_over": 1}, BLOCK),
        ([RISKY], {"informational": True}, (Status.BLOCK, 0)),
        ([RISKY, SAFE], {"min_lines": 3}, PASS),
        ([RISKY, SAFE], {"min_lines": 2}, BLOCK),
        ([SAFE, FAILED], {}, INCOMPLETE),
        ([SAFE, UNREAD], {}, INCOMPLETE),
        ([RISKY, FAILED], {}, INCOMPLETE),
        ([FAILED], {"informational": True}, INCOMPLETE),
        ([RISKY, FAILED], {"informational": True, "min_lines": 9}, INCOMPLETE),
        ([SAFE, FAILED], {"min_coverage": 0.5}, PASS),
        ([SAFE, FAILED, FAILED], {"min_coverage": 0.5}, INCOMPLETE),
        ([RISKY, FAILED], {"min_coverage": 0.5}, BLOCK),
        ([SAFE], {"min_coverage": float("nan")}, INCOMPLETE),
        ([EXCLUDED, BLANK, OUT], {}, INCOMPLETE),
        ([EXCLUDED], {"min_coverage": 0.01, "informational": True}, INCOMPLETE),
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
    "chosen", list(product((SAFE, RISKY, NAN), (BLANK, UNREAD, FAILED), (False, True), (0, 5)))
)
def test_whatever_else_holds_an_unread_line_is_never_green(
    chosen: tuple[Outcome, Outcome, bool, int],
) -> None:
    scored, other, informational, min_lines = chosen
    verdict = verdict_of([scored, other], informational=informational, min_lines=min_lines)

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
                "1 line above the 0.9 threshold (0 allowed)",
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
        ([SAFE], 1, 0.0, ["no line above the 0.9 threshold"]),
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

    assert verdict.reasons == (f"no line above the 0.9 threshold, not counting 1 ({why})",)


@pytest.mark.parametrize(
    ("limits", "others"),
    [
        (("author:ai=0.9",), ""),
        (("author:ai=0.5",), ""),
        (("author:ai=0.4",), "or author:ai=0.4"),
        (("auth/**=0.9", "author:ai=0.8"), "or auth/**=0.9, author:ai=0.8"),
        (("auth/**=0.3", "author:ai=0.8"), "or auth/**=0.3"),
    ],
)
def test_a_threshold_that_can_have_no_effect_is_not_named(
    limits: tuple[str, ...], others: str
) -> None:
    passed = verdict_of([SAFE], max_risk=0.5, max_risk_for=limits)
    blocked = verdict_of([RISKY, RISKY], max_risk=0.5, max_risk_for=limits, max_lines_over=1)

    below = f" ({others})" if others else ""
    above = f"{others}; 1 allowed" if others else "1 allowed"
    assert passed.reasons == (f"no line above the 0.5 threshold{below}",)
    assert blocked.reasons == (f"2 lines above the 0.5 threshold ({above})",)


def test_the_ledger_counts_every_line_once() -> None:
    ledger = count([SAFE, RISKY, BLANK, UNREAD, FAILED, FAILED])

    assert (ledger.added, ledger.scored, ledger.skipped, ledger.failed) == (6, 2, 2, 2)
    assert ledger.added == ledger.scored + ledger.skipped + ledger.failed
    assert ledger.by_reason == {"blank": 1, "no head": 2, "too large": 1}
    assert ledger.coverage == 2 / 5
    assert count([EXCLUDED, BLANK]).coverage == 0.0
