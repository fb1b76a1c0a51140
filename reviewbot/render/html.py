"""The report as one page for a browser: it loads nothing, and untrusted text cannot act.

`templates/report.html.j2` lays it out and contains `report.css` and `report.js`. Three walls
protect the reader from untrusted text: every printed value is made visible and escaped; a content
security policy allows only our style and script, by their hashes; the script never makes HTML of
text. This module renders the page's head; `html_lines` the heat map, `html_reasons` the reasons.
"""

import math
from typing import Any

from reviewbot.config.levels import LEAST, Level
from reviewbot.render.html_lines import Places, code_of, file_words, heat_of, path_of, places_of
from reviewbot.render.html_reasons import (
    EvidenceByFeature,
    author_words,
    expectation_words,
    feature_words,
    number_evidence,
    reason_words,
    short,
)
from reviewbot.render.jinja import html_page
from reviewbot.render.ledger import (
    compared,
    deep_line,
    files_not_read,
    ledger_line,
    verdict_word,
)
from reviewbot.render.phrasing import (
    artifact_names,
    in_brackets,
    levels_by,
    none_shown,
    plural,
    risk_words,
    sentence,
    totals_line,
)
from reviewbot.report.change_level import change_words
from reviewbot.report.gate import Status
from reviewbot.report.model import LineReport, Report
from reviewbot.scoring.outcomes import LineScore

CONTEXT = 2  # lines shown above and below the riskiest one, where the report has them
MAX_LISTED = 200  # in both lists
MAX_TEXTS = 50  # reasons, notes
MAX_CODE = 160  # characters of a line in a list
MARKS = {"pass": "\u2713", "block": "\u2715", "incomplete": "!"}


def html(report: Report) -> str:
    """Return the page: same report, same bytes; ASCII only, so that no encoding can damage it."""
    places, evidence = places_of(report), number_evidence(report)
    text = html_page(
        "report",
        **_head(report, places, evidence),
        **file_words(report, places, evidence),
        features=feature_words(evidence),
    )
    return text.encode("ascii", "xmlcharrefreplace").decode()


def _head(report: Report, places: Places, evidence: EvidenceByFeature) -> dict[str, Any]:
    verdict = report.verdict
    word = verdict_word(report)
    gaps = _gaps(report)
    authors = (line.author for file in report.files for line in file.lines)
    listed = [_listed(rank, places) for rank in range(1, len(places.views) + 1)]
    incomplete = gaps and verdict.status is Status.PASS
    return {
        "verdict": {
            "word": word.upper(),
            "mark": "!" if gaps else MARKS.get(word, "\u2013"),
            # Green means that everything was read, whatever the policy allows.
            "looks": Status.INCOMPLETE.value if incomplete else word,
            "exit_code": verdict.exit_code,
            "reasons": [short(reason, 500) for reason in verdict.reasons[:MAX_TEXTS]],
        },
        "compared": short(compared(report)),
        "about": short(_about(report), 500),
        "scored": report.ledger.scored,
        "change": sentence(change_words(report.change.level)) if report.change.level else "",
        "coverage": _coverage(report),
        "gaps": gaps,
        "ledger": short(ledger_line(report), 1_000),
        "authors": short(totals_line(authors), 500) if report.ledger.added else "",
        "unread": [short(text, 500) for text in files_not_read(report.files)],
        "notes": [short(text, 500) for text in report.notes[:MAX_TEXTS]],
        "more_notes": max(0, len(report.notes) - MAX_TEXTS),
        "model": short(f"{report.model.name} (layer {report.model.layer}, {report.model.dtype})"),
        "artifact": short(artifact_names(report)),
        "by": levels_by(report),
        "deep": short(deep_line(report), 500),
        "findings": places.findings,
        "none_shown": none_shown(report.policy.show),
        "show": report.policy.show.value,
        "levels": [(level.value, f"{LEAST[level]:g}") for level in Level if LEAST[level]],
        "count": len(listed),
        "first": _first(places, evidence) if listed and report.top else None,
        "next": listed[1 : report.top][:MAX_LISTED],
        "later": listed[max(1, report.top) : MAX_LISTED],
        "unlisted": max(0, len(listed) - MAX_LISTED),
    }


def _about(report: Report) -> str:
    """Return repository, range and date: "github.com/o/n, from 1a2b3c to 4d5e6f, committed ..."."""
    change = report.change
    repository = change.repository.partition("://")[2] or change.name
    date = f"committed on {change.date}" if change.date else ""
    return ", ".join(filter(None, [repository, compared(report), date]))


def _coverage(report: Report) -> str:
    ledger = report.ledger
    should = ledger.scored + ledger.failed + ledger.unread
    if ledger.all_withheld:
        return "no line was read: the settings or rules skip all of them"
    if not should:
        return "git shows no line to read" if ledger.unread_files else "no line had to be read"
    share = math.floor(1000 * ledger.coverage) / 10  # rounded down: 100 % means all of them
    lines = "lines that git shows" if ledger.unread_files else "lines to read"
    return f"{ledger.scored:,} of {should:,} {lines} were read ({share:g} %)"


def _gaps(report: Report) -> str:
    ledger = report.ledger
    parts = []
    if ledger.failed:
        parts.append(f"{plural(ledger.failed, 'line')} could not be scored")
    if ledger.unread:
        parts.append(f"{plural(ledger.unread, 'line')} skipped because of a limit")
    if ledger.unread_files:
        parts.append(f"{plural(ledger.unread_files, 'code file')} that git calls binary")
    if ledger.all_withheld:
        parts.append("settings or rules skip every line that could have been read")
    return "; ".join(parts)


def _first(places: Places, evidence: EvidenceByFeature) -> dict[str, Any]:
    view = places.views[0]
    worst = view.finding.worst
    number = worst.line.number
    near = [(worst.line.path, n) for n in range(number - CONTEXT, number + CONTEXT + 1)]
    return {
        **_listed(1, places),
        "place": "; ".join(filter(None, [view.place, view.acknowledged])),
        "by": author_words(places.line[worst.line.path, number].author),
        "expectations": [expectation_words(one) for one in worst.expectations],
        "reason": reason_words(worst.reasons[0], evidence, deep=worst.deep)
        if worst.reasons
        else None,
        "rows": [_near(places.line[place], number) for place in near if place in places.line],
    }


def _near(line: LineReport, worst: int) -> dict[str, Any]:
    outcome = line.outcome
    number = outcome.line.number
    code, _ = code_of(outcome.line.text, MAX_CODE)
    heat = heat_of(outcome) if isinstance(outcome, LineScore) else {}
    return {"number": number, "code": code, "worst": number == worst, **heat}


def _listed(rank: int, places: Places) -> dict[str, Any]:
    view = places.views[rank - 1]
    worst = view.finding.worst
    place = worst.line.path, worst.line.number
    code, _ = code_of(worst.line.text.strip(), MAX_CODE)
    return {
        "rank": rank,
        "row": places.row[place],
        "path": path_of(worst.line.path),
        "number": worst.line.number,
        "code": code,
        "below": rank == places.findings + 1 > 1,
        "author": author_words(places.line[place].author),
        "level": view.level.value,
        "status": in_brackets("; ".join(filter(None, [view.status, view.acknowledged]))),
        "risk": risk_words(view.finding.risk),
        **heat_of(worst),
    }
