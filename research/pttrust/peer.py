"""PtTrust-R beside ours: its score on the same lines, folds and states, and its own figures."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from research.baseline_fit import Baseline
from research.baselines import Sources
from research.pttrust import metrics as pttrust_metrics
from research.pttrust.ranker import PAPER
from research.pttrust.scores import codes
from research.pttrust.scores import scores as ranker_scores
from reviewbot.arrays import Array, Indices
from reviewbot.encoders.encoder import Tokens
from reviewbot.encoders.spans import line_spans
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train.bootstrap import SAMPLES, figure, ratio, resample
from reviewbot.train.dataset import Scores, Table
from reviewbot.train.metrics import mean
from reviewbot.train.prepare import Laid

NAME = "pttrust-r"
SHOWN = ("hit_rate@1", "hit_rate@5", "hit_line_rate@1", "hit_line_rate@5", "recall@1", "recall@5")


@dataclass(frozen=True, slots=True, eq=False)
class Peer:
    """The peer's score, and what is needed for its own figures."""

    made: Baseline
    tokens_L: Indices  # of each line of the table
    facts: dict[str, Any]  # JSON-able: how it was made


def peer(
    sources: Sources,
    coder: SparseCoder,
    fold_L: Indices,
    *,
    batch: int,
    seed: int,
    train_sets: Sequence[str] | None = None,
) -> Peer:
    """Train PtTrust-R's ranker on the states that the evaluated reader reads.

    coder   what `research.pttrust.autoencoder` made of the same layer
    batch   programs a step; the paper's is 2, more is faster and not the paper's
    train_sets  sets to learn from, as ours does; None: all
    raises  what `scores.scores` raises
    """
    start = time.monotonic()
    laid = sources.laid
    code_LF = codes(sources.read(["state_last"]).columns_LN, coder)
    config = replace(PAPER, batch=batch)
    tokens_L = line_tokens(laid, sources.reader.encoder.tokenize)
    score_L = ranker_scores(
        code_LF,
        laid.table,
        fold_L,
        seed=seed,
        tokens_L=tokens_L,
        train_sets=train_sets,
        config=config,
    )
    facts = {
        "features": coder.features,
        "k": coder.k,
        "epochs": config.epochs,
        "batch": batch,
        "batch of the paper": PAPER.batch,
        "seconds": round(time.monotonic() - start, 1),
    }
    return Peer(Baseline(score_L), tokens_L, facts)


def line_tokens(laid: Laid, tokenize: Callable[[str], Tokens]) -> Indices:
    """Return the number of tokens of each line of the table.

    A token that crosses a line end belongs to both lines. No model runs.
    """
    counts: list[int] = []
    for file, _ in laid.files:
        text = "\n".join(file.head) + "\n"
        spans = line_spans(tokenize(text).offsets, text)
        counts += [len(range(*spans[line.number - 1])) for line in file.wanted]
    return np.array(counts, np.intp)


def figures(
    table: Table,
    scores: Mapping[str, Scores | Array],
    tokens_L: Indices,
    suites: Mapping[str, Sequence[str]],
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """Return suite -> score -> metric of `SHOWN` -> {"value", "low", "high"}, by group.

    Suites without a wrong line are left out. Give a random score too: short programs flatter all.
    """
    found: dict[str, dict[str, Any]] = {}
    shown = [pttrust_metrics.NAMES.index(name) for name in SHOWN]
    for title, members in suites.items():
        line_L = np.isin(table.set_L, list(members)) & table.clear()
        if not table.y_L[line_L].any():
            continue
        row_L, group_L = table.row_L[line_L], table.group_L[line_L]
        draws = resample(group_L, samples=samples, seed=seed)
        owners, first_R = np.unique(row_L, return_index=True)
        found[title] = {}
        for name, s_L in scores.items():
            if np.isnan(s_L[line_L]).any():
                continue
            rows, values_RK = pttrust_metrics.by_snippet(
                table.y_L[line_L], s_L[line_L], row_L, tokens_L[line_L]
            )
            group_R = group_L[first_R][np.searchsorted(owners, rows)]
            found[title][name] = {
                pttrust_metrics.NAMES[k]: figure(
                    draws, mean(values_RK[:, k]), ratio(draws, group_R, values_RK[:, k])
                )
                for k in shown
            }
    return found
