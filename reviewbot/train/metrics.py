"""Figures of rankings of lines and of probabilities. Plain numpy, float64.

y_L is True for risky lines, s_L is the score (higher is riskier), w_L a weight per line (1 unless
given; the bootstrap resamples by weights). Lines with equal scores are in random order and the
EXPECTED value is reported, so a constant score gives what a random order gives. A metric without a
meaning for its input (one class only, no snippet) is NaN, never 0.
"""

from dataclasses import dataclass
from math import comb

import numpy as np

from reviewbot.arrays import Array, Indices, Mask
from reviewbot.train.dataset import Scores

NAN = float("nan")
BINS = 15
LINE_SHARES = (0.05, 0.10, 0.20)
TOPS = (1, 3, 5)
POOLED = (
    "auroc",
    "ap",
    *(f"recall at {share:.0%}" for share in LINE_SHARES),
    "effort at 20% recall",
)
WITHIN_SHARE = 0.20
SNIPPET = ("within auroc", *(f"top-{k}" for k in TOPS), "ifa", "within recall at 20%")


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Scores sorted once, for many weightings."""

    order_L: Indices  # riskiest first
    y_L: Mask  # in that order
    ends_B: Indices  # last place of each block of equal scores


def ranked(y_L: Mask, s_L: Scores | Array) -> Ranked:
    """Sort by falling score. ValueError for a NaN: a line without a score has no rank."""
    if np.isnan(s_L).any():
        raise ValueError("a score is NaN")
    order_L = np.argsort(-s_L, kind="stable")
    sorted_L = s_L[order_L]
    ends_B = np.append(np.flatnonzero(sorted_L[1:] != sorted_L[:-1]), len(s_L) - 1)
    return Ranked(order_L, y_L[order_L], ends_B if len(s_L) else np.zeros(0, np.intp))


def pooled(rank: Ranked, w_L: Scores | None = None) -> Scores:
    """Return the metrics of `POOLED`, over all lines together.

    auroc      chance that a risky line scores above another one, ties half (Hanley and McNeil 1982)
    ap         sum over thresholds of (recall step) x precision; the base rate is what chance gives
    recall at  share of the risky lines among the top 5, 10, 20 % of all lines
    effort     share of all lines to read until 20 % of the risky ones are seen; lower is better
               (recall at and effort: DeepLineDP, Wattanakriengkrai et al., TSE; here pooled)
    """
    if len(rank.order_L) == 0:
        return np.full(len(POOLED), NAN)
    w_L = np.ones(len(rank.y_L)) if w_L is None else w_L[rank.order_L]
    hits_B = np.cumsum(np.where(rank.y_L, w_L, 0.0))[rank.ends_B]
    read_B = np.cumsum(w_L)[rank.ends_B]
    risky, total = hits_B[-1], read_B[-1]
    if risky <= 0 or total - risky <= 1e-12 * total:
        return np.full(len(POOLED), NAN)
    hits_B, read_B = np.append(0.0, hits_B), np.append(0.0, read_B)
    clean_B = read_B - hits_B
    steps_B = np.diff(hits_B)
    auroc = (np.diff(clean_B) * (hits_B[1:] + hits_B[:-1])).sum() / (2 * risky * clean_B[-1])
    some_B = read_B[1:] > 0
    ap = (steps_B[some_B] * hits_B[1:][some_B] / read_B[1:][some_B]).sum() / risky
    recalls = np.interp(np.array(LINE_SHARES) * total, read_B, hits_B) / risky
    wanted = 0.2 * risky
    block = int(np.searchsorted(hits_B, wanted * (1 - 1e-12)))  # the first that reaches it
    inside = (wanted - hits_B[block - 1]) / (hits_B[block] - hits_B[block - 1])
    effort = (read_B[block - 1] + inside * (read_B[block] - read_B[block - 1])) / total
    return np.array([auroc, ap, *recalls, effort])


def auroc(y_L: Mask, s_L: Scores | Array) -> float:
    """Area under the ROC curve; see `pooled`."""
    return float(pooled(ranked(y_L, s_L))[0])


def snippet(y_L: Mask, s_L: Scores | Array) -> Scores:
    """Return the metrics of `SNIPPET` for the lines of one snippet that has a risky line.

    within auroc  NaN where every line is risky
    top-k         chance that one of the k riskiest lines is risky (PtTrust, Defects4J literature);
                  1 where the snippet has at most k lines, so read it beside the random score
    ifa           lines read before the first risky one, "initial false alarms" (Huang et
                  al. 2017); expected over ties; lower is better
    within recall share of the risky lines among the riskiest fifth of the lines
    returns       NaN throughout where no line is risky
    """
    lines, risky = len(y_L), int(y_L.sum())
    if risky == 0:
        return np.full(len(SNIPPET), NAN)
    rank = ranked(y_L, s_L)
    sizes_B = np.diff(np.append(-1, rank.ends_B))
    hits_B = np.diff(np.append(0, np.cumsum(rank.y_L)[rank.ends_B]))
    first = int(np.flatnonzero(hits_B)[0])  # the first block that holds a risky line
    above, size, hits = int(sizes_B[:first].sum()), int(sizes_B[first]), int(hits_B[first])
    tops = []
    for k in TOPS:
        slots = min(k - above, size)
        tops.append(0.0 if slots <= 0 else 1 - comb(size - hits, slots) / comb(size, slots))
    inside = NAN
    if risky < lines:
        clean_B = sizes_B - hits_B
        better_B = risky - np.cumsum(hits_B)  # risky lines below the block
        inside = 1 - float((clean_B * (better_B + hits_B / 2)).sum() / (risky * (lines - risky)))
    read_B = np.append(0, np.cumsum(sizes_B))
    recall = np.interp(WITHIN_SHARE * lines, read_B, np.append(0, np.cumsum(hits_B))) / risky
    return np.array([inside, *tops, above + (size - hits) / (hits + 1), recall])


def by_snippet(y_L: Mask, s_L: Scores | Array, row_L: Indices) -> tuple[Indices, Scores]:
    """Return the number of every snippet with a risky line, and its metrics: `SNIPPET` columns."""
    order_L = np.argsort(row_L, kind="stable")
    rows, starts = np.unique(row_L[order_L], return_index=True)
    risky_rows, values = [], []
    for row, part in zip(rows, np.split(order_L, starts[1:]), strict=True):
        if y_L[part].any():
            risky_rows.append(int(row))
            values.append(snippet(y_L[part], s_L[part]))
    stacked = np.stack(values) if values else np.zeros((0, len(SNIPPET)))
    return np.array(risky_rows, np.intp), stacked


def mean(values: Scores) -> float:
    """Return the mean of the values that are not NaN; NaN if all are."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else NAN


