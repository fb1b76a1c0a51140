"""git-ai notes of commits.

The ref is `refs/notes/ai`; clones of forks and remotes keep theirs under `refs/notes/ai-remote/`.
A tree of notes may be fanned out (ab/cdef..., ab/cd/ef...), so each commit is looked up by all
three names. Whoever pushed a note may have forged it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from reviewbot.errors import EnvironmentFailure, ReviewbotError
from reviewbot.git.files import REGULAR
from reviewbot.git.repository import NOTES, Repository

MAX_REFS = 8
MAX_NOTE = 8_000_000  # bytes of one note; one byte more is read, so that a reader sees it
MAX_ALL = 32_000_000  # bytes of all notes together


@dataclass(frozen=True, slots=True)
class Notes:
    """The git-ai notes of some commits."""

    refs: tuple[str, ...]  # that hold notes here, our own first
    by_commit: dict[str, tuple[bytes, ...]] = field(default_factory=dict)  # in the order of refs
    lost: list[str] = field(default_factory=list)  # what could not be read of all, in words
    lost_commits: dict[str, str] = field(default_factory=dict)  # by commit


def notes(repo: Repository, hashes: Iterable[str], ref: str | None = None) -> Notes:
    """Return the notes of these commits, and in words what could not be read.

    ref  look there only, instead of in every ref that git-ai uses
    """
    lost: list[str] = []
    wanted = sorted(set(hashes))
    try:
        found = Notes((ref,) if ref else _refs(repo, lost), lost=lost)
        size = 0
        for name in found.refs:
            for commit, blob in _entries(repo, name, wanted, lost).items():
                try:
                    note = repo.objects.read(blob, MAX_NOTE)
                except EnvironmentFailure:
                    note = None
                size += len(note.content) if note else 0
                if note is None or size > MAX_ALL:
                    why = "its object is missing" if note is None else "too many bytes"
                    found.lost_commits[commit] = (
                        f"the git-ai note of {commit[:10]} in {name} was not read: {why}"
                    )
                else:
                    others = found.by_commit.get(commit, ())
                    found.by_commit[commit] = (*others, note.content)
        return found
    except ReviewbotError as exc:
        why = exc.what.removeprefix("nothing was scored: ")
        return Notes((), lost=[*lost, f"git-ai notes were not read: {why}"])


def _refs(repo: Repository, lost: list[str]) -> tuple[str, ...]:
    names = [name for name in repo.refs if name == NOTES or name.startswith(f"{NOTES}-remote/")]
    if f"broken ref {NOTES}" in repo.refs_complaint:
        lost.append("a ref of git-ai notes is broken, so they were not read")
    names.sort(key=lambda name: (name != NOTES, name))
    if len(names) > MAX_REFS:
        lost.append(f"more than {MAX_REFS} refs hold git-ai notes: the rest was not read")
    return tuple(names[:MAX_REFS])


def _entries(repo: Repository, ref: str, commits: Iterable[str], lost: list[str]) -> dict[str, str]:
    """Return which blob is the note of which commit."""
    blobs = {}
    try:
        for commit in commits:
            entries = (repo.objects.entry(ref, name) for name in _fanned(commit))
            entry = next((entry for entry in entries if entry and entry.mode in REGULAR), None)
            if entry:
                blobs[commit] = entry.oid
    except EnvironmentFailure:
        lost.append(f"the git-ai notes in {ref} are damaged: they were not read")
    return blobs


def _fanned(name: str) -> tuple[str, str, str]:
    return name, f"{name[:2]}/{name[2:]}", f"{name[:2]}/{name[2:4]}/{name[4:]}"
