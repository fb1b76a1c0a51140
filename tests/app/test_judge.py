"""What a check promises: git's own count, the same report twice, no line moved by another."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reviewbot.app.judge import find, gate_rules, judge
from reviewbot.app.load_change import Numstat, check_numstat
from reviewbot.authorship.model import Scope
from reviewbot.config.schema import Settings
from reviewbot.diff.model import Change
from reviewbot.encoders.encoder import Encoder
from reviewbot.errors import EnvironmentFailure
from reviewbot.report.gate import GateStatus
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import LineScore
from tests import tiny
from tests.changes import CODE, ODD, Check, Head, Made, made, never, outcomes
from tests.render.examples import CHANGES


def test_the_ledger_equals_git_s_own_count(tmp_path: Path, check: Check) -> None:
    before = {"edited.py": CODE, "unicode.py": b"old\n"}
    edited = CODE.replace(b"return left", b"return right") + b"\nprint(1)\n"
    case = made(tmp_path, before, {**ODD, "edited.py": edited})
    report = check(case)
    ledger = report.ledger

    assert ledger.added == sum(counts[0] for counts in case.numstat.values() if counts)
    assert ledger.added == ledger.scored + ledger.skipped + ledger.failed
    assert ledger.failed == ledger.by_reason["line too long"] == 1
    assert {f.path: (len(f.lines), f.removed) for f in report.files} == case.numstat
    assert ledger.scored > 10


@pytest.mark.parametrize(
    "numstat", [{"a.py": (2, 0)}, {"a.py": (1, 1)}, {}, {"a.py": (1, 0), "b.py": (1, 0)}], ids=str
)
def test_a_diff_that_git_counts_otherwise_is_refused(tmp_path: Path, numstat: Numstat) -> None:
    case = made(tmp_path, {}, {"a.py": b"x = 1\n"})

    with pytest.raises(EnvironmentFailure, match="disagree"):
        check_numstat(case.change, numstat)


def test_an_empty_change_passes_and_loads_no_model(check: Check) -> None:
    report = check(Made(Change(()), {}, {}), encoder=never)

    assert (report.ledger.added, report.verdict.exit_code) == (0, 0)


def test_the_model_is_loaded_once_and_each_head_file_read_once(
    tmp_path: Path, check: Check
) -> None:
    case = made(tmp_path, {}, {"a.py": CODE, "b.py": b"z = 3\n", "README.md": b"words\n"})
    head = Head(case.head)
    loads: list[Encoder] = []
    steps: list[tuple[int, int]] = []

    def load() -> Encoder:
        loads.append(check.encoder)
        return check.encoder

    check(case, head=head, encoder=load, progress=lambda done, of: steps.append((done, of)))

    assert len(loads) == 1
    assert sorted(head.asked) == ["a.py", "b.py"]  # prose is not even opened
    assert steps == [(n + 1, len(steps)) for n in range(len(steps))]


def test_the_same_change_gives_the_same_report(tmp_path: Path, check: Check) -> None:
    case = made(tmp_path, {}, ODD)

    assert check(case) == check(case)


def bits(report: Report, path: str) -> list[bytes]:
    (file,) = (f for f in report.files if f.path == path)
    scores = [line.outcome for line in file.lines if isinstance(line.outcome, LineScore)]
    return [np.float64(score.risk).tobytes() for score in scores]


def test_another_file_does_not_move_a_risk_by_a_single_bit(tmp_path: Path, check: Check) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    alone = check(made(tmp_path / "one", {}, {"m.py": CODE}))
    beside = check(made(tmp_path / "two", {}, {"a.py": b"q = 7\n" * 50, "m.py": CODE, **ODD}))

    assert bits(alone, "m.py") == bits(beside, "m.py") != []


def test_a_line_scores_alike_whether_or_not_a_later_line_changed_too(
    tmp_path: Path, check: Check
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    lines = tiny.TEXT.split("\n")
    old = "\n".join([lines[0], *lines[2:]]).encode()  # line 2 is missing, blank lines follow it
    older = "\n".join([lines[0], *lines[2:-3]]).encode() + b"\n"
    one = outcomes(check(made(tmp_path / "one", {"m.py": old}, {"m.py": CODE})))
    both = outcomes(check(made(tmp_path / "two", {"m.py": older}, {"m.py": CODE})))

    assert (len(one), len(both)) == (1, 3)
    assert isinstance(one[0], LineScore)
    assert isinstance(both[0], LineScore)
    assert one[0].line == both[0].line
    assert one[0].risk == pytest.approx(both[0].risk, abs=1e-5)


def test_findings_are_sorted_by_risk_and_hold_what_has_the_level_that_is_shown(
    tmp_path: Path, check: Check
) -> None:
    case = made(tmp_path, {}, {"a.py": CODE, "b.py": CODE.replace(b"self", b"that")})
    risks = sorted(o.risk for o in outcomes(check(case)) if isinstance(o, LineScore))
    threshold = risks[len(risks) // 2]
    reference_Q = np.repeat(np.array([0, threshold, 1], np.float32), [900, 90, 10])
    predictor = replace(check.artifact.predictor, reference_Q=reference_Q)
    report = check(case, settings=Settings(), artifact=replace(check.artifact, predictor=predictor))
    shown = [score for finding in report.findings for score in finding.lines]

    assert len(report.findings) > 2
    assert [f.risk for f in report.findings] == sorted(
        (f.risk for f in report.findings), reverse=True
    )
    assert sorted(s.risk for s in shown) == [risk for risk in risks if risk > threshold]


def test_the_riskiest_line_decides_at_the_gate(tmp_path: Path, check: Check) -> None:
    case = made(tmp_path, {}, {"a.py": CODE})
    top = max(o.risk for o in outcomes(check(case)) if isinstance(o, LineScore))

    assert check(case, settings=Settings(max_risk=top)).verdict.exit_code == 0
    assert check(case, settings=Settings(max_risk=top - 1e-6)).verdict.exit_code == 1


def test_an_acknowledged_finding_stays_a_finding_and_does_not_block(
    tmp_path: Path, check: Check
) -> None:
    scored = check.score(made(tmp_path, {}, {"a.py": CODE}), settings=Settings(max_risk=0.0))
    rules = gate_rules(scored)
    first, *others = find(scored, rules)
    findings = (first, *others)
    one = judge(scored, rules, findings, {first: "read"})
    every = judge(scored, rules, findings, dict.fromkeys(findings, "read"))

    assert judge(scored, rules, findings).findings == findings
    assert one.findings == (replace(first, acknowledged="read"), *others)
    assert every.findings == tuple(replace(f, acknowledged="read") for f in findings)
    assert one.verdict.exit_code == (1 if others else 0)
    assert every.verdict.exit_code == 0
    assert {line.gate_status for file in every.files for line in file.lines} == {
        GateStatus.NOT_COUNTED,
        None,
    }


def test_acknowledged_lines_and_authors_who_cannot_block_do_not_count_for_the_change(
    tmp_path: Path, check: Check
) -> None:
    knows = replace(check.artifact, changes=CHANGES)
    case = made(tmp_path, {}, {"a.py": CODE})
    strict = Settings(max_risk=0.0, max_lines_over=1_000, fail_on_change=5)
    scored = check.score(case, settings=strict, artifact=knows)
    rules = gate_rules(scored)
    findings = find(scored, rules)
    read = judge(scored, rules, findings, dict.fromkeys(findings, "read"))
    ai = check(case, settings=replace(strict, gate_scope=Scope.AI), artifact=knows)
    plain = judge(scored, rules, findings)

    assert plain.verdict.exit_code == 1
    for report in (read, ai):
        assert report.verdict.exit_code == 0
        assert (whole := plain.change.level) is not None
        assert report.change.level == replace(whole, counted=0)


def test_at_full_depth_each_score_has_its_surprisal(
    tmp_path: Path, check: Check, tiny_model: Path
) -> None:
    whole = tiny.encoder(tiny_model, full=True)
    case = made(tmp_path, {}, {"a.py": CODE})
    deep, plain = outcomes(check(case, encoder=lambda: whole)), outcomes(check(case))

    assert all(o.surprisal and o.surprisal > 0 for o in deep if isinstance(o, LineScore))
    for one, other in zip(deep, plain, strict=True):
        if isinstance(one, LineScore) and isinstance(other, LineScore):
            assert one.risk == pytest.approx(other.risk, abs=1e-5)
            assert other.surprisal is None


def test_the_reasons_of_a_line_are_named_and_raise_its_risk(tmp_path: Path, check: Check) -> None:
    found = outcomes(check(made(tmp_path, {}, {"a.py": CODE})))
    reasons = [r for o in found if isinstance(o, LineScore) for r in o.reasons]

    assert {r.feature.partition(":")[0] for r in reasons} <= {"sae", "surface", "state"}
    assert all(r.contribution > 0 for r in reasons)
