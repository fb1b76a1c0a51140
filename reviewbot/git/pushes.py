"""What a push adds, from the lines that git gives a pre-push hook.

Commits that the remote is known to have are left out. Commits of other remotes are
untrusted, and read.

  an existing ref        left out: its commits, and the remote's default branch as last fetched
  a new ref              all branches of that remote as last fetched
  an existing ref whose  as for a new ref, with a note (somebody else pushed, or this is a forced
  commit is not here     push over a commit that was never fetched)
  pushed to a bare URL   as for the remotes that are fetched from that URL, if there are any

The base is a commit at the boundary of what remains: every line that it lacks is read. Of several
(a branch that merged main) it is the one with the fewest commits to the head. Where nothing is left
out, as in a first push, the base is the empty tree: everything is read.
"""

from dataclasses import dataclass

from reviewbot.errors import UsageError
from reviewbot.git.process import explain, git, status
from reviewbot.git.repository import DEEPEN, DEFAULTS, HEADS, Repository

MAX_BORDERS = 1_000  # given to git in one call


@dataclass(frozen=True, slots=True)
class Update:
    """A ref that a push changes. An empty hash: there is none."""

    local: str  # as the user named it: a ref, HEAD~1; "(delete)"
    local_oid: str
    remote: str  # the ref there
    remote_oid: str

    @property
    def branch(self) -> str:
        """The branch that it becomes there; "" for a tag or another ref."""
        return self.remote.removeprefix(HEADS) if self.remote.startswith(HEADS) else ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The commits of an update that have to be read."""

    base: str | None  # commit; None where the base is the empty tree
    head: str  # commit
    commits: int  # how many the others lack
    note: str | None = None


@dataclass(frozen=True, slots=True)
class SkippedUpdate:
    """An update with nothing to read, and why."""

    why: str


def parse_updates(raw: bytes) -> list[Update]:
    """Read `<local ref> <local hash> <remote ref> <remote hash>` lines.

    raises  UsageError for anything else
    """
    updates = []
    for line in raw.decode("utf-8", "surrogateescape").split("\n"):
        if not line:
            continue
        fields = line.rsplit(" ", 3)  # the user's name for the local side may have spaces
        if len(fields) != 4 or not all(_is_hash(fields[at]) for at in (1, 3)):
            raise UsageError(
                f"nothing was checked: {line[:100]!r} is no line of a pre-push hook",
                fix="give it the stdin that git gives to the hook",
            )
        local, local_oid, remote, remote_oid = fields
        updates.append(Update(local, _or_none(local_oid), remote, _or_none(remote_oid)))
    return updates


def outgoing(repo: Repository, update: Update, remote: str) -> Outgoing | SkippedUpdate:
    """Return what an update adds to the remote; see the head of this module.

    remote  the remote's name, or its URL where it has none
    raises  UsageError where a shallow clone does not reach back to what it has;
            EnvironmentFailure where git does not have what it says it pushes
    """
    if not update.local_oid:
        return SkippedUpdate("it is deleted")
    head = repo.objects.commit(update.local_oid)
    if head is None:
        kind = git(repo.top, "cat-file", "-t", f"{update.local_oid}^{{}}").decode("ascii").strip()
        return SkippedUpdate(f"it is a {kind}, no commit")
    note = None
    there = repo.objects.commit(update.remote_oid) if update.remote_oid else None
    if there is None and update.remote_oid:
        note = (
            f"{update.remote_oid[:12]}, which the remote has there now, is not in this clone; "
            "compared with what was last fetched"
        )
    branches = _branches_of(repo, remote)
    known = [oid for name, oid in branches if not there or name in DEFAULTS]
    # On stdin: a command line is bounded, and there may be any number of branches.
    without = "".join(f"^{oid}\n" for oid in dict.fromkeys([*known, *([there] if there else [])]))
    listed = git(repo.top, "rev-list", "--boundary", head, "--stdin", stdin=without.encode("ascii"))
    lines = listed.decode("ascii").split()
    borders = [line[1:] for line in lines if line.startswith("-")]
    count = len(lines) - len(borders)
    if count == 0:
        return SkippedUpdate("the remote has all of it already")
    if not borders and repo.is_shallow:
        raise UsageError(
            f"nothing was checked: the clone is shallow, and nothing in it says what {remote} has",
            fix=DEEPEN,
        )
    return Outgoing(_nearest(repo, borders, head), head, count, note)


def _or_none(oid: str) -> str:
    return oid if oid.strip("0") else ""


def _is_hash(text: str) -> bool:
    return len(text) in (40, 64) and not set(text) - set("0123456789abcdef")


def _branches_of(repo: Repository, remote: str) -> list[tuple[str, str]]:
    """Return name and commit of each branch of a remote, as last fetched.

    The refspecs say where a branch is stored. One that fetches from elsewhere than refs/heads/
    (pull requests, say) brings no branches, and may write into the same folder.
    """
    rows = _configured(repo)
    names = {remote} | {name for name, key, value in rows if key == "url" and value == remote}
    specs = []
    for name, key, value in rows:
        source, _, target = value.removeprefix("+").partition(":")
        if key == "fetch" and target:
            ours = name in names and source.startswith(HEADS)
            specs.append((target, source.removeprefix(HEADS) if ours else None))
    out = git(repo.top, "for-each-ref", "--format=%(objectname) %(refname)")
    branches = []
    for line in out.decode("utf-8", "surrogateescape").splitlines():
        oid, _, ref = line.partition(" ")
        fitting = [spec for spec in specs if _inner(ref, spec[0]) is not None]
        nearest = max((len(target) for target, _ in fitting), default=0)
        sources = [(target, source) for target, source in fitting if len(target) == nearest]
        # The user's own branches tell nothing about the remote, even in a mirror.
        if ref.startswith(HEADS) or not sources:
            continue
        place, named = sources[0]
        if named is not None and all(other is not None for _, other in sources):
            branches.append((named.replace("*", _inner(ref, place) or "", 1), oid))
    return branches


def _configured(repo: Repository) -> list[tuple[str, str, str]]:
    """Return (remote, key, value) of all that is configured of remotes; keys in lower case."""
    command = ("config", "-z", "--get-regexp", r"^remote\..*\.(url|fetch)$")
    code, out, err = status(repo.top, *command)
    if code not in (0, 1):
        raise explain(repo.top, "config", code, err)
    rows = []
    for item in out.decode("utf-8", "surrogateescape").split("\0"):
        name, _, value = item.partition("\n")
        remote, _, key = name.removeprefix("remote.").rpartition(".")
        rows.append((remote, key.lower(), value))
    return rows


def _inner(ref: str, pattern: str) -> str | None:
    """Return what the star of a pattern stands for in a ref; None where it does not fit."""
    start, star, end = pattern.partition("*")
    if not star:
        return "" if ref == pattern else None
    if len(ref) < len(start) + len(end) or not (ref.startswith(start) and ref.endswith(end)):
        return None
    return ref[len(start) : len(ref) - len(end)]


def _nearest(repo: Repository, borders: list[str], head: str) -> str | None:
    if len(borders) > 1:
        out = git(repo.top, "merge-base", "--independent", *borders[:MAX_BORDERS])
        borders = out.decode("ascii").split()
    if len(borders) < 2:
        return borders[0] if borders else None
    return min(
        borders, key=lambda base: int(git(repo.top, "rev-list", "--count", f"{base}..{head}", "--"))
    )
