r"""A document that an editor holds, against the last commit.

The base is the file at HEAD; the head is the text in the editor, saved or not. Lines of another
parent of an unfinished merge are marked: see `ChangeRequest.other_diffs`. An editor shows text, not
bytes: it omits a byte order mark, decodes bytes that are not UTF-8, and may send "\n" for "\r\n".
Such a difference is no edit, so it does not count here. git's filters (LFS, ident) do not run.
"""

import codecs
import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reviewbot.diff.paths import decode_path, encode_path
from reviewbot.errors import ReviewbotError, UsageError
from reviewbot.git.bases import merge_note, merge_nothing, other_parents
from reviewbot.git.changes import WORKTREE, ChangeRequest
from reviewbot.git.comparison import DIFF, NO_SUPPRESS, compare
from reviewbot.git.files import CommitFiles
from reviewbot.git.process import explain, git, status
from reviewbot.git.repository import Repository, branch_of, open_repository

MAX_BASE = 20_000_000  # bytes of the file as HEAD has it
MAX_GONE = 20  # deleted files among which the former name of a new one is looked for
_BUFFER = ("--src-prefix=", "--dst-prefix=", "--ignore-cr-at-eol", "--no-index")
_ENCODINGS = ("utf-8", "cp1252", "latin-1")
_OUTSIDE = {  # words in an error of git's -> why a document does not belong to a checkout
    "is not in a git repository": "it is in no git checkout",
    "has no working tree": "it is in no git checkout",
    "that GIT_DIR names": "it is not in the git checkout that GIT_DIR names",
}


@dataclass(frozen=True, slots=True)
class Location:
    """Where a document is in a checkout."""

    top: Path
    git_dir: Path
    common: Path  # what linked checkouts share of the git directory; else `git_dir`
    path: str  # below `top`, as git names it


@dataclass(frozen=True, slots=True)
class Outside:
    """A document that is in no checkout, or that git ignores."""

    why: str


def locate(file: Path) -> Location | Outside:
    """Return where a document is. A link counts as the file that it leads to.

    file    absolute; neither it nor its folder need exist yet
    raises  EnvironmentFailure if git is not installed, refuses or fails
    """
    file = file.resolve()
    folder = next(parent for parent in file.parents if parent.is_dir())
    try:
        repo = open_repository(folder)
    except ReviewbotError as exc:
        why = next((why for words, why in _OUTSIDE.items() if words in exc.what), None)
        if why is None:
            raise
        return Outside(why)
    try:
        raw = os.fsencode(file.relative_to(repo.top.resolve()).as_posix())
    except ValueError:  # GIT_WORK_TREE names another one
        return Outside("it is not in the git checkout that the environment names")
    # "./" in front, so that git takes no name for an option or a pattern.
    code, _, err = status(repo.top, "check-ignore", "--quiet", "--", f"./{os.fsdecode(raw)}")
    if code not in (0, 1):
        raise explain(repo.top, "check-ignore", code, err)
    if code == 0 or b".git" in raw.split(b"/"):
        return Outside("git ignores it")
    return Location(repo.top, repo.git_dir, repo.common_dir, decode_path(raw))


def change_of(location: Location, text: str) -> ChangeRequest | None:
    """Return what a document adds to HEAD, as it is now; None where that is nothing.

    text    as the editor holds it
    raises  UsageError if HEAD's version is larger than 20 MB; EnvironmentFailure if git or the
            temporary directory fails
    """
    repo, head = open_repository(location.top), text.encode("utf-8", "replace")
    parents = other_parents(repo)
    base, *others = (
        as_shown(_base(repo, location.path, parent, head), text) for parent in (repo.head, *parents)
    )
    if _plain(base) == _plain(head):
        return None
    diff, numstat = _compare(location.path, base, head)
    if not diff:
        return None
    return ChangeRequest(
        root=repo.top,
        base=repo.head,
        head=WORKTREE,
        diff=diff,
        numstat=dict.fromkeys([location.path], next(iter(numstat.values()))),
        unsaved={location.path: head},
        other_diffs=tuple(_compare(location.path, other, head)[0] for other in others),
        commit=repo.head,
        merged=merge_nothing(parents),
        notes=merge_note(parents),
        branch=branch_of(repo),
        opened=repo,
    )


