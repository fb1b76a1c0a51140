"""Labelled code: JSON lines -> LabelRow, and the line diff between a row and its correction.

The format is described in docs/training.md.
"""

import difflib
import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from reviewbot.diff.languages import LANGUAGES
from reviewbot.encoders.spans import Span
from reviewbot.errors import EnvironmentFailure, UsageError

MAX_ROW_BYTES = 8 << 20
MAX_FILE_BYTES = 2 << 30  # unpacked: a small .gz must not fill the memory
MAX_LINES = 20_000  # per row
MAX_LINE = 100_000  # characters
MAX_TEXT = 1_000  # characters of a name, a path, a licence
MAX_SPEC = 100_000  # characters

_LANGUAGE = {language.name: language for language in LANGUAGES}
_CAPITAL = {"java", "csharp", "kotlin", "scala"}  # where a file is named after its class


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """One piece of code whose wrong lines are known. Line numbers are 0-based."""

    id: str
    set: str
    lang: str  # a name of diff.languages
    group: str  # never split between training and testing: problem, bug or repository
    lines: tuple[str, ...]  # as written, without line endings
    risky: tuple[int, ...]  # ascending: lines that a later or minimal fix changes
    fixed: tuple[str, ...] | None  # the corrected version, where there is one
    spec: str  # what the code was asked to do; "" if unknown
    scope: Span | None  # in lines: only these are scored
    mask: frozenset[int]  # lines whose label is ambiguous: left out of training and metrics
    before: tuple[str, ...]  # the lines before in the file: context, not scored
    path: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """Wrong lines, and the corrected lines in their place; neither side is empty."""

    wrong: tuple[int, ...]  # indices into `lines`, each of them risky and scored
    corrected: tuple[int, ...]  # indices into `fixed`, each of them scored


@dataclass(frozen=True, slots=True)
class Pairs:
    """What a correction changes."""

    blocks: tuple[Block, ...]
    changed: tuple[int, ...]  # all scored lines of `fixed` that are not in `lines` at that place
    one_for_one: tuple[int, int] | None  # (wrong, corrected), where nothing else differs


def read(paths: Sequence[Path]) -> list[LabelRow]:
    """Read label files, plain or gzipped, in the order given.

    raises  UsageError naming file, line and field for the first row that breaks the format, for an
            id that comes twice, or for no row at all; EnvironmentFailure for an unreadable file

    Unknown keys are ignored.
    """
    rows: list[LabelRow] = []
    seen: dict[str, str] = {}
    for path in paths:
        for number, raw in enumerate(_raw_lines(path), 1):
            if not raw.strip():
                continue
            where = f"{path}:{number}"
            row = _row(raw, where)
            if row.id in seen:
                raise _wrong(where, "id", f"{row.id!r} is already at {seen[row.id]}")
            seen[row.id] = where
            rows.append(row)
    if not rows:
        raise UsageError("the label files hold no row", fix="name files with labelled code")
    return rows


def scored(row: LabelRow) -> list[int]:
    """Return the indices of lines that take part: in scope, not masked, with a letter or digit."""
    scope = row.scope or Span(0, len(row.lines))
    return [i for i in range(*scope) if i not in row.mask and _says(row.lines[i])]


def scored_fixed(row: LabelRow) -> list[int]:
    """Return the indices of lines of `fixed` that take part, by the same rules.

    The scope ends as far from the end as in `lines`. A line is masked if its place in `lines` is.
    """
    if row.fixed is None:
        return []
    scope = row.scope or Span(0, len(row.lines))
    stop = len(row.fixed) - (len(row.lines) - scope.end)
    masked: set[int] = set()
    if row.mask:
        for _, start, end, new_start, new_end in _opcodes(row):
            if end - start == new_end - new_start:
                masked.update(i - start + new_start for i in row.mask if start <= i < end)
            elif row.mask.intersection(range(start, end)):
                masked.update(range(new_start, new_end))
    return [i for i in range(scope.start, stop) if i not in masked and _says(row.fixed[i])]


def aligned(row: LabelRow) -> Pairs:
    """Return the lines that the correction changes, by a line diff of `lines` and `fixed`.

    A replaced line pairs with what replaces it. Lines that the correction only adds pair with the
    line they push down. Lines that it only removes pair with the line that closes the gap (at the
    end, the last one), as in PtTrust. A wrong line counts only if its label says risky.
    """
    if row.fixed is None:
        return Pairs((), (), None)
    here, there, risky = set(scored(row)), set(scored_fixed(row)), set(row.risky)
    codes = [code for code in _opcodes(row) if code[0] != "equal"]
    blocks: list[Block] = []
    changed: list[int] = []
    for _, start, end, new_start, new_end in codes:
        old = range(start, end) or _at(start, len(row.lines))
        new = range(new_start, new_end) or _at(new_start, len(row.fixed))
        changed += [i for i in range(new_start, new_end) if i in there]
        wrong = tuple(i for i in old if i in here and i in risky)
        corrected = tuple(i for i in new if i in there)
        if wrong and corrected:
            blocks.append(Block(wrong, corrected))
    single = len(codes) == 1 and codes[0][0] == "replace" and len(blocks) == 1
    lengths = (codes[0][2] - codes[0][1], codes[0][4] - codes[0][3]) if single else (0, 0)
    pair = (blocks[0].wrong[0], blocks[0].corrected[0]) if lengths == (1, 1) else None
    return Pairs(tuple(blocks), tuple(changed), pair)


