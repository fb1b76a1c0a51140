"""The heat map: the places to look at, and every file of the change with its added lines."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from reviewbot.authorship.model import Author
from reviewbot.config.levels import Level
from reviewbot.escape import visible
from reviewbot.render.findings import FindingView, finding_views, status_words
from reviewbot.render.html_reasons import (
    EvidenceByFeature,
    author_words,
    reasons_in_full,
    reasons_in_short,
    short,
)
from reviewbot.render.phrasing import (
    author_kind,
    level_words,
    plural,
    sentence,
    short_percentile,
)
from reviewbot.report.model import FileReport, LineReport, Report, top_places
from reviewbot.scoring.outcomes import Failed, LineScore, Outcome, Skipped

MAX_ROWS = 20_000  # lines in the page: the riskiest and those that failed
MAX_FULL = 1_000  # lines that show all that is known of their reasons
MAX_CODE = 1_000  # characters of a line
MAX_CHARS = 5_000_000  # of all code
MAX_PATH = 300
ROWS_OF_TABLE = 100  # the browser lays out only the tables in sight
STEPS = 20  # of a bar
MIN_FOLDED = 3  # fewer lines take no more room than the words that would stand for them
_IMPORT = re.compile(  # the first words of a line that only brings names into a file
    r"\s*(?:import\b|from\s+\S+\s+import\b|#\s*include\b|(?:pub\s+)?use\s+[\w\\{:]"
    r"|using\s+(?:static\s+)?[\w.]+\s*;|require(?:_relative)?\b"
    r"|(?:const|let|var)\s[^=]+=\s*require\()"
)
LETTERS = {
    Author.AI: "A",
    Author.HUMAN: "H",
    Author.MIXED: "M",
    Author.AUTOMATION: "B",  # bot
    Author.UNKNOWN: "?",
}

Place = tuple[str, int]  # path and line number


@dataclass(frozen=True, slots=True)
class Places:
    """The places to look at: all findings, then those of the first `top` that are none."""

    views: tuple[FindingView, ...]
    findings: int  # how many of them are findings
    rank: Mapping[Place, int]  # of each of their lines, from 1
    worst: Mapping[Place, int]  # the rank of the riskiest line of each
    row: Mapping[Place, int]  # the number in the page of each line of the report, from 1
    line: Mapping[Place, LineReport]


def places_of(report: Report) -> Places:
    """Return the places of a report, and the numbers of its lines in the page."""
    every = (one for file in report.files for one in file.lines)
    line = {(one.outcome.line.path, one.outcome.line.number): one for one in every}
    row = {place: number for number, place in enumerate(line, start=1)}
    found = (*report.findings, *top_places(report, report.top)[len(report.findings) :])
    rank = {(f.path, s.line.number): n for n, f in enumerate(found, start=1) for s in f.lines}
    worst = {(f.path, f.worst.line.number): n for n, f in enumerate(found, start=1)}
    return Places(finding_views(report, found), len(report.findings), rank, worst, row, line)


def file_words(report: Report, places: Places, evidence: EvidenceByFeature) -> dict[str, Any]:
    """Return the files and the choices of the filters, by the names the template uses."""
    total = sum(len(file.lines) for file in report.files)
    kept = _kept(report, places) if total > MAX_ROWS else None
    width = max(80, min(MAX_CODE, MAX_CHARS // max(1, min(total, MAX_ROWS))))
    rows = _Rows(report, places, evidence, width)
    files, start = [], 1
    for number, file in enumerate(report.files, start=1):
        files.append(_file(number, file, start, kept, rows))
        start += len(file.lines)
    kinds = Counter(line.author.kind for file in report.files for line in file.lines)
    return {
        "files": files,
        "total": total,
        "left_out": total - len(kept) if kept is not None else 0,
        "kinds": [
            {"kind": k.value, "name": author_kind(k), "letter": LETTERS[k], "count": kinds[k]}
            for k in Author
            if kinds[k]
        ],
    }


def heat_of(score: LineScore) -> dict[str, Any]:
    """Return a line's percentile as the page shows it: a number, the length of a bar, its level.

    An unknown one has the longest bar and the strongest shade, so that nobody overlooks it.
    """
    own = score.own_percentile
    percentile = 100.0 if math.isnan(own) else min(max(own, 0.0), 100.0)
    return {
        "percentile": short_percentile(own),
        "step": math.floor(percentile / 100 * STEPS + 0.5),
        "shade": list(Level).index(score.level),
    }


def path_of(path: str) -> str:
    """Return a path; a long one is cut in the middle, because its end says most."""
    return path if len(path) <= MAX_PATH else f"{path[:80]}\N{HORIZONTAL ELLIPSIS}{path[-200:]}"


def code_of(text: str, most: int) -> tuple[str, int]:
    """Return a line as the page shows it, and how many characters are cut off."""
    code = text.removesuffix("\r")
    shown = visible(code[:most].expandtabs(4))[: 2 * most]
    return shown, max(0, len(code) - most)


def _kept(report: Report, places: Places) -> frozenset[int]:
    """Choose the lines for which there is room, by their numbers in the page."""
    lines = (line for file in report.files for line in file.lines)
    weights = [(-_weight(line.outcome, places), n) for n, line in enumerate(lines, start=1)]
    return frozenset(number for _, number in sorted(weights)[:MAX_ROWS])


def _weight(outcome: Outcome, places: Places) -> float:
    match outcome:
        case LineScore(line=line, own_percentile=percentile):
            place = line.path, line.number
            if place in places.worst:
                return 3_000.0
            finding = 0 < places.rank.get(place, 0) <= places.findings
            return 1_000.0 if finding or math.isnan(percentile) else percentile
        case Failed():
            return 2_000.0
        case Skipped(counts_as_unread=unread):
            return 50.0 if unread else -1.0


def _file(
    number: int, file: FileReport, start: int, kept: frozenset[int] | None, rows: "_Rows"
) -> dict[str, Any]:
    shown = [
        (row, line)
        for row, line in enumerate(file.lines, start=start)
        if kept is None or row in kept
    ]
    found = list(rows.of(shown))
    outcomes = [line.outcome for line in file.lines]
    skipped = all(isinstance(o, Skipped) and not o.counts_as_unread for o in outcomes)
    reasons = dict.fromkeys(o.why for _, line in shown if isinstance(o := line.outcome, Skipped))
    return {
        "number": number,
        "path": path_of(file.path),
        "base": path_of(file.base_path or ""),
        "about": ", ".join([file.kind.value, *([short(file.language)] if file.language else [])]),
        "note": short(file.note or "", 500),
        "added": len(file.lines),
        "removed": file.removed,
        "failed": sum(isinstance(outcome, Failed) for outcome in outcomes),
        "left_out": len(file.lines) - len(shown),
        "closed": short(", ".join(list(reasons)[:3])) if skipped else "",
        "tables": [
            _table(piece[at : at + ROWS_OF_TABLE], folded)
            for folded, piece in _pieces(found)
            for at in range(0, len(piece), ROWS_OF_TABLE)
        ],
    }


def _pieces(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[bool, Sequence[dict[str, Any]]]]:
    """Yield runs of rows, each with whether it is folded: imports and blank lines, at least three.

    What is a place to look at, or above the lowest level, stays open.
    """
    runs: list[tuple[bool, list[dict[str, Any]]]] = []
    for plain, group in groupby(rows, key=_is_plain):
        run = list(group)
        folded = plain and len(run) >= MIN_FOLDED
        if runs and runs[-1][0] is folded is False:
            runs[-1][1].extend(run)
        else:
            runs.append((folded, run))
    yield from runs


def _is_plain(row: Mapping[str, Any]) -> bool:
    if row["status"] == "gap":
        return False
    if row["status"] == "scored":
        return bool(not row["rank"] and not row["shade"] and _IMPORT.match(row["code"]))
    return row["status"] == "skipped" and not row["code"].strip()


def _table(rows: Sequence[Mapping[str, Any]], folded: bool) -> dict[str, Any]:
    numbers = [row["number"] for row in rows if row["status"] != "gap"] or [0]
    imports = sum(row["status"] == "scored" for row in rows) if folded else 0
    kinds = ((imports, "import"), (len(rows) - imports, "blank line"))
    words = " and ".join(plural(count, noun) for count, noun in kinds if count)
    return {
        "rows": rows,
        "first": numbers[0],
        "last": numbers[-1],
        "size": -(-len(rows) // 10),
        "folded": words if folded else "",
    }


class _Rows:
    """Makes the rows of tables; holds what all of them need."""

    def __init__(
        self, report: Report, places: Places, evidence: EvidenceByFeature, width: int
    ) -> None:
        self._report, self._places, self._evidence, self._width = report, places, evidence, width
        others = (place for place in places.rank if place not in places.worst)
        self._full = frozenset([*places.worst, *others][:MAX_FULL])

    def of(self, lines: Sequence[tuple[int, LineReport]]) -> Iterator[dict[str, Any]]:
        """Yield a row per line, and one per gap between lines that are not neighbours."""
        number_before, row_before, why_before = 0, None, ""
        for row, line in lines:
            outcome = line.outcome
            number = outcome.line.number
            missing = number - number_before - 1
            if missing > 0:
                words = plural(missing, "unchanged line")
                if row_before is not None and row - row_before > 1:
                    words = f"{plural(missing, 'line')} not shown: unchanged, or no room here"
                yield {"status": "gap", "words": words}
            why = "" if isinstance(outcome, LineScore) else outcome.why
            yield {**self._row(row, line), "again": why == why_before and missing <= 0}
            number_before, row_before, why_before = number, row, why

    def _row(self, row: int, line: LineReport) -> dict[str, Any]:
        outcome, author = line.outcome, line.author
        code, cut = code_of(outcome.line.text, self._width)
        words = {
            "row": row,
            "number": outcome.line.number,
            "code": code,
            "cut": plural(cut, "more character") if cut else "",
            "kind": author.kind.value,
            "letter": LETTERS[author.kind],
            "author": author_words(author),
        }
        match outcome:
            case LineScore():
                return words | {"status": "scored", **heat_of(outcome), **self._why(line, outcome)}
            case Skipped(why=why, counts_as_unread=unread):
                return words | {"status": "unread" if unread else "skipped", "why": short(why)}
            case Failed(why=why):
                return words | {"status": "failed", "why": short(why)}

    def _why(self, line: LineReport, score: LineScore) -> dict[str, Any]:
        place = score.line.path, score.line.number
        rank = self._places.rank.get(place, 0)
        status = status_words(line.gate_status, score)
        words, full = sentence(level_words(score, self._report.recent, status)), None
        if place in self._full:
            average = self._report.read_by(score).artifact.average
            full = reasons_in_full(score, line.author, self._evidence, average)
        else:
            words += f" {reasons_in_short(score)}."
        return {
            "rank": rank,
            "first": place in self._places.worst,
            "below": rank > self._places.findings,
            "full": full,
            "words": words,
        }
