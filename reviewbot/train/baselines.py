"""What a model must beat, made on the same lines and the same folds: a row of `BASELINES` each.

Every one that is fitted chooses its C from a range of its own by the criterion that ours chooses
by, learns from the same lines (corrections included exactly where ours has them) and by the same
losses. Columns are made when their turn comes and forgotten afterwards: held all at once they would
fill the memory.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reviewbot.core.errors import UsageError
from reviewbot.core.sae import SparseCoder
from reviewbot.train import audit
from reviewbot.train.baseline_fit import Baseline, Recipe, Sources, fitted, pca_scores, random_coder
from reviewbot.train.dataset import Table
from reviewbot.train.embeddings import embed, token_lines
from reviewbot.train.prepare import columns_of
from reviewbot.train.tells import COLUMNS

POSITION_CS = (1e-4, 1e-2, 1.0)
WIDE_CS = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 1e-3)


def random(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return a constant: ties are expected values, so this is what a random order gives."""
    return Baseline(np.zeros(len(sources.laid.table), np.float32))


def length(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return the characters of the line, blanks at its ends left out."""
    return Baseline(sources.laid.table.length_L.astype(np.float32))


def position(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit where the line stands in its snippet: its share of the way, and logs of the distances."""
    table = sources.laid.table
    parts = [
        table.place_L / np.maximum(table.last_L, 1),
        np.log1p(table.place_L),
        np.log1p(table.last_L - table.place_L),
        np.log1p(table.last_L),
    ]
    place_L4 = np.stack(parts, axis=1).astype(np.float32)
    placed = replace(table, columns_LN=place_L4, groups={"position": 4})
    return fitted(placed, ["position"], recipe, POSITION_CS)


def tells(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit all tells of the audit together, trained as ours is: what form alone gives away."""
    found_WN = sources.laid.tells()
    # A column by itself is a group, as in the audit; one without variation has nothing to fit.
    varying = {
        name: found_WN[:, number : number + 1]
        for number, name in enumerate(COLUMNS)
        if len(found_WN) and np.ptp(found_WN[:, number])
    }
    if not varying:
        return random(sources, recipe)
    table = sources.laid.with_columns(varying)
    return fitted(table, list(varying), replace(recipe, boost={}), (audit.C,))


def tells_pairs(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit them so that pairs decide, as the audit does: the most that form gives away of pairs."""
    return tells(sources, replace(recipe, corrections=True, pairwise=audit.TRAININGS["pairs"]))


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


def embeddings(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit the mean of the line's token embeddings: words without any context."""
    table = sources.laid.with_columns({"embedding": _embedded(sources, neighbours=False)})
    return fitted(table, ["embedding"], recipe, WIDE_CS)


def embeddings_with_neighbours(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit the embeddings of the previous, this and the next line, and the surface."""
    groups = {
        "embeddings": _embedded(sources, neighbours=True),
        "surface": sources.laid.surface(),
    }
    table = sources.laid.with_columns(groups)
    del groups
    return fitted(table, list(table.groups), recipe, WIDE_CS)


def pca(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit the first 128 principal components of the line's mean state."""
    return pca_scores(_read(sources, ["state_mean"]), recipe)


def random_autoencoder(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit the features of an autoencoder of the same shape that was never trained."""
    coder = random_coder(sources.coder, recipe.seed)
    parts = (coder.enc_DF, coder.bias_D, coder.bias_F, np.array(coder.k))
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts))
    table = _read(sources, ["sae_max"], coder, digest.hexdigest())
    return fitted(table, ["sae_max"], recipe, WIDE_CS)


def raw_states(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit our groups with the line's mean state in place of the autoencoder's: what it costs."""
    ours = recipe.groups or ("sae_max", "surface")
    groups = list(dict.fromkeys("state_mean" if name.startswith("sae_") else name for name in ours))
    return fitted(_read(sources, groups), groups, recipe, WIDE_CS)


CHEAP: Mapping[str, Callable[[Sources, Recipe], Baseline]] = {
    "random": random,
    "length": length,
    "position": position,
    "tells": tells,
    "tells-pairs": tells_pairs,
    "surface": surface,
    "surprisal": surprisal,
}
BASELINES: Mapping[str, Callable[[Sources, Recipe], Baseline]] = {
    **CHEAP,
    "embeddings": embeddings,
    "embeddings-with-neighbours": embeddings_with_neighbours,
    "pca-128": pca,
    "random-autoencoder": random_autoencoder,
    "raw-states": raw_states,
}


def chosen(text: str, *, surprisal: bool) -> list[str]:
    """Return the names that --baselines asks for: "all", "cheap", or some of `BASELINES`.

    surprisal  whether there is any: "all" and "cheap" leave it out otherwise
    raises     UsageError for an unknown name, and where surprisal is named but not there, or there
               but not named
    """
    sets: Mapping[str, Collection[str]] = {"all": BASELINES, "cheap": CHEAP}
    if text in sets:
        return [name for name in sets[text] if surprisal or name != "surprisal"]
    names = [name.strip() for name in text.split(",") if name.strip()]
    if strange := sorted(set(names) - set(BASELINES)):
        raise UsageError(
            f"no baseline is named {strange[0]!r}, nothing was measured",
            fix=f"use all, cheap, or some of: {', '.join(BASELINES)}",
        )
    if surprisal != ("surprisal" in names):
        raise UsageError(
            "the surprisal baseline and the sets to read for it go together, nothing was measured",
            fix="give --surprisal-sets and name surprisal in --baselines, or neither",
        )
    return list(dict.fromkeys(names))


def _embedded(sources: Sources, *, neighbours: bool) -> Any:
    tokenize = sources.reader.encoder.tokenize
    lines = [token_lines(tokenize, snippet) for snippet in sources.laid.snippets]
    return embed(sources.checkpoint(), lines, neighbours=neighbours)


def _read(
    sources: Sources, groups: Sequence[str], coder: SparseCoder | None = None, digest: str = ""
) -> Table:
    return columns_of(
        sources.laid, sources.reader, coder, digest, groups, sources.cache, sources.progress
    )
