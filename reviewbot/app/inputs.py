"""Arguments, environment, files -> the change to check, as a `ChangeSource`."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reviewbot.app.load_change import FILES, ChangeSource
from reviewbot.authorship.model import PullRequest
from reviewbot.config.load import (
    MAX_SETTINGS_BYTES,
    SETTINGS_FILES,
    Layer,
    from_files,
    load_settings,
)
from reviewbot.config.schema import Settings
from reviewbot.errors import EnvironmentFailure, UsageError

if TYPE_CHECKING:
    from reviewbot.git.changes import ChangeRequest
    from reviewbot.github.client import GitHubApi, Pull

_REPOSITORY = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._-]{1,100}){2}")
EDITED = "the change edits reviewbot's settings; {} were used"
UNUSED = "{} in the working tree {} ignored: for commits, the settings of the base apply"
DIFF_USED = "{} in --root {} used: a diff names no base branch"
EMPTY = "nothing to check: the diff is empty"


def local_source(
    range_: str | None,
    *,
    staged: bool,
    diff: str | None,
    root: str,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
) -> ChangeSource:
    """Return the change that the arguments of `check` and `who` name, with its settings.

    raises  UsageError, EnvironmentFailure
    """
    from reviewbot.git.remotes import name_of

    folder = folder_of(range_, staged=staged, diff=diff, root=root)
    request = intake(folder, range_, staged=staged, diff=diff)
    base_root = settings_root(folder, has_git=diff is None)
    source = source_of(request, base_root, environ, flags)
    name = base_root.resolve().name if diff is not None else name_of(request.repo)
    return replace(source, name=name)


def source_of(
    request: "ChangeRequest",
    root: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    policy: str | None = None,
    signals: PullRequest | None = None,
) -> ChangeSource:
    """Return a change with the settings that count for it; arguments as for `settings_for`."""
    settings, notes = settings_for(request, root, environ, flags, policy)
    return ChangeSource(
        request=request,
        settings=settings,
        root=root,
        notes=notes,
        policy=policy,
        signals=signals,
        repository=repository_in(environ),
    )


def repository_in(environ: Mapping[str, str]) -> str:
    """Return the address of the repository that a workflow on GitHub runs for; "" elsewhere."""
    server, name = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    address = f"{server.removesuffix('/')}/{name}"
    return address if _REPOSITORY.fullmatch(address) else ""


def folder_of(range_: str | None, *, staged: bool, diff: str | None, root: str) -> Path:
    """Return the directory of the change.

    raises  UsageError if the arguments name two changes, or `root` is no directory
    """
    ways = {"--diff": diff is not None, "--staged": staged, "a range": range_ is not None}
    given = [name for name, present in ways.items() if present]
    if len(given) > 1:
        raise UsageError(
            f"nothing was checked: {given[0]} cannot be combined with {' and '.join(given[1:])}",
            fix="give only one of them",
        )
    folder = Path(root)
    if not folder.is_dir():
        raise UsageError(
            f"nothing was checked: {root} is no directory", fix="give an existing one as --root"
        )
    return folder


def settings_root(root: Path, *, has_git: bool) -> Path:
    """Return the directory whose settings count: the top of the checkout around `root`.

    Without git, or without a `.git` directory, it is `root` itself.
    """
    if not has_git:
        return root
    here = root.absolute()
    return next((place for place in (here, *here.parents) if (place / ".git").exists()), root)


def intake(root: Path, range_: str | None, *, staged: bool, diff: str | None) -> "ChangeRequest":
    """Return the change that the arguments name.

    diff    a file's name, or "-" for stdin; then git is not needed and paths are below `root`
    raises  UsageError, EnvironmentFailure
    """
    from reviewbot.diff.parser import MAX_CHARS, decode
    from reviewbot.git.changes import ChangeRequest, collect

    if diff is None:
        return collect(root, range_, staged=staged)
    text = decode(read_bounded(diff, MAX_CHARS, doing="nothing was checked", what="a diff"))
    # Empty if nothing was changed, or if the program that should have written it failed.
    nothing = "" if text.strip() else EMPTY
    return ChangeRequest(root=root, base=None, head=FILES, diff=text, empty=nothing)


def settings_for(
    request: "ChangeRequest",
    root: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    policy: str | None = None,
) -> tuple[Settings, list[str]]:
    """Return the settings for a change, and a note for the report on whose they are.

    Settings decide what is read and when the gate blocks. Commits may be untrusted, so for them the
    settings of the base count: a change may not choose its own, except stricter ones. For staged or
    uncommitted lines the files in the working tree count: their author runs the check.

    policy  the commit whose files count; None: the base of the request
    raises  UsageError
    """
    from reviewbot.git.changes import INDEX, WORKTREE

    def settings(layers: tuple[Layer, Layer]) -> Settings:
        return load_settings(environ, flags, layers)

    if request.head == FILES:
        used = from_files(root)
        names = [name for name, layer in zip(SETTINGS_FILES, used, strict=True) if layer]
        were = "were" if names[1:] else "was"
        return settings(used), [DIFF_USED.format(" and ".join(names), were)] if names else []
    if request.head in (INDEX, WORKTREE):
        used = from_files(root)
        same = used == _readable(request, request.base, root)
        return settings(used), [] if same else [EDITED.format("the change's")]
    used = _committed(request, policy or request.base, root)
    own = _readable(request, request.head, root)
    stricter, notes = tightened(settings(used), used, own)
    return stricter, [*notes, *unused(root, used, own), *_unused_rules(request, root, policy)]


def _unused_rules(request: "ChangeRequest", root: Path, policy: str | None) -> list[str]:
    """Note rules about authors in the working tree that do not count, as `unused` does."""
    from reviewbot.authorship.model import RULES_FILE
    from reviewbot.git.files import CommitFiles, WorktreeFiles

    here = WorktreeFiles(root).read(RULES_FILE)
    if here is None:
        return []
    for commit in filter(None, (policy or request.base, request.head)):
        if CommitFiles(request.repo.objects, commit).read(RULES_FILE) == here:
            return []
    return [UNUSED.format(RULES_FILE, "is")]


def unused(root: Path, used: tuple[Layer, Layer], own: tuple[Layer, Layer] | None) -> list[str]:
    """Note settings in the working tree that do not count: they are not committed on the base.

    `tightened` notes settings that the change commits.
    used, own  the settings of the base, and of the change; None: they cannot be read
    """
    try:
        here = from_files(root)
    except UsageError:  # settings that do not count stop nobody
        return [] if own is None else [UNUSED.format("unreadable settings", "are")]
    others = zip(SETTINGS_FILES, here, used, own or used, strict=True)
    names = [name for name, mine, base, head in others if mine and mine not in (base, head)]
    return [UNUSED.format(" and ".join(names), "are" if names[1:] else "is")] if names else []


def tightened(
    settings: Settings, used: tuple[Layer, Layer], own: tuple[Layer, Layer] | None
) -> tuple[Settings, list[str]]:
    """Return the settings, tightened by the change's stricter ones, and a note if they differ.

    own  the settings of the change; None if they cannot be read
    """
    from reviewbot.config.trust import tighten

    if own == used:
        return settings, []
    settings, keys = tighten(settings, *(own or ()))
    more = f", and the change's stricter ones: {', '.join(keys)}" if keys else ""
    return settings, [EDITED.format("the base's") + more]


class RemoteSettings(NamedTuple):
    """The settings of a pull request that is read from the forge."""

    settings: Settings
    base: Callable[[str], bytes | None]  # reads a file of the base branch
    notes: list[str]  # for the reader of the report


def remote_settings(
    api: "GitHubApi",
    pull: "Pull",
    folder: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
) -> RemoteSettings:
    """Return the settings of the base branch, tightened by those of the head.

    folder   what their relative paths start from; its own settings only make a note
    """

    def base(path: str) -> bytes | None:
        return api.content(path, pull.base, MAX_SETTINGS_BYTES)

    used = from_files(folder, base)
    try:
        own = from_files(folder, lambda path: api.content(path, pull.head, MAX_SETTINGS_BYTES))
    except UsageError:
        own = None
    settings, notes = tightened(load_settings(environ, flags, used), used, own)
    return RemoteSettings(settings, base, [*notes, *unused(folder, used, own)])


def _readable(
    request: "ChangeRequest", commit: str | None, root: Path
) -> tuple[Layer, Layer] | None:
    try:
        return _committed(request, commit, root)
    except UsageError:
        return None


def _committed(request: "ChangeRequest", commit: str | None, root: Path) -> tuple[Layer, Layer]:
    """Return the settings of a commit; {} before the first commit."""
    from reviewbot.git.files import CommitFiles

    if commit is None:
        return {}, {}
    return from_files(root, CommitFiles(request.repo.objects, commit).read)


def read_bounded(name: str, limit: int, *, doing: str, what: str) -> bytes:
    """Return the bytes of a file, or of stdin for "-"; at most limit + 1.

    doing   what was therefore not done: "nothing was checked"
    what    what the file should hold: "a diff"
    raises  UsageError if there is no such file, EnvironmentFailure if it cannot be read
    """
    try:
        if name == "-":
            if sys.stdin is None:
                raise UsageError(f"{doing}: stdin is closed", fix=f"send it {what}")
            return sys.stdin.buffer.read(limit + 1)
        with Path(name).open("rb") as file:
            return file.read(limit + 1)
    except (FileNotFoundError, IsADirectoryError) as exc:
        fix = f"name the file of {what}, or - for stdin"
        raise UsageError(f"{doing}: {name}: {exc.strerror}", fix=fix) from exc
    except OSError as exc:
        fix = f"make {what} readable"
        raise EnvironmentFailure(f"{doing}: {name}: {exc.strerror}", fix=fix) from exc


def read_regular(name: str, limit: int, *, doing: str, what: str) -> bytes:
    """Return the bytes of a regular file.

    For names from settings, which may be untrusted: a pipe or a device is never opened, because
    reading it might never end.
    raises  UsageError if it is no regular file, or larger than `limit`; else as `read_bounded`
    """
    name = f"./{name}" if name == "-" else name
    file = Path(name)
    if file.exists() and not (file.is_file() and file.stat().st_size <= limit):
        raise UsageError(
            f"{doing}: {name} is no regular file, or is larger than {limit:,} bytes",
            fix=f"name the file of {what}",
        )
    return read_bounded(name, limit, doing=doing, what=what)
