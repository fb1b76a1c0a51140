"""Reads a report file, which may be untrusted: strict schema, bounds, and consistency checks.

`review --from-report` runs with a token on a report that a job without one wrote, perhaps for a
pull request from a fork. Levels and ledger are computed from the lines here. Gate status, findings
and verdict are read as the report states them; `app.post` judges the lines again.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reviewbot.authorship.model import Scope
from reviewbot.config.levels import FailOn, Level
from reviewbot.diff.model import FileKind
from reviewbot.errors import UsageError
from reviewbot.report.findings import Finding, riskiest_first
from reviewbot.report.gate import GateStatus, Policy, Status, Verdict
from reviewbot.report.json_change import change_of
from reviewbot.report.json_lines import Refused, author_of, outcome_of
from reviewbot.report.json_v1 import schema
from reviewbot.report.ledger import count
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
    deep = _deep(value["deep"], value["artifact"]["name"])
    names = (value["artifact"]["name"], deep.artifact.name if deep else None)
    files = tuple(_file(file, names) for file in value["files"])
    if len({file.path for file in files}) < len(files):
        raise Refused("it has a file twice")
    outcomes = [line.outcome for file in files for line in file.lines]
    policy = _policy(value["policy"])
    ledger = count(outcomes, value["ledger"]["unread_files"], policy.ack_top)
    status, code, reasons = (value["verdict"][key] for key in ("status", "exit_code", "reasons"))
    recent = RecentInfo(**value["recent"]) if value["recent"] else None
    if recent is None and any(isinstance(o, LineScore) and o.recent is not None for o in outcomes):
        raise Refused("it does not describe the lines that its own compare with")
    return Report(
        model=ModelInfo(**value["model"]),
        artifact=ArtifactInfo(**value["artifact"]),
        change=change_of(value["change"], files),
        policy=policy,
        verdict=Verdict(Status(status), code, tuple(reasons)),
        ledger=ledger,
        files=files,
        findings=_findings(value["findings"], files),
        notes=tuple(value["notes"]),
        features=_features(value["features"]),
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
        features=_features(value["features"]),
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
        found.append(replace(finding, risk=finding.worst.risk))
    return tuple(sorted(found, key=riskiest_first))


def _file(value: Mapping[str, Any], names: tuple[str, str | None]) -> FileReport:
    """Read a file; `names` are those of the artifact, and of that of the second reading."""
    path, numbers = value["path"], [line["number"] for line in value["lines"]]
    if numbers != sorted(set(numbers)):
        raise Refused("the lines of a file are not in order")
    return FileReport(
        path,
        value["base_path"],
        FileKind(value["kind"]),
        value["language"],
        value["note"],
        value["removed"],
        tuple(
            LineReport(
                outcome_of(path, line, names),
                author_of(line["author"]),
                GateStatus(line["standing"]) if line["standing"] else None,
            )
            for line in value["lines"]
        ),
    )


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
