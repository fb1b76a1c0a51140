"""Label rows -> the table that fitting and evaluation share: read, pool, lay out."""

from collections.abc import Callable, Sequence
from pathlib import Path

from reviewbot.core.arrays import Array
from reviewbot.core.languages import language_of
from reviewbot.core.pooling import columns, group_sizes
from reviewbot.core.prose import prose
from reviewbot.core.sae import SparseCoder
from reviewbot.train.dataset import RowColumns, Table, assemble
from reviewbot.train.features import Reader, Snippet, pooled
from reviewbot.train.labels import LabelRow
from reviewbot.train.snippets import fixed_snippet, wrong_snippet


def prepare(
    rows: Sequence[LabelRow],
    reader: Reader,
    coder: SparseCoder,
    coder_sha256: str,
    groups: Sequence[str],
    cache: Path,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Table:
    """Read the labelled lines and the lines that corrections change; lay `groups` side by side.

    groups  of `pooling.group_sizes`, in the order of the columns
    raises  UsageError where no line can be scored
    """
    wrong = [wrong_snippet(row) for row in rows]
    fixed = [fixed_snippet(row) for row in rows]
    snippets = [snippet for snippet in (*wrong, *fixed) if snippet is not None and snippet.wanted]
    from_model = [group for group in groups if group != "surface"]
    found = pooled(reader, snippets, coder, coder_sha256, from_model, cache, progress=progress)
    texts = [snippet.lines[line] for snippet in snippets for line in snippet.wanted]
    columns_LN = columns(found, groups, texts, [flag for s in snippets for flag in _prose(s)])
    sizes = group_sizes(coder.width, coder.features)
    take = _Cursor(columns_LN)
    wrong_parts = [take.next(snippet) for snippet in wrong]
    fixed_parts = [None if snippet is None else take.next(snippet) for snippet in fixed]
    return assemble(
        rows,
        [RowColumns(*parts) for parts in zip(wrong_parts, fixed_parts, strict=True)],
        {name: sizes[name] for name in groups},
        only_changed=True,
    )


def _prose(snippet: Snippet) -> list[bool]:
    language = language_of(snippet.path)
    flags = prose(snippet.lines, language) if language else [False] * len(snippet.lines)
    return [flags[line] for line in snippet.wanted]


class _Cursor:
    """Hands out the rows of a table in order, as many as each snippet wants."""

    def __init__(self, columns_LN: Array) -> None:
        self._columns_LN = columns_LN
        self._at = 0

    def next(self, snippet: Snippet) -> Array:
        start, self._at = self._at, self._at + len(snippet.wanted)
        return self._columns_LN[start : self._at]
