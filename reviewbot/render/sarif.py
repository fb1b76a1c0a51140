"""SARIF 2.1.0 for GitHub's code scanning and for whatever else reads it.

What we know of GitHub's ingestion: rules need a full description and a help text; it shows a result
on a pull request only where all its lines are in the diff; it keeps 5,000 results and tells them
apart by `primaryLocationLineHash`; `security-severity` would make security alerts of ours. It fails
a check of its own at the level "error": we give none, since our exit code is the gate. What was not
read is no result; it stands in the invocation, with the verdict.
"""

import json
from typing import Any
from urllib.parse import quote

from reviewbot import __version__
from reviewbot.authorship.model import Attribution
from reviewbot.diff.paths import encode_path
from reviewbot.escape import valid, visible
from reviewbot.render.authors import written_by
from reviewbot.render.flat import about, unread
from reviewbot.render.phrasing import sentence
from reviewbot.render.severity import standing_words
from reviewbot.report.findings import Finding
from reviewbot.report.gate import Status
from reviewbot.report.model import Report, authors_of

RULE = "risky-line"
MAX_RESULTS = 5_000
MAX_CHARS = 1_000  # of one message
ABOUT = "https://arxiv.org/abs/2504.14640"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(report: Report) -> str:
    """Return the findings as SARIF: same report, same bytes."""
    standing, author = standing_words(report), authors_of(report)
    value = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver()},
                "automationDetails": {"id": "reviewbot/"},
                "columnKind": "utf16CodeUnits",
                "invocations": [_invocation(report)],
                "results": [
                    _result(finding, standing(finding), author(finding))
                    for finding in report.findings[:MAX_RESULTS]
                ],
                "properties": {
                    "verdict": report.verdict.status.value,
                    "coverage": round(report.ledger.coverage, 6),
                    "model": valid(report.model.name),
                    "artifact": valid(report.artifact.name),
                },
            }
        ],
    }
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def _invocation(report: Report) -> dict[str, Any]:
    verdict = report.verdict
    return {
        "executionSuccessful": verdict.status is not Status.INCOMPLETE,
        "exitCode": verdict.exit_code,
        "exitCodeDescription": "; ".join(map(visible, verdict.reasons))[:MAX_CHARS],
        "toolExecutionNotifications": [
            {
                "level": one.severity.value,
                "message": {"text": f"{one.message}."},
                "locations": [_location(one.path, one.start, one.end)],
            }
            for one in unread(report)[:MAX_RESULTS]
        ],
    }


def _location(path: str, start: int | None, end: int | None) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(encode_path(valid(path)))}}
    if start is not None:
        place["region"] = {"startLine": start, "endLine": end}
    return {"physicalLocation": place}


def _driver() -> dict[str, Any]:
    return {
        "name": "reviewbot",
        "semanticVersion": __version__,
        "informationUri": ABOUT,
        "rules": [
            {
                "id": RULE,
                "name": "RiskyLine",
                "shortDescription": {"text": "A changed line that nobody should merge unread."},
                "fullDescription": {
                    "text": "A code model's internal states resemble those on lines that were"
                    " corrected later. It is a pointer for where to look first, not a verdict."
                },
                "help": {
                    "text": "Read the lines. If they are right, say so; if not, correct them. The"
                    " risk is the calibrated probability that a later fix changes the line."
                    " `reviewbot explain PATH:LINE` says what makes a line risky."
                },
                "defaultConfiguration": {"level": "warning"},
                "properties": {"problem.severity": "warning", "precision": "low"},
            }
        ],
    }


def _result(finding: Finding, standing: str, author: Attribution | None) -> dict[str, Any]:
    text = about(finding, standing, written_by(author))
    risk = finding.risk if finding.risk == finding.risk else 1.0  # NaN
    return {
        "ruleId": RULE,
        "ruleIndex": 0,
        "level": "warning",
        "message": {"text": sentence(text[: MAX_CHARS - 1])},
        "locations": [_location(finding.path, finding.start, finding.end)],
        "partialFingerprints": {"primaryLocationLineHash": finding.fingerprint},
        "rank": round(min(100.0, max(0.0, 100 * risk)), 2),
    }
