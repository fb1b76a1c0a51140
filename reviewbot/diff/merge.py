"""The lines of an unfinished merge that none of its other parents brings."""

from collections.abc import Sequence
from dataclasses import replace

from reviewbot.diff.model import Change, Entry, FileChange


def own_part(change: Change, others: Sequence[Change], ours: Change | None = None) -> Change:
    """Return the change without what HEAD lacks and another parent of its head has.

    others   what the same head adds to each other parent; () where no merge is going on
    ours     what the same head adds to HEAD; None: the change is that
    returns  the files, without those that are as in another parent; of the rest the added lines
             that HEAD has, or that every other parent lacks. A file whose lines git does not show
             keeps all of them.
    """
    files = list(change.files)
    mine = {file.path: file for file in (ours or change).files}
    for other in others:
        theirs = {file.path: file for file in other.files}
        parts = [_without(file, mine.get(file.path), theirs.get(file.path)) for file in files]
        files = [part for part in parts if part is not None]
    return Change(tuple(files))


def _without(
    file: FileChange, mine: FileChange | None, other: FileChange | None
) -> FileChange | None:
    """Return the file without what the other parent brings; None where that is all of it.

    mine   the file against HEAD; None: HEAD has it as it is
    other  the file against the other parent; None: that has it as it is
    """
    if mine is None or (other is not None and other.entry is not Entry.TEXT):
        return file
    if mine.entry is not Entry.TEXT and file.entry is Entry.TEXT:  # what HEAD has is not shown
        return file
    brought = {line.number for line in mine.added}
    if other is not None:
        brought -= {line.number for line in other.added}
    hunks = tuple(
        replace(hunk, added=tuple(line for line in hunk.added if line.number not in brought))
        for hunk in file.hunks
    )
    if other is None and not any(hunk.added for hunk in hunks):
        return None
    return replace(file, hunks=hunks)
