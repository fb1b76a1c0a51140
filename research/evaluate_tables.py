"""The result of `evaluate` -> Markdown tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from research.pairs import PAIRED, STRATA

# Each block is one table: what a page is wide enough for.
RANKING = ("within auroc", "top-1", "top-3", "top-5", "ifa")
POOLED = ("auroc", "ap", "recall at 5%", "recall at 10%", "recall at 20%", "effort at 20% recall")
PROBABILITY = ("brier skill", "ece", "brier skill, recalibrated", "ece, recalibrated")
MISSING = "-"


def markdown(report: Mapping[str, Any]) -> str:
    """Return how the scores were fitted, and one section per suite: scores and differences.

    Figures have their 95 % interval; "-" where the metric has no meaning, and a figure
    without an interval where there were too few groups to resample. The base rate, which chance
    gives, is in the head of the ap column.
    """
    parts = [
        f"Intervals: 95 %, {report['samples']} resamples of whole groups. "
        "Chance gives the row `random`: .5 for AUROC and pairs, the base rate for ap. "
        "Lower is better for ifa, effort, ece and false alarms; resampling widens ece upwards "
        "only. `paired, normalised`: nothing else differs than what one line says. `paired, length "
        "balanced`: the mean over its pairs whose wrong version is the shorter one and over those "
        "where it is the longer one, so that length alone gives .5. Recalibrated: "
        "Platt scaling on the suite's other folds. A score without probabilities raises alarms "
        "above a threshold of its own, set by the same rule as ours on the same clean code."
    ]
    if report.get("baselines"):
        parts.append(_fits(report["baselines"]))
    for title, suite in report["suites"].items():
        pairs = suite["pairs"]
        parts.append(f"## {cell(title)}")
        parts.append(
            f"{suite['snippets']} snippets, {suite['lines']} lines, {suite['risky']} risky "
            f"(base rate {suite['base_rate']:.3f}), {suite['groups']} groups, "
            f"{pairs[PAIRED[0]]} corrected places, "
            f"{pairs[PAIRED[1]]} of them normalised ("
            + ", ".join(f"{pairs[name]} {name}" for name in STRATA)
            + ")."
        )
        if suite["not_measured"]:
            parts.append(f"Not measured here: {', '.join(map(cell, suite['not_measured']))}.")
        for rows in (suite["scores"], suite["differences"]):
            if rows and rows is suite["differences"]:
                parts.append("Differences, paired by resample:")
            keys = [key for key in _order(rows) if any(row.get(key) for row in rows.values())]
            for part in _blocks(keys):
                head = {"ap": f"ap (base {_number(suite['base_rate'])})"}
                parts.append(table(rows, part, head if rows is suite["scores"] else None))
        if nested := _nested(report.get("nested") or {}, title):
            parts += [_RULE.format(rule=report["nested"]["rule"]), nested]
    return "\n\n".join(filter(None, parts)) + "\n"


_RULE = (
    "Operating points, each set and calibrated on the other folds ({rule}; the curve by plain "
    "quantiles), here and on clean code:"
)
_CURVE = ("0.01", "0.02", "0.05", "0.1", "0.2")  # allowed shares of clean lines that are shown


def _nested(nested: Mapping[str, Any], title: str) -> str:
    """Write what operating points are worth on folds that did not set them; "" where unknown."""
    shown = {f"`{name}`": entry for name, entry in nested.get("points", {}).items()}
    curve = nested.get("curve", {})
    shown |= {f"{float(share):.0%} allowed": curve[share] for share in _CURVE if share in curve}
    lines = []
    kinds: list[str] = []
    for name, entry in shown.items():
        if title not in entry["recall"]:
            return ""
        kinds = list(entry["false alarms per 100"])
        figures = [entry["recall"][title], entry["precision"][title]]
        figures += [entry["false alarms per 100"][kind] for kind in kinds]
        lines.append([name, f"{100 * entry['rate']:g}", *map(figure, figures)])
    heads = [f"false alarms per 100, {cell(kind)}" for kind in kinds]
    head = ["point", "allowed per 100", "recall", "precision", *heads]
    return _rows(head, lines) if lines else ""


def figure(entry: Mapping[str, Any] | None) -> str:
    """Write one figure: ".712 (.650 to .774)"."""
    if entry is None or entry["value"] is None:
        return MISSING
    if entry.get("low") is None:
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
    blocks = [
        [key for key in block if key in keys]
        for block in ((*PAIRED, *RANKING), POOLED, PROBABILITY)
    ]
    known = {key for block in blocks for key in block}
    blocks.append([key for key in keys if key not in known])  # operating points: named by others
    return [block for block in blocks if block]


def table(
    rows: Mapping[str, Mapping[str, Any]],
    keys: Sequence[str],
    head: Mapping[str, str] | None = None,
) -> str:
    """Lay out scores by name and metrics by key; `head` renames a column."""
    head = head or {}
    shown = {name: row for name, row in rows.items() if any(row.get(key) for key in keys)}
    lines = [[cell(name), *(figure(row.get(key)) for key in keys)] for name, row in shown.items()]
    return _rows(["score", *(head.get(key, key) for key in keys)], lines)


def _fits(baselines: Mapping[str, Mapping[str, Any] | None]) -> str:
    """Return a table of the penalty that every fitted baseline took, and its range."""
    lines = []
    for name, fit in baselines.items():
        if fit and "failed" in fit:
            lines.append([cell(name), cell(fit["failed"]), _listed(fit["cs"]), MISSING])
        elif fit:
            taken = f"{fit['c']:g}" + (" (at the end of its range)" if fit["c_at_edge"] else "")
            lines.append([cell(name), taken, _listed(fit["cs"]), _number(fit["criterion"])])
    return _rows(["baseline", "C taken", "C tried", "criterion"], lines) if lines else ""


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _rows(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    table = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in table)


def cell(text: str) -> str:
    """Write a name, which a label file may have chosen, so that it stays inside its cell."""
    kept = "".join(sign if sign.isprintable() else " " for sign in text)[:80]
    return "".join(f"\\{sign}" if sign in "\\|`*_[]<>#&!" else sign for sign in kept)
