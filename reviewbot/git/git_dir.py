"""The working tree that belongs to GIT_DIR.

Hooks, aliases and `rebase --exec` may run with GIT_DIR set and GIT_WORK_TREE unset. Git then takes
the current directory as the top of the working tree: below the real top every file looks deleted,
and no line looks added. So this module looks up the real top and sets GIT_WORK_TREE.
"""

import os
import subprocess
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from reviewbot.errors import UsageError

MAX_BYTES = 10_000  # bytes of a file that holds one path
TIMEOUT = 30.0
APART = "nothing was scored: {} is not in the checkout that GIT_DIR names"
UNSET = "unset GIT_DIR, or run it in that checkout"


def with_worktree(root: Path, env: dict[str, str]) -> dict[str, str]:
    """Return the variables of a git call that runs in `root`, with the right GIT_WORK_TREE.

    raises  UsageError if GIT_DIR is set and nothing says where its working tree is, or
            GIT_WORK_TREE names a part of it
    """
    for name in ("GIT_DIR", "GIT_WORK_TREE"):  # a relative one counts from where we run
        if env.get(name):
            env[name] = os.path.abspath(env[name])  # noqa: PTH100 - links stay
    if tree := env.get("GIT_WORK_TREE"):
        refuse_part(Path(tree).resolve(), env.get("GIT_DIR"))
    if not (git_dir := env.get("GIT_DIR")) or "GIT_WORK_TREE" in env or not Path(git_dir).exists():
        return env  # git reports a GIT_DIR that does not exist
    if (top := _worktree(root, Path(git_dir), env)) is not None:
        env["GIT_WORK_TREE"] = str(top)
    return env


def is_apart(root: Path, top: Path) -> bool:
    """Return True if GIT_DIR, which is set, makes git answer for another checkout than `root`'s.

    top  of that checkout; `root` is outside, or in a nested repository
    """
    here, top = root.resolve(), top.resolve()
    if not here.is_relative_to(top):
        return True
    nearest = _nearest(here)
    return nearest is not None and nearest != top and nearest.is_relative_to(top)


def refuse_part(tree: Path, git_dir: str | None) -> None:
    """Refuse a directory inside a checkout as its top: what is outside would look deleted.

    Git exports GIT_WORK_TREE=. to some hooks, which mean another directory after `cd`.
    """
    top = _nearest(tree)
    ours = top is not None and (not git_dir or _leads_to(top / ".git", Path(git_dir)))
    if top is None or ours == (top == tree):
        return  # no checkout, its top, or a place for another repository's files inside of one
    what = f"only a part of {top}" if ours else "the checkout of another repository"
    raise UsageError(
        f"nothing was scored: GIT_WORK_TREE or core.worktree names {tree}, which is {what}",
        fix="unset it, or set it to the top of the checkout",
    )


def _worktree(root: Path, git_dir: Path, env: Mapping[str, str]) -> Path | None:
    """Return the top of the working tree of a git directory; None where it has none (bare)."""
    if git_dir.is_file():  # a `.git` file, which git follows
        return git_dir.parent
    answer = _toplevel(git_dir, tuple(sorted(env.items())))
    if answer is None:
        return None
    if answer.resolve() != git_dir.resolve():
        return answer
    nearest = _nearest(root.resolve())
    if nearest is not None and _leads_to(nearest / ".git", git_dir):
        return nearest
    if (linked := _path_in(git_dir / "gitdir", git_dir)) is not None:
        return linked.parent
    if git_dir.name == ".git":
        return git_dir.parent
    raise UsageError(
        f"nothing was scored: nothing says where the working tree of GIT_DIR={git_dir} is",
        fix="unset GIT_DIR, or set GIT_WORK_TREE as well",
    )


@lru_cache(maxsize=16)  # every git call needs it
def _toplevel(git_dir: Path, env: tuple[tuple[str, str], ...]) -> Path | None:
    """Return the top of the working tree according to git; None if there is none, or git fails."""
    try:
        # Inside it git answers with core.worktree, else with `git_dir`.
        done = subprocess.run(
            ["git", "rev-parse", "--show-toplevel"],
            cwd=git_dir,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None  # the call that needs this fails in the same way, with a message
    return Path(os.fsdecode(done.stdout.removesuffix(b"\n"))) if done.returncode == 0 else None


def _nearest(here: Path) -> Path | None:
    """Return the nearest directory, from `here` upwards, that has a `.git`."""
    return next((place for place in (here, *here.parents) if (place / ".git").exists()), None)


def _leads_to(entry: Path, git_dir: Path) -> bool:
    """Return True if a `.git`, a directory or a file with a path in it, means this one."""
    if entry.is_dir() or git_dir.is_file():
        return git_dir.exists() and entry.samefile(git_dir)
    path = _path_in(entry, entry.parent, b"gitdir: ")
    return path is not None and path.exists() and path.samefile(git_dir)


def _path_in(file: Path, base: Path, before: bytes = b"") -> Path | None:
    """Return the path that a file of git's holds; None where there is no such file."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES)
    except OSError:
        return None
    text = os.fsdecode(raw.removeprefix(before).strip(b"\n\r"))
    return base / text if text and "\0" not in text else None
