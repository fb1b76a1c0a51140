"""Label rows -> the table that fitting and evaluation share: read, pool, lay out."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reviewbot.arrays import Array, Indices
from reviewbot.diff.languages import language_of, prose
from reviewbot.errors import UsageError
from reviewbot.scoring.pooling import columns
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train.dataset import RowColumns, Table, assemble
from reviewbot.train.features import Reader, Snippet, pooled
from reviewbot.train.labels import LabelRow, read, row_path, scored, scored_fixed

CHUNK = 8192  # lines copied at once


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """The scored lines of all rows, before they have columns: many tables share them."""

    table: Table  # without columns
    snippets: tuple[Snippet, ...]  # what to read; each one wants a line
    wanted_L: Indices  # for each line of the table, its index among the lines that snippets want

    def with_columns(self, groups: Mapping[str, Array]) -> Table:
        """Return the table with these columns.

        groups  name -> (W, n), a row per line that the snippets want, one snippet after the other
        """
        widths = {name: part.shape[1] for name, part in groups.items()}
        columns_LN = np.empty((len(self.table), sum(widths.values())), np.float32)
        at = 0
        for part in groups.values():
            for start in range(0, len(columns_LN), CHUNK):
                rows = slice(start, start + CHUNK)
                columns_LN[rows, at : at + part.shape[1]] = part[self.wanted_L[rows]]
            at += part.shape[1]
        return replace(self.table, groups=widths, columns_LN=columns_LN)

    def surface(self) -> Array:
        """Return the surface columns of every wanted line: they need no model."""
        texts = [snippet.lines[line] for snippet in self.snippets for line in snippet.wanted]
        return columns({}, ["surface"], texts, [flag for s in self.snippets for flag in _prose(s)])


def lay_out(rows: Sequence[LabelRow]) -> Laid:
    """Return the lines that take part: the labelled ones, and those that corrections change.

    raises  UsageError where no line can be scored
    """
    wrong = [_snippet(row, row.lines, scored(row)) for row in rows]
    fixed = [_snippet(row, row.fixed or (), scored_fixed(row)) for row in rows]
    count = 0

    def places(snippet: Snippet) -> Array:
        """Number the wanted lines; float32 is exact up to 16 million of them."""
        nonlocal count
        count += len(snippet.wanted)
        return np.arange(count - len(snippet.wanted), count, dtype=np.float32)[:, None]

    wrong_parts = [places(snippet) for snippet in wrong]
    fixed_parts = [places(snippet) if snippet.wanted else None for snippet in fixed]
    table = assemble(
        rows,
        [RowColumns(*parts) for parts in zip(wrong_parts, fixed_parts, strict=True)],
        {"place": 1},
    )
    return Laid(
        replace(table, groups={}, columns_LN=table.columns_LN[:, :0]),
        tuple(snippet for snippet in (*wrong, *fixed) if snippet.wanted),
        table.columns_LN[:, 0].astype(np.intp),
    )


def columns_of(
    laid: Laid,
    reader: Reader,
    coder: SparseCoder | None,
    coder_sha256: str,
    groups: Sequence[str],
    cache: Path,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Table:
    """Read the lines, and return the table with `groups` side by side.

    coder   None where no "sae_" group is wanted
    groups  of `pooling.group_sizes`, in the order of the columns
    """
    from_model = [group for group in groups if group != "surface"]
    parts: dict[str, Array] = {}
    if from_model:
        parts = pooled(
            reader, laid.snippets, coder, coder_sha256, from_model, cache, progress=progress
        )
    if "surface" in groups:
        parts["surface"] = laid.surface()
    return laid.with_columns({name: parts[name] for name in groups})


def read_some(names: Sequence[str], seed: int) -> list[LabelRow]:
    """Read label files; of "FILE@N" only N rows, chosen by seed and id.

    raises  UsageError where N is no positive number, or an id comes twice over all files
    """
    rows: list[LabelRow] = []
    ids: set[str] = set()
    for name in names:
        path, _, most = name.rpartition("@")
        if path and not (most.isdecimal() and len(most) < 10 and int(most) > 0):
            raise UsageError(f"{name!r}: {most!r} is no number of rows", fix="write FILE@N")
        of_file = read([Path(path or name)])
        if twice := next((row.id for row in of_file if row.id in ids), None):
            raise UsageError(
                f"{name}: the id {twice!r} is in another label file too, nothing was read",
                fix="give every file once, and every row an id of its own",
            )
        ids.update(row.id for row in of_file)
        if path:
            of_file.sort(key=lambda row: hashlib.sha256(f"{seed}/{row.id}".encode()).digest())
            of_file = of_file[: int(most)]
        rows += of_file
    return rows


def _snippet(row: LabelRow, lines: Sequence[str], wanted: Sequence[int]) -> Snippet:
    """Return what scoring would see of these lines: the file up to them."""
    shift = len(row.before)
    return Snippet(row_path(row), (*row.before, *lines), tuple(i + shift for i in wanted), row.spec)


def _prose(snippet: Snippet) -> list[bool]:
    language = language_of(snippet.path)
    flags = prose(snippet.lines, language) if language else [False] * len(snippet.lines)
    return [flags[line] for line in snippet.wanted]
