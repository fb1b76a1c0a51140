"""When commits were made, of those that a repository holds."""

from collections.abc import Iterable
from pathlib import Path

from reviewbot.forges.git import git


def commit_times(root: Path, commits: Iterable[str]) -> dict[str, int]:
    """Return the committer time, in seconds since 1970, of those commits that the repository holds.

    raises  ReviewbotError where there is no repository
    """
    given = "".join(f"{name}\n" for name in sorted(set(commits))).encode()
    env = {"GIT_NO_LAZY_FETCH": "1"}  # of a partial clone: nothing is asked of a server
    out = git(root, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=given, env=env)
    rows = (line.split() for line in out.decode("ascii", "replace").splitlines())
    held = [row[0] for row in rows if row[1:] == ["commit"]]
    if not held:
        return {}
    out = git(
        root,
        *("log", "--no-walk=unsorted", "--no-color", "--format=%H %ct", "--stdin"),
        stdin="".join(f"{name}\n" for name in held).encode(),
    )
    return dict(parse_times(out))


def parse_times(out: bytes) -> list[tuple[str, int]]:
    """Read `git log --format='%H %ct'`. A commit that tells no time is left out."""
    rows = (line.split() for line in out.decode("ascii", "replace").splitlines())
    return [(row[0], int(row[1])) for row in rows if len(row) == 2]
