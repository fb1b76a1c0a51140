"""What a model must beat, made on the same lines and the same folds: a row of `BASELINES` each."""

from collections.abc import Callable, Collection, Mapping

import numpy as np

from reviewbot.errors import UsageError
from reviewbot.train.baseline_fit import Baseline, Recipe, Sources, fitted


def random(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return a constant: ties are expected values, so this is what a random order gives."""
    return Baseline(np.zeros(len(sources.laid.table), np.float32))


def length(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return the characters of the line, blanks at its ends left out."""
    return Baseline(sources.laid.table.length_L.astype(np.float32))


def surface(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit what the line looks like."""
    return fitted(
        sources.laid.with_columns({"surface": sources.laid.surface()}), ["surface"], recipe
    )


def surprisal(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return the sum over the line, untrained."""
    if sources.surprisal is None:
        raise UsageError(
            "the surprisal baseline needs the whole model, nothing was measured",
            fix="say with --surprisal-sets which sets it shall read",
        )
    return Baseline(sources.surprisal())


BASELINES: Mapping[str, Callable[[Sources, Recipe], Baseline]] = {
    "random": random,
    "length": length,
    "surface": surface,
    "surprisal": surprisal,
}


def chosen(
    text: str, *, surprisal: bool, known: Mapping[str, Collection[str]] | None = None
) -> list[str]:
    """Return the names that --baselines asks for: "all", or some of `BASELINES`.

    surprisal  whether there is any: "all" leaves it out otherwise
    known      words that stand for many baselines; "all", which is among them, has every name
    raises     UsageError for an unknown name, and where surprisal is named but not there, or there
               but not named
    """
    known = {"all": BASELINES} if known is None else known
    if text in known:
        return [name for name in known[text] if surprisal or name != "surprisal"]
    names = [name.strip() for name in text.split(",") if name.strip()]
    if strange := sorted(set(names) - set(known["all"])):
        raise UsageError(
            f"no baseline is named {strange[0]!r}, nothing was measured",
            fix=f"use {', '.join(known)}, or some of: {', '.join(known['all'])}",
        )
    if surprisal != ("surprisal" in names):
        raise UsageError(
            "the surprisal baseline and the sets to read for it go together, nothing was measured",
            fix="give --surprisal-sets and name surprisal in --baselines, or neither",
        )
    return list(dict.fromkeys(names))
