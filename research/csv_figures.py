"""Figures with their intervals -> CSV, as in research/results, and text, as in our pages."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]  # "value", and where enough groups were resampled "low" and "high"
Row = tuple[Sequence[object], Mapping[str, Entry | None]]  # names, then figures by metric


def csv_text(names: Sequence[str], rows: Sequence[Row]) -> str:
    """Lay rows out as CSV: the names, then three columns for each metric: value, low, high.

    names    heads of the first columns; each row starts with as many cells
    rows     a metric that no row has a figure for gets no column
    returns  ASCII numbers, rounded as in our tables: three decimals below 10, one from there on;
             an empty cell where nothing was measured or no interval can be given
    """
    known = [
        (cells, {metric: entry for metric, entry in figures.items() if _measured(entry)})
        for cells, figures in rows
    ]
    metrics = list(dict.fromkeys(metric for _, figures in known for metric in figures))
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow([*names, *(head for metric in metrics for head in columns(metric))])
    for cells, figures in known:
        entries = [figures.get(metric) or {} for metric in metrics]
        ends = (entry.get(key) for entry in entries for key in ("value", "low", "high"))
        out.writerow(
            [*map(_printable, cells), *("" if end is None else number(end) for end in ends)]
        )
    return text.getvalue()


def columns(metric: str) -> tuple[str, str, str]:
    """Return the heads of a metric's columns: value, low end, high end."""
    return metric, f"{metric} low", f"{metric} high"


def number(value: float) -> str:
    """Write one figure: "0.712", "-0.050", "12.3"; zero has no sign."""
    text = f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return text.lstrip("-") if float(text) == 0 else text


def entry_of(row: Mapping[str, str], metric: str) -> Entry | None:
    """Read a figure back from a row of `csv.DictReader`; None where nothing was measured."""
    ends = [row.get(head) or "" for head in columns(metric)]
    if not ends[0]:
        return None
    return {key: float(end) for key, end in zip(("value", "low", "high"), ends, strict=True) if end}


def figure(entry: Mapping[str, Any] | None) -> str:
    """Write one figure: ".712 (.650 to .774)"."""
    if entry is None or entry["value"] is None:
        return "-"
    if entry.get("low") is None:
        return _number(entry["value"])
    return f"{_number(entry['value'])} ({_number(entry['low'])} to {_number(entry['high'])})"


def _number(value: float) -> str:
    text = number(value)
    return text.replace("0.", ".", 1) if abs(value) < 1 and text.lstrip("-")[:2] == "0." else text


def _printable(cell: object) -> str:
    # A label file may have chosen the name: nothing in it may act on a terminal.
    return "".join(sign if sign.isprintable() else " " for sign in str(cell))[:80]


def _measured(entry: Entry | None) -> bool:
    return entry is not None and entry["value"] is not None
