"""Reviewdog Diagnostic Format (rdjson): reviewdog carries it to GitLab, Gitea, Bitbucket, Gerrit.

What we know of its reader: it refuses a key that it does not know, so there is no place for the
verdict; it takes a range without columns as whole lines, both ends included; and it tells comments
apart by what they say, so a message has to stay the same as long as the finding does.
"""

import json
from typing import Any

from reviewbot.escape import valid
from reviewbot.render.flat import MAX_CHARS, RISKY, Diagnostic, diagnostics
from reviewbot.report.model import Report

ABOUT = "https://arxiv.org/abs/2504.14640"
# No page says why a line is risky. No number in it, either: comments go by what they say.
MORE = "; `reviewbot explain PATH:LINE` says more"


def rdjson(report: Report) -> str:
    """Return findings, and what was not read, as a DiagnosticResult: same report, same bytes.

    A finding that keeps the change from merging is an ERROR, so `-fail-level=error` answers as our
    exit code does.
    """
    value = {
        "source": {"name": "reviewbot", "url": ABOUT},
        "diagnostics": [_diagnostic(one) for one in diagnostics(report)],
    }
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def _diagnostic(one: Diagnostic) -> dict[str, Any]:
    location: dict[str, Any] = {"path": valid(one.path)}
    if one.start is not None:
        location["range"] = {"start": {"line": one.start}, "end": {"line": one.end}}
    return {
        "message": _message(one),
        "location": location,
        "severity": one.severity.value.upper(),
        "code": {"value": one.rule, "url": ABOUT},
    }


def _message(one: Diagnostic) -> str:
    return one.message[: MAX_CHARS - len(MORE)] + MORE if one.rule == RISKY else one.message
