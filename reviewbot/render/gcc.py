"""One line per finding as gcc prints warnings: what editors read.

`path:line:column: severity: message [rule]`. vim, Emacs and VS Code find the parts by pattern, and
each by its own. So nothing of a stranger may look like a place ("x.py:1:2: error:"), quote a name
('"x.py" 5:') or be what a CI runner obeys. A sign that could is shown by its code, as `visible`
does with what cannot be seen; a file with such a name is then not opened.
"""

import re

from reviewbot.escape import inert, visible
from reviewbot.render.flat import Diagnostic, diagnostics
from reviewbot.render.ledger import verdict_word
from reviewbot.report.model import Report

# A colon beside a digit, before a blank, another colon or the end; what else parts a place.
_IN_PATH = re.compile(r'(?<=[\d:]):|:(?=[\d\s:]|$)|^ +| +$|"|\|')
# In such a name Emacs would find words ("tool: ", "In file included from "); "./" keeps it whole.
_ODD = re.compile(r"[ :]|^[^\w.]")
_IN_TEXT = re.compile(r'(?<=[\d:)]):|:(?=[\d:])|"|\|')


def gcc(report: Report) -> str:
    """Return a line per finding and per stretch that was not read, and the verdict as the last.

    The last line names no place, so editors pass over it: it is for who reads the log. The same
    report gives the same bytes.
    """
    lines = [_line(one) for one in diagnostics(report)]
    verdict = report.verdict
    reasons = _marked(_IN_TEXT, "; ".join(map(visible, verdict.reasons)))
    lines.append(f"reviewbot: {verdict_word(report)} (exit {verdict.exit_code}), {reasons}")
    return "".join(f"{inert(line)}\n" for line in lines)


def _line(one: Diagnostic) -> str:
    path, text = _marked(_IN_PATH, visible(one.path)), _marked(_IN_TEXT, one.message)
    path = f"./{path}" if _ODD.search(path) else path
    start, end = one.start or 1, one.end or 1
    more = f"; lines {start}-{end}" if end > start else ""
    return f"{path}:{one.worst or 1}:1: {one.severity.value}: {text}{more} [{one.rule}]"


def _marked(signs: re.Pattern[str], text: str) -> str:
    return signs.sub(lambda found: "".join(f"<U+{ord(sign):04X}>" for sign in found[0]), text)