def as_shown(raw: bytes, text: str) -> bytes:
    """Return the UTF-8 bytes of a file as the editor shows it that made `text` of it.

    The editor chose an encoding, and does not say which: it is the one that gives most of the
    text's own lines.
    """
    if raw.startswith(codecs.BOM_UTF8) and not text.startswith("\ufeff"):
        raw = raw.removeprefix(codecs.BOM_UTF8)
    with contextlib.suppress(UnicodeDecodeError):
        raw.decode()
        return raw
    shown = {line for line in text.replace("\r\n", "\n").split("\n") if not line.isascii()}
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    guesses = [raw.decode(name, "replace") for name in (*_ENCODINGS, *["utf-16"] * wide)]

    def matches(guess: str) -> int:
        return sum(line in shown for line in guess.replace("\r\n", "\n").split("\n"))

    return max(guesses, key=matches).encode("utf-8", "replace")


def _plain(content: bytes) -> bytes:
    return _ended(content.replace(b"\r\n", b"\n"))


def _ended(content: bytes) -> bytes:
    """End the last line: many editors send, and write, a line end that the file did not have."""
    return content if not content or content.endswith(b"\n") else content + b"\n"


def _base(repo: Repository, path: str, commit: str | None, head: bytes) -> bytes:
    """Return the file as a commit has it; empty where it is new.

    A new file that is much like a deleted one is that file, as where git finds renames.
    commit  None before the first one
    """
    content = b"" if commit is None else _read(repo, commit, path)
    if commit is None or content is not None:
        return content or b""
    # Not `git diff HEAD`, which would read the working tree, through the user's filters.
    staged = ("--cached", "--no-renames", "--diff-filter=D", "--name-only", "-z", commit)
    listed = git(repo.top, *NO_SUPPRESS, "diff", *staged, "--")
    listed += git(repo.top, "ls-files", "--deleted", "-z")
    gone = [decode_path(raw) for raw in listed.split(b"\0") if raw]
    gone = [name for name in gone if Path(name).suffix == Path(path).suffix][:MAX_GONE]
    if not gone:
        return b""
    former = [_read(repo, commit, name) or b"" for name in gone]
    files = {"b/head": head} | {f"a/{number}": content for number, content in enumerate(former)}
    with _folder(files) as folder:
        options = ("--no-index", "--name-status", "-z", "--diff-filter=R", "a", "b")
        code, out, err = status(folder, *NO_SUPPRESS, *DIFF, *options)
    if code not in (0, 1):
        raise explain(folder, "diff", code, err)
    fields = out.split(b"\0")
    return former[int(fields[1].removeprefix(b"a/"))] if len(fields) > 2 else b""


def _read(repo: Repository, commit: str, path: str) -> bytes | None:
    """Return a file of a commit; None where there is none, or it is no regular file."""
    content = CommitFiles(repo.objects, commit, MAX_BASE).read(path)
    if content is not None and len(content) > MAX_BASE:
        raise UsageError(
            f"nothing was scored: the last commit has more than {MAX_BASE // 1_000_000} MB of it",
            fix="exclude the file in the settings",
        )
    return content


def _compare(path: str, base: bytes, head: bytes) -> tuple[str, dict[str, tuple[int, int] | None]]:
    """Let git compare two contents of one path: the diff, and its own count."""
    local = os.fsdecode(encode_path(path))
    with _folder({f"a/{local}": _ended(base), f"b/{local}": _ended(head)}) as folder:
        return compare(folder, *_BUFFER, "--", f"a/{local}", f"b/{local}", codes=(0, 1))


@contextlib.contextmanager
def _folder(files: Mapping[str, bytes]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="reviewbot-") as name:
        for path, content in files.items():
            file = Path(name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        yield Path(name)
