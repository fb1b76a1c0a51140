"""Labelled changes -> the table that fitting and evaluation share: replay, read, pool."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reviewbot.config.schema import Settings
from reviewbot.diff.languages import prose
from reviewbot.encoders.encoder import at_once
from reviewbot.scoring.line_features import CodeFile, FeatureReader, LineFeatures
from reviewbot.scoring.reading import in_order
from reviewbot.train.changes import LabelledChange
from reviewbot.train.dataset import Table, lay_out
from reviewbot.train.replay import Replayed, replay
from reviewbot.train.sampling import clean_lines, sample

CHUNK = 8192  # lines at once
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """The lines of all changes before they have columns: many tables share them."""

    table: Table  # without columns
    replayed: tuple[Replayed, ...]

    @property
    def files(self) -> list[tuple[CodeFile, str]]:
        """The files with their descriptions; their wanted lines are the table's, in its order."""
        return [
            (file, one.description)
            for one in self.replayed
            for file in (*one.files, *one.corrected)
        ]


def prepare(
    changes: Sequence[LabelledChange],
    *,
    related: float = 0.0,
    draw: int | None = None,
    progress: Progress = lambda _done, _of: None,
) -> Laid:
    """Replay labelled changes, with the settings that `check` has by default.

    related  as for `dataset.lay_out`
    draw     lines of each change that take part, as for `sampling.sample`; None: all
    raises   as `replay` and `lay_out` do
    """
    replayed = []
    all_lines = kept_lines = 0
    for one in replay(changes, Settings()):
        part = one if draw is None else sample(one, draw)
        all_lines += clean_lines(one)
        kept_lines += clean_lines(part)
        replayed.append(part)
        progress(len(replayed), len(changes))
    table = replace(lay_out(replayed, related=related), drawn=kept_lines / max(all_lines, 1))
    return Laid(table, tuple(replayed))


def columns_of(
    laid: Laid,
    reader: FeatureReader | None,
    sizes: Mapping[str, int],
    progress: Progress = lambda _done, _of: None,
) -> Table:
    """Read the lines, and return the table with columns.

    reader  None where only "surface" is wanted, which needs no model
    sizes   group -> columns, of `pooling.group_sizes`, in the order of the columns

    Lines that the model cannot read (too long, no token) get weight 0 and no columns.
    """
    columns_LN = np.zeros((len(laid.table), sum(sizes.values())), np.float32)
    is_read_L = np.zeros(len(laid.table), np.bool_)
    files, start = laid.files, 0
    threads = at_once(reader.encoder) if reader else 1

    def read(one: tuple[CodeFile, str]) -> list[LineFeatures]:
        return list(_features(*one, reader))

    found = in_order(threads, read, files)
    for done, ((file, _), parts) in enumerate(zip(files, found, strict=True), 1):
        place = {line.number: start + i for i, line in enumerate(file.wanted)}
        for part in parts:
            rows = [place[line.number] for line in part.lines]
            columns_LN[rows] = part.columns(list(sizes))
            is_read_L[rows] = True
        start += len(file.wanted)
        progress(done, len(files))
    weight_L = np.where(is_read_L, laid.table.weight_L, 0.0)
    return replace(laid.table, groups=dict(sizes), columns_LN=columns_LN, weight_L=weight_L)


def _features(
    file: CodeFile, description: str, reader: FeatureReader | None
) -> Iterator[LineFeatures]:
    if reader is None:
        flags = prose(file.head, file.language) if file.language else [False] * len(file.head)
        yield LineFeatures(file.wanted, tuple(flags[one.number - 1] for one in file.wanted), {})
        return
    for part in reader.read([file], description):
        if isinstance(part, LineFeatures):
            yield part
