"""What the .gitattributes of a commit say: a change does not choose its own attributes.

git reads them in the working tree, whatever commits it compares. So git runs in a temporary one
that has only the .gitattributes of the commit; `--attr-source` needs git 2.41. The user's own
attributes in $GIT_DIR/info/attributes still come first.
"""

import contextlib
import errno
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from reviewbot.diff.paths import decode_path, encode_path
from reviewbot.git.files import CommitFiles
from reviewbot.git.process import MAX_OUTPUT, git
from reviewbot.git.repository import Repository

_LINGUIST = ("linguist-generated", "linguist-vendored", "linguist-documentation")


@contextlib.contextmanager
def attributes_of(
    repo: Repository, commit: str, paths: Collection[str]
) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """Yield where to run git, and with which variables, so that a commit's attributes count.

    commit  the hash of a commit or a tree
    paths   the files whose attributes are needed
    raises  EnvironmentFailure if git fails
    """
    folders = {path[: at + 1] for path in paths for at, char in enumerate(path) if char == "/"}
    files = CommitFiles(repo.objects, commit, MAX_OUTPUT)  # git itself reads as much of one
    with _folder() as folder, _folder() as no_index:
        for name in ("", *sorted(folders)):
            path = f"{name}.gitattributes"
            content = None if {".", ".."} & set(name.split("/")) else files.read(path)
            if content is not None:
                _copy(Path(folder, os.fsdecode(encode_path(path))), content)
        yield (
            Path(folder),
            {
                "GIT_DIR": str(repo.git_dir),
                "GIT_WORK_TREE": folder,
                "GIT_INDEX_FILE": str(Path(no_index, "index")),  # does not exist
            },
        )


def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="reviewbot-")


def _copy(copy: Path, content: bytes) -> None:
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    except OSError as exc:
        # Nobody can have checked out a name that is too long: git would not see it either.
        if exc.errno != errno.ENAMETOOLONG:
            raise


def attributes(
    repo: Repository, paths: Collection[str], commit: str | None = None
) -> dict[str, frozenset[str]]:
    """Return the linguist attributes of each path.

    commit   whose .gitattributes count; None: those of the working tree. The base commit is the
             safe choice: an author cannot call new code generated there.
    returns  per path the attributes that are set, and "-NAME" for one that is set to false
    raises   EnvironmentFailure if git fails
    """
    given = [path for path in dict.fromkeys(paths) if "\0" not in path]
    flags_of: dict[str, set[str]] = {path: set() for path in given}
    stdin = b"".join(encode_path(path) + b"\0" for path in given)
    command = ("check-attr", "-z", "--stdin", *_LINGUIST)
    if not given:
        out = b""
    elif commit is None:
        out = git(repo.top, *command, stdin=stdin)
    else:
        with attributes_of(repo, commit, given) as (place, env):
            out = git(place, *command, stdin=stdin, env=env)
    fields = [decode_path(field) for field in out.split(b"\0")]
    for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        if value in ("set", "true"):
            flags_of[path].add(name)
        elif value in ("unset", "false"):
            flags_of[path].add(f"-{name}")
    return {path: frozenset(flags) for path, flags in flags_of.items()}
