"""The report for other programs, "reviewbot/1": our own fields may change, this format may not.

`schemas/report_v1.json` is its schema, docs/formats.md explains the keys; `json_reader` reads it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from importlib import resources
from typing import Any

from reviewbot.report.findings import Finding
from reviewbot.report.gate import Policy
from reviewbot.report.json_change import whole_json
from reviewbot.report.json_values import (
    artifact_json,
    author_json,
    change_json,
    clean,
    expectation_json,
    number,
    totals_json,
)
from reviewbot.report.ledger import Ledger
from reviewbot.report.model import DeepReading, FileReport, LineReport, Report
from reviewbot.scoring.feature_evidence import evidence_to_json
from reviewbot.scoring.outcomes import LineScore, Outcome, Reason, Skipped

SCHEMA = "reviewbot/1"
MAX_CHARS = 10_000  # of one line's text; the rest is cut off
MAX_NOTES, MAX_NOTE, MAX_LABEL = 1_000, 20_000, 1_000  # as in the schema


def json_v1(report: Report) -> str:
    """Return the report as JSON: ASCII only, same report, same bytes, one newline at the end.

    Every key is always present, null if it has no value. Numbers are rounded; a number that is not
    finite is null. Bytes of the change that were not UTF-8 become U+FFFD.
    """
    value = {
        "schema": SCHEMA,
        "model": asdict(report.model),
        "artifact": artifact_json(report.artifact),
        "change": change_json(report.change) | whole_json(report.change),
        "policy": _policy(report.policy),
        "verdict": {
            "status": report.verdict.status.value,
            "exit_code": report.verdict.exit_code,
            "reasons": report.verdict.reasons,
        },
        "ledger": _ledger(report.ledger),
        "authors": totals_json(line.author for file in report.files for line in file.lines),
        "files": [_file(file, report) for file in report.files],
        "findings": [_finding(finding) for finding in report.findings],
        "notes": _notes(report.notes),
        "features": [evidence_to_json(evidence) for evidence in report.features],
        "recent": None if report.recent is None else asdict(report.recent),
        "deep": _deep(report.deep),
    }
    return json.dumps(clean(value), indent=1, allow_nan=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what `json_v1` writes."""
    file = resources.files("reviewbot") / "schemas" / "report_v1.json"
    value: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return value


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "show": policy.show.value,
        "fail_on": policy.fail_on.value,
        "fail_on_for": policy.fail_on_for,
        "max_risk": number(policy.max_risk, 6),
        "fail_on_change": number(policy.fail_on_change, 6),
        "max_lines_over": policy.max_lines_over,
        "min_coverage": policy.min_coverage,  # not rounded: the verdict is checked against it
        "min_lines": policy.min_lines,
        "ack_top": policy.ack_top,
        "scope": policy.scope.value,
        "gate_scope": policy.gate_scope.value,
    }


def _deep(deep: DeepReading | None) -> dict[str, Any] | None:
    if deep is None:
        return None
    return {
        "model": asdict(deep.model),
        "artifact": artifact_json(deep.artifact),
        "budget": deep.budget,
        "tokens": deep.tokens,
        "features": [evidence_to_json(evidence) for evidence in deep.features],
    }


def _ledger(ledger: Ledger) -> dict[str, Any]:
    counts = ("added", "scored", "skipped", "failed", "unread", "unread_files", "deep")
    return {
        **{name: getattr(ledger, name) for name in counts},
        "coverage": number(ledger.coverage, 6),
        "by_reason": dict(sorted(ledger.by_reason.items())),
    }


def _file(file: FileReport, report: Report) -> dict[str, Any]:
    return {
        "path": file.path,
        "base_path": file.base_path,
        "kind": file.kind.value,
        "language": file.language,
        "note": file.note,
        "removed": file.removed,
        "lines": [_line(line, report) for line in file.lines],
    }


def _line(line: LineReport, report: Report) -> dict[str, Any]:
    outcome = line.outcome
    read_by = report.read_by(outcome) if isinstance(outcome, LineScore) else None
    return {
        "number": outcome.line.number,
        "text": outcome.line.text[:MAX_CHARS],
        **_outcome(outcome),
        "scored_by": read_by.artifact.name if read_by else None,
        "author": author_json(line.author),
        "standing": None if line.gate_status is None else line.gate_status.value,
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if not isinstance(outcome, LineScore):
        return {
            "status": "skipped" if isinstance(outcome, Skipped) else "failed",
            "why": outcome.why,
            "level": None,
            "risk": None,
            "percentile": None,
            "surprisal": None,
            "reasons": [],
            "expectations": [],
            "rest": None,
            "recent": None,
        }
    return {
        "status": "scored",
        "why": None,
        "level": outcome.level.value,
        "risk": number(outcome.risk, 6),
        "percentile": number(outcome.percentile, 2),
        "surprisal": number(outcome.surprisal, 4),
        "reasons": [_reason(reason) for reason in outcome.reasons],
        "expectations": [expectation_json(one) for one in outcome.expectations],
        "rest": number(outcome.rest, 4),
        "recent": number(outcome.recent, 2),
    }


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "feature": reason.feature,
        "label": reason.label[:MAX_LABEL],
        "contribution": number(reason.contribution, 4),
        "activation": number(reason.activation, 4),
    }


def _notes(notes: Sequence[str]) -> list[str]:
    """Return the notes, bounded: a large change has at least one per commit."""
    kept = notes if len(notes) <= MAX_NOTES else notes[: MAX_NOTES - 1]
    more = [f"{len(notes) - len(kept)} more notes"] if len(kept) < len(notes) else []
    return [*(note[:MAX_NOTE] for note in kept), *more]


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "path": finding.path,
        "start": finding.start,
        "end": finding.end,
        "level": finding.level.value,
        "risk": number(finding.risk, 6),
        "fingerprint": finding.fingerprint,
        "acknowledged": finding.acknowledged,
        "lines": [score.line.number for score in finding.lines],
    }
