"""Label files: JSON lines -> `LabelledChange`. docs/training.md describes the two kinds of rows.

A row is a whole change (`files`), or a piece of code (`lines`): the latter is a change that adds
these lines to one file.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from reviewbot.diff.languages import LANGUAGES
from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.train.changes import LabelledChange, LabelledFile, LineLabel, Verdict, corrected
from reviewbot.train.label_fields import MAX_LINES, Fields, wrong_row

MAX_ROW_BYTES = 32 << 20
MAX_FILE_BYTES = 4 << 30  # unpacked: a small .gz must not fill the memory
MAX_TEXT = 100_000  # characters of a message or a specification
MAX_CODE = 4 << 20  # characters of a file
MAX_FILES = 1_000  # of a change
# Stands in the base for the lines that a piece of code adds. Without it, git could call an equal
# line outside the scope added.
GAP = "..."

_LANGUAGE = {language.name: language for language in LANGUAGES}
_CAPITAL = {"java", "csharp", "kotlin", "scala"}  # where a file is named after its class


def read_files(names: Sequence[str], seed: int = 0) -> list[LabelledChange]:
    """Read label files, plain or gzipped; of "FILE@N" only N rows, chosen by seed and id.

    raises  UsageError naming file, line and field for the first invalid row, for an id that comes
            twice, or for no row at all; EnvironmentFailure for an unreadable file
    """
    changes: list[LabelledChange] = []
    seen: dict[str, str] = {}
    for name in names:
        path, _, most = name.rpartition("@")
        if path and not (most.isdecimal() and len(most) < 10 and int(most) > 0):
            raise UsageError(f"{name!r}: {most!r} is no number of rows", fix="write FILE@N")
        of_file = []
        for number, raw in enumerate(_raw_lines(Path(path or name)), 1):
            if not raw.strip():
                continue
            where = f"{path or name}:{number}"
            change = _change(raw, where)
            if change.id in seen:
                raise wrong_row(where, "id", f"{change.id!r} is already at {seen[change.id]}")
            seen[change.id] = where
            of_file.append(change)
        if path:
            of_file.sort(key=lambda one: hashlib.sha256(f"{seed}/{one.id}".encode()).digest())
            of_file = of_file[: int(most)]
        changes += of_file
    if not changes:
        raise UsageError("the label files hold no row", fix="name files with labelled code")
    return changes


def _change(raw: bytes, where: str) -> LabelledChange:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise wrong_row(where, "row", f"not JSON ({exc})") from exc
    if not isinstance(data, dict):
        raise wrong_row(where, "row", "not a JSON object")
    row = Fields(data, where)
    return _whole_change(row) if data.get("files") is not None else _piece_of_code(row)


def _whole_change(row: Fields) -> LabelledChange:
    labels = tuple(map(_label, row.rows("faulty", MAX_LINES)))
    files = []
    for entry in row.rows("files", MAX_FILES):
        path, head = entry.path("path"), entry.text("head", MAX_CODE)
        if entry.data.get("head") is None:
            raise wrong_row(row.where, "head", "must be a text")
        base_path = entry.path("base_path") if entry.data.get("base_path") else None
        base = entry.text("base", MAX_CODE) if entry.data.get("base") is not None else None
        fixed = corrected(head, path, labels)
        files.append(
            LabelledFile(path=path, base_path=base_path, base=base, head=head, corrected=fixed)
        )
    if not files or len({file.path for file in files}) < len(files):
        raise wrong_row(row.where, "files", "must hold at least one file, each path once")
    _check_places(row, files, labels)
    status = row.text("status", needed=True)
    if status not in ("faulty", "clean"):
        raise wrong_row(row.where, "status", 'must be "faulty" or "clean"')
    return LabelledChange(
        id=row.text("id", needed=True),
        set=row.text("set", needed=True),
        group=row.text("group", needed=True),
        message=row.text("message", MAX_TEXT),
        files=tuple(files),
        labels=labels,
        survived=status == "clean" and not labels,
        visible=row.text("visible"),
    )


def _check_places(row: Fields, files: Sequence[LabelledFile], labels: Sequence[LineLabel]) -> None:
    lines = {file.path: file.head.count("\n") + 1 for file in files}
    seen = set()
    for label in labels:
        place = f"{label.path}:{label.number}"
        if label.number > lines.get(label.path, 0):
            raise wrong_row(row.where, "faulty", f"{place!r} is no line of the files")
        if place in seen:
            raise wrong_row(row.where, "faulty", f"{place!r} comes twice")
        seen.add(place)


def _label(entry: Fields) -> LineLabel:
    number = entry.data.get("line")
    if type(number) is not int or number < 1:
        raise wrong_row(entry.where, "line", "must be a whole number, from 1")
    text = entry.text("verdict") or Verdict.BLAMED
    if text not in set(Verdict):
        raise wrong_row(entry.where, "verdict", f"must be one of {', '.join(Verdict)}")
    verdict = Verdict(text)
    share = entry.data.get("probability")
    if share is None:
        share = 0.0 if verdict is Verdict.RELATED else 1.0
    if type(share) not in (int, float) or not 0 <= share <= 1:
        raise wrong_row(entry.where, "probability", "must be between 0 and 1")
    becomes = entry.text("becomes", MAX_CODE) if entry.data.get("becomes") is not None else None
    if becomes is not None and "\n" in becomes:
        raise wrong_row(entry.where, "becomes", "a line holds a line end")
    return LineLabel(
        path=entry.path("path"),
        number=number,
        verdict=verdict,
        probability=float(share),
        becomes=becomes,
    )


def _piece_of_code(row: Fields) -> LabelledChange:
    lines = row.lines("lines", needed=True)
    risky, mask = row.numbers("risky", len(lines), needed=True), row.numbers("mask", len(lines))
    masked = frozenset(mask)
    scope = row.numbers("scope", len(lines) + 1) or (0, len(lines))
    if len(scope) != 2 or scope[0] >= scope[1]:
        raise wrong_row(row.where, "scope", "must be [start, end) with start < end")
    before = row.lines("before")
    fixed = row.lines("fixed") if row.data.get("fixed") is not None else None
    if fixed is not None and len(fixed) - (len(lines) - scope[1]) < scope[0]:
        raise wrong_row(row.where, "fixed", "the correction reaches out of the scope")
    path = row.path("path") if row.data.get("path") else _path_of(row)
    context = (*before, *lines[: scope[0]], GAP, *lines[scope[1] :])
    labels = [
        LineLabel(path=path, number=len(before) + line + 1, verdict=verdict, probability=share)
        for lines_of, verdict, share in (
            ([i for i in risky if i not in masked], Verdict.WRONG, 1.0),
            (mask, Verdict.MASKED, 0.0),
        )
        for line in lines_of
    ]
    file = LabelledFile(
        path=path,
        base_path=None,
        base=_text(context) if len(context) > 1 else None,
        head=_text((*before, *lines)),
        corrected=None if fixed is None else _text((*before, *fixed)),
    )
    return LabelledChange(
        id=row.text("id", needed=True),
        set=row.text("set", needed=True),
        group=row.text("group", needed=True),
        message=row.text("spec", MAX_TEXT),
        files=(file,),
        labels=tuple(labels),
        survived=not risky,
    )


def _text(lines: Sequence[str]) -> str:
    return "".join(line + "\n" for line in lines)


def _path_of(row: Fields) -> str:
    """Return a path that shows the row's language ("code.py", "Code.java")."""
    name = row.text("lang", needed=True)
    if name not in _LANGUAGE:
        known = ", ".join(_LANGUAGE)
        raise wrong_row(row.where, "lang", f"unknown language {name!r}; known are {known}")
    language = _LANGUAGE[name]
    if not language.extensions:
        return language.filenames[0]
    return ("Code" if name in _CAPITAL else "code") + language.extensions[0]


def _raw_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, unpacked if it ends in ".gz", within the bounds."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as opened:
            total = number = 0
            while raw := opened.readline(MAX_ROW_BYTES + 1):
                number += 1
                total += len(raw)
                if len(raw) > MAX_ROW_BYTES:
                    raise wrong_row(f"{path}:{number}", "row", f"longer than {MAX_ROW_BYTES} bytes")
                if total > MAX_FILE_BYTES:
                    raise wrong_row(f"{path}:{number}", "file", f"over {MAX_FILE_BYTES} bytes")
                yield raw
    except (OSError, EOFError, zlib.error) as exc:
        raise EnvironmentFailure(
            f"the label file {path} cannot be read: {exc}",
            fix="check its name and that it is whole",
        ) from exc
