"""Use case `who`: who wrote the lines that a change adds. Loads no model, asks no forge."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reviewbot.app.attribute import attribute_change
from reviewbot.app.load_change import ChangeSource, files_note, load_change, untracked_note

if TYPE_CHECKING:
    from reviewbot.authorship.who import WhoReport


def who_wrote(source: ChangeSource, environ: Mapping[str, str]) -> "WhoReport":
    """Return the author of each added line, with the notes for a reader."""
    from reviewbot.authorship.who import who_report
    from reviewbot.diff.model import Entry

    request = source.request
    loaded = load_change(source)
    authors = attribute_change(loaded, environ).authors
    own = loaded.own or loaded.change
    adds, adds_own = (any(f.added for f in one.files) for one in (loaded.change, own))
    hidden = [f.path for f in own.files if f.entry is Entry.BINARY and not f.added]
    notes = [
        *([request.empty] if request.empty else []),
        *([request.merged] if request.merged and adds and not adds_own else []),
        *request.notes,
        *source.notes,
        *files_note(hidden, "binary file shows no lines", "binary files show no lines"),
        *untracked_note(request.untracked),
    ]
    return who_report(own, authors, base=request.base, head=request.head, notes=notes)
