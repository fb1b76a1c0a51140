"""Runs -> figures: medians with their range, rates, the share of the ceiling. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from research.benchmarks.process import Run

CLOCK = 0.005  # half of the step of `--timings`: no reading counts as shorter
MEASURED = ("wall_s", "start_up_s", "reading_s", "cpu_s", "peak_mb")
Rates = Mapping[str, Mapping[int, Sequence[float]]]  # method -> rows -> GFLOP/s of each pass


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, least and greatest: the best of several runs alone says nothing."""
    return {"median": median(values), "min": min(values), "max": max(values)}


def joined(*rates: Rates) -> dict[str, dict[int, list[float]]]:
    """Put the passes of several measurements of the ceiling together."""
    found: dict[str, dict[int, list[float]]] = {}
    for part in rates:
        for method, by_rows in part.items():
            for rows, passes in by_rows.items():
                found.setdefault(method, {}).setdefault(rows, []).extend(passes)
    return found


def ceilings(rates: Rates) -> dict[str, float]:
    """Return the ceiling of each kind of numbers: the fastest pass of any library and size.

    Here the best of many is the strict choice: a pass that something disturbed would flatter us.
    """
    found: dict[str, float] = {}
    for method, by_rows in rates.items():
        numbers = method.rpartition(" ")[2]
        best = max(max(passes) for passes in by_rows.values())
        found[numbers] = max(best, found.get(numbers, 0.0))
    return found


def figure(
    runs: Sequence[Run], counted: Mapping[str, Any], tops: Mapping[str, float], *, read: bool
) -> dict[str, Any]:
    """Return all figures of one change, backend and state of the line cache.

    counted  what `counted.count` says of the change
    tops     what `ceilings` returns
    read     whether the model read the lines; else no rate of reading is given
    """
    columns = {key: [getattr(run, key) for run in runs] for key in MEASURED}
    found: dict[str, Any] = {key: spread(values) for key, values in columns.items()}
    if read:
        seconds = [max(value, CLOCK) for value in columns["reading_s"]]
        found["tokens_per_s"] = spread([counted["tokens"] / value for value in seconds])
        found["gflop_per_s"] = spread([counted["flops"] / 1e9 / value for value in seconds])
        middle = found["gflop_per_s"]["median"]
        found["share_of_ceiling"] = {numbers: middle / top for numbers, top in tops.items()}
    return found | {"runs": [asdict(run) for run in runs]}


def ratios(first: Sequence[Run], second: Sequence[Run]) -> dict[str, dict[str, float]]:
    """Compare two commits whose runs took turns: key -> second / first.

    returns  "ratio" of the medians, and "min" and "max" of the ratios of neighbours
    """
    found = {}
    for key in MEASURED:
        left, right = ([max(getattr(run, key), CLOCK) for run in runs] for runs in (first, second))
        pairs = [b / a for a, b in zip(left, right, strict=True)]
        found[key] = {
            "first": median(left),
            "second": median(right),
            "ratio": median(right) / median(left),
            "min": min(pairs),
            "max": max(pairs),
        }
    return found
