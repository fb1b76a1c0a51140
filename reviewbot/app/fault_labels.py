"""Reads labels: which lines of a commit a later fix changed, and how surely they were at fault."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from reviewbot.errors import EnvironmentFailure, UsageError

MAX_ROW = 32 << 20  # bytes of one row: it holds the texts of its files
MAX_ROWS = 200_000
T = TypeVar("T")
DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)  # of a zipped file
NOT_A_FILE = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
GZIP = b"\x1f\x8b"
# commit -> path -> line -> probability; files of the commit that are not named were not looked at
Labels = Mapping[str, Mapping[str, Mapping[int, float]]]


def read_labels(path: Path) -> Labels:
    """Read rows as `reviewbot train mine` writes them, one JSON object a line, perhaps gzipped.

    Without `probability`, a line was at fault unless its `verdict` is "related". Files without
    faulty lines are in the result, too: their lines survived.
    raises  UsageError if it is no such file, EnvironmentFailure if it cannot be read
    """
    labels: dict[str, Mapping[str, Mapping[int, float]]] = {}
    number = 0
    try:
        for raw in _rows(path):
            number += 1
            row = json.loads(raw)
            labels[_checked(row["sha"], str)] = _faults(row)
        if not labels:
            raise ValueError("no row")
    except (*DAMAGE, AttributeError, KeyError, TypeError, ValueError, RecursionError) as exc:
        raise UsageError(
            f"nothing was stored: {path} does not hold labelled changes (row {number})",
            fix="give a file that `reviewbot train mine` has written",
        ) from exc
    except OSError as exc:
        kind = UsageError if isinstance(exc, NOT_A_FILE) else EnvironmentFailure
        what = f"nothing was stored: {path}: {exc.strerror or exc}"
        raise kind(what, fix="name a file of labels that can be read") from exc
    return labels


def _rows(path: Path) -> Iterator[bytes]:
    with path.open("rb") as start:
        zipped = start.read(2) == GZIP
    with cast("IO[bytes]", gzip.open(path)) if zipped else path.open("rb") as file:
        for _ in range(MAX_ROWS):
            row = file.readline(MAX_ROW + 1)
            if not row:
                return
            if len(row) > MAX_ROW:
                raise ValueError("a row is too long")
            yield row
        raise ValueError("there are too many rows")


def _faults(row: Any) -> dict[str, dict[int, float]]:
    faults: dict[str, dict[int, float]] = {_checked(f["path"], str): {} for f in row["files"]}
    for line in row["faulty"]:
        certain = 0.0 if line.get("verdict") == "related" else 1.0
        probability = line.get("probability", certain)
        if not 0 <= probability <= 1:
            raise ValueError(probability)
        faults[line["path"]][_checked(line["line"], int)] = float(probability)
    return faults


def _checked(value: Any, kind: type[T]) -> T:
    if type(value) is not kind:
        raise TypeError(value)
    return value
