"""Reviewdog Diagnostic Format (rdjson): reviewdog posts it to GitLab, Gitea, Bitbucket and Gerrit.

Known of its reader: it refuses unknown keys, so there is no place for the verdict; a range without
columns means whole lines, both ends included; it identifies a comment by its text, so the message
must not change while the finding stays.
"""

import json
from typing import Any

from reviewbot.escape import valid
from reviewbot.render.issues import ABOUT, MAX_CHARS, RISKY, Issue, issues
from reviewbot.report.model import Report

MORE = "; `reviewbot explain PATH:LINE` says more"  # no line number: see above


def rdjson(report: Report) -> str:
    """Return findings and unread lines as a DiagnosticResult: same report, same bytes.

    A finding that keeps the change from merging is an ERROR, so `-fail-level=error` fails exactly
    where our exit code does.
    """
    value = {
        "source": {"name": "reviewbot", "url": ABOUT},
        "diagnostics": [_diagnostic(issue) for issue in issues(report)],
    }
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def _diagnostic(issue: Issue) -> dict[str, Any]:
    location: dict[str, Any] = {"path": valid(issue.path)}
    if issue.start is not None:
        location["range"] = {"start": {"line": issue.start}, "end": {"line": issue.end}}
    risky = issue.rule == RISKY
    return {
        "message": issue.message[: MAX_CHARS - len(MORE)] + MORE if risky else issue.message,
        "location": location,
        "severity": issue.severity.value.upper(),
        "code": {"value": issue.rule, "url": ABOUT},
    }
