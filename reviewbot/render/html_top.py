"""What stands above the fold: the verdict, what was read, the riskiest line, the next ones."""

import math
from typing import Any

from reviewbot.render.authors import totals_line
from reviewbot.render.html_files import code_of, heat_of, path_of
from reviewbot.render.html_reasons import Known, author_words, reason_of, short
from reviewbot.render.ledger import compared, files_not_read, ledger_line, verdict_word
from reviewbot.render.phrasing import in_brackets, place_words, plural, risk_words
from reviewbot.render.riskiest import Places
from reviewbot.report.findings import Finding
from reviewbot.report.gate import Status
from reviewbot.report.model import LineReport, Report
from reviewbot.scoring.outcomes import LineScore

CONTEXT = 2  # lines shown above and below the riskiest one, where the report has them
MAX_NEXT = 7  # places in the list that is always open
MAX_LISTED = 200  # in both lists
MAX_TEXTS = 50  # reasons, notes, remarks
MAX_CODE = 160  # characters of a line in a list
MARKS = {"pass": "\u2713", "block": "\u2715", "incomplete": "!"}


def top(report: Report, places: Places, known: Known) -> dict[str, Any]:
    """Return the words of the page's head, by the names the template uses."""
    ledger, verdict = report.ledger, report.verdict
    unread = ledger.failed + ledger.unread
    passed = verdict.status is Status.PASS
    word = verdict_word(report)
    gaps = bool(unread or ledger.unread_files or ledger.all_excluded)
    authors = (line.author for file in report.files for line in file.lines)
    listed = [_listed(place, one, places) for place, one in enumerate(places.found, start=1)]
    return {
        "verdict": {
            "word": word.upper(),
            "mark": "!" if gaps else MARKS.get(word, "\u2013"),
            # Green is for a change of which everything was read, whatever the policy allows.
            "looks": Status.INCOMPLETE.value if gaps and passed else word,
            "exit_code": verdict.exit_code,
            "reasons": [short(reason, 500) for reason in verdict.reasons[:MAX_TEXTS]],
        },
        "compared": short(compared(report)),
        "coverage": _coverage(report),
        "gaps": _gaps(report) if gaps else "",
        "ledger": short(ledger_line(report), 1_000),
        "authors": short(totals_line(authors), 500) if ledger.added else "",
        "unread": [short(text, 500) for text in files_not_read(report.files)],
        "notes": [short(text, 500) for text in report.notes[:MAX_TEXTS]],
        "more_notes": max(0, len(report.notes) - MAX_TEXTS),
        "model": short(f"{report.model.name} (layer {report.model.layer}, {report.model.dtype})"),
        "artifact": short(report.artifact.name),
        "findings": places.findings,
        "show_above": risk_words(report.report_threshold),
        "count": len(places.found),
        "first": _first(places.found[0], report, places, known) if places.found else None,
        "next": listed[1 : 1 + MAX_NEXT],
        "later": listed[1 + MAX_NEXT : MAX_LISTED],
        "unlisted": max(0, len(listed) - MAX_LISTED),
    }


def _coverage(report: Report) -> str:
    ledger = report.ledger
    should = ledger.scored + ledger.failed + ledger.unread
    if ledger.all_excluded:
        return "no line was read: the settings exclude all of them"
    if not should:
        return "git shows no line to be read" if ledger.unread_files else "no line had to be read"
    share = math.floor(1000 * ledger.coverage) / 10  # rounded down: 100 % is all of them
    lines = "lines that git shows" if ledger.unread_files else "lines to be read"
    return f"{ledger.scored:,} of {should:,} {lines} were read ({share:g} %)"


def _gaps(report: Report) -> str:
    ledger = report.ledger
    parts = []
    if ledger.failed:
        parts.append(f"{plural(ledger.failed, 'line')} could not be scored")
    if ledger.unread:
        parts.append(f"{plural(ledger.unread, 'line')} passed over for a limit")
    if ledger.unread_files:
        parts.append(f"{plural(ledger.unread_files, 'file')} of code that git calls binary")
    if ledger.all_excluded:
        parts.append("the settings exclude every line that would have been read")
    return "; ".join(parts)


def _first(finding: Finding, report: Report, places: Places, known: Known) -> dict[str, Any]:
    worst = finding.worst
    number = worst.line.number
    near = [(finding.path, n) for n in range(number - CONTEXT, number + CONTEXT + 1)]
    lines = [places.line[place] for place in near if place in places.line]
    author = places.line[finding.path, number].author
    reasons = [reason_of(reason, known) for reason in worst.reasons[:1]]
    return {
        **_listed(1, finding, places),
        "risk": f"{risk_words(worst.risk)}{in_brackets(places.gate_status(finding))}",
        "place": place_words(worst, report.recent),
        "by": author_words(author),
        "reason": reasons[0] if reasons else None,
        "rows": [_near(line, number) for line in lines],
    }


def _near(line: LineReport, worst: int) -> dict[str, Any]:
    outcome = line.outcome
    number = outcome.line.number
    code = short_code(outcome.line.text)
    heat = heat_of(outcome) if isinstance(outcome, LineScore) else {}
    return {"number": number, "code": code, "worst": number == worst, **heat}


def _listed(rank: int, finding: Finding, places: Places) -> dict[str, Any]:
    worst = finding.worst
    place = finding.path, worst.line.number
    return {
        "rank": rank,
        "row": places.row[place],
        "path": path_of(finding.path),
        "number": worst.line.number,
        "lines": "" if finding.start == finding.end else f"{finding.start}\u2013{finding.end}",
        "code": short_code(worst.line.text.strip()),
        "below": rank == places.findings + 1 > 1,
        "author": author_words(places.line[place].author),
        "odds": risk_words(worst.risk),
        "standing": places.gate_status(finding),
        **heat_of(worst),
    }


def short_code(text: str) -> str:
    """Return a line of code for a list."""
    return code_of(text, MAX_CODE)[0]
