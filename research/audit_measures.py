"""Could a paired figure be read off the form of a version? A classifier that sees only a tell.

Corrections are made by other hands than what they correct. Where length, blanks or habits alone put
the wrong line above the corrected one, a paired figure of a model says little until it beats them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np

from research import pairs
from research.baseline_fit import with_columns
from research.leakage_features import COLUMNS, TELLS, tells_of
from research.transfer_measures import balanced_entry, mean_entry, pooled_entry, within_entry
from reviewbot.arrays import Array, Mask
from reviewbot.errors import UsageError
from reviewbot.train import metrics
from reviewbot.train.bootstrap import SAMPLES, Resamples, resample
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.predictor_fit import fit
from reviewbot.train.prepare import Laid
from reviewbot.train.suites import MIXED

ALL = "all together"
FILTERS = ("all places", "normalised")  # `corrections.is_normalised`
TRAININGS = {"lines": 0.0, "pairs": 30.0}  # weight of pairs against lines: at 30 pairs decide alone
ABOVE, BELOW = 0.55, 0.45  # an interval beyond is "a tell"
LEAST = 10  # pairs; with fewer there is nothing to measure
C = 0.1  # little beside the loss of a few columns, enough that the solver need not creep


def audit(
    laid: Laid,
    *,
    mixed: Mapping[str, Sequence[str]] = MIXED,
    folds: int = 5,
    seed: int = 0,
    samples: int = SAMPLES,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> dict[str, Any]:
    """Measure every tell on every set: on pairs, within changes, and between wrong and sound ones.

    mixed    title -> sets with wrong lines and sets of sound code; taken where all of them are
             there
    returns  JSON-able. "sets" [name]["pairs"][filter] is {"skipped": why} or holds places, groups,
             pairs of each of `pairs.STRATA`, "tells" (a classifier per tell and training, out of
             fold by group) and "columns" (the bare column: does the wrong side have more of it?).
             "length balanced" is `pairs.balanced`, null where a stratum has too few pairs. "sets"
             [name]["within"] ranks the original lines. "mixtures" tells lines of changes that were
             fixed from lines of changes that survived

    Every figure has .5 for chance and a 95 % interval over resampled groups. See `verdict`; a pair
    figure whose fit came to nothing is null and "not fitted", others are then null.
    """
    columns_LN = tells_of(file for file, _ in laid.files)
    parts = {name: columns_LN[:, number : number + 1] for number, name in enumerate(COLUMNS)}
    table = with_columns(laid.table, parts)
    names = np.unique(table.set_L).tolist()
    mixtures = {title: sets for title, sets in mixed.items() if set(sets) <= set(names)}
    found: dict[str, Any] = {"folds": folds, "seed": seed, "samples": samples, "sets": {}}
    how = _How(folds, seed, samples)
    for done, name in enumerate(names):
        progress(done, len(names) + len(mixtures))
        of_set = [one for one in laid.replayed if one.change.set == name]
        in_set_L = table.set_L == name
        here_P = in_set_L[table.pairs_P2[:, 0]]
        wanted = (here_P, here_P & table.one_for_one_P)
        corrected = sum(bool(one.corrections) for one in of_set)
        found["sets"][name] = {
            "rows": len(of_set),
            "corrected": corrected,
            "pairs": {
                title: how.pairs(_with_pairs(table, wanted_P))
                for title, wanted_P in zip(FILTERS, wanted, strict=True)
                if corrected
            },
            "within": how.within(_originals(table, in_set_L)),
        }
    found["mixtures"] = {}
    for done, (title, sets) in enumerate(mixtures.items(), len(names)):
        progress(done, len(names) + len(mixtures))
        found["mixtures"][title] = how.mixture(_originals(table, np.isin(table.set_L, sets)))
    progress(len(names) + len(mixtures), len(names) + len(mixtures))
    return found


def verdict(entry: Mapping[str, Any] | None, where_it_differs: Mapping[str, Any] | None) -> str:
    """Name what an interval says: its lower end above .55 or its upper end below .45 is a tell.

    where_it_differs  the same figure over the pairs alone in which the tell differs
    returns           "a tell, wrong above" or "a tell, wrong below"; "a rare tell, ..." where that
                      holds only among the pairs in which it differs, at least `LEAST` of them;
                      "too few groups" without an interval; "open" where the interval reaches beyond
                      either bound, so that too little was measured to say; else ""
    """
    if entry is None:
        return ""
    if "low" not in entry:
        return "too few groups"
    for kind, figure in (("a tell", entry), ("a rare tell", where_it_differs)):
        if figure is None or "low" not in figure or figure["count"] < LEAST:
            continue
        if figure["low"] > ABOVE:
            return f"{kind}, wrong above"
        if figure["high"] < BELOW:
            return f"{kind}, wrong below"
    return "" if entry["low"] >= BELOW and entry["high"] <= ABOVE else "open"


class _How:
    """Folds, seed and resamples, the same for every measurement."""

    def __init__(self, folds: int, seed: int, samples: int) -> None:
        self.folds, self.seed, self.samples = folds, seed, samples

    def pairs(self, table: Table) -> dict[str, Any]:
        places, groups = len(np.unique(table.block_P)), len(np.unique(table.group_L))
        if places < LEAST or groups < 2:
            return {"skipped": f"{places} places in {groups} groups are too few"}
        draws = resample(table.group_L, samples=self.samples, seed=self.seed)
        found: dict[str, Any] = {"places": places, "groups": groups, "tells": {}, "columns": {}}
        everything_P = np.ones(len(table.pairs_P2), np.bool_)
        found |= {name: pairs.counts(table, everything_P)[name] for name in pairs.STRATA}
        for tell, names in _with_all():
            same_P = _same(table, names)
            entry: dict[str, Any] = {}
            for training, pairwise in TRAININGS.items():
                # What never differs decides no pair, whatever is learnt.
                score_L = (
                    np.zeros(len(table), np.float32)
                    if same_P.all()
                    else self._score(table, names, corrections=True, pairwise=pairwise)
                )
                entry[training] = _paired(table, score_L, same_P, draws)
            found["tells"][tell] = entry
        for number, name in enumerate(COLUMNS):
            column_L = table.columns_LN[:, number]
            found["columns"][name] = _paired(table, column_L, _same(table, [name]), draws)
        return found

    def within(self, table: Table) -> dict[str, Any]:
        if not table.y_L.any() or len(np.unique(table.group_L)) < 2:
            return {"skipped": "no risky line, or one group only"}
        draws = resample(table.group_L, samples=self.samples, seed=self.seed)
        everything_L = np.ones(len(table), np.bool_)
        found: dict[str, Any] = {}
        for tell, names in _with_all():
            # What is the same for all lines of a version ranks none of them.
            score_L = (
                np.zeros(len(table), np.float32)
                if _flat(table, names)
                else self._score(table, names)
            )
            fitted = bool(np.isfinite(score_L).all())
            entry = within_entry(table, score_L, everything_L, draws) if fitted else None
            found[tell] = None if entry is None else entry | {"verdict": verdict(entry, None)}
        return found

    def mixture(self, table: Table) -> dict[str, Any]:
        table = replace(table, y_L=~table.survived_L)
        if not 0 < table.y_L.sum() < len(table) or len(np.unique(table.group_L)) < 2:
            return {"skipped": "all fixed, all survived, or one group only"}
        draws = resample(table.group_L, samples=self.samples, seed=self.seed)
        found: dict[str, Any] = {}
        for tell, names in _with_all():
            score_L = self._score(table, names)
            fitted = bool(np.isfinite(score_L).all())
            entry = pooled_entry(table.y_L, score_L, table.group_L, draws) if fitted else None
            found[tell] = None if entry is None else entry | {"verdict": verdict(entry, None)}
        return found

    def _score(
        self,
        table: Table,
        names: Sequence[str],
        *,
        corrections: bool = False,
        pairwise: float = 0.0,
    ) -> Array:
        used_LN = table.columns_LN[:, _numbers(names)]
        varying = [
            name for name, x_L in zip(_ordered(names), used_LN.T, strict=True) if np.ptp(x_L)
        ]
        if not varying:  # without variation a fit is rounding only
            return np.zeros(len(table), np.float32)
        folds = min(self.folds, len(np.unique(table.group_L)))
        try:
            return fit(
                table,
                varying,
                corrections=corrections,
                cs=(C,),
                folds=folds,
                seed=self.seed,
                pairwise=pairwise,
            ).oof_L
        except UsageError:  # no signal at all in these columns: NaN says "not fitted"
            return np.full(len(table), np.nan, np.float32)


def _with_all() -> list[tuple[str, Sequence[str]]]:
    return [*TELLS.items(), (ALL, tuple(COLUMNS))]


def _with_pairs(table: Table, wanted_P: Mask) -> Table:
    """Return the changes that have such pairs, with no other pairs."""
    rows = np.unique(table.row_L[table.pairs_P2[wanted_P, 0]])
    return _part(table, np.isin(table.row_L, rows), wanted_P)


def _originals(table: Table, part_L: Mask) -> Table:
    """Return some lines without corrections and without lines of ambiguous label."""
    return _part(table, part_L & table.clear(), np.zeros(len(table.block_P), np.bool_))


def _part(table: Table, keep_L: Mask, keep_P: Mask) -> Table:
    """Return some lines, and pairs whose lines are all among them."""
    kept: dict[str, Any] = {
        name: getattr(table, name)[keep_L if name.endswith(("_L", "_LN")) else keep_P]
        for name in (field.name for field in fields(table))
        if name not in ("groups", "drawn")
    }
    at_L = np.cumsum(keep_L) - 1
    return replace(table, **kept | {"pairs_P2": at_L[table.pairs_P2[keep_P]]})


def _same(table: Table, names: Sequence[str]) -> Mask:
    """Return True for each pair whose lines have the same columns: no tell can decide it."""
    at = _numbers(names)
    wrong_PN, right_PN = (table.columns_LN[table.pairs_P2[:, side]][:, at] for side in (0, 1))
    return np.asarray((wrong_PN == right_PN).all(axis=1), np.bool_)


def _flat(table: Table, names: Sequence[str]) -> bool:
    """Return True if the columns are the same for all lines of each snippet."""
    columns_LN = table.columns_LN[:, _numbers(names)]
    _, first_R, row_L = np.unique(table.row_L, return_index=True, return_inverse=True)
    return bool((columns_LN == columns_LN[first_R][row_L]).all())


def _numbers(names: Sequence[str]) -> list[int]:
    return [list(COLUMNS).index(name) for name in _ordered(names)]


def _ordered(names: Sequence[str]) -> list[str]:
    return [name for name in COLUMNS if name in names]


def _paired(table: Table, s_L: Scores | Array, same_P: Mask, draws: Resamples) -> dict[str, Any]:
    """Measure a score on all pairs, on those in which the columns differ, and length balanced."""
    if not np.isfinite(s_L).all():
        none = dict.fromkeys(("paired", "length balanced", "where it differs"))
        return none | {"differs": float((~same_P).mean()), "verdict": "not fitted"}
    wrong_P, right_P = s_L[table.pairs_P2[:, 0]], s_L[table.pairs_P2[:, 1]]
    # A score is summed in another order at another place of the table: equal columns may then
    # differ in the last digit, and a tie would be decided by rounding.
    right_P = np.where(same_P, wrong_P, right_P)
    pairs_P2 = np.stack([np.arange(len(same_P)), np.arange(len(same_P)) + len(same_P)], axis=1)
    first_K, win_K = metrics.paired(np.concatenate([wrong_P, right_P]), pairs_P2, table.block_P)
    even_L = s_L.copy()
    even_L[table.pairs_P2[:, 1]] = right_P  # a normalised pair shares no line with another
    _, number_P = np.unique(table.block_P, return_inverse=True)
    differs_K = np.bincount(number_P, ~same_P) > 0
    group_K = table.group_L[table.pairs_P2[first_K, 0]]
    entry = mean_entry(win_K, group_K, draws)
    differing = mean_entry(np.where(differs_K, win_K, np.nan), group_K, draws)
    return {
        "paired": entry,
        "length balanced": balanced_entry(table, even_L, np.ones(len(same_P), np.bool_), draws),
        "where it differs": differing,
        "differs": float(differs_K.mean()),
        "verdict": verdict(entry, differing),
    }