def within_auroc(y_L: Mask, s_L: Scores | Array, row_L: Indices) -> float:
    """Macro mean of the AUROC inside each snippet that has both classes."""
    return mean(by_snippet(y_L, s_L, row_L)[1][:, 0])


def paired(s_L: Scores | Array, pairs_P2: Indices, block_P: Indices) -> tuple[Indices, Scores]:
    """Return, per block of pairs, the chance that the wrong line scores above the corrected one.

    Ties count one half. A block with several lines on a side counts once: the mean over all its
    pairs, so that neither side gains by having more lines.

    returns  the first pair of each block, and its value in [0, 1]
    """
    if len(pairs_P2) == 0:
        return np.zeros(0, np.intp), np.zeros(0)
    wrong_P, right_P = s_L[pairs_P2[:, 0]], s_L[pairs_P2[:, 1]]
    win_P = (wrong_P > right_P) + 0.5 * (wrong_P == right_P)
    _, first_B, block_P = np.unique(block_P, return_index=True, return_inverse=True)
    return first_B, np.bincount(block_P, win_P) / np.bincount(block_P)


def brier_skill(y_L: Mask, p_L: Scores | Array) -> float:
    """1 - Brier score / Brier score of the constant base rate; 0 is no skill."""
    rate = y_L.mean() if len(y_L) else NAN
    if not 0 < rate < 1:
        return NAN
    return float(1 - ((p_L.astype(np.float64) - y_L) ** 2).mean() / (rate * (1 - rate)))


def equal_mass_bins(p_L: Scores | Array, bins: int = BINS) -> Indices:
    """Cut the lines into bins of equal size by rising probability; return the bin of each line."""
    bin_L = np.zeros(len(p_L), np.intp)
    bin_L[np.argsort(p_L, kind="stable")] = np.arange(len(p_L)) * bins // max(len(p_L), 1)
    return bin_L


def ece(y_L: Mask, p_L: Scores | Array, bins: int = BINS) -> float:
    """Expected calibration error: mean over equal-mass bins of |mean probability - share risky|.

    Lines of equal probability share their label's mean, so that their order does not matter.
    source  Naeini et al. 2015; equal mass after Nixon et al. 2019
    """
    if len(y_L) == 0:
        return NAN
    gap_L = p_L.astype(np.float64) - tied_mean(y_L, p_L)
    gap_B = np.bincount(equal_mass_bins(p_L, bins), gap_L)
    return float(np.abs(gap_B).sum() / len(y_L))


def tied_mean(y_L: Mask | Scores, p_L: Scores | Array) -> Scores:
    """Return for each line the mean label of all lines with the same probability."""
    _, same_L = np.unique(p_L, return_inverse=True)
    return np.asarray((np.bincount(same_L, y_L) / np.bincount(same_L))[same_L], np.float64)


def false_alarms(p_L: Scores | Array, threshold: float) -> float:
    """Lines above the threshold per 100 lines. p_L holds lines of clean code only."""
    return float(100 * (p_L > threshold).mean()) if len(p_L) else NAN


def recall_above(y_L: Mask, p_L: Scores | Array, threshold: float) -> float:
    """Share of the risky lines above the threshold."""
    return float((p_L[y_L] > threshold).mean()) if y_L.any() else NAN
