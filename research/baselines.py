"""The baselines of the benchmark: a row of `BASELINES` each.

Columns are made for one baseline after the other: all at once they would fill the memory.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from research.audit_measures import TRAININGS, C
from research.baseline_fit import Baseline, Recipe, fitted
from research.components import pca_scores
from research.embeddings import embed, token_lines
from research.leakage_features import COLUMNS, tells_of
from reviewbot.app.progress import say
from reviewbot.cli.train_options import counter
from reviewbot.cli.train_work import Work
from reviewbot.errors import UsageError
from reviewbot.models.ensure import ensure_model
from reviewbot.scoring.pooling import SURPRISAL_NAMES
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train.dataset import Table
from reviewbot.train.evaluate import SURFACE_CS, untrained
from reviewbot.train.reader import Reader
from reviewbot.train.labels import LabelRow
from reviewbot.train.prepare import Laid, columns_of

POSITION_CS = (1e-4, 1e-2, 1.0)
WIDE_CS = (1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 1e-3)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sources:
    """Where the columns of all baselines come from."""

    laid: Laid
    rows: Sequence[LabelRow]
    reader: Reader  # its cache holds the tokens already; nothing is read by the model again
    coder: SparseCoder  # the trained one, for its shape
    cache: Path
    checkpoint: Callable[[], Path]  # the model's directory, for its embedding matrix
    progress: Callable[[int, int], None] = lambda _done, _of: None


def sources_of(work: Work) -> Sources:
    """Return the sources that a command's flags name."""
    return Sources(
        laid=work.laid,
        rows=work.rows,
        reader=work.reader,
        coder=work.coder,
        cache=work.cache,
        checkpoint=lambda: _checkpoint(work),
        progress=counter("snippets"),
    )


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


def _checkpoint(work: Work) -> Path:
    depth = max(work.reader.layer, work.reader.deep or 0)  # the checkpoint that is read
    full = work.reader.full
    return ensure_model(work.model, depth, full=full, environ=os.environ, say=say).directory


def random(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return a constant: ties are expected values, so this is what a random order gives."""
    return Baseline(untrained(sources.laid.table)["random"])


def length(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return the characters of the line, without blanks at its ends."""
    return Baseline(untrained(sources.laid.table)["length"])


def surface(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit what the line looks like."""
    table = sources.laid.with_columns({"surface": sources.laid.surface()})
    return fitted(table, ["surface"], recipe, SURFACE_CS)


def surprisal(sources: Sources, _recipe: Recipe) -> Baseline:
    """Return the sum over the line, untrained."""
    column = SURPRISAL_NAMES.index("surprisal, sum")
    return Baseline(_read(sources, ["surprisal"]).columns_LN[:, column])


def position(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit the position of the line in its snippet: its share, and logs of the distances."""
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
    """Fit all tells of the audit together, trained as ours is: what form alone reveals."""
    found_WN = tells_of(sources.rows)
    # A column by itself is a group, as in the audit; one without variation has nothing to fit.
    varying = {
        name: found_WN[:, number : number + 1]
        for number, name in enumerate(COLUMNS)
        if len(found_WN) and np.ptp(found_WN[:, number])
    }
    if not varying:
        return random(sources, recipe)
    table = sources.laid.with_columns(varying)
    return fitted(table, list(varying), replace(recipe, boost={}), (C,))


def tells_pairs(sources: Sources, recipe: Recipe) -> Baseline:
    """Fit them mostly on pairs, as the audit does: the most that form reveals of pairs."""
    return tells(sources, replace(recipe, corrections=True, pairwise=TRAININGS["pairs"]))


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


BASELINES: Mapping[str, Callable[[Sources, Recipe], Baseline]] = {
    "random": random,
    "length": length,
    "position": position,
    "tells": tells,
    "tells-pairs": tells_pairs,
    "surface": surface,
    "surprisal": surprisal,
    "embeddings": embeddings,
    "embeddings-with-neighbours": embeddings_with_neighbours,
    "pca-128": pca,
    "random-autoencoder": random_autoencoder,
    "raw-states": raw_states,
}


def random_coder(coder: SparseCoder, seed: int) -> SparseCoder:
    """Return an autoencoder of the same shape with random directions of unit length.

    Its offset is the trained one's: without it, what all states share would fire the same features
    everywhere. Decoder and encoder are tied and the other bias is 0, as before training.
    """
    rows_FD = np.random.default_rng(seed).normal(size=(coder.features, coder.width))
    rows_FD /= np.linalg.norm(rows_FD, axis=1, keepdims=True)
    return SparseCoder(
        enc_DF=np.ascontiguousarray(rows_FD.T, np.float32),
        dec_FD=rows_FD.astype(np.float32),
        bias_F=np.zeros(coder.features, np.float32),
        bias_D=coder.bias_D,
        k=coder.k,
    )


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
