"""The result of `evaluate` -> Markdown tables."""

from collections.abc import Mapping, Sequence
from typing import Any

RANKING = ("within auroc", "top-1", "top-3", "top-5", "ifa")
POOLED = ("auroc", "ap", "recall at 5%", "recall at 10%", "recall at 20%", "effort at 20% recall")
PAIRED = ("paired", "paired, one for one")
OUT_OF_ONE = "-"


def markdown(report: Mapping[str, Any]) -> str:
    """Return one section per suite: what it holds, the scores, and the differences.

    A figure stands with its 95 % interval; "-" where the metric has no meaning, and a figure
    without an interval where there were too few groups to resample.
    """
    parts = [
        f"Intervals: 95 %, {report['samples']} resamples of whole units ({report['cluster']}). "
        "Chance gives the row `random`: .5 for AUROC and pairs, the base rate for ap. "
        "Lower is better for ifa, effort and ece; resampling widens ece upwards only."
    ]
    for title, suite in report["suites"].items():
        pairs = suite["pairs"]
        parts.append(f"## {_cell(title)}")
        parts.append(
            f"{suite['snippets']} snippets, {suite['lines']} lines, {suite['risky']} risky "
            f"(base rate {suite['base_rate']:.3f}), {suite['groups']} groups, "
            f"{suite['resampled']} units resampled, {pairs[PAIRED[0]]} corrected places, "
            f"{pairs[PAIRED[1]]} of them one line for one line."
        )
        for rows in (suite["scores"], suite["differences"]):
            keys = [key for key in _order(rows) if any(row.get(key) for row in rows.values())]
            for part in _blocks(keys):
                parts.append(_table(rows, part))
    return "\n\n".join(parts) + "\n"


def figure(entry: Mapping[str, float] | None) -> str:
    """Write one figure: ".712 (.650 to .774)"."""
    if entry is None:
        return OUT_OF_ONE
    if "low" not in entry:
        return _number(entry["value"])
    return f"{_number(entry['value'])} ({_number(entry['low'])} to {_number(entry['high'])})"


def _number(value: float) -> str:
    text = f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("0.", ".", 1) if abs(value) < 1 and text.lstrip("-")[:2] == "0." else text


def _order(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(key for row in rows.values() for key in row))


def _blocks(keys: Sequence[str]) -> list[list[str]]:
    """Split the metrics into tables that fit a page: pairs and ranking, pooled, probability."""
    first = [key for key in (*PAIRED, *RANKING) if key in keys]
    second = [key for key in POOLED if key in keys]
    rest = [key for key in keys if key not in first and key not in second]
    return [block for block in (first, second, rest) if block]


def _table(rows: Mapping[str, Mapping[str, Any]], keys: Sequence[str]) -> str:
    shown = {name: row for name, row in rows.items() if any(row.get(key) for key in keys)}
    lines = [["score", *keys]]
    lines += [[_cell(name), *(figure(row.get(key)) for key in keys)] for name, row in shown.items()]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Write a name, which a label file may have chosen, so that it stays inside its cell."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)[:80]
    return "".join(f"\\{sign}" if sign in "\\|`*_[]<>#&!" else sign for sign in kept)
