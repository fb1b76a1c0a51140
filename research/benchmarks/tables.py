"""Results as Markdown tables, and their place in research/performance.md. Pure."""

import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

NONE = "-"
Result = Mapping[str, Any]
_PLACE = re.compile(r"<!-- table: performance -->.*?<!-- end -->", re.DOTALL)


def rows(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Lay cells out as a Markdown table."""
    safe = [[cell.replace("|", "/") for cell in line] for line in [head, *lines]]
    return "\n".join(
        f"| {' | '.join(line)} |" for line in [safe[0], ["---"] * len(head), *safe[1:]]
    )


def ranged(values: Mapping[str, float] | None, digits: int = 1) -> str:
    """Return a median with its range: "12.1 (11.8 to 13.0)"."""
    if values is None:
        return NONE
    middle, least, most = (f"{values[key]:.{digits}f}" for key in ("median", "min", "max"))
    return f"{middle} ({least} to {most})"


def checks(result: Result) -> str:
    """What each check took."""
    head = ["change", "preset", "engine", "line cache", "wall s", "start-up s", "reading s"]
    head += ["tokens", "tokens/s", "GFLOP/s", "of the ceiling", "peak MB"]
    lines = []
    for entry in result["figures"]:
        share = entry.get("share_of_ceiling")
        lines.append(
            [
                entry["change"],
                entry["preset"],
                f"{entry['engine']}, {entry['numbers']}",
                entry["line_cache"],
                *(ranged(entry[key], 2) for key in ("wall_s", "start_up_s", "reading_s")),
                str(entry["tokens"]),
                *(ranged(entry.get(key), 0) for key in ("tokens_per_s", "gflop_per_s")),
                NONE if share is None else f"{share:.0%}",
                ranged(entry["peak_mb"], 0),
            ]
        )
    return rows(head, lines)


def products(result: Result) -> str:
    """How fast the libraries multiply matrices of the model's sizes."""
    lines = []
    for preset, rates in result["ceilings"].items():
        for method, by_rows in rates.items():
            for size, passes in by_rows.items():
                spread = {"median": median(passes), "min": min(passes), "max": max(passes)}
                lines.append([preset, method, str(size), ranged(spread, 0)])
    return rows(["preset", "library, numbers", "rows", "GFLOP/s"], lines)


def origin(result: Result) -> str:
    """Where the figures come from, in a few lines."""
    at = result["machine"]
    known = [f"{name} {number}" for name, number in at["versions"].items() if number]
    changes = [
        f"- `{name}`: {facts['lines']} added lines in {facts['files']} files of Python "
        f"{at['python']}'s standard library, SHA-256 `{facts['sha256'][:16]}`"
        for name, facts in result["changes"].items()
    ]
    flags = ", ".join(at["flags"]) or "none of the flags that matter"
    machine = f"{at['cpu']}, {at['cores']} cores ({flags}); {at['system']}; load {at['load']}"
    return "\n".join(
        [
            f"Median of {result['repeats']} runs (least to greatest). {machine}. "
            f"Python {at['python']}, {', '.join(known)}. Commit `{at['commit']}`.",
            "",
            *changes,
            *(f"- {note}" for note in result["notes"]),
        ]
    )


def markdown(result: Result) -> str:
    """Return everything a reader needs of a result."""
    return "\n\n".join([origin(result), checks(result), products(result)]) + "\n"


def compared(result: Result) -> str:
    """Return the ratio of the second commit to the first: below 1 it needs less."""
    parts = []
    for entry in result["figures"]:
        lines = [
            [
                key,
                f"{found['first']:.2f}",
                f"{found['second']:.2f}",
                f"{found['ratio']:.3f} ({found['min']:.3f} to {found['max']:.3f})",
            ]
            for key, found in entry["ratios"].items()
        ]
        title = f"{entry['change']}, {entry['preset']}: {result['repeats']} pairs of runs"
        head = ["", *(f"`{name}`" for name in result["commits"]), "second / first (of pairs)"]
        parts.append(f"{title}\n\n{rows(head, lines)}")
    return "\n\n".join(parts) + "\n"


def placed(page: str, text: str) -> str:
    """Put a text between the marks of a page. Raises ValueError where there are none."""
    if not _PLACE.search(page):
        raise ValueError("the page has no place for the table of performance")
    mark = f"<!-- table: performance -->\n{text.strip()}\n<!-- end -->"
    return _PLACE.sub(lambda _match: mark, page)
