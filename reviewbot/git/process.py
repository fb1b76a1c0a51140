"""Runs git in untrusted repositories, read-only and bounded.

No pager, prompt, hook, external diff, lock or file-system monitor. Filters (such as LFS) run only
where the user's own configuration defines them, as for any `git diff`.
"""

import contextlib
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reviewbot.errors import EnvironmentFailure, ReviewbotError, UsageError
from reviewbot.git.git_dir import with_worktree

MAX_OUTPUT = 100_000_000  # bytes
TIMEOUT = 120.0  # seconds
MISSING_BLOBS = "this is a partial clone; file contents (blobs) are missing and cannot be fetched"
GET_BLOBS = (
    "run it again with access to the remote, or fetch every blob once:"
    " git fetch --refetch --no-filter (git 2.36 or newer)"
)
_DROPPED = (
    "GIT_EXTERNAL_DIFF",
    "GIT_DIFF_OPTS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
)
_SET = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_NO_REPLACE_OBJECTS": "1",  # a fetched refs/replace could show other commits than there are
    "LC_ALL": "C",
}
_NOT_FETCHED = ("from promisor remote", "lazy fetching disabled")
_ALWAYS = (
    "--no-pager",
    "-c",
    "core.quotePath=false",
    "-c",
    "core.fsmonitor=false",
    "-c",
    f"core.hooksPath={os.devnull}",
    "-c",
    "log.showSignature=false",
    "-c",
    "i18n.logOutputEncoding=UTF-8",
)
OR_DIFF = ", or pass a diff with --diff FILE --root DIR"  # what `check` can do without git


def git(
    root: Path,
    *args: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    limit: int = MAX_OUTPUT,
    timeout: float = TIMEOUT,
) -> bytes:
    """Return what `git ARGS` prints.

    root     where it runs
    stdin    its input
    env      variables on top of ours
    limit    bytes of output at most
    timeout  seconds
    raises   UsageError where there is no repository, or the output is over the limit;
             EnvironmentFailure if git is not installed, does not end or fails otherwise
    """
    code, out, err = status(root, *args, stdin=stdin, env=env, limit=limit, timeout=timeout)
    if code != 0:
        raise explain(root, command_of(args), code, err)
    return out


def status(
    root: Path,
    *args: str,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    limit: int = MAX_OUTPUT,
    timeout: float = TIMEOUT,
) -> tuple[int, bytes, str]:
    """Do the same, but return git's exit code, output and stderr also where it fails."""
    # Files, not pipes: neither side can wait for the other.
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as complaint:
        source.write(stdin)
        source.seek(0)
        process = start(root, *args, stdin=source.fileno(), stderr=complaint.fileno(), env=env)
        with process, killed_after(process, timeout) as late:
            assert process.stdout is not None  # noqa: S101 - start() always opens it
            out = process.stdout.read(limit + 1)
            if len(out) > limit:
                process.kill()
        complaint.seek(0)
        err = complaint.read(10_000).decode("utf-8", "replace")
    if len(out) > limit:
        raise UsageError(
            f"nothing was scored: git {command_of(args)} prints more than {limit // 1_000_000} MB",
            fix="give a smaller range",
        )
    if late.is_set():
        raise EnvironmentFailure(
            f"nothing was scored: git {command_of(args)} did not end within {timeout:.0f} seconds",
            fix="run the same git command by hand to see what it waits for",
        )
    return process.returncode, out, err


def start(
    root: Path, *args: str, stdin: int, stderr: int, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `git ARGS` with its output on a pipe; the caller ends it.

    raises  UsageError if `root` is no directory, or `with_worktree` raises it;
            EnvironmentFailure if git cannot be started
    """
    if not root.is_dir():
        raise UsageError(f"nothing was scored: {root} is not a directory", fix="name a directory")
    variables = {key: val for key, val in os.environ.items() if key not in _DROPPED}
    variables |= {**_SET, **(env or {})}
    ours = env is not None and "GIT_DIR" in env  # then it has the right GIT_WORK_TREE, too
    if not ours and {"GIT_DIR", "GIT_WORK_TREE"} & variables.keys():
        variables = with_worktree(root, variables)
    try:
        return subprocess.Popen(
            ["git", *_ALWAYS, *args],
            cwd=root,
            env=variables,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    except FileNotFoundError as exc:
        raise EnvironmentFailure(
            "nothing was scored: git is not installed, or not on the PATH",
            fix=f"install git{OR_DIFF}",
        ) from exc
    except OSError as exc:
        raise EnvironmentFailure(
            f"nothing was scored: git cannot be started: {exc.strerror}",
            fix="check that git may be run here",
        ) from exc


@contextlib.contextmanager
def killed_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kill the process if the block lasts longer; then the event is set."""
    late = threading.Event()

    def kill() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def command_of(args: Sequence[str]) -> str:
    """Return the name of the command in git's arguments: "diff" in `-c key=value diff`."""
    rest = iter(args)
    for arg in rest:
        if not arg.startswith("-"):
            return arg
        if arg in ("-c", "-C"):
            next(rest, None)  # its value
    return ""


def complaint(err: str) -> str:
    """Return in one printable line why git failed, from its stderr."""
    if any(text in err for text in _NOT_FETCHED):
        return MISSING_BLOBS
    first = next((line for line in err.splitlines() if line.strip()), "no message")[:200]
    return "".join(char if char.isprintable() else "?" for char in first)


def explain(root: Path, command: str, code: int, err: str) -> ReviewbotError:
    """Return the error that a failed git command means to a user."""
    if "dubious ownership" in err or "unsafe repository" in err:
        return EnvironmentFailure(
            f"nothing was scored: git refuses {root}, which belongs to another user",
            fix=f"if you trust it: git config --global --add safe.directory {root.resolve()}",
        )
    if "not a git repository" in err.lower():
        return UsageError(
            f"nothing was scored: {root} is not in a git repository",
            fix=f"run it inside a repository{OR_DIFF}",
        )
    if "must be run in a work tree" in err:
        return UsageError(
            f"nothing was scored: {root} has no working tree (a bare repository, or inside .git)",
            fix=f"run it in a checkout{OR_DIFF}",
        )
    if "external filter" in err or "clean filter" in err:
        return EnvironmentFailure(
            f"nothing was scored: git {command} failed, as a filter of .gitattributes fails here:"
            f" {complaint(err)}",
            fix="install or repair that filter, or check what is stored already: --staged, or A..B",
        )
    end = f"exit code {code}" if code >= 0 else f"signal {-code}"
    shown = complaint(err)
    fix = "run the same git command by hand; `git fsck` tells whether the repository is damaged"
    return EnvironmentFailure(
        f"nothing was scored: git {command} failed ({end}): {shown}",
        fix=GET_BLOBS if shown == MISSING_BLOBS else fix,
    )
