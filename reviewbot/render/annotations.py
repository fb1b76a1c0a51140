"""Findings as workflow commands: GitHub shows them beside the lines, without any token.

Ten warnings a step are shown; the rest would be dropped without a word, so the last one says how
many there are.
"""

from reviewbot.escape import visible
from reviewbot.render.authors import written_by
from reviewbot.render.flat import about
from reviewbot.render.ledger import verdict_word
from reviewbot.render.phrasing import plural
from reviewbot.render.severity import standing_words
from reviewbot.report.model import Report, authors_of

MOST = 10


def annotations(report: Report) -> str:
    """Return one `::warning ...` per finding, one `::notice ...` for an empty change.

    Nothing of a stranger ends a command early.
    """
    lines, standing, author = [], standing_words(report), authors_of(report)
    for finding in report.findings[:MOST]:
        text = about(finding, standing(finding), written_by(author(finding)))
        place = f"file={_property(finding.path)},line={finding.start},endLine={finding.end}"
        lines.append(f"::warning {place},title=reviewbot::{_data(text)}")
    hidden = len(report.findings) - MOST
    if hidden > 0:
        lines[-1] += _data(f" ({plural(hidden, 'more finding')} in the report)")
    if verdict_word(report) == "empty":
        lines.append(f"::notice title=reviewbot::{_data('; '.join(report.verdict.reasons))}")
    return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
