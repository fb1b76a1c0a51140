"""Label rows -> snippets to read. Scoring sees a file up to a line; so does training."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from reviewbot.errors import UsageError
from reviewbot.train.features import Snippet
from reviewbot.train.labels import LabelRow, read, row_path, scored, scored_fixed


def wrong_snippet(row: LabelRow) -> Snippet:
    """Return the code as it was written, every scored line wanted."""
    return _snippet(row, row.lines, scored(row))


def fixed_snippet(row: LabelRow) -> Snippet | None:
    """Return the correction, its scored lines wanted; None where there is none."""
    wanted = scored_fixed(row)
    return _snippet(row, row.fixed, wanted) if row.fixed is not None and wanted else None


def _snippet(row: LabelRow, lines: Sequence[str], wanted: Sequence[int]) -> Snippet:
    shift = len(row.before)
    return Snippet(row_path(row), (*row.before, *lines), tuple(i + shift for i in wanted), row.spec)


def read_some(names: Sequence[str], seed: int) -> list[LabelRow]:
    """Read label files, of "FILE@N" only N rows, chosen by seed and id.

    raises  UsageError where N is no positive number, or an id comes twice over all files
    """
    rows: list[LabelRow] = []
    whole: set[str] = set()
    for name in names:
        path, _, most = name.rpartition("@")
        if path and not (most.isdecimal() and len(most) < 10 and int(most) > 0):
            raise UsageError(f"{name!r}: {most!r} is no number of rows", fix="write FILE@N")
        found = read([Path(path or name)])
        if twice := next((row.id for row in found if row.id in whole), None):
            raise UsageError(
                f"{name}: the id {twice!r} stands in another label file, nothing was read",
                fix="give every file once, and every row an id of its own",
            )
        whole.update(row.id for row in found)
        if path:
            found.sort(key=lambda row: hashlib.sha256(f"{seed}/{row.id}".encode()).digest())
            found = found[: int(most)]
        rows += found
    return rows
