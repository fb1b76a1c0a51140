"""One line per issue as gcc prints warnings: the format that editors read.

`path:line:column: severity: message [rule]`. vim, Emacs and VS Code each find the parts with their
own pattern. So untrusted text must not look like a place ("x.py:1:2: error:"), quote a name
('"x.py" 5:') or be a command to a CI runner. A sign that could is replaced by its code; an editor
then does not open that file.
"""

import re

from reviewbot.escape import inert, visible
from reviewbot.render.issues import Issue, issues
from reviewbot.render.ledger import verdict_word
from reviewbot.report.model import Report

# A colon beside a digit, before a blank, another colon or the end; other signs that split a place.
_IN_PATH = re.compile(r'(?<=[\d:]):|:(?=[\d\s:]|$)|^ +| +$|"|\|')
# In such a name Emacs finds words ("tool: ", "In file included from "); "./" prevents that.
_ODD = re.compile(r"[ :]|^[^\w.]")
_IN_TEXT = re.compile(r'(?<=[\d:)]):|:(?=[\d:])|"|\|')


def gcc(report: Report) -> str:
    """Return one line per issue, then the verdict: same report, same bytes.

    The last line names no place, so editors ignore it; people read it in the log.
    """
    lines = [_line(issue) for issue in issues(report)]
    verdict = report.verdict
    reasons = _encoded(_IN_TEXT, "; ".join(map(visible, verdict.reasons)))
    lines.append(f"reviewbot: {verdict_word(report)} (exit {verdict.exit_code}), {reasons}")
    return "".join(f"{inert(line)}\n" for line in lines)


def _line(issue: Issue) -> str:
    path = _encoded(_IN_PATH, visible(issue.path))
    path = f"./{path}" if _ODD.search(path) else path
    text = _encoded(_IN_TEXT, issue.message)
    start, end = issue.start or 1, issue.end or 1
    more = f"; lines {start}-{end}" if end > start else ""
    return f"{path}:{issue.worst or 1}:1: {issue.severity.value}: {text}{more} [{issue.rule}]"


def _encoded(signs: re.Pattern[str], text: str) -> str:
    return signs.sub(lambda match: "".join(f"<U+{ord(sign):04X}>" for sign in match[0]), text)
