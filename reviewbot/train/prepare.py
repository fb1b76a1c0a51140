"""Label rows -> the table that fitting and evaluation share: read, pool, lay out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reviewbot.arrays import Array, Indices
from reviewbot.diff.comments import prose
from reviewbot.diff.languages import language_of
from reviewbot.scoring.pooling import columns
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train.dataset import RowColumns, Table, assemble
from reviewbot.train.features import Reader, Snippet, pooled
from reviewbot.train.labels import LabelRow
from reviewbot.train.snippets import fixed_snippet, wrong_snippet

CHUNK = 8192  # lines copied at once


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """The scored lines of all rows, before they have columns: many tables share them."""

    table: Table  # without a column
    snippets: tuple[Snippet, ...]  # what to read; every one wants a line
    wanted_L: Indices  # of each line of the table, its place among all lines that snippets want

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
    """Say which lines take part: the labelled ones, and those that corrections change.

    raises  UsageError where no line can be scored
    """
    wrong = [wrong_snippet(row) for row in rows]
    fixed = [fixed_snippet(row) for row in rows]
    count = 0

    def places(snippet: Snippet) -> Array:
        """Number the wanted lines; float32 is exact up to 16 million of them."""
        nonlocal count
        count += len(snippet.wanted)
        return np.arange(count - len(snippet.wanted), count, dtype=np.float32)[:, None]

    wrong_parts = [places(snippet) for snippet in wrong]
    fixed_parts = [None if snippet is None else places(snippet) for snippet in fixed]
    table = assemble(
        rows,
        [RowColumns(*parts) for parts in zip(wrong_parts, fixed_parts, strict=True)],
        {"place": 1},
        only_changed=True,
    )
    return Laid(
        replace(table, groups={}, columns_LN=table.columns_LN[:, :0]),
        tuple(snippet for snippet in (*wrong, *fixed) if snippet is not None and snippet.wanted),
        table.columns_LN[:, 0].astype(np.intp),
    )


def prepare(
    rows: Sequence[LabelRow],
    reader: Reader,
    coder: SparseCoder | None,
    coder_sha256: str,
    groups: Sequence[str],
    cache: Path,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Table:
    """Read the labelled lines and the lines that corrections change; lay `groups` side by side.

    coder   None where no "sae_" group is wanted
    groups  of `pooling.group_sizes`, in the order of the columns
    raises  UsageError where no line can be scored
    """
    return columns_of(lay_out(rows), reader, coder, coder_sha256, groups, cache, progress)


def columns_of(
    laid: Laid,
    reader: Reader,
    coder: SparseCoder | None,
    coder_sha256: str,
    groups: Sequence[str],
    cache: Path,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Table:
    """Do what `prepare` does, for lines that are laid out already."""
    from_model = [group for group in groups if group != "surface"]
    found: dict[str, Array] = {}
    if from_model:
        found = pooled(
            reader, laid.snippets, coder, coder_sha256, from_model, cache, progress=progress
        )
    if "surface" in groups:
        found["surface"] = laid.surface()
    return laid.with_columns({name: found[name] for name in groups})


def _prose(snippet: Snippet) -> list[bool]:
    language = language_of(snippet.path)
    flags = prose(snippet.lines, language) if language else [False] * len(snippet.lines)
    return [flags[line] for line in snippet.wanted]
