"""Choose programs with one wrong line and its correction, one for one: a label file out of many.

python -m research.choose_pairs DIRECTORY OUT
"""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import click

from research.choose_changes import rows, write_rows
from reviewbot.cli.options import PATH

# set -> rows of one problem, and of all
WANTED = {"humaneval_llm": (3, 110), "clm_java_llm_patches": (1, 101), "condefects": (1, 110)}
MAX_LINES = 150


@click.command()
@click.argument("directory", type=PATH)
@click.argument("out", type=PATH)
def choose_pairs(directory: str, out: str) -> None:
    """Write OUT from the label files in DIRECTORY."""
    click.echo(f"{write_pairs(Path(directory), Path(out))} programs")


def write_pairs(directory: Path, out: Path) -> int:
    """Write the chosen programs; return how many."""
    chosen = [line for name in WANTED for line in _of_set(directory, name)]
    write_rows(out, chosen)
    return len(chosen)


def _of_set(directory: Path, name: str) -> list[str]:
    of_problem, most = WANTED[name]
    taken: Counter[str] = Counter()
    chosen: list[str] = []
    found = list(rows(directory / f"{name}.jsonl.gz"))
    random.Random(7).shuffle(found)  # noqa: S311 - nothing secret
    for line, row in found:
        if len(chosen) == most:
            break
        if _one_for_one(row) and taken[row["group"]] < of_problem:
            taken[row["group"]] += 1
            chosen.append(line)
    return chosen


def _one_for_one(row: dict[str, Any]) -> bool:
    """Return True if the correction replaces one line that holds something, and it is wrong."""
    old, new = row["lines"], row.get("fixed", ())
    if len(old) != len(new) or len(old) > MAX_LINES:
        return False
    changed = [n for n, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    return (
        len(changed) == 1
        and changed[0] in row["risky"]
        and all(side[changed[0]].strip() for side in (old, new))
    )


if __name__ == "__main__":
    choose_pairs()
