"""Thresholds on the risk, with a stated confidence in their rate of false alarms.

A threshold that lets 1 of 100 clean lines of the sample through breaks that rate on new code about
every other time. Here it is chosen by Learn-then-Test (Angelopoulos et al. 2021, arXiv:2110.01052):
walk from the strictest threshold down and stop at the last one whose upper bound on the rate of
false alarms stays within the rate allowed.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import ceil, floor, log
from typing import Any

import numpy as np
from scipy.special import betaincinv, stdtrit

from reviewbot.arrays import Array, Mask
from reviewbot.train import metrics
from reviewbot.train.dataset import Scores, Texts

RATES = {"show": 1 / 100, "gate": 1 / 1_000}  # false alarms per line of clean code
CONFIDENCE = 0.9
MIN_GROUPS = 50.0  # effective ones; with fewer, a bad kind of group may be missing
MIN_ALARMS = 20  # with fewer, their clumping cannot be measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A threshold on one kind of clean code."""

    quantile: float  # the least risk with at most rate * lines above it in the sample
    bounded: float | None  # the least risk whose bound keeps the rate; None: no bound does
    used: float  # `bounded`, else the greatest risk seen: no alarm on any clean line so far
    stated: bool  # there is a `bounded`, from enough groups
    lines: int
    groups: float  # effective number of equal groups
    design_effect: float  # how many clumped lines count as one independent line
    lines_needed: int  # of the same kind, until a threshold can be stated; 0: enough


def threshold_for(p_L: Scores | Array, rate: float) -> float:
    """Return the least risk with at most floor(rate * L) of the clean lines strictly above it."""
    allowed = floor(rate * len(p_L) + 1e-9)
    return float(np.sort(p_L)[::-1][allowed]) if allowed < len(p_L) else 0.0


def effective_groups(group_L: Texts) -> float:
    """Return L squared / sum of the squared sizes: G where G groups are of one size (Kish 1965)."""
    _, size_G = np.unique(group_L, return_counts=True)
    return float(size_G.sum() ** 2 / (size_G.astype(np.float64) ** 2).sum())


def design_effect(alarm_L: Mask, group_L: Texts) -> float:
    """Return the variance of the rate over whole groups, against that of independent lines.

    At least 1; 1 where nothing varies, or for one group, which cannot show clumping.
    source  linearised ratio estimator, Cochran 1977, chapter 9
    """
    _, index_L = np.unique(group_L, return_inverse=True)
    rate, lines, groups = float(alarm_L.mean()), len(alarm_L), int(index_L.max()) + 1
    if not 0 < rate < 1 or groups < 2:
        return 1.0
    rest_G = np.bincount(index_L, alarm_L - rate, groups)
    variance = groups / (groups - 1) * float((rest_G**2).sum()) / lines**2
    return max(variance / (rate * (1 - rate) / lines), 1.0)


def upper_bound(alarms: float, lines: float, confidence: float) -> float:
    """Return the rate that is not exceeded with this confidence: Clopper and Pearson (1934).

    Both counts may be fractions: for clumped lines they are the effective counts.
    """
    if alarms >= lines:
        return 1.0
    return float(betaincinv(alarms + 1, lines - alarms, confidence))


def choose(
    p_L: Scores | Array, group_L: Texts, rate: float, confidence: float = CONFIDENCE
) -> Point:
    """Choose the threshold on one kind of clean code: its risks and its groups.

    The bound is that of Korn and Graubard (Survey Methodology 24, 1998): Clopper-Pearson on an
    effective number of lines. That is lines / design effect, reduced by the squared ratio of t
    quantiles because few groups measure the design effect badly. The design effect is measured at
    `rate` alarms per line, the hypothesis to refute, and at least `MIN_ALARMS` alarms. So the bound
    rises with every further alarm, and stopping at the first failure counts the alarms allowed.

    Assumption: new groups are drawn like these. Simulated at .9 with 112 groups, 1 in 100 was
    exceeded in 10 % of the draws where groups differ smoothly, in 17 % where one group in 33 is bad
    (plain quantile: in half), and in 30 % with 40 groups, most of which then hold no bad group.
    So with fewer than `MIN_GROUPS` effective groups nothing is stated.
    """
    lines, groups = len(p_L), effective_groups(group_L)
    falling_L = np.sort(p_L)[::-1]
    least = min(max(floor(rate * lines), MIN_ALARMS), lines - 1)
    effect = design_effect(np.asarray(p_L > falling_L[least], np.bool_), group_L)
    normal, student = stdtrit([max(lines - 1, 1), max(groups - 1, 1)], confidence)
    effective = lines / effect * float(normal / student) ** 2
    needed = log(1 - confidence) / log(1 - rate)
    allowed = -1  # for one group it stays so: one group shows nothing about others
    while (
        allowed + 1 < lines * (groups > 1)
        and upper_bound((allowed + 1) * effective / lines, effective, confidence) <= rate
    ):
        allowed += 1
    bounded = float(falling_L[allowed]) if allowed >= 0 else None
    stated = bounded is not None and groups >= MIN_GROUPS
    more = max(needed / effective, MIN_GROUPS / groups)
    return Point(
        quantile=threshold_for(p_L, rate),
        bounded=bounded,
        used=float(falling_L[0]) if bounded is None else bounded,
        stated=stated,
        lines=lines,
        groups=groups,
        design_effect=effect,
        lines_needed=0 if stated else ceil(lines * more),
    )


def points(
    risk_L: Scores | Array,
    group_L: Texts,
    kinds: Mapping[str, Mask],
    *,
    confidence: float | None,
) -> dict[str, dict[str, Any]]:
    """Return, per name of `RATES`, the threshold to ship and what it rests on.

    confidence  None ships the plain quantiles; the bounds are then reported at `CONFIDENCE`
    returns     "risk" is the strictest over the kinds. A rate is stated if it is on every kind. No
                correction for several kinds is needed: all bounds must hold
    """
    by_name = {}
    for name, rate in RATES.items():
        chosen = {
            kind: choose(risk_L[kind_L], group_L[kind_L], rate, confidence or CONFIDENCE)
            for kind, kind_L in kinds.items()
        }
        quantile = max(point.quantile for point in chosen.values())
        risk = max(point.used for point in chosen.values()) if confidence else quantile
        by_name[name] = {
            "risk": risk,
            "rate": rate,
            "confidence": confidence,
            "stated": bool(confidence) and all(point.stated for point in chosen.values()),
            "quantile": quantile,
            "by_kind": {kind: asdict(point) for kind, point in chosen.items()},
            "false_alarms_per_100": {
                kind: metrics.false_alarms(risk_L[kind_L], risk) for kind, kind_L in kinds.items()
            },
        }
    return by_name
