"""Labelled code: JSON lines -> LabelRow, and the line diff between a row and its correction.

The format is described in docs/training.md.
"""

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewbot.diff.languages import LANGUAGES
from reviewbot.encoders.spans import Span
from reviewbot.errors import UsageError
from reviewbot.train.label_fields import MAX_SPEC, Fields, raw_lines, wrong
from reviewbot.train.problems import problem

_LANGUAGE = {language.name: language for language in LANGUAGES}
_CAPITAL = {"java", "csharp", "kotlin", "scala"}  # where a file is named after its class


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """One piece of code whose wrong lines are known. Line numbers are 0-based."""

    id: str
    set: str
    lang: str  # a name of core.languages
    author: str  # "llm", "human", ...; "unknown" where the file does not say
    model: str  # the model that wrote it; "" where none did
    group: str  # never split between training and testing: problem, bug or repository
    lines: tuple[str, ...]  # as they stood when they were written, without line endings
    risky: tuple[int, ...]  # ascending: lines that a later or minimal fix changes
    fixed: tuple[str, ...] | None  # the corrected version, where there is one
    spec: str  # what the code was asked to do; "" where unknown
    scope: Span | None  # in lines: only these are scored
    mask: frozenset[int]  # lines whose label is ambiguous: left out of training and metrics
    before: tuple[str, ...]  # what stands right before in the file: context, not scored
    path: str | None
    commit: str | None
    license: str
    label: str  # how the label came about


@dataclass(frozen=True, slots=True)
class Block:
    """Wrong lines, and what stands in their place once corrected; neither side is empty."""

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

    Unknown keys are allowed: provenance that we do not use.
    """
    rows: list[LabelRow] = []
    seen: dict[str, str] = {}
    for path in paths:
        for number, raw in enumerate(raw_lines(path), 1):
            if not raw.strip():
                continue
            where = f"{path}:{number}"
            row = _row(raw, where)
            if row.id in seen:
                raise wrong(where, "id", f"{row.id!r} stands already at {seen[row.id]}")
            seen[row.id] = where
            rows.append(row)
    if not rows:
        raise UsageError("the label files hold no row", fix="name files with labelled code")
    return rows


def scored(row: LabelRow) -> list[int]:
    """Return the lines that take part: in scope, not masked, with a letter or digit."""
    scope = row.scope or Span(0, len(row.lines))
    return [i for i in range(*scope) if i not in row.mask and _says(row.lines[i])]


def scored_fixed(row: LabelRow) -> list[int]:
    """Return the lines of `fixed` that take part, by the same rules; [] without a correction.

    The scope ends as far from the end as in `lines`. A line is masked
    where its place in `lines` is.
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
    """Say which lines the correction changes, by a line diff of `lines` and `fixed`.

    A replaced line pairs with what replaces it. Lines that the correction only adds are set against
    the line they push down, lines that it only removes against the line that closes the gap (the
    last one at the end), as PtTrust blames them. A wrong line counts only if its label says risky,
    so that a difference nobody calls a mistake makes no pair.
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
    """Say whether a correction can be told from its original by one line's words only.

    True where both versions have the same number of lines and differ in exactly one of them, at the
    same place, where that line is risky and neither side of it is blank, and where both sides end
    in the same whitespace. So nothing but what the line says (its indentation included) gives the
    correction away: no line more or less, no blank line, no trailing blank. Its length still may:
    see `pairs.balanced`.
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
    """Return the row's path, or a made-up one that shows its language ("code.py", "Code.java")."""
    if row.path:
        return row.path
    language = _LANGUAGE[row.lang]
    if not language.extensions:
        return language.filenames[0]
    return ("Code" if row.lang in _CAPITAL else "code") + language.extensions[0]


def split_group(row: LabelRow) -> str:
    """Return the group under one name in all sets: no problem may be in training and testing."""
    return problem(row.set, row.group)


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
        raise wrong(where, "row", f"not JSON ({exc})") from exc
    if not isinstance(data, dict):
        raise wrong(where, "row", "not a JSON object")
    take = Fields(data, where)
    lines = take.lines("lines", needed=True)
    scope = take.numbers("scope", len(lines) + 1)
    if scope and not (len(scope) == 2 and scope[0] < scope[1]):
        raise wrong(where, "scope", "must be [start, end) with start < end")
    lang = take.text("lang", needed=True)
    if lang not in _LANGUAGE:
        raise wrong(where, "lang", f"unknown language {lang!r}; known are {', '.join(_LANGUAGE)}")
    row = LabelRow(
        id=take.text("id", needed=True),
        set=take.text("set", needed=True),
        lang=lang,
        author=take.text("author") or "unknown",
        model=take.text("model"),
        group=take.text("group", needed=True),
        lines=lines,
        risky=take.numbers("risky", len(lines), needed=True),
        fixed=take.lines("fixed") if data.get("fixed") is not None else None,
        spec=take.text("spec", MAX_SPEC),
        scope=Span(*scope) if scope else None,
        mask=frozenset(take.numbers("mask", len(lines))),
        before=take.lines("before"),
        path=take.text("path") or None,
        commit=take.text("commit") or None,
        license=take.text("license"),
        label=take.text("label"),
    )
    if row.fixed is not None and row.scope is not None:
        kept = len(row.lines) - row.scope.end
        if len(row.fixed) - kept < row.scope.start:
            raise wrong(where, "fixed", "the correction reaches out of the scope")
    return row
