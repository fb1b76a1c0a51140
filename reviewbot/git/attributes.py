"""What .gitattributes say, as a commit has them: a change does not choose its own.

Git reads them in the working tree, whatever commits it compares. So it is shown another one, that
holds the .gitattributes of a commit and nothing else; `--attr-source` needs git 2.41, and the index
is not read at all where two commits are compared. Before them come the user's own, in
$GIT_DIR/info/attributes, as ever.
"""

import contextlib
import errno
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from reviewbot.diff.paths import decode_path, encode_path
from reviewbot.git.files import commit_files
from reviewbot.git.process import MAX_OUTPUT, git

_NAME = ".gitattributes"
_LINGUIST = ("linguist-generated", "linguist-vendored", "linguist-documentation")
_CONVERTING = ("filter", "working-tree-encoding", "ident")
_NOT_IN_A_TREE = ("", ".", "..")


@contextlib.contextmanager
def attributes_of(root: Path, commit: str) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Yield where to run git, and with which variables, so that a commit's attributes count.

    root    the top of the checkout, or a bare repository
    commit  the hash of a commit or a tree
    raises  EnvironmentFailure if git fails
    """
    where = git(root, "rev-parse", "--absolute-git-dir").removesuffix(b"\n")
    with _folder() as folder, _folder() as no_index:
        with commit_files(root, commit, MAX_OUTPUT) as files:  # as much as git itself reads of one
            for path in files.blobs:
                *above, name = path.split("/")
                if name == _NAME and not set(above) & {*_NOT_IN_A_TREE}:
                    _copied(Path(folder, os.fsdecode(encode_path(path))), files.read(path) or b"")
        yield (
            Path(folder),
            {
                "GIT_DIR": os.fsdecode(where),
                "GIT_WORK_TREE": folder,
                "GIT_INDEX_FILE": str(Path(no_index, "index")),  # there is none
            },
        )


def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="reviewbot-")


def _copied(copy: Path, content: bytes) -> None:
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    except OSError as exc:
        # What no file system takes, nobody can have checked out: git would not see it either.
        if exc.errno != errno.ENAMETOOLONG:
            raise


def attributes(
    root: Path, paths: Iterable[str], commit: str | None = None
) -> dict[str, frozenset[str]]:
    """Return the linguist attributes of each path, by the repository's .gitattributes.

    commit   read them as that commit has them; None: as the working tree has them. The base
             commit is the safe choice: an author cannot call new code generated there.
    returns  per path the attributes that are set, and "-NAME" for one that is set to false
    raises   EnvironmentFailure if git fails
    """
    given = [path for path in dict.fromkeys(paths) if "\0" not in path]
    if commit is None:
        rows = _checked(root, given, _LINGUIST)
    else:
        with attributes_of(root, commit) as (place, env):
            rows = _checked(place, given, _LINGUIST, env)
    found: dict[str, set[str]] = {path: set() for path in given}
    for path, name, value in rows:
        if value in ("set", "true"):
            found[path].add(name)
        elif value in ("unset", "false"):
            found[path].add(f"-{name}")
    return {path: frozenset(names) for path, names in found.items()}


def converted(top: Path, paths: Collection[str]) -> frozenset[str]:
    """Return which files of the working tree git may convert before it compares or stores them.

    Line ends do not count: a "\r" before them never does.
    """
    rows = _checked(top, list(paths), _CONVERTING) if paths else []
    return frozenset(path for path, _, value in rows if value not in ("unspecified", "unset"))


def _checked(
    where: Path, paths: Sequence[str], names: Sequence[str], env: Mapping[str, str] | None = None
) -> list[tuple[str, str, str]]:
    """Return path, attribute and value: "set", "unset", "unspecified" or what it is set to."""
    stdin = b"".join(encode_path(path) + b"\0" for path in paths)
    out = git(where, "check-attr", "-z", "--stdin", *names, stdin=stdin, env=env)
    fields = [decode_path(field) for field in out.split(b"\0")]
    return list(zip(fields[0::3], fields[1::3], fields[2::3], strict=False))
