"""git-ai notes of given commits, listed by name, then read in one `git cat-file`.

The ref is `refs/notes/ai`; clones of forks and remotes keep theirs under `refs/notes/ai-remote/`.
A tree of notes may be fanned out (ab/cdef..., ab/cd/ef...), so each commit is asked for by all
three names. Whoever pushed a note may have forged it.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from reviewbot.errors import EnvironmentFailure, ReviewbotError
from reviewbot.git.files import BlobFiles
from reviewbot.git.process import status

MAIN_REF = "refs/notes/ai"
_REMOTE_REFS = "refs/notes/ai-remote/"
MAX_REFS = 8
MAX_NOTE = 8_000_000  # bytes of one note; one byte more is read, so that a reader sees it
MAX_ALL = 32_000_000  # bytes of all notes together
CHUNK = 500  # commits asked for in one listing


@dataclass(frozen=True, slots=True)
class Notes:
    """The git-ai notes of some commits."""

    refs: tuple[str, ...]  # that hold notes here, our own first
    by_commit: dict[str, tuple[bytes, ...]] = field(default_factory=dict)  # in the order of refs
    lost: list[str] = field(default_factory=list)  # what could not be read of all, in words
    lost_commits: dict[str, str] = field(default_factory=dict)  # by commit


def notes(root: Path, hashes: Iterable[str], ref: str | None = None) -> Notes:
    """Return the notes of these commits. What is there and cannot be read is told.

    ref  look there only, instead of in every ref that git-ai uses
    """
    lost: list[str] = []
    try:
        found = Notes((ref,) if ref else _refs(root, lost), lost=lost)
        entries = {ref: _entries(root, ref, sorted(set(hashes)), lost) for ref in found.refs}
        blobs = {blob: blob for listed in entries.values() for blob in listed.values()}
        size = 0
        with closing(BlobFiles(root, blobs, MAX_NOTE)) as files:
            for ref, listed in entries.items():
                for commit, blob in listed.items():
                    try:
                        raw = files.read(blob)
                    except EnvironmentFailure:
                        raw = None
                    size += len(raw or b"")
                    if raw is None or size > MAX_ALL:
                        why = "its object is missing" if raw is None else "too many bytes"
                        found.lost_commits[commit] = (
                            f"the git-ai note of {commit[:10]} in {ref} was not read: {why}"
                        )
                    else:
                        found.by_commit[commit] = (*found.by_commit.get(commit, ()), raw)
        return found
    except ReviewbotError as exc:
        why = exc.what.removeprefix("nothing was scored: ")
        return Notes((), lost=[*lost, f"git-ai notes were not read: {why}"])


def _refs(root: Path, lost: list[str]) -> tuple[str, ...]:
    code, out, err = status(root, "for-each-ref", "--format=%(refname)", MAIN_REF, _REMOTE_REFS)
    if code != 0 or "broken ref" in err:
        lost.append("a ref of git-ai notes is broken, so they were not read")
    names = [name for name in out.decode("utf-8", "surrogateescape").split("\n") if name]
    names = [name for name in names if name == MAIN_REF or name.startswith(_REMOTE_REFS)]
    names.sort(key=lambda name: (name != MAIN_REF, name))
    if len(names) > MAX_REFS:
        lost.append(f"more than {MAX_REFS} refs hold git-ai notes: the rest was not read")
    return tuple(names[:MAX_REFS])


def _entries(root: Path, ref: str, commits: Sequence[str], lost: list[str]) -> dict[str, str]:
    """Return which blob is the note of which commit, in one listing."""
    found: dict[str, str] = {}
    for at in range(0, len(commits), CHUNK):
        names = {place: name for name in commits[at : at + CHUNK] for place in _fanned(name)}
        code, out, _ = status(root, "ls-tree", "-z", "--full-tree", ref, "--", *names)
        if code != 0:
            lost.append(f"the git-ai notes in {ref} are damaged: they were not read")
            return found
        for entry in out.split(b"\0"):
            facts, _, path = entry.partition(b"\t")
            name = names.get(path.decode("ascii", "replace"))
            fields = facts.split()
            if name is not None and len(fields) == 3 and fields[1] == b"blob":
                found.setdefault(name, fields[2].decode("ascii"))
    return found


def _fanned(name: str) -> tuple[str, str, str]:
    return name, f"{name[:2]}/{name[2:]}", f"{name[:2]}/{name[2:4]}/{name[4:]}"