def normalised(row: LabelRow) -> bool:
    """Return True if a correction differs from its original by the words of one line only.

    Both versions have as many lines and differ in exactly one, at the same place. That line is
    risky, blank on neither side, and ends in the same whitespace on both. Only its indentation,
    words and length can give the correction away.
    """
    if row.fixed is None or len(row.fixed) != len(row.lines):
        return False
    differ = [pair for pair in zip(row.lines, row.fixed, strict=True) if pair[0] != pair[1]]
    if len(differ) != 1:
        return False
    old, new = differ[0]
    if old[len(old.rstrip()) :] != new[len(new.rstrip()) :]:
        return False
    return aligned(row).one_for_one is not None


def row_path(row: LabelRow) -> str:
    """Return the row's path, or one that shows its language ("code.py", "Code.java")."""
    if row.path:
        return row.path
    language = _LANGUAGE[row.lang]
    if not language.extensions:
        return language.filenames[0]
    return ("Code" if row.lang in _CAPITAL else "code") + language.extensions[0]


def _says(line: str) -> bool:
    return any(map(str.isalnum, line))


def _at(place: int, length: int) -> range:
    place = min(place, length - 1)
    return range(max(place, 0), place + 1)


def _opcodes(row: LabelRow) -> list[tuple[str, int, int, int, int]]:
    matcher = difflib.SequenceMatcher(None, row.lines, row.fixed or (), autojunk=False)
    return [tuple(code) for code in matcher.get_opcodes()]  # type: ignore[misc]


def _row(raw: bytes, where: str) -> LabelRow:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise _wrong(where, "row", f"not JSON ({exc})") from exc
    if not isinstance(data, dict):
        raise _wrong(where, "row", "not a JSON object")
    take = _Fields(data, where)
    lines = take.lines("lines", needed=True)
    scope = take.numbers("scope", len(lines) + 1)
    if scope and not (len(scope) == 2 and scope[0] < scope[1]):
        raise _wrong(where, "scope", "must be [start, end) with start < end")
    lang = take.text("lang", needed=True)
    if lang not in _LANGUAGE:
        raise _wrong(where, "lang", f"unknown language {lang!r}; known are {', '.join(_LANGUAGE)}")
    row = LabelRow(
        id=take.text("id", needed=True),
        set=take.text("set", needed=True),
        lang=lang,
        group=take.text("group", needed=True),
        lines=lines,
        risky=take.numbers("risky", len(lines), needed=True),
        fixed=take.lines("fixed") if data.get("fixed") is not None else None,
        spec=take.text("spec", MAX_SPEC),
        scope=Span(*scope) if scope else None,
        mask=frozenset(take.numbers("mask", len(lines))),
        before=take.lines("before"),
        path=take.text("path") or None,
    )
    if row.fixed is not None and row.scope is not None:
        behind = len(row.lines) - row.scope.end
        if len(row.fixed) - behind < row.scope.start:
            raise _wrong(where, "fixed", "the correction reaches out of the scope")
    return row


def _wrong(where: str, field: str, why: str) -> UsageError:
    """Return the error for one row: file and line, field, and reason."""
    return UsageError(
        f"{where}: {field}: {why}; nothing was read", fix="write rows as docs/training.md says"
    )


def _raw_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, unpacked if it ends in ".gz", within the bounds."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as opened:
            total = number = 0
            while raw := opened.readline(MAX_ROW_BYTES + 1):
                number += 1
                total += len(raw)
                if len(raw) > MAX_ROW_BYTES:
                    raise _wrong(f"{path}:{number}", "row", f"longer than {MAX_ROW_BYTES} bytes")
                if total > MAX_FILE_BYTES:
                    raise _wrong(f"{path}:{number}", "file", f"over {MAX_FILE_BYTES} bytes")
                yield raw
    except (OSError, EOFError, zlib.error) as exc:
        raise EnvironmentFailure(
            f"the label file {path} cannot be read: {exc}",
            fix="check its name and that it is whole",
        ) from exc


@dataclass(frozen=True, slots=True)
class _Fields:
    """Checked access to the fields of one row; null counts as absent."""

    data: dict[str, Any]
    where: str

    def text(self, name: str, most: int = MAX_TEXT, *, needed: bool = False) -> str:
        value = self.data.get(name)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or (needed and not value):
            raise _wrong(self.where, name, "must be a text" + (", not empty" if needed else ""))
        self._checked(name, value, most)
        return value

    def lines(self, name: str, *, needed: bool = False) -> tuple[str, ...]:
        value = self.data.get(name)
        if value is None and not needed:
            return ()
        if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
            raise _wrong(self.where, name, "must be a list of texts, one a line")
        if len(value) > MAX_LINES or (needed and not value):
            raise _wrong(self.where, name, f"must hold 1 to {MAX_LINES} lines, has {len(value)}")
        for line in value:
            self._checked(name, line, MAX_LINE)
            if "\n" in line:
                raise _wrong(self.where, name, "a line holds a line end")
        return tuple(value)

    def numbers(self, name: str, stop: int, *, needed: bool = False) -> tuple[int, ...]:
        value = self.data.get(name)
        if value is None and not needed:
            return ()
        if not isinstance(value, list) or not all(type(number) is int for number in value):
            raise _wrong(self.where, name, "must be a list of whole numbers")
        if any(not 0 <= number < stop for number in value):
            raise _wrong(self.where, name, f"a number is outside 0 to {stop - 1}")
        if any(b <= a for a, b in pairwise(value)):
            raise _wrong(self.where, name, "numbers must ascend, each once")
        return tuple(value)

    def _checked(self, name: str, text: str, most: int) -> None:
        if len(text) > most:
            raise _wrong(self.where, name, f"longer than {most} characters")
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise _wrong(self.where, name, "holds half a surrogate pair: no valid Unicode")
