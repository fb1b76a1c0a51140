"""Reads a directory of past reports, one after the other; of each only what is counted is kept.

Records of outcomes lie beside them, in files that are called outcomes.jsonl.

They come from strangers: nothing outside the directory is read, no link is followed, and number and
bytes have a bound.
"""

import hashlib
import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reviewbot.cli.strangers import SAID, Patience
from reviewbot.core.cquote import decode_path
from reviewbot.core.errors import UsageError
from reviewbot.core.trend import Digest, Records, digest
from reviewbot.forges.heads import WorktreeFiles
from reviewbot.outcomes import joined, parse_outcomes
from reviewbot.reports import MAX_BYTES, parse_report

MOST_FILES = 10_000
MOST_BYTES = 1_000_000_000  # of all files together
MOST_ENTRIES = 1_000_000  # of the directory, whatever they are
ENDING = ".json"
RECORDS = "outcomes.jsonl"


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a directory held."""

    digests: tuple[Digest, ...]
    broken: tuple[tuple[str, str], ...]  # names, and why they could not be used
    passed: int  # files beyond the bounds
    records: Records  # of every outcomes.jsonl


def gather(folder: Path) -> Gathered:
    """Read every report below a directory.

    Where there are too many, those whose names come last are read: names that begin with a day put
    the newest there.
    """
    broken: list[tuple[str, str]] = []
    files = WorktreeFiles(folder, MAX_BYTES)
    found = sorted(_names(folder, broken), reverse=True)
    records = _records(files, [name for name in found if not name.endswith(ENDING)])
    names = [name for name in found if name.endswith(ENDING)]
    digests: list[Digest] = []
    seen: dict[str, Digest] = {}
    total = 0
    patience = Patience()
    wanted = names[:MOST_FILES]
    for at, name in enumerate(wanted):
        if total > MOST_BYTES:
            wanted = wanted[:at]
            break
        raw = files.read(name)
        if raw is None:
            broken.append((name, "it is no regular file, or may not be read"))
            continue
        total += len(raw)
        sha256 = hashlib.sha256(raw).hexdigest()
        try:
            if sha256 not in seen:  # the same bytes need not be read twice
                report = parse_report(raw)
                seen[sha256] = digest(report, name, sha256, patience.limit(report.policy))
            digests.append(replace(seen[sha256], file=name))
        except UsageError as exc:
            broken.append((name, exc.what.rpartition(SAID)[2]))
    return Gathered(tuple(digests), tuple(sorted(broken)), len(names) - len(wanted), records)


def _records(files: WorktreeFiles, names: Sequence[str]) -> Records:
    """Read the records. raises UsageError where one of the files is no good, or there are too many:
    a figure without some of its outcomes would be another figure.
    """
    parts, total = [], 0
    for name in sorted(names):
        raw = files.read(name)
        if raw is None:
            raise UsageError(
                f"nothing was shown: {name} is no regular file, or may not be read",
                fix="make it readable, or take it away",
            )
        total += len(raw)
        if total > MAX_BYTES:
            raise UsageError(
                f"nothing was shown: all {RECORDS} together are larger than {MAX_BYTES:,} bytes",
                fix="drop the records of reports that are no longer there",
            )
        parts.append((posixpath.dirname(name) or ".", parse_outcomes(raw, name)))
    return joined(parts)


def _names(folder: Path, broken: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the paths of reports and of records, relative to the directory."""

    def failed(exc: OSError) -> None:
        place = os.path.relpath(os.fsencode(exc.filename), top) if exc.filename else b"."
        broken.append((decode_path(place), f"it cannot be listed: {exc.strerror}"))

    top = os.fsencode(folder)
    seen = 0
    for place, folders, files in os.walk(top, onerror=failed):
        folders[:] = sorted(name for name in folders if name.lower() != b".git")
        seen += len(folders) + len(files)
        if seen > MOST_ENTRIES:
            broken.append((".", f"more than {MOST_ENTRIES:,} entries: not all were looked at"))
            return
        for name in files:
            if name.endswith(ENDING.encode()) or name == RECORDS.encode():
                yield decode_path(os.path.relpath(os.path.join(place, name), top))  # noqa: PTH118
