"""Labelled changes from a repository's own history: faulty ones by their fixes, and clean ones."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.git.attributes import attributes
from reviewbot.git.bases import settled
from reviewbot.git.files import Objects
from reviewbot.git.log import commits
from reviewbot.git.repository import DEEPEN, Repository, open_repository
from reviewbot.train.export import write_whole
from reviewbot.train.fix_filter import FixedLine, probabilities
from reviewbot.train.fix_words import MAX_SUBJECT, without_people
from reviewbot.train.history import PastCommit, by_ai, by_anyone, read_history
from reviewbot.train.mined_rows import RowFile, Tip, attributes_at, files_of, row_of
from reviewbot.train.szz import Trace, can_introduce
from reviewbot.train.traces import MIN_LAG, fixes_of, full_hashes, oldest_parents, trace_all

SCOPES = {"ai": by_ai, "all": by_anyone}
DAY = 86_400  # seconds
CLEAN_AGE = 60 * DAY  # a clean change is older than the newest commit by this
MESSAGES = 500  # read at once
Load = Callable[[PastCommit], tuple[RowFile, ...]]
Progress = Callable[[str], Callable[[int, int], None]]  # what is counted -> done, of all


@dataclass(frozen=True, slots=True, kw_only=True)
class Mined:
    """How much was read, traced and written."""

    commits: int
    introducing: int  # commits in scope that can be blamed
    fixes: int  # that were traced
    traced: int  # lines that git blame answered for
    lost: int  # files that git could not compare or blame
    lines: int  # faulty ones that were written
    faulty: int  # rows
    clean: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that a fix changed."""

    path: str
    number: int
    becomes: str | None
    fix: PastCommit
    trace: Trace
    head: Sequence[str] = ()  # the lines of the file; () before it was read


def mine(root: Path, out: Path, *, scope: str, progress: Progress) -> Mined:
    """Write the labelled changes of a repository as gzipped JSON lines.

    root     a repository, bare or not; the history is that of its default branch
    out      the file; `OUT.partial` beside it keeps finished fixes until it is written
    scope    a key of SCOPES: whose commits can be faulty or clean
    raises   UsageError for a shallow clone, and where nothing can be mined; EnvironmentFailure if
             git fails, or a file cannot be written
    """
    repo = open_repository(root, needs_worktree=False)
    if repo.is_shallow:
        raise UsageError(
            "nothing was scored: the clone is shallow, so that older commits cannot be blamed",
            fix=f"fetch the rest with {DEEPEN}",
        )
    tip = settled(repo)
    history = read_history(repo, tip, progress("commits"))
    by_hash = {commit.hash: commit for commit in history}
    introducing = {c.hash: c for c in history if SCOPES[scope](c) and can_introduce(c)}
    if not introducing:
        if scope == "all":
            why, fix = "none changes code after the first one", "give a repository of code"
        else:
            why, fix = "no mark of an AI author", "mine the changes of all authors: --scope all"
        raise UsageError(f"nothing was scored: {len(history)} commits, but {why}", fix=fix)
    oldest = oldest_parents(history, introducing)
    fixes = fixes_of(history, introducing, oldest)
    work, header = out.with_name(f"{out.name}.partial"), {"tip": tip, "scope": scope}
    traces = trace_all(repo.top, fixes, oldest, work, header, progress("fixes"))
    faults = faults_of(traces, introducing, by_hash)
    with closing(Objects(repo.top)) as objects:
        paths = {path for commit in introducing.values() for path in commit.files}
        set_at_tip = attributes(repo, sorted(paths), tip)
        load = partial(files_of, repo, objects, attributes=attributes_at(set_at_tip))
        faulty = _added_ones(faults, introducing, load, progress("blamed changes"))
        if not faulty:
            raise UsageError(
                f"nothing was scored: {len(fixes)} fixes blame no line of the {len(introducing)}"
                " commits in scope",
                fix="labels need commits that say what they fix ('fix', 'bug'), and "
                + ("a longer history" if scope == "all" else "--scope all adds all authors"),
            )
        newest = max(commit.time for commit in history)
        old = [c for c in introducing.values() if c.time <= newest - CLEAN_AGE]
        spoilt = {line.commit for one in traces for line in one.lines}
        spoilt |= full_hashes({name for c in history for name in c.reverts}, by_hash)
        survivors = (commit for commit in old if commit.hash not in spoilt)
        tip_lines = Tip(repo, objects, tip)
        clean = _clean_ones(survivors, len(faulty), tip_lines, load, progress("clean changes"))
        chosen = [c for c in introducing.values() if c.hash in faulty or c.hash in clean]
        fixing = {fault.fix.hash for of in faulty.values() for fault in of}
        said = _messages(repo, [*(commit.hash for commit in chosen), *sorted(fixing)])
        rows = _rows(_name_of(repo), chosen, faulty, load, said)
        write_whole(out, lambda temporary: _write(temporary, rows))
    work.unlink(missing_ok=True)
    return Mined(
        commits=len(history),
        introducing=len(introducing),
        fixes=len(fixes),
        traced=sum(len(one.lines) for one in traces),
        lost=sum(one.lost for one in traces),
        lines=sum(map(len, faulty.values())),
        faulty=len(faulty),
        clean=len(clean),
    )


