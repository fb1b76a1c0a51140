"""Choose the changes that the shipped artifacts learn from: a label file out of many.

python -m research.choose_changes DIRECTORY OUT --survived N

Every change with a line that was read and found wrong, and N changes that survived, chosen by hash.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from reviewbot.cli.options import PATH
from reviewbot.train.changes import Verdict

SURVIVED = {"quick": 250, "deep": 150}  # changes in `research/NAME.sh`


@click.command()
@click.argument("directory", type=PATH)
@click.argument("out", type=PATH)
@click.option("--survived", type=click.IntRange(0), default=200, show_default=True)
def choose_changes(directory: str, out: str, survived: int) -> None:
    """Write OUT from the label files in DIRECTORY."""
    wrong, clean = write(Path(directory), Path(out), survived)
    click.echo(f"{wrong} changes with a wrong line, {clean} that survived")


def write(directory: Path, out: Path, survived: int) -> tuple[int, int]:
    """Write the chosen changes; return how many are wrong, and how many survived."""
    wrong: list[str] = []
    clean: dict[bytes, str] = {}
    for path in sorted(directory.glob("*.jsonl.gz")):
        for line, row in rows(path):
            if row["status"] == "clean":
                clean[hashlib.sha256(row["id"].encode()).digest()] = line
            elif any(label.get("verdict") == Verdict.WRONG for label in row["faulty"]):
                wrong.append(line)
    chosen = [clean[key] for key in sorted(clean)[:survived]]
    write_rows(out, [*wrong, *chosen])
    return len(wrong), len(chosen)


def rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each row of a label file, as it stands and read."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line, json.loads(line)


def write_rows(out: Path, chosen: Sequence[str]) -> None:
    """Write a label file; same rows, same bytes."""
    with out.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        file.writelines(line.encode() for line in chosen)


if __name__ == "__main__":
    choose_changes()
