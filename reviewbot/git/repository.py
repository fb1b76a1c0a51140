"""A local repository: what one `git rev-parse` says about it, and its revisions as hashes."""

import os
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from reviewbot.errors import ReviewbotError, UsageError, did_you_mean
from reviewbot.git.files import Objects
from reviewbot.git.git_dir import APART, UNSET, is_apart, refuse_part
from reviewbot.git.process import explain, git, status

HEADS, REMOTES, NOTES = "refs/heads/", "refs/remotes/", "refs/notes/ai"
TAGS = "refs/tags/"
MAX_NAMES = 2_000  # that an unknown revision is compared with: under 0.1 s
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
        if os.environ.get("GIT_DIR") and is_apart(root, top):
            raise UsageError(APART.format(root), fix=UNSET)
        if Path(git_dir) != top / ".git":
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


DEEPEN = "git fetch --unshallow (in GitHub Actions: actions/checkout with fetch-depth: 0)"
PATHS = (
    "leave it out to read all that the working tree adds; for some files alone: "
    "git diff HEAD -- FILE | reviewbot check --diff -"
)


def commit_of(repo: Repository, revision: str) -> str:
    """Return the hash of the commit that `revision` names.

    raises  UsageError if there is none, or the revision could be taken for an option
    """
    if revision.startswith("-") or "\0" in revision:
        raise UsageError(
            f"nothing was scored: {revision[:100]!r} is not a revision",
            fix="name a branch, a tag or a commit",
        )
    if revision == "HEAD" and repo.head:
        return repo.head
    commit = repo.objects.commit(revision)
    if commit and _is_ambiguous(repo, revision):
        raise UsageError(
            f"nothing was scored: {revision[:100]!r} names a tag and a branch",
            fix=f"write which one you mean: {TAGS}{revision[:100]} or {HEADS}{revision[:100]}",
        )
    if commit is None:
        if _is_path(repo, revision):
            raise _path_error(revision)
        fix = f"{_near(repo, revision)}name a branch, a tag or a commit that `git rev-parse` knows"
        if repo.is_shallow:
            fix = f"the clone is shallow; fetch the rest with {DEEPEN}"
        raise UsageError(f"nothing was scored: git knows no commit {revision[:100]!r}", fix=fix)
    return commit


def _is_ambiguous(repo: Repository, revision: str) -> bool:
    """Return True if a tag hides a branch: git takes the tag, so its author chooses the base."""
    tag, *branches = (repo.objects.commit(f"{kind}{revision}") for kind in (TAGS, HEADS, REMOTES))
    return tag is not None and any(branches)


def _near(repo: Repository, revision: str) -> str:
    """Return "did you mean 'NAME'? " with a branch or tag like an unknown one, or ""."""
    refs = repo.refs_like(HEADS, REMOTES, TAGS)
    names = [name.split("/", 2)[2] for name in refs][:MAX_NAMES]
    remote = [name for name in names if name.endswith(f"/{revision}")]
    return did_you_mean(remote[0] if remote else revision, names)


def refuse_path(repo: Repository, range_: str) -> None:
    """Raise UsageError where what looks like a range is a path: "..", "../a.py"."""
    if not _is_path(repo, range_):
        return
    left, _, right = range_.partition("..")
    right = right.removeprefix(".")
    sides = [repo.objects.commit(side or "HEAD") for side in (left, right)]
    if not (left or right) or None in sides:
        raise _path_error(range_)


def _is_path(repo: Repository, text: str) -> bool:
    places = (text, repo.top / text) if text else ()
    return any(os.path.exists(place) for place in places)  # noqa: PTH110 - Path's may raise


def _path_error(text: str) -> UsageError:
    what = f"nothing was scored: {text[:100]!r} is a path, and a range names commits"
    return UsageError(what, fix=PATHS)


def is_ancestor(repo: Repository, one: str, other: str) -> bool:
    """Return True if a commit is an ancestor of another, as far as a shallow clone shows."""
    code, _, _ = status(repo.top, "merge-base", "--is-ancestor", one, other)
    return code == 0


def merge_bases(repo: Repository, one: str, other: str) -> tuple[str, ...]:
    """Return the hashes of the best common ancestors of two commits, in git's order.

    raises  UsageError where there is none, or a shallow clone does not reach it
    """
    code, out, err = status(repo.top, "merge-base", "--all", one, other)
    if code == 0 and out:
        return tuple(out.decode("ascii").split())
    if code not in (0, 1):
        raise explain(repo.top, "merge-base", code, err)
    pair = f"{one[:12]} and {other[:12]}"
    if repo.is_shallow:
        raise UsageError(
            f"nothing was scored: the clone is shallow and lacks the merge base of {pair}",
            fix=DEEPEN,
        )
    raise UsageError(
        f"nothing was scored: {pair} have no common ancestor",
        fix="name a revision of the same history",
    )


def branch_of(repo: Repository, revision: str = "") -> str:
    """Return the branch that a revision names; "" where it names none, or HEAD is detached.

    revision  as the user gave it; "" and "HEAD" mean the branch that is checked out
    """
    if revision in ("", "HEAD"):
        return (repo.head_ref or "").removeprefix(HEADS)
    if repo.objects.commit(f"{HEADS}{revision}"):
        return revision
    return revision.partition("/")[2] if repo.objects.commit(f"{REMOTES}{revision}") else ""


def may_have_notes(repo: Repository) -> bool:
    """Return False if no ref holds git-ai notes; True also if the refs cannot be read."""
    try:
        refs = repo.refs
    except ReviewbotError:
        return True
    return bool(repo.refs_complaint) or any(name.startswith(NOTES) for name in refs)


def grafts(repo: Repository) -> frozenset[str]:
    """Return the commits at which a shallow clone ends; older lines look like theirs."""
    if not repo.is_shallow:
        return frozenset()
    try:
        return frozenset((repo.common_dir / "shallow").read_text("ascii").split())
    except (OSError, ValueError):
        return frozenset()
