"""The baselines of the benchmark: a row of `BASELINES` each.

Columns are made for one baseline after the other: all at once they would fill the memory.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from research.audit_measures import TRAININGS, C
from research.baseline_fit import Baseline, Recipe, fitted, with_columns
from research.leakage_features import COLUMNS, tells_of
from reviewbot.cli.train_options import counter
from reviewbot.cli.train_work import Work
from reviewbot.errors import UsageError
from reviewbot.scoring.line_features import FeatureReader
from reviewbot.scoring.pooling import SURPRISAL_NAMES, group_sizes
from reviewbot.train.dataset import Table
from reviewbot.train.evaluate import SURFACE_CS, untrained
from reviewbot.train.prepare import Laid, columns_of

POSITION_CS = (1e-4, 1e-2, 1.0)
WIDE_CS = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 1e-3)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sources:
    """Where the columns of all baselines come from."""

    laid: Laid
    reader: FeatureReader  # of every group that a baseline needs, so that the model runs once
    progress: Callable[[int, int], None] = lambda _done, _of: None

    def read(self, groups: Sequence[str]) -> Table:
        """Return the lines with the columns of these groups."""
        sizes = {name: self.reader.groups[name] for name in groups}
        return columns_of(self.laid, self.reader, sizes, self.progress)


def sources_of(work: Work, laid: Laid) -> Sources:
    """Return the sources that a command's flags name, for these lines."""
    needed = [*_raw(work.groups), "state_mean", "state_last", "surface"]
    needed += ["surprisal"] if work.reader.full else []
    known = group_sizes(work.reader.encoder.width, work.coder.features)
    sizes = {name: known[name] for name in needed}
    reader = work.reader.features(None, "", sizes, work.cache)
    return Sources(laid=laid, reader=reader, progress=counter("files"))


def recipe_of(work: Work) -> Recipe:
    """Return what a command's flags say of every fit."""
    return Recipe(boost=work.boost, groups=tuple(work.groups), **work.options())


def choose(text: str, *, surprisal: bool) -> list[str]:
    """Return the names that --baselines asks for: "all", or some of `BASELINES`.

    surprisal  whether the whole model is read; otherwise "all" leaves that baseline out
    raises     UsageError for an unknown name, and for surprisal where it is not read
    """
    if text == "all":
        return [name for name in BASELINES if surprisal or name != "surprisal"]
    names = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := sorted(set(names) - set(BASELINES)):
        raise UsageError(
            f"no baseline is named {unknown[0]!r}, nothing was measured",
            fix=f"use all, or some of: {', '.join(BASELINES)}",
        )
    if "surprisal" in names and not surprisal:
        raise UsageError(
            "the surprisal baseline needs the whole model, nothing was measured", fix="add --full"
        )
    return list(dict.fromkeys(names))


def random(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return a constant: ties are expected values, so this is what a random order gives."""
    return Baseline(untrained(sources.laid.table)["random"])


def length(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return the characters of the line, without blanks at its ends."""
    return Baseline(untrained(sources.laid.table)["length"])


def surface(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit what the line looks like."""
    sizes = {"surface": group_sizes(1, 1)["surface"]}
    return fitted(columns_of(sources.laid, None, sizes), ["surface"], recipe, SURFACE_CS)


def surprisal(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return the sum over the line, untrained."""
    column = SURPRISAL_NAMES.index("surprisal, sum")
    return Baseline(sources.read(["surprisal"]).columns_LN[:, column])


def position(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit the position of the line in its file: its share, and logs of the distances."""
    table = sources.laid.table
    parts = [
        table.place_L / np.maximum(table.last_L, 1),
        np.log1p(table.place_L),
        np.log1p(table.last_L - table.place_L),
        np.log1p(table.last_L),
    ]
    placed = with_columns(table, {"position": np.stack(parts, axis=1)})
    return fitted(placed, ["position"], recipe, POSITION_CS)


def tells(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit all tells of the audit together, trained as ours is: what form alone reveals."""
    found_LN = tells_of(file for file, _ in sources.laid.files)
    # A column by itself is a group, as in the audit; one without variation has nothing to fit.
    varying = {
        name: found_LN[:, number : number + 1]
        for number, name in enumerate(COLUMNS)
        if np.ptp(found_LN[:, number])
    }
    if not varying:
        return random(sources, recipe)
    table = with_columns(sources.laid.table, varying)
    return fitted(table, list(varying), replace(recipe, boost={}), (C,))


def tells_pairs(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit them mostly on pairs, as the audit does: the most that form reveals of pairs."""
    return tells(sources, replace(recipe, corrections=True, pairwise=TRAININGS["pairs"]))


def raw_states(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit our groups with the line's mean state in place of the autoencoder's: what it costs."""
    groups = _raw(recipe.groups or ("sae_max", "surface"))
    return fitted(sources.read(groups), groups, recipe, WIDE_CS)


def _raw(groups: Sequence[str]) -> list[str]:
    return list(dict.fromkeys("state_mean" if name.startswith("sae_") else name for name in groups))


BASELINES: Mapping[str, Callable[[Sources, Recipe], Baseline]] = {
    "random": random,
    "length": length,
    "position": position,
    "tells": tells,
    "tells-pairs": tells_pairs,
    "surface": surface,
    "surprisal": surprisal,
    "raw-states": raw_states,
}
