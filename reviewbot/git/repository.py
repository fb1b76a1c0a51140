"""A local repository: what one `git rev-parse` says about it, and a reader of its objects."""

import os
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from reviewbot.errors import UsageError
from reviewbot.git.environment import APART, UNSET, is_apart, refuse_part
from reviewbot.git.objects import Objects
from reviewbot.git.process import explain, git, status

HEADS, REMOTES, NOTES = "refs/heads/", "refs/remotes/", "refs/notes/ai"
DEFAULTS = ("HEAD", "main", "master")  # names of a remote's default branch
_HEAD = ("HEAD", "--symbolic-full-name", "HEAD")
_FORMAT = (
    "%(refname)%00%(objectname)%00%(symref)"
    "%00%(upstream)%00%(upstream:remotename)%00%(upstream:remoteref)"
)


class Ref(NamedTuple):
    """A ref, and the upstream of a branch ("" where it has none)."""

    name: str
    oid: str
    target: str  # of a symbolic ref, else ""
    upstream: str  # also of an upstream that is gone on the remote
    remote: str  # of the upstream
    remote_ref: str


class Repository:
    """A repository as it is now. Open a new one for each request."""

    def __init__(
        self,
        top: Path,
        git_dir: Path,
        common_dir: Path,
        head: str | None,
        branch: str | None,
        *,
        is_shallow: bool,
    ) -> None:
        self.top = top  # of the checkout; a bare repository itself
        self.git_dir = git_dir
        self.common_dir = common_dir  # what linked checkouts share
        self.head = head  # hash; None before the first commit
        self.head_ref = branch  # full name of the branch that is checked out; None: detached
        self.is_shallow = is_shallow  # its history was cut off when it was fetched
        self.refs_complaint = ""  # what git wrote about refs that it cannot read
        self.objects = Objects(top)

    @cached_property
    def empty_tree(self) -> str:
        """The hash of the tree without files, in the repository's hash function."""
        return git(self.top, "hash-object", "-t", "tree", "--stdin").decode("ascii").strip()

    @cached_property
    def refs(self) -> dict[str, Ref]:
        """The refs that choose a base or hold git-ai notes, by full name."""
        own = [self.head_ref] if self.head_ref else []
        return self.refs_like(*own, *default_patterns(DEFAULTS), NOTES, f"{NOTES}-remote/")

    def refs_like(self, *patterns: str) -> dict[str, Ref]:
        """Return the refs that match, by full name.

        raises  EnvironmentFailure if git fails
        """
        code, out, err = status(self.top, "for-each-ref", f"--format={_FORMAT}", *patterns)
        if code != 0:
            raise explain(self.top, "for-each-ref", code, err)
        rows = (row.split("\0") for row in _text(out).split("\n") if row)
        self.refs_complaint += err
        return {row[0]: Ref(*row) for row in rows}

    @property
    def is_merging(self) -> bool:
        """True while a merge is not finished."""
        return (self.git_dir / "MERGE_HEAD").exists()

    @cached_property
    def remotes(self) -> list[str]:
        """The names of the remotes."""
        return _text(git(self.top, "remote")).split("\n")[:-1]

    def config(self, key: str) -> list[str]:
        """Return the values of a key of git's configuration."""
        code, out, err = status(self.top, "config", "-z", "--get-all", key)
        if code not in (0, 1):
            raise explain(self.top, "config", code, err)
        return _text(out).split("\0")[:-1]


def default_patterns(names: tuple[str, ...]) -> list[str]:
    """Return patterns that match default branches of these names, of any remote and local."""
    local = [f"{HEADS}{name}" for name in names if name != "HEAD"]
    return [*(f"{REMOTES}**/{name}" for name in names), *local]


def open_repository(root: Path, *, needs_worktree: bool = True) -> Repository:
    """Open the repository that holds a directory.

    raises  UsageError if there is none, or it has no working tree and needs one, or GIT_DIR names
            another checkout; EnvironmentFailure if git fails
    """
    facts = ("--is-shallow-repository", "--absolute-git-dir", "--git-common-dir")
    code, out, err = status(root, "rev-parse", *facts, "--show-toplevel", *_HEAD)
    shallow, git_dir, common, *rest = [*os.fsdecode(out).split("\n"), *[""] * 4]
    has_top = rest[0] not in ("", "HEAD")
    if not has_top and (needs_worktree or "must be run in a work tree" not in err):
        raise explain(root, "rev-parse", code, err)
    if has_top:
        top, *rest = Path(rest[0]), *rest[1:]
        if is_apart(root, top):
            raise UsageError(APART.format(root), fix=UNSET)
        refuse_part(top.resolve(), git_dir)
    else:
        top = root
        _, out, _ = status(root, "rev-parse", *_HEAD)
        rest = [*os.fsdecode(out).split("\n"), "", ""]
    head, branch = rest[:2]
    if len(head) not in (40, 64):  # before the first commit
        code, out, _ = status(root, "symbolic-ref", "--quiet", "HEAD")
        head, branch = "", _text(out).strip()
    return Repository(
        top,
        Path(git_dir),
        (root / common).resolve(),
        head or None,
        branch if branch not in ("", "HEAD") else None,
        is_shallow=shallow == "true",
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
