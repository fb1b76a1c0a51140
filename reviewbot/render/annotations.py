"""Findings as workflow commands: GitHub shows them beside the lines, without a token.

GitHub shows ten warnings of a step and drops the rest, so the last one counts what is missing.
"""

from reviewbot.escape import inert, visible
from reviewbot.render.findings import finding_views, place_views
from reviewbot.render.issues import finding_message
from reviewbot.render.ledger import verdict_word
from reviewbot.render.phrasing import below_shown, none_shown, plural, short_percentile
from reviewbot.report.gate import Status
from reviewbot.report.model import Report

MAX_WARNINGS = 10
MAX_CHARS = 4_000  # of the places in a notice


def annotations(report: Report) -> str:
    """Return one `::warning ...` per finding, one `::notice ...` for an empty change.

    A change that passes has one `::notice` with the places to read first that are no findings.
    Untrusted text cannot end a command early.
    """
    lines = []
    for view in finding_views(report, report.findings[:MAX_WARNINGS]):
        finding = view.finding
        place = f"file={_property(finding.path)},line={finding.start},endLine={finding.end}"
        lines.append(f"::warning {place},title=reviewbot::{_data(finding_message(view))}")
    hidden = len(report.findings) - MAX_WARNINGS
    if hidden > 0:
        lines[-1] += _data(f" ({plural(hidden, 'more finding')} in the report)")
    if verdict_word(report) == "empty":
        lines.append(f"::notice title=reviewbot::{_data('; '.join(report.verdict.reasons))}")
    if report.verdict.status is Status.PASS and (places := _below(report)):
        lines.append(f"::notice title=reviewbot::{_data(places)[:MAX_CHARS]}")
    return "".join(f"{line}\n" for line in lines)


def _below(report: Report) -> str:
    """Return the places to read first that are no findings, in a line; "" without."""
    show, found = report.policy.show, len(report.findings)
    places = ", ".join(
        f"{visible(view.finding.path)}:{view.numbers} ({view.level},"
        f" {short_percentile(view.finding.worst.own_percentile)})"
        for view in place_views(report)[found:]
    )
    words = below_shown(show) if found else f"{none_shown(show)}; look first at"
    return inert(f"{words}: {places}") if places else ""


def _data(text: str) -> str:
    return visible(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