def faults_of(
    traces: Sequence[Trace],
    introducing: Mapping[str, PastCommit],
    by_hash: Mapping[str, PastCommit],
) -> dict[str, list[Fault]]:
    """Return the lines that fixes blame on each introducing commit; of two fixes the older one.

    traces  the older fix first
    """
    found: dict[str, dict[tuple[str, int], Fault]] = {}
    for one in traces:
        fix = by_hash[one.fix]
        named = full_hashes(fix.reverts, by_hash) if fix.reverts else None
        for line in one.lines:
            commit = introducing.get(line.commit)
            if commit is None or fix.time - commit.time < MIN_LAG:
                continue
            if named is None or line.commit in named:
                fault = Fault(line.path, line.number, line.becomes, fix, one)
                found.setdefault(line.commit, {}).setdefault((line.path, line.number), fault)
    return {name: [of[key] for key in sorted(of)] for name, of in found.items()}


def _added_ones(
    faults: Mapping[str, Sequence[Fault]],
    introducing: Mapping[str, PastCommit],
    load: Load,
    progress: Callable[[int, int], None],
) -> dict[str, list[Fault]]:
    """Return the faults on lines that `check` would see as added, with the lines of their files."""
    found: dict[str, list[Fault]] = {}
    for done, (name, of) in enumerate(faults.items(), 1):
        files = {file.change.path: file for file in load(introducing[name])}
        heads = {path: file.lines() for path, file in files.items()}
        added = {(line.path, line.number) for file in files.values() for line in file.change.added}
        kept = [
            replace(fault, head=heads[fault.path])
            for fault in of
            if (fault.path, fault.number) in added
        ]
        if kept:
            found[name] = kept
        progress(done, len(faults))
    return found


def _clean_ones(
    candidates: Iterable[PastCommit],
    wanted: int,
    tip: Tip,
    load: Load,
    progress: Callable[[int, int], None],
) -> set[str]:
    """Return as many commits as wanted, or all, whose lines are mostly left; chosen by hash."""
    clean: set[str] = set()
    for commit in sorted(candidates, key=lambda c: hashlib.sha256(c.hash.encode()).digest()):
        if len(clean) == wanted:
            break
        if tip.has_most(load(commit)):
            clean.add(commit.hash)
            progress(len(clean), wanted)
    return clean


def _messages(repo: Repository, hashes: Sequence[str]) -> dict[str, str]:
    """Return the messages without people. raises EnvironmentFailure if git fails"""
    said: dict[str, str] = {}
    for start in range(0, len(hashes), MESSAGES):
        read, failure = commits(repo, hashes[start : start + MESSAGES])
        if failure:
            raise EnvironmentFailure(
                f"nothing was scored: {failure}",
                fix="`git fsck` tells whether the repository is damaged",
            )
        for name, commit in read.items():
            said[name] = without_people(commit.message, (commit.author, commit.committer))
    return said


def _rows(
    repository: str,
    chosen: Sequence[PastCommit],
    faulty: Mapping[str, Sequence[Fault]],
    load: Load,
    said: Mapping[str, str],
) -> Iterator[dict[str, Any]]:
    """Yield a row per change, the newest first."""
    fixed = [
        _fixed_line(commit, fault, said)
        for commit in chosen
        for fault in faulty.get(commit.hash, ())
    ]
    rest = zip(fixed, probabilities(fixed), strict=True)  # together: lines of a fix explain a line
    for commit in chosen:
        faults = faulty.get(commit.hash, ())
        row = row_of(repository, commit, said[commit.hash], load(commit))
        row["status"] = "faulty" if faults else "clean"
        row["faulty"] = [
            {
                "path": line.path,
                "line": line.line,
                "text": line.text,
                "becomes": line.becomes,
                "fix_sha": line.fix_sha,
                "fix_subject": line.fix_subject,
                "fix_strength": fault.fix.strength,
                "lag_days": line.lag_days,
                "fix_deleted": line.fix_deleted,
                "fix_added": line.fix_added,
                "probability": round(probability, 4),
            }
            for fault, (line, probability) in zip(faults, rest, strict=False)
        ]
        yield row


def _fixed_line(commit: PastCommit, fault: Fault, said: Mapping[str, str]) -> FixedLine:
    return FixedLine(
        path=fault.path,
        line=fault.number,
        text=fault.head[fault.number - 1],
        becomes=fault.becomes,
        fix_sha=fault.fix.hash,
        fix_subject=said[fault.fix.hash].partition("\n")[0][:MAX_SUBJECT],
        fix_deleted=fault.trace.deleted,
        fix_added=fault.trace.added,
        lag_days=round((fault.fix.time - commit.time) / DAY, 2),
        head=fault.head,
    )


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows; the same rows give the same bytes."""
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        for row in rows:
            file.write((json.dumps(row) + "\n").encode("ascii"))


def _name_of(repo: Repository) -> str:
    """Return the repository's name: "owner/name" of its origin, else that of its folder."""
    urls = repo.config("remote.origin.url")
    parts = [part for part in re.split(r"[/:]", urls[-1].removesuffix("/")) if part] if urls else []
    if len(parts) > 1 and "@" not in parts[-2]:
        return "/".join(parts[-2:]).removesuffix(".git")
    folder = repo.top.absolute()
    return folder.name.removesuffix(".git") or "repository"
