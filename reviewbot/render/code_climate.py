"""GitLab's code quality report: a JSON array of Code Climate issues.

Known of its reader: it stops at the first invalid entry without a message; it keeps one entry per
fingerprint in the whole report and compares fingerprints between branches; it has no verdict.
"""

import hashlib
import json
from collections import Counter
from typing import Any

from reviewbot.config.levels import Level
from reviewbot.escape import valid
from reviewbot.render.findings import Severity
from reviewbot.render.issues import Issue, issues
from reviewbot.report.model import Report

SEVERITIES = {
    Level.CRITICAL: "critical",
    Level.HIGH: "major",
    Level.MEDIUM: "minor",
    Level.LOW: "info",
    None: "minor",  # not read
}


def code_climate(report: Report) -> str:
    """Return findings and unread lines as issues: ASCII; same report, same bytes."""
    seen: Counter[str] = Counter()
    entries = []
    for issue in issues(report):
        # Our key names a line by its text: two lines of a file can have the same.
        name = "\0".join((issue.rule, valid(issue.path), valid(issue.key)))
        seen[name] += 1
        digest = hashlib.sha256(f"{name}\0{seen[name]}".encode()).hexdigest()[:32]
        entries.append(_entry(issue, digest))
    return json.dumps(entries, indent=1, allow_nan=False) + "\n"


def _entry(issue: Issue, fingerprint: str) -> dict[str, Any]:
    lines = {"begin": issue.start or 1, "end": issue.end or 1}  # line 1 represents the whole file
    return {
        "type": "issue",
        "check_name": issue.rule,
        "description": issue.message,
        "categories": ["Bug Risk"],
        "severity": "blocker" if issue.severity is Severity.ERROR else SEVERITIES[issue.level],
        "fingerprint": fingerprint,
        "location": {"path": valid(issue.path), "lines": lines},
    }
