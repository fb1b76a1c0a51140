"""Reads a report file, which may be untrusted: strict schema, bounds, and consistency checks.

`review --from-report` runs with a token on a report that a job without one wrote, perhaps for a
pull request from a fork. So everything that can be computed from the rest of the file is computed
again.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reviewbot.authorship.model import Scope
from reviewbot.config.levels import FailOn, Level
from reviewbot.config.thresholds import Limit
from reviewbot.diff.model import FileKind
from reviewbot.errors import UsageError
from reviewbot.report.change_level import ChangeLevel, why_too_risky
from reviewbot.report.findings import Finding, riskiest_first
from reviewbot.report.gate import (
    GateStatus,
    Policy,
    Status,
    Verdict,
    status_and_exit_code,
)
from reviewbot.report.json_change import change_of
from reviewbot.report.json_lines import Refused, author_of, outcome_of
from reviewbot.report.json_v1 import schema
from reviewbot.report.ledger import Ledger, count
from reviewbot.report.model import (
    DeepReading,
    FileReport,
    LineReport,
    ModelInfo,
    Report,
)
from reviewbot.scoring.calibration import RecentInfo
from reviewbot.scoring.feature_evidence import FeatureEvidence, evidence_from_json
from reviewbot.scoring.outcomes import ArtifactInfo, LineScore

MAX_BYTES = 50_000_000
MAX_LINES = 500_000
MAX_FINDINGS = 10_000
SLACK = 2e-6  # between a risk and a threshold that were both rounded to six digits
MAX_DIGITS = 18  # of an integer; longer ones are slow to parse and fit no float
FIX = "post the report.json that `reviewbot check --format json` of the same version has written"


def parse_report(raw: bytes, *, doing: str = "nothing was posted", fix: str = FIX) -> Report:
    """Read a report.

    doing   what is not done if the report is refused
    raises  UsageError if it is not a report, contradicts itself or is too large
    """
    try:
        return _parse(raw)
    except Refused as exc:
        raise UsageError(f"{doing}: the report cannot be used: {exc}", fix=fix) from exc


def _parse(raw: bytes) -> Report:
    if len(raw) > MAX_BYTES:
        raise Refused(f"it is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        value = json.loads(raw, parse_constant=_no_constant, parse_float=_finite, parse_int=_short)
    except (ValueError, RecursionError) as exc:
        raise Refused("it is not JSON") from exc
    _validate(value)
    if sum(len(file["lines"]) for file in value["files"]) > MAX_LINES:
        raise Refused(f"it has more than {MAX_LINES} lines")
    if len(value["findings"]) > MAX_FINDINGS:
        raise Refused(f"it has more than {MAX_FINDINGS} findings")
    deep = _deep(value.get("deep"), value["artifact"]["name"])
    names = (value["artifact"]["name"], deep.artifact.name if deep else None)
    files = tuple(_file(file, names) for file in value["files"])
    outcomes = [line.outcome for file in files for line in file.lines]
    ledger = count(outcomes, value["ledger"]["unread_files"])
    counts = ("added", "scored", "skipped", "failed", "deep")
    claimed = {key: value["ledger"].get(key, 0) for key in counts}  # an older report lacks "deep"
    if claimed != {key: getattr(ledger, key) for key in claimed}:
        raise Refused("its ledger does not fit its lines")
    policy = _policy(value["policy"])
    status, code, reasons = (value["verdict"][key] for key in ("status", "exit_code", "reasons"))
    verdict = Verdict(Status(status), code, tuple(reasons))
    change = change_of(value["change"], files)
    _check_verdict(verdict, policy, ledger, files, change.level)
    recent = RecentInfo(**value["recent"]) if value.get("recent") else None
    if recent is None and any(isinstance(o, LineScore) and o.recent is not None for o in outcomes):
        raise Refused("it does not describe the lines that its own compare with")
    return Report(
        model=ModelInfo(**value["model"]),
        artifact=ArtifactInfo(**value["artifact"]),
        change=change,
        policy=policy,
        verdict=verdict,
        ledger=ledger,
        files=files,
        findings=_findings(value["findings"], files),
        notes=tuple(value["notes"]),
        features=_features(value.get("features", [])),
        recent=recent,
        deep=deep,
    )


def _deep(value: Mapping[str, Any] | None, first: str) -> DeepReading | None:
    """Read the second reading; `first` is the name of the other artifact."""
    if value is None:
        return None
    if value["artifact"]["name"] == first or value["tokens"] > value["budget"]:
        raise Refused("its second reading contradicts itself")
    return DeepReading(
        model=ModelInfo(**value["model"]),
        artifact=ArtifactInfo(**value["artifact"]),
        budget=int(value["budget"]),
        tokens=int(value["tokens"]),
        features=_features(value.get("features", [])),
    )


def _policy(value: Mapping[str, Any]) -> Policy:
    return Policy(
        **{
            **value,
            "show": Level(value["show"]),
            "fail_on": FailOn(value["fail_on"]),
            "fail_on_for": tuple(value["fail_on_for"]),
            "scope": Scope(value["scope"]),
            "gate_scope": Scope(value["gate_scope"]),
        }
    )


def _check_verdict(
    verdict: Verdict,
    policy: Policy,
    ledger: Ledger,
    files: tuple[FileReport, ...],
    change: ChangeLevel | None,
) -> None:
    """Refuse a verdict that the gate would not give for these lines.

    Older reports have no gate status. Limits by path and author are not applied again: matching
    untrusted patterns may take forever.
    """
    lines = [line for file in files for line in file.lines if isinstance(line.outcome, LineScore)]
    if lines and all(line.gate_status is None for line in lines):
        return
    over = sum(line.gate_status is GateStatus.ABOVE for line in lines)
    waiting = sum(line.gate_status is GateStatus.UNACKNOWLEDGED for line in lines)
    whole = bool(why_too_risky(change, policy.fail_on_change))
    answer = status_and_exit_code(policy, ledger, over, waiting, too_risky=whole)
    fits = (verdict.status, verdict.exit_code) == answer
    if not fits or not all(_is_possible(line, policy) for line in lines):
        raise Refused("its verdict does not fit its lines")


def _is_possible(line: LineReport, policy: Policy) -> bool:
    """Return True if a line can have its gate status; its risk and the limit were rounded."""
    score = line.outcome
    if line.gate_status is None or not isinstance(score, LineScore):
        return False
    can_be_asked = policy.ack_top > 0 and score.level >= Level.MEDIUM
    if line.gate_status is GateStatus.UNACKNOWLEDGED:
        return can_be_asked
    if policy.fail_on_for or (line.gate_status is GateStatus.NOT_COUNTED and can_be_asked):
        return True
    below, most = line.gate_status is GateStatus.BELOW, policy.max_risk
    slack = SLACK if below else -SLACK
    limit = Limit(policy.fail_on, None if most is None else most + slack)
    return limit.is_reached(score.level, score.risk) is not below


def _validate(value: object) -> None:
    from jsonschema import Draft202012Validator

    error = next(iter(Draft202012Validator(schema()).iter_errors(value)), None)
    if error is not None:
        place = "/".join(str(part) for part in error.absolute_path)[:100] or "its top"
        raise Refused(f"it does not match the schema at {place}")


def _features(values: list[Any]) -> tuple[FeatureEvidence, ...]:
    try:
        return tuple(map(evidence_from_json, values))
    except (ArithmeticError, ValueError) as exc:
        raise Refused("its evidence for a feature contradicts itself") from exc


def _findings(values: list[Any], files: tuple[FileReport, ...]) -> tuple[Finding, ...]:
    scores = {
        (file.path, line.outcome.line.number): line.outcome
        for file in files
        for line in file.lines
        if isinstance(line.outcome, LineScore)
    }
    found = []
    for value in values:
        path = value["path"]
        lines = tuple(scores[path, n] for n in value["lines"] if (path, n) in scores)
        numbers = [score.line.number for score in lines]
        fits = numbers and numbers == value["lines"] == sorted(set(numbers))
        if not fits or (value["start"], value["end"]) != (numbers[0], numbers[-1]):
            raise Refused("a finding does not fit its lines")
        reason = value["acknowledged"]
        finding = Finding(path, numbers[0], numbers[-1], 0.0, lines, value["fingerprint"], reason)
        if value["level"] != finding.level:
            raise Refused("the level of a finding does not fit its lines")
        found.append(replace(finding, risk=finding.worst.risk))
    return tuple(sorted(found, key=riskiest_first))


def _file(value: Mapping[str, Any], names: tuple[str, str | None]) -> FileReport:
    """Read a file; `names` are those of the artifact, and of that of the second reading."""
    path = value["path"]
    return FileReport(
        path,
        value["base_path"],
        FileKind(value["kind"]),
        value["language"],
        value["note"],
        value["removed"],
        tuple(
            LineReport(outcome_of(path, line, names), author_of(line["author"]), _gate_status(line))
            for line in value["lines"]
        ),
    )


def _gate_status(line: Mapping[str, Any]) -> GateStatus | None:
    return None if (value := line.get("standing")) is None else GateStatus(value)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _short(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError("so long a number")
    return int(digits)


def _no_constant(name: str) -> None:
    raise ValueError(name)
