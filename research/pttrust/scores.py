"""PtTrust-R, second stage: a small network ranks the lines of wrong programs by their codes.

Source: PtTrust (arXiv:2504.14640) as paper and published configuration describe it.
The first stage is `research.pttrust.autoencoder`. It is the peer that our predictor must
beat, measured on the same states, lines and folds. Readings of ours: "five linear layers of 32" are
followed by one that gives the score; ranks of wrong lines count from 1; which set a program is from
does not weigh.

Measured on one core of a busy machine with made-up codes, five folds of 2,302 wrong programs (20
lines on average, 158 at most): at 8 programs a step 20 epochs took 149 s of processor time; at the
paper's 2 the first three took 37 s, against 19 s at 8. A greater `RankerConfig.batch` is faster,
but not the paper's.
"""

from collections.abc import Sequence

import numpy as np

from research.pttrust.ranker import PAPER, Lesson, RankerConfig, predict, train
from reviewbot.arrays import Array, Indices, Mask
from reviewbot.errors import UsageError
from reviewbot.scoring.sae import SparseCoder, encode_normed
from reviewbot.train.dataset import Scores, Table

CHUNK = 8192  # lines
CLEAN, WRONG = 1.0, 10.0  # relevance before it is scaled; a wrong line's rank is added


def codes(state_last_LD: Array, coder: SparseCoder) -> Array:
    """Return the code of each line's last token, (L, F).

    state_last_LD  layer-normed, the group "state_last"; a row of zeros (a line without a token that
                   counts) gets a code of zeros
    raises         ArtifactError if D is not the coder's width
    """
    code_LF = np.zeros((len(state_last_LD), coder.features), np.float32)
    for start in range(0, len(state_last_LD), CHUNK):
        block = slice(start, start + CHUNK)
        sparse = encode_normed(coder, state_last_LD[block])
        np.put_along_axis(code_LF[block], sparse.indices_TK, sparse.values_TK, axis=1)
    code_LF[~state_last_LD.any(axis=1)] = 0
    return code_LF


def relevance(y_L: Mask, tokens_L: Indices, *, length_prior: bool = True) -> Scores:
    """Return the target of one snippet's lines, between 0 (least) and 1.

    length_prior  grade the wrong lines by length, the longest first, as the paper does; False makes
                  them equal
    1 for a clean line, 10 + rank for a wrong one, then scaled to 0 and 1 over the snippet; of lines
    of equal length the later ranks higher. Where all lines are equal, all are 0: nothing to rank.
    """
    rank_L = np.zeros(len(y_L))
    if length_prior:
        wrong = np.flatnonzero(y_L)
        rank_L[wrong[np.argsort(tokens_L[wrong], kind="stable")]] = np.arange(1, len(wrong) + 1)
    raw_L = np.where(y_L, WRONG + rank_L, CLEAN)
    least, most = raw_L.min(), raw_L.max()
    return (raw_L - least) / (most - least) if most > least else np.zeros(len(y_L))


def lessons(
    table: Table, use_L: Mask, tokens_L: Indices, *, length_prior: bool = True
) -> list[Lesson]:
    """Return the wrong programs among the lines in use, in the order of their numbers.

    Lines that are not `Table.clear()`, snippets without a risky line and snippets of equal targets
    are left out.
    """
    order = np.flatnonzero(use_L & table.clear())
    order = order[np.argsort(table.row_L[order], kind="stable")]
    starts = np.unique(table.row_L[order], return_index=True)[1]
    found = []
    for lines in np.split(order, starts[1:]):
        if len(lines) and table.y_L[lines].any():
            target = relevance(table.y_L[lines], tokens_L[lines], length_prior=length_prior)
            if target.max() > 0:
                found.append(Lesson(lines, target))
    return found


def scores(
    code_LF: Array,
    table: Table,
    fold_L: Indices,
    *,
    seed: int = 0,
    length_prior: bool = True,
    tokens_L: Indices | None = None,
    train_sets: Sequence[str] | None = None,
    config: RankerConfig = PAPER,
) -> Array:
    """Return the risk of every line, in [0, 1], by a ranker that saw nothing of its fold.

    code_LF     see `codes`
    fold_L      as `dataset.assign_folds` gives it; no group in two folds
    tokens_L    tokens of each line, for the length prior; None takes characters
    train_sets  sets to learn from, all by default; lines of the others are scored too
    returns     (L,); lines of corrections and of sound programs too, though none was trained on
    raises      UsageError for an unknown set, a group in two folds, or a fold that leaves no wrong
                program to learn from; ValueError where lengths differ or a code is not finite
    """
    tokens_L = table.length_L if tokens_L is None else tokens_L
    _check(code_LF, table, fold_L, tokens_L, train_sets)
    sets = np.unique(table.set_L) if train_sets is None else sorted(train_sets)
    in_use_L = np.isin(table.set_L, sets)
    folds = np.unique(fold_L)
    taught = [
        lessons(table, in_use_L & (fold_L != k), tokens_L, length_prior=length_prior) for k in folds
    ]
    if not all(taught):
        raise UsageError(
            "a fold leaves no wrong program to learn from, so nothing was trained",
            fix="give labels of more groups with risky lines, or ask for fewer folds",
        )
    model = train(code_LF, taught, seed=seed, config=config)
    score_L = np.zeros(len(table), np.float32)
    for number, k in enumerate(folds):
        lines = np.flatnonzero(fold_L == k)
        score_L[lines] = predict([part[number : number + 1] for part in model], code_LF[lines])
    return score_L


def _check(
    code_LF: Array,
    table: Table,
    fold_L: Indices,
    tokens_L: Indices,
    train_sets: Sequence[str] | None,
) -> None:
    if not len(table) == len(code_LF) == len(fold_L) == len(tokens_L):
        raise ValueError(f"{len(table)} lines, other codes, folds or lengths")
    if not np.isfinite(code_LF).all():
        raise ValueError("a code holds NaN or infinity")
    known = set(table.set_L.tolist())
    if missing := sorted(set(train_sets or ()) - known):
        raise UsageError(
            f"no set is named {missing[0]!r}, nothing was trained",
            fix=f"use some of: {', '.join(sorted(known))}",
        )
    if len(set(zip(table.group_L.tolist(), fold_L.tolist(), strict=True))) > len(
        np.unique(table.group_L)
    ):
        raise UsageError(
            "a group is in two folds, so nothing was trained",
            fix="make the folds with `assign_folds`",
        )
