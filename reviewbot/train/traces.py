"""Traces all fixes of a history, two at a time, and keeps what is done in a work file.

The work file has a header that names tip, scope and rules, then one JSON line per finished fix, in
the order in which the fixes were committed. A stopped run continues behind the last whole line; a
file with another header is replaced. So the result does not depend on where a run stopped.
"""

import json
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from reviewbot.errors import EnvironmentFailure, UsageError, os_fix
from reviewbot.git.files import Objects
from reviewbot.train.history import PastCommit
from reviewbot.train.szz import Trace, TracedLine, can_be_traced, name_of, trace

RULES = 2  # count up when other lines would be traced
WORKERS = 2  # git processes at a time
BATCH = 64  # fixes between two writes
MIN_LAG = 86_400 // 4  # seconds between a commit and the fix that blames it


def full_hashes(names: Collection[str], history: Collection[str]) -> set[str]:
    """Return the hashes of the history that these names begin; a name that fits two is left out."""
    ordered, full = sorted(history), set[str]()
    for name in names:
        at = bisect_left(ordered, name)
        fits = [one for one in ordered[at : at + 2] if one.startswith(name)]
        full.update(fits if len(fits) == 1 else ())
    return full


def oldest_parents(history: Sequence[PastCommit], introducing: Collection[str]) -> dict[str, str]:
    """Return for each file name the parent of the oldest introducing commit that changes it.

    history  children before their parents: so no introducing commit of a name is an ancestor of
             its oldest one, and git blame need not look below the parent of that
    returns  names without folders, also those that such a file was renamed to
    """
    oldest: dict[str, tuple[int, str]] = {}
    for age, commit in enumerate(reversed(history)):
        if commit.hash in introducing:
            for path in commit.files:
                oldest.setdefault(name_of(path), (age, str(commit.parent)))
        for old, new in commit.renamed:
            if name_of(old) in oldest:
                before = oldest[name_of(old)]
                oldest[name_of(new)] = min(before, oldest.get(name_of(new), before))
    return {name: parent for name, (_, parent) in oldest.items()}


def fixes_of(
    history: Sequence[PastCommit],
    introducing: Mapping[str, PastCommit],
    names: Collection[str],
) -> list[PastCommit]:
    """Return the fixes that can blame one of some commits, parents first.

    Not a fix that was reverted: it did not fix the fault.
    names  of the files that these commits change
    """
    undone = full_hashes(
        {name for one in history for name in one.reverts}, [one.hash for one in history]
    )
    first = min((commit.time for commit in introducing.values()), default=0)
    return [
        commit
        for commit in reversed(history)
        if can_be_traced(commit)
        and commit.hash not in undone
        and commit.time >= first + MIN_LAG
        and any(name_of(path) in names for path in commit.files)
    ]


def trace_all(
    top: Path,
    fixes: Sequence[PastCommit],
    oldest: Mapping[str, str],
    work: Path,
    header: Mapping[str, Any],
    progress: Callable[[int, int], None],
) -> list[Trace]:
    """Return a trace per fix, in their order; those in the work file are not computed again.

    header   what the result depends on, as JSON
    raises   EnvironmentFailure where the work file cannot be written; UsageError for one that is no
             regular file: a repository that is mined into itself could have put a link there
    """
    if work.is_symlink() or (work.exists() and not work.is_file()):
        raise UsageError(
            f"nothing was scored: the work file {work} is a link, or no regular file",
            fix="remove it, or choose another place with --out FILE",
        )
    try:
        done, size = _read(work, header, fixes)
        with work.open("r+b" if size else "wb") as file:
            file.truncate(size)
            file.seek(size)
            if not size:
                file.write(_line({**header, "rules": RULES}))
            left = _traced(top, fixes[len(done) :], oldest)
            progress(len(done), len(fixes))
            while batch := list(islice(left, BATCH)):
                file.writelines(_line(_to_json(one)) for one in batch)
                file.flush()
                done += batch
                progress(len(done), len(fixes))
    except OSError as exc:
        raise EnvironmentFailure(
            f"nothing was scored: the work file {work} cannot be used: {exc.strerror or exc}",
            fix=os_fix(exc, "choose another place with --out FILE"),
        ) from exc
    return done


def _traced(top: Path, fixes: Sequence[PastCommit], oldest: Mapping[str, str]) -> Iterator[Trace]:
    readers: SimpleQueue[Objects] = SimpleQueue()  # one git cat-file answers one thread at a time
    for _ in range(WORKERS):
        readers.put(Objects(top))

    def one(fix: PastCommit) -> Trace:
        objects = readers.get()
        try:
            found = trace(top, objects, fix, oldest)
        finally:
            readers.put(objects)
        return found

    pool = ThreadPoolExecutor(max_workers=WORKERS)
    try:
        for start in range(0, len(fixes), BATCH):
            yield from pool.map(one, fixes[start : start + BATCH])
    finally:
        pool.shutdown(cancel_futures=True)
        while not readers.empty():
            readers.get().close()


def _read(
    work: Path, header: Mapping[str, Any], fixes: Sequence[PastCommit]
) -> tuple[list[Trace], int]:
    """Return the traces of a work file with this header, and the size of its whole lines."""
    try:
        raw = work.read_bytes()
    except FileNotFoundError:
        return [], 0
    first, *rows = raw.splitlines(keepends=True) or [b""]
    if first != _line({**header, "rules": RULES}):
        return [], 0
    done, size = list[Trace](), len(first)
    for row, fix in zip(rows, fixes, strict=False):
        try:
            one = _from_json(json.loads(row))
        except (ValueError, TypeError, KeyError):  # the run stopped while it wrote this one
            break
        if one.fix != fix.hash or not row.endswith(b"\n"):
            break
        done.append(one)
        size += len(row)
    return done, size


def _line(value: Any) -> bytes:
    return (json.dumps(value, sort_keys=True) + "\n").encode("ascii")


def _to_json(one: Trace) -> dict[str, Any]:
    return {
        "fix": one.fix,
        "deleted": one.deleted,
        "added": one.added,
        "lines": one.lines,
        "lost": one.lost,
    }


def _from_json(row: dict[str, Any]) -> Trace:
    lines = tuple(TracedLine(*line) for line in row["lines"])
    return Trace(row["fix"], row["deleted"], row["added"], lines, row["lost"])
