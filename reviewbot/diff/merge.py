"""The lines of an unfinished merge that no other parent brings in."""

from collections.abc import Sequence
from dataclasses import replace

from reviewbot.diff.model import Change, Entry, FileChange


def own_part(change: Change, others: Sequence[Change], ours: Change | None = None) -> Change:
    """Return the change without the lines that another parent of its head adds to HEAD.

    others   what the same head adds to each other parent; () if no merge is going on
    ours     what the same head adds to HEAD; None if that is `change`
    returns  files and lines that HEAD has, or that every other parent lacks. A file whose lines git
             does not show keeps all of its lines.
    """
    against_head = {file.path: file for file in (ours or change).files}
    files = list(change.files)
    for other in others:
        against_other = {file.path: file for file in other.files}
        parts = [
            _own_lines(file, against_head.get(file.path), against_other.get(file.path))
            for file in files
        ]
        files = [part for part in parts if part is not None]
    return Change(tuple(files))


def _own_lines(
    file: FileChange, against_head: FileChange | None, against_other: FileChange | None
) -> FileChange | None:
    """Return the file without the lines of the other parent; None if none is left.

    against_head   the file compared with HEAD; None if they are equal
    against_other  the file compared with the other parent; None if they are equal
    """
    if against_head is None or (against_other and against_other.entry is not Entry.TEXT):
        return file
    if against_head.entry is not Entry.TEXT and file.entry is Entry.TEXT:  # git hides HEAD's lines
        return file
    merged = {line.number for line in against_head.added}
    if against_other is not None:
        merged -= {line.number for line in against_other.added}
    hunks = tuple(
        replace(hunk, added=tuple(line for line in hunk.added if line.number not in merged))
        for hunk in file.hunks
    )
    if against_other is None and not any(hunk.added for hunk in hunks):
        return None
    return replace(file, hunks=hunks)
