"""The heat map: every file of the change with its added lines, as `report.html.j2` prints them."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from reviewbot.authorship.model import Author
from reviewbot.escape import visible
from reviewbot.render.html_reasons import (
    LETTERS,
    NAMES,
    Known,
    author_words,
    short,
    why_full,
    why_short,
)
from reviewbot.render.phrasing import (
    in_brackets,
    place_words,
    plural,
    risk_words,
    sentence,
    short_percentile,
)
from reviewbot.render.riskiest import Places
from reviewbot.render.severity import words_of
from reviewbot.report.model import FileReport, LineReport, Report
from reviewbot.scoring.outcomes import Failed, LineScore, Outcome, Skipped

MAX_ROWS = 20_000  # lines in the page; of more, the riskiest and what failed
MAX_FULL = 1_000  # lines of places to look at that show all that is known of their reasons
MAX_CODE = 1_000  # characters of a line
MAX_CHARS = 5_000_000  # of all code
MAX_PATH = 300
PIECE = 100  # lines of a table: the browser lays out only the tables in sight
STEPS = 20  # of a bar
SHADES = (80.0, 95.0, 99.0)  # as the terminal's


def files_of(report: Report, places: Places, known: Known) -> dict[str, Any]:
    """Return the files, and what the filters offer, by the names the template uses."""
    total = sum(len(file.lines) for file in report.files)
    kept = _kept(report, places) if total > MAX_ROWS else None
    width = max(80, min(MAX_CODE, MAX_CHARS // max(1, min(total, MAX_ROWS))))
    rows = _Rows(report, places, known, width)
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
            {"kind": k.value, "name": _kind(k), "letter": LETTERS[k], "count": kinds[k]}
            for k in Author
            if kinds[k]
        ],
    }


def heat_of(score: LineScore) -> dict[str, Any]:
    """Return a line's percentile as it is shown: a number, the length of a bar, a shade.

    What is unknown has the longest bar and the strongest shade: nobody must pass over it.
    """
    known = not math.isnan(score.percentile)
    percentile = min(max(score.percentile, 0.0), 100.0) if known else 100.0
    return {
        "percentile": short_percentile(score.percentile),
        "step": math.floor(percentile / 100 * STEPS + 0.5),
        "shade": sum(percentile >= least for least in SHADES),
    }


def path_of(path: str) -> str:
    """Return a path, cut in the middle where it is long: its end says more than what is between."""
    return path if len(path) <= MAX_PATH else f"{path[:80]}\N{HORIZONTAL ELLIPSIS}{path[-200:]}"


def code_of(text: str, most: int = MAX_CODE) -> tuple[str, int]:
    """Return a line as it is shown, and how many characters are not."""
    code = text.removesuffix("\r")
    shown = visible(code[:most].expandtabs(4))[: 2 * most]
    return shown, max(0, len(code) - most)


def _kept(report: Report, places: Places) -> frozenset[int]:
    """Choose the lines for which there is room, by their numbers in the page."""
    weights = []
    number = 0
    for file in report.files:
        for line in file.lines:
            number += 1
            weights.append((-_weight(line.outcome, places), number))
    return frozenset(number for _, number in sorted(weights)[:MAX_ROWS])


def _weight(outcome: Outcome, places: Places) -> float:
    match outcome:
        case LineScore(line=line, percentile=percentile):
            place = line.path, line.number
            if place in places.worst:
                return 3_000.0
            finding = 0 < places.rank.get(place, 0) <= places.findings
            return 1_000.0 if finding or math.isnan(percentile) else percentile
        case Failed():
            return 2_000.0
        case Skipped(counts_as_unread=unread):
            return 50.0 if unread else -1.0
        case _:
            assert_never(outcome)


def _file(
    number: int, file: FileReport, start: int, kept: frozenset[int] | None, rows: "_Rows"
) -> dict[str, Any]:
    shown = [
        (row, line)
        for row, line in enumerate(file.lines, start=start)
        if kept is None or row in kept
    ]
    found = list(rows.of(shown))
    failed = sum(isinstance(line.outcome, Failed) for line in file.lines)
    whys = dict.fromkeys(o.why for _, line in shown if isinstance(o := line.outcome, Skipped))
    why = short(", ".join(list(whys)[:3]))
    return {
        "number": number,
        "path": path_of(file.path),
        "base": path_of(file.base_path or ""),
        "about": ", ".join([file.kind.value, *([short(file.language)] if file.language else [])]),
        "note": short(file.note or "", 500),
        "added": len(file.lines),
        "removed": file.removed,
        "failed": failed,
        "left_out": len(file.lines) - len(shown),
        "closed": why if all(map(_passed_over, file.lines)) else "",
        "tables": [_table(found[at : at + PIECE]) for at in range(0, len(found), PIECE)],
    }


def _passed_over(line: LineReport) -> bool:
    """Return True if a line was passed over for its nature: nobody misses it."""
    return isinstance(line.outcome, Skipped) and not line.outcome.counts_as_unread


def _table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    numbers = [row["number"] for row in rows if row["status"] != "gap"]
    return {
        "rows": rows,
        "first": numbers[0] if numbers else 0,
        "last": numbers[-1] if numbers else 0,
        "size": -(-len(rows) // 10),
    }


class _Rows:
    """Makes the rows of tables; what all of them need is looked up once."""

    def __init__(self, report: Report, places: Places, known: Known, width: int) -> None:
        self._report, self._places, self._known, self._width = report, places, known, width
        others = (p for p in places.rank if p not in places.worst)
        self._full = frozenset([*places.worst, *others][:MAX_FULL])

    def of(self, lines: Sequence[tuple[int, LineReport]]) -> Iterator[dict[str, Any]]:
        """Yield a row per line, and one per gap between lines that do not follow each other."""
        before, row_before, why_before = 0, None, ""
        for row, line in lines:
            outcome = line.outcome
            number = outcome.line.number
            missing = number - before - 1
            if missing > 0:
                left = row_before is not None and row - row_before > 1
                yield {"status": "gap", "words": _gap_words(missing, left_out=left)}
            why = "" if isinstance(outcome, LineScore) else outcome.why
            again = why == why_before and missing <= 0
            yield {**self._row(row, line), "again": again}
            before, row_before, why_before = number, row, why

    def _row(self, row: int, line: LineReport) -> dict[str, Any]:
        outcome, author = line.outcome, line.author
        code, cut = code_of(outcome.line.text, self._width)
        found = {
            "row": row,
            "number": outcome.line.number,
            "code": code,
            "cut": f"{plural(cut, 'more character')}" if cut else "",
            "kind": author.kind.value,
            "letter": LETTERS[author.kind],
            "author": author_words(author),
        }
        match outcome:
            case LineScore():
                return found | {"status": "scored", **heat_of(outcome), **self._why(line, outcome)}
            case Skipped(why=why, counts_as_unread=unread):
                status = "unread" if unread else "skipped"
                return found | {"status": status, "why": short(why)}
            case Failed(why=why):
                return found | {"status": "failed", "why": short(why)}
            case _:
                assert_never(outcome)

    def _why(self, line: LineReport, score: LineScore) -> dict[str, Any]:
        place = score.line.path, score.line.number
        rank = self._places.rank.get(place, 0)
        found = {
            "rank": rank,
            "first": place in self._places.worst,
            "below": rank > self._places.findings,
            "full": None,
        }
        words = place_words(score, self._report.recent)
        stands = in_brackets(words_of(line.gate_status))
        if place not in self._full:
            return found | {"words": f"{why_short(score)}{stands}, {words}."}
        full = why_full(score, line.author, self._known, self._report.artifact.average)
        return found | {
            "full": full,
            "words": sentence(f"risk {risk_words(score.risk)}{stands}, {words}"),
        }


def _gap_words(missing: int, *, left_out: bool) -> str:
    if left_out:
        return f"{plural(missing, 'line')} not shown here: unchanged, or left out of this page"
    return f"{plural(missing, 'unchanged line')}"


def _kind(kind: Author) -> str:
    return NAMES.get(kind, kind.value)
