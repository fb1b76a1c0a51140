"""SARIF 2.1.0 for GitHub's code scanning and other readers.

Known of GitHub's ingestion: rules need a full description and a help text; a result appears on a
pull request only if all its lines are in the diff; 5,000 results are kept, identified by
`primaryLocationLineHash`; `security-severity` would make security alerts; the level "error" fails
a check of its own. So a result is an "error" exactly if it blocks; another finding is a "warning",
and a place to read first that is no finding a "note". Unread lines are no results; they are in the
invocation, with the verdict.
"""

import json
import math
from typing import Any

from reviewbot import __version__
from reviewbot.escape import valid, visible
from reviewbot.render.findings import FindingView, finding_views, place_views
from reviewbot.render.issues import ABOUT, MAX_CHARS, RISKY, finding_message, unread
from reviewbot.render.links import uri
from reviewbot.render.phrasing import sentence
from reviewbot.report.findings import Finding
from reviewbot.report.gate import Status
from reviewbot.report.json_values import number
from reviewbot.report.model import Report

MAX_RESULTS = 5_000
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
DRIVER = {
    "name": "reviewbot",
    "semanticVersion": __version__,
    "informationUri": ABOUT,
    "rules": [
        {
            "id": RISKY,
            "helpUri": ABOUT,
            "name": "RiskyLine",
            "shortDescription": {"text": "A changed line that nobody should merge unread."},
            "fullDescription": {
                "text": "A code model's internal states resemble those on lines that were"
                " corrected later. It is a pointer for where to look first, not a verdict."
            },
            "help": {
                "text": "Read the lines. If they are right, say so; if not, correct them. The"
                " level says how rare so risky a line is: critical 1 in 500 changed lines, high 1"
                " in 100, medium 1 in 20. The risk is the calibrated probability that a later fix"
                " corrects the line."
                " `reviewbot explain PATH:LINE` says what makes a line risky."
            },
            "defaultConfiguration": {"level": "warning"},
            "properties": {"problem.severity": "warning", "precision": "low"},
        }
    ],
}


def sarif(report: Report) -> str:
    """Return the findings as SARIF: same report, same bytes."""
    run = {
        "tool": {"driver": DRIVER},
        "automationDetails": {"id": "reviewbot/"},
        "columnKind": "utf16CodeUnits",
        "invocations": [_invocation(report)],
        "results": _results(report),
        "properties": {
            "verdict": report.verdict.status.value,
            "coverage": round(report.ledger.coverage, 6),
            "model": valid(report.model.name),
            "artifact": valid(report.artifact.name),
            **_deep(report),
        },
    }
    value = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def _deep(report: Report) -> dict[str, Any]:
    """Return what `auto` read deep, as properties; empty without."""
    if (deep := report.deep) is None:
        return {}
    return {
        "deepModel": valid(deep.model.name),
        "deepArtifact": valid(deep.artifact.name),
        "deepLines": report.ledger.deep,
        "deepTokens": deep.tokens,
        "deepBudget": deep.budget,
    }


def _invocation(report: Report) -> dict[str, Any]:
    verdict = report.verdict
    return {
        "executionSuccessful": verdict.status is not Status.INCOMPLETE,
        "exitCode": verdict.exit_code,
        "exitCodeDescription": "; ".join(map(visible, verdict.reasons))[:MAX_CHARS],
        "toolExecutionNotifications": [
            {
                "level": issue.severity.value,
                "message": {"text": f"{issue.message}."},
                "locations": [_location(issue.path, issue.start, issue.end)],
            }
            for issue in unread(report)[:MAX_RESULTS]
        ],
    }


def _location(path: str, start: int | None, end: int | None) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": uri(path)}}
    if start is not None:
        place["region"] = {"startLine": start, "endLine": end}
    return {"physicalLocation": place}


def _results(report: Report) -> list[dict[str, Any]]:
    findings = finding_views(report, report.findings[:MAX_RESULTS])
    found = [_result(view, view.severity.value) for view in findings]
    places = place_views(report)[len(report.findings) :]
    return [*found, *(_result(view, "note") for view in places)]


def _result(view: FindingView, level: str) -> dict[str, Any]:
    finding = view.finding
    percentile = finding.worst.own_percentile
    return {
        "ruleId": RISKY,
        "ruleIndex": 0,
        "level": level,
        "message": {"text": sentence(finding_message(view)[: MAX_CHARS - 1])},
        "locations": [_location(finding.path, finding.start, finding.end)],
        "partialFingerprints": {"primaryLocationLineHash": finding.fingerprint},
        "rank": 100.0 if math.isnan(percentile) else percentile,
        "suppressions": _suppressions(finding),
        "properties": {"level": view.level.value, "risk": number(finding.risk, 6)},
    }


def _suppressions(finding: Finding) -> list[dict[str, str]]:
    """Return the acknowledgement of a finding. SARIF 3.27.23: all results have a list, or none."""
    reason = finding.acknowledged
    if reason is None:
        return []
    justification = visible(" ".join(reason.split()))[:MAX_CHARS]
    return [{"kind": "external", "status": "accepted", "justification": justification}]
