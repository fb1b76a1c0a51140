"""Results as Markdown tables. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from research.benchmarks.figures import spread
from research.benchmarks.profiled import PARTS

NONE = "-"
Result = Mapping[str, Any]


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
    head = ["change", "processor", "preset", "engine", "line cache"]
    head += ["wall s", "start-up s", "reading s", "tokens", "tokens/s", "GFLOP/s"]
    head += ["of fp32 products", "of int8 products", "peak MB"]
    lines = []
    for entry in result["figures"]:
        shares = entry.get("share_of_ceiling", {})
        lines.append(
            [
                *(entry[key] for key in ("change", "isa", "preset")),
                f"{entry['engine']}, {entry['numbers']}",
                entry["line_cache"],
                *(ranged(entry[key], 2) for key in ("wall_s", "start_up_s", "reading_s")),
                str(entry["tokens"]),
                *(ranged(entry.get(key), 0) for key in ("tokens_per_s", "gflop_per_s")),
                *(percent(shares.get(numbers)) for numbers in ("fp32", "int8")),
                ranged(entry["peak_mb"], 0),
            ]
        )
    return rows(head, lines)


def percent(share: float | None) -> str:
    """Return a share: "31%"."""
    return NONE if share is None else f"{share:.0%}"


def profiles(result: Result) -> str:
    """Where the reading time goes."""
    head = ["change", "processor", "preset", "engine", *PARTS]
    lines = [
        [*(entry[key] for key in ("change", "isa", "preset", "engine")), *map(percent, shares)]
        for entry in result["profiles"]
        for shares in [[entry["shares"][part] for part in PARTS]]
    ]
    return rows(head, lines)


def products(result: Result) -> str:
    """How fast the libraries multiply matrices of the model's sizes."""
    lines = [
        [entry["isa"], entry["preset"], method, str(size), ranged(spread(passes), 0)]
        for entry in result["ceilings"]
        for method, by_rows in entry["rates"].items()
        for size, passes in by_rows.items()
    ]
    return rows(["processor", "preset", "library, numbers", "rows", "GFLOP/s"], lines)


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
            *(f"- processor `{isa}`: {facts}" for isa, facts in result["isas"].items()),
        ]
    )


def markdown(result: Result) -> str:
    """Return everything a reader needs of a result."""
    parts = [origin(result), checks(result), products(result)]
    if result["profiles"]:
        parts.append(profiles(result))
    return "\n\n".join(parts) + "\n"


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
        what = ", ".join(entry[key] for key in ("change", "isa", "preset"))
        title = f"{what}: {result['repeats']} pairs of runs"
        head = ["", *(f"`{name}`" for name in result["commits"]), "second / first (of pairs)"]
        parts.append(f"{title}\n\n{rows(head, lines)}")
    return "\n\n".join(parts) + "\n"
