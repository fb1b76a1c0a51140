"""git-ai notes of given commits, in one `git cat-file`, however large the tree of notes is.

The ref is `refs/notes/ai`; clones of forks and remotes keep theirs under `refs/notes/ai-remote/`.
A tree of notes may be fanned out (ab/cdef..., ab/cd/ef...), so each commit is asked for by all
three names. Whoever pushed a note may have forged it.
"""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from reviewbot.core.errors import ReviewbotError
from reviewbot.forges.git import git
from reviewbot.forges.heads import BlobFiles

MAIN_REF = "refs/notes/ai"
_REMOTE_REFS = "refs/notes/ai-remote/"
MOST_REFS = 8
MAX_NOTE = 8_000_000  # bytes of one note; one byte more is read, so that a reader sees it
MAX_ALL = 64_000_000  # bytes of all notes together


def note_refs(root: Path) -> list[str]:
    """Return the refs that hold git-ai notes here, our own first; [] where there are none."""
    out = git(root, "for-each-ref", "--format=%(refname)", MAIN_REF, _REMOTE_REFS)
    names = [name for name in out.decode("utf-8", "surrogateescape").split("\n") if name]
    names = [name for name in names if name == MAIN_REF or name.startswith(_REMOTE_REFS)]
    return sorted(names, key=lambda name: (name != MAIN_REF, name))[:MOST_REFS]


def notes(
    root: Path, refs: Iterable[str], hashes: Iterable[str]
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the notes by commit, and why a commit's note was not read, by commit.

    Of several refs the first that has a note counts.
    """
    found: dict[str, bytes] = {}
    lost: dict[str, str] = {}
    size = 0
    names = [(ref, name) for ref in refs for name in sorted(set(hashes))]
    blobs = {f"{ref}:{at}": f"{ref}:{at}" for ref, name in names for at in _fanned(name)}
    try:
        with closing(BlobFiles(root, blobs, MAX_NOTE)) as files:
            for ref, name in names:
                if name in found or name in lost:
                    continue
                for at in _fanned(name):
                    note = files.read(f"{ref}:{at}")
                    if note is None:
                        continue
                    size += len(note)
                    if size > MAX_ALL:
                        lost[name] = f"the git-ai note of {name[:10]} was not read: too many bytes"
                    else:
                        found[name] = note
                    break
    except ReviewbotError as exc:
        why = f"git-ai notes were not read: {exc.what.removeprefix('nothing was scored: ')}"
        lost |= {name: why for _, name in names if name not in found}
    return found, lost


def _fanned(name: str) -> tuple[str, str, str]:
    return name, f"{name[:2]}/{name[2:]}", f"{name[:2]}/{name[2:4]}/{name[4:]}"
