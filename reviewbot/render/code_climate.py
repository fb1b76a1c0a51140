"""GitLab's code quality report: a JSON array of Code Climate issues.

What we know of its reader: it stops at the first entry that is not valid, without a word; it keeps
one entry per fingerprint in the whole report, and compares fingerprints between two branches; it
has no place for a verdict.
"""

import hashlib
import json
from collections import Counter
from typing import Any

from reviewbot.escape import valid
from reviewbot.render.flat import Diagnostic, diagnostics
from reviewbot.render.severity import Severity
from reviewbot.report.model import Report

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor"}


def code_climate(report: Report) -> str:
    """Return findings, and what was not read, as issues: ASCII; same report, same bytes."""
    seen: Counter[str] = Counter()
    issues = []
    for one in diagnostics(report):
        # Ours names a line by what it says: in two files, or twice in one, it can be the same.
        name = "\0".join((one.rule, valid(one.path), valid(one.key)))
        seen[name] += 1
        digest = hashlib.sha256(f"{name}\0{seen[name]}".encode()).hexdigest()[:32]
        issues.append(_issue(one, digest))
    return json.dumps(issues, indent=1, allow_nan=False) + "\n"


def _issue(one: Diagnostic, fingerprint: str) -> dict[str, Any]:
    # Every issue has to have a line; the first one stands for the file.
    return {
        "type": "issue",
        "check_name": one.rule,
        "description": one.message,
        "categories": ["Bug Risk"],
        "severity": SEVERITIES[one.severity],
        "fingerprint": fingerprint,
        "location": {
            "path": valid(one.path),
            "lines": {"begin": one.start or 1, "end": one.end or 1},
        },
    }
