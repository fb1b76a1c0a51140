r"""A document that an editor holds, against the last commit.

The base is the file as HEAD has it; the head is the text in the editor, saved or not. Lines that
another parent of an unfinished merge has are marked: see `ChangeRequest.others`. An editor shows
text, not bytes: it leaves out a byte order mark, decodes what is not UTF-8, and may send "\n" for
"\r\n". Nobody edited a line where no more than that differs, so here it does not count. Filters of
git (LFS, ident) are not run.
"""

import codecs
import os
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reviewbot.diff.paths import decode_path, encode_path
from reviewbot.errors import UsageError
from reviewbot.git.changes import DIFF, NO_SUPPRESS, parse_numstat
from reviewbot.git.environment import is_apart
from reviewbot.git.files import commit_files
from reviewbot.git.merges import merge_note, merge_nothing, other_parents
from reviewbot.git.process import explain, git, status
from reviewbot.git.request import WORKTREE, ChangeRequest
from reviewbot.git.revisions import branch_of, head_commit

MAX_BASE = 20_000_000  # bytes of the file as HEAD has it
MAX_GONE = 20  # deleted files among which the former name of a new one is looked for
_BUFFER = ("--src-prefix=", "--dst-prefix=", "--ignore-cr-at-eol", "--no-index")
_ENCODINGS = ("utf-8", "cp1252", "latin-1")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document lies in a checkout."""

    top: Path
    git_dir: Path
    common: Path  # what linked checkouts share of the git directory; else `git_dir`
    path: str  # below `top`, as git names it


@dataclass(frozen=True, slots=True)
class Outside:
    """A document that is in no checkout, or that git is told not to look at."""

    why: str


def place_of(file: Path) -> Place | Outside:
    """Return where a document lies. A link counts as the file that it leads to.

    file    absolute; neither it nor its folder need exist yet
    raises  EnvironmentFailure if git is not installed, refuses or fails
    """
    file = file.resolve()
    folder = next(parent for parent in file.parents if parent.is_dir())
    code, out, err = status(folder, "rev-parse", "--show-toplevel")
    if code != 0 and ("not a git repository" in err.lower() or "work tree" in err):
        return Outside("it is in no git checkout")
    if code != 0:
        raise explain(folder, "rev-parse", code, err)
    top = Path(os.fsdecode(out.removesuffix(b"\n")))
    if is_apart(folder, top):
        return Outside("it is not in the git checkout that GIT_DIR names")
    try:
        raw = os.fsencode(file.relative_to(top.resolve()).as_posix())
    except ValueError:  # GIT_WORK_TREE names another one
        return Outside("it is not in the git checkout that the environment names")
    # "./" in front, so that no name is an option or magic; others than that it takes as they are.
    code, _, err = status(top, "check-ignore", "--quiet", "--", f"./{os.fsdecode(raw)}")
    if code not in (0, 1):
        raise explain(top, "check-ignore", code, err)
    if code == 0 or b".git" in raw.split(b"/"):
        return Outside("git ignores it")
    git_dir, common = (
        top / os.fsdecode(git(top, "rev-parse", asked).removesuffix(b"\n"))
        for asked in ("--absolute-git-dir", "--git-common-dir")
    )
    return Place(top, git_dir, common, decode_path(raw))


def change_of(place: Place, text: str) -> ChangeRequest | None:
    """Return what a document adds to HEAD, as it is now; None where that is nothing.

    text    as the editor holds it
    raises  UsageError if HEAD's version is larger than 20 MB; EnvironmentFailure if git or the
            temporary directory fails
    """
    head = text.encode("utf-8", "replace")
    commit = head_commit(place.top)
    parents = other_parents(place.top)
    base, *theirs = (as_shown(_base(place, parent, head), text) for parent in (commit, *parents))
    if _plain(base) == _plain(head):
        return None
    diff, numstat = _compare(place.path, _ended(base), _ended(head))
    if not diff:
        return None
    others = [_compare(place.path, _ended(their), _ended(head))[0] for their in theirs]
    return ChangeRequest(
        root=place.top,
        base=commit,
        head=WORKTREE,
        diff=diff.decode("utf-8", "surrogateescape"),
        numstat=dict.fromkeys([place.path], next(iter(parse_numstat(numstat).values()))),
        unsaved={place.path: head},
        others=tuple(other.decode("utf-8", "surrogateescape") for other in others),
        commit=commit,
        theirs=merge_nothing(parents),
        notes=merge_note(parents),
        branch=branch_of(place.top),
    )


def as_shown(raw: bytes, text: str) -> bytes:
    """Return the UTF-8 bytes of a file as the editor shows it that made `text` of it.

    The editor chose an encoding, and does not say which: it is the one that gives most of the
    text's own lines.
    """
    if raw.startswith(codecs.BOM_UTF8) and not text.startswith("\ufeff"):
        raw = raw.removeprefix(codecs.BOM_UTF8)
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        raw.decode()
    except UnicodeDecodeError:
        shown = {line.removesuffix("\r") for line in text.split("\n")}
        guesses = [raw.decode(name, "replace") for name in (*_ENCODINGS, *["utf-16"] * wide)]
        best = max(guesses, key=lambda guess: _told(guess, shown))
        return best.encode("utf-8", "replace")
    return raw


def _told(guess: str, shown: set[str]) -> int:
    lines = (line.removesuffix("\r") for line in guess.split("\n"))
    return sum(line in shown for line in lines if not line.isascii())


def _plain(content: bytes) -> bytes:
    return _ended(content.replace(b"\r\n", b"\n"))


def _ended(content: bytes) -> bytes:
    """End the last line: many editors send, and write, a line end that the file did not have."""
    return content if not content or content.endswith(b"\n") else content + b"\n"


def _base(place: Place, commit: str | None, head: bytes) -> bytes:
    """Return the file as a commit has it, under this name or a former one; empty where it is new.

    commit  None before the first one
    """
    if commit is None:
        return b""
    if (found := _blobs(place.top, commit, [place.path])[0]) is None:
        return _former(place, commit, head)
    return found


def _former(place: Place, commit: str, head: bytes) -> bytes:
    """Return the version of a deleted file that a new one is much like, as git finds renames."""
    # Not `git diff HEAD`, which would read the working tree, through the user's filters.
    staged = ("--cached", "--no-renames", "--diff-filter=D", "--name-only", "-z", commit)
    listed = git(place.top, *NO_SUPPRESS, "diff", *staged, "--")
    listed += git(place.top, "ls-files", "--deleted", "-z")
    ending = Path(place.path).suffix
    gone = [decode_path(raw) for raw in listed.split(b"\0") if raw]
    gone = [path for path in gone if Path(path).suffix == ending][:MAX_GONE]
    if not gone:
        return b""
    found = _blobs(place.top, commit, gone)
    with tempfile.TemporaryDirectory(prefix="reviewbot-") as name:
        folder = Path(name)
        _write(folder / "b" / "head", head)
        for number, content in enumerate(found):
            _write(folder / "a" / str(number), content or b"")
        sides = ("--name-status", "-z", "--diff-filter=R", "a", "b")
        out = _no_index(folder, *sides).split(b"\0")
    return found[int(out[1].removeprefix(b"a/"))] or b"" if len(out) > 2 else b""


def _blobs(top: Path, commit: str, paths: Sequence[str]) -> list[bytes | None]:
    """Return files of a commit; None for what is not there, or no regular file."""
    literal = [f":(top,literal){os.fsdecode(encode_path(path))}" for path in paths]
    with closing(commit_files(top, commit, MAX_BASE, literal)) as files:
        found = [files.read(path) for path in paths]
    if any(content is not None and len(content) > MAX_BASE for content in found):
        raise UsageError(
            f"nothing was scored: the last commit has more than {MAX_BASE // 1_000_000} MB of it",
            fix="exclude the file in the settings",
        )
    return found


def _compare(path: str, base: bytes, head: bytes) -> tuple[bytes, bytes]:
    """Let git compare two contents of one path: the diff, and its own count."""
    with tempfile.TemporaryDirectory(prefix="reviewbot-") as name:
        folder, local = Path(name), os.fsdecode(encode_path(path))
        _write(folder / "a" / local, base)
        _write(folder / "b" / local, head)
        sides = ("--", f"a/{local}", f"b/{local}")
        return _no_index(folder, "-U3", *sides), _no_index(folder, "--numstat", "-z", *sides)


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _no_index(folder: Path, *args: str) -> bytes:
    code, out, err = status(folder, *NO_SUPPRESS, *DIFF, *_BUFFER, *args)
    if code not in (0, 1):  # 1: they differ
        raise explain(folder, "diff", code, err)
    return out
