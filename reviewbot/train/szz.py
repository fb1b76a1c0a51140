"""Traces the lines that a fix changes to the commits that introduced them.

The variant is MA-SZZ (da Costa et al., TSE 2017) on `git blame -w -M -C`, which looks through
re-indenting and through code that moves within a commit, with the text rules of `blamable`. It
differs from the published one:

- merges and first commits introduce nothing: a merge has no diff of its own, an import no author
- a fix has at most 4 code files and 25 deleted lines: larger ones mix in other work
- a commit that changes more than 50 code files introduces nothing
- no issue tracker is asked, so a commit that is younger than the bug report can be blamed
- a revert blames only the commits that it names

Of 1,601 lines that such rules blamed, three in ten were at fault: hence the probability of `mine`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from reviewbot.authorship.model import Origin
from reviewbot.diff.languages import language_of
from reviewbot.diff.model import Change, head_lines
from reviewbot.diff.parser import decode, parse
from reviewbot.diff.paths import encode_path
from reviewbot.diff.skip_rules import MAX_BYTES
from reviewbot.errors import ReviewbotError
from reviewbot.git.blame import line_ranges, parse_blame
from reviewbot.git.comparison import DIFF, NO_SUPPRESS
from reviewbot.git.files import Objects
from reviewbot.git.process import git
from reviewbot.train.blamable import Edit, FixedFile, deleted, edits
from reviewbot.train.history import PastCommit

MAX_FIX_FILES = 4
MAX_DELETED = 25  # lines with a letter or digit that are no comments, in all files of a fix
MAX_FILES = 50  # code files of a commit that can introduce a fault
MAX_DIFF = 20_000_000  # bytes
MAX_BLAME = 64_000_000  # bytes that git blame prints about one file
CONTEXT = 5  # lines before and after a line, for git blame
SECONDS = 300.0  # for one git process; on a busy machine a slow blame is not lost
_BLAME = ("blame", "-w", "-M", "-C", "--line-porcelain", "--no-textconv", "--ignore-revs-file=")


class TracedLine(NamedTuple):
    """A line that a fix changes, where it was introduced."""

    commit: str
    path: str  # in that commit
    number: int  # in that commit, 1-based
    becomes: str | None  # after the fix


@dataclass(frozen=True, slots=True)
class Trace:
    """The result for one fix."""

    fix: str
    deleted: int = 0  # lines of code files, blank ones and comments too
    added: int = 0
    lines: tuple[TracedLine, ...] = ()
    lost: int = 0  # files that git could not compare or blame in time


def can_be_traced(commit: PastCommit) -> bool:
    """Return True if the commit is a fix or a revert of a size that can be traced."""
    is_fix = commit.strength > 0 or bool(commit.reverts)
    # Both names of a renamed file count here; `trace` counts it once.
    return is_fix and commit.parent is not None and 0 < len(commit.files) <= 2 * MAX_FIX_FILES


def can_introduce(commit: PastCommit) -> bool:
    """Return True if the commit has a parent, and is not enormous."""
    return commit.parent is not None and 0 < len(commit.files) <= MAX_FILES


def changed(top: Path, commit: PastCommit, *options: str) -> Change:
    """Return what a commit changes in its code files, without context, as `check` reads it.

    options  more of `git diff`
    raises   UsageError for a diff over MAX_DIFF; EnvironmentFailure if git fails
    """
    paths = (os.fsdecode(encode_path(path)) for path in commit.files)
    command = ("--literal-pathspecs", *NO_SUPPRESS, *DIFF, "-U0", *options)
    sides = (str(commit.parent), commit.hash, "--", *paths)
    return parse(decode(git(top, *command, *sides, limit=MAX_DIFF, timeout=SECONDS)))


def read_blob(objects: Objects, commit: str, path: str) -> bytes | None:
    """Return the content of a file; None where it is missing or too large.

    raises  EnvironmentFailure if git cannot give the content
    """
    name = f"{commit}:{os.fsdecode(encode_path(path))}"  # keeps no tree in memory
    blob = objects.read(name, MAX_BYTES)
    if blob is None or blob.kind != "blob" or len(blob.content) > MAX_BYTES:
        return None
    return blob.content


def trace(top: Path, objects: Objects, fix: PastCommit, oldest: Mapping[str, str]) -> Trace:
    """Trace the lines that a fix deletes or replaces.

    oldest   name of a file without folders -> the commit below which nobody can be blamed for it;
             files without one are not blamed
    returns  lines with the commit that git blames, whatever that commit is. None of a fix over the
             bounds
    """
    try:
        files, lost = _fixed(top, objects, fix)
    except ReviewbotError:
        return Trace(fix.hash, lost=1)
    removed = sum(file.change.removed for file in files)
    added = sum(len(file.change.added) for file in files)
    if len(files) > MAX_FIX_FILES or sum(map(deleted, files)) > MAX_DELETED:
        return Trace(fix.hash, removed, added, lost=lost)
    lengths = {file.change.base_path or file.change.path: len(file.base) for file in files}
    by_path: dict[str, list[Edit]] = {}
    for edit in edits(files):
        if name_of(edit.path) in oldest:
            by_path.setdefault(edit.path, []).append(edit)
    lines: list[TracedLine] = []
    for path, of_file in by_path.items():
        try:
            about = _with_context([edit.number for edit in of_file], lengths[path])
            origins = _blame(top, str(fix.parent), path, about, oldest[name_of(path)])
        except ReviewbotError:
            lost += 1
            continue
        found = ((origins.get(edit.number), edit.becomes) for edit in of_file)
        lines += [TracedLine(*at, becomes) for at, becomes in found if at is not None]
    return Trace(fix.hash, removed, added, tuple(lines), lost)


def _fixed(top: Path, objects: Objects, fix: PastCommit) -> tuple[list[FixedFile], int]:
    """Return the code files of a fix that it changes, and how many could not be read."""
    files, lost = [], 0
    for change in changed(top, fix, "-w").files:
        if not change.hunks or language_of(change.path) is None:
            continue
        base = read_blob(objects, str(fix.parent), change.base_path or change.path)
        head = read_blob(objects, fix.hash, change.path)
        if change.removed and base is None:
            lost += 1
            continue
        files.append(FixedFile(change, head_lines(base or b""), head_lines(head or b"")))
    return files, lost


def _with_context(numbers: Sequence[int], length: int) -> list[int]:
    """Return the lines with those around them: git knows a moved block, not a moved line."""
    around = range(-CONTEXT, CONTEXT + 1)
    return sorted({n + by for n in numbers for by in around if 1 <= n + by <= length})


def _blame(
    top: Path, parent: str, path: str, numbers: Sequence[int], oldest: str
) -> dict[int, Origin]:
    """Ask git where these lines of a file come from; without lines older than `oldest`."""
    if parent == oldest:  # git would take "A ^A" for the working tree
        return {}
    revisions = (parent, f"^{oldest}", "--", os.fsdecode(encode_path(path)))
    command = (*_BLAME, *line_ranges(numbers), *revisions)
    return parse_blame(git(top, *command, limit=MAX_BLAME, timeout=SECONDS))


def name_of(path: str) -> str:
    """Return the name of a file without its folders: it survives most moves."""
    return path.rpartition("/")[2]
