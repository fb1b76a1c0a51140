"""The lines of an unfinished merge that none of its parents has."""

from collections.abc import Sequence
from dataclasses import replace

from reviewbot.core.change import Change, Entry, FileChange


def own_part(change: Change, others: Sequence[Change]) -> Change:
    """Return the change without what another parent of its head has as well.

    others   what the same head adds to each other parent; () where no merge is going on
    returns  the files, without those that are as in another parent; of the rest the added lines
             that every parent lacks. A file whose lines git does not show keeps all of them.
    """
    files = list(change.files)
    for other in others:
        differing = {file.path: file for file in other.files}
        files = [_without(f, differing[f.path]) for f in files if f.path in differing]
    return Change(tuple(files))


def _without(file: FileChange, other: FileChange) -> FileChange:
    if other.entry is not Entry.TEXT:
        return file
    new = {line.number for line in other.added}
    return replace(
        file,
        hunks=tuple(
            replace(hunk, added=tuple(line for line in hunk.added if line.number in new))
            for hunk in file.hunks
        ),
    )
