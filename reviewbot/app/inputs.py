"""What the user asks about: arguments, change and settings, as `check` and `who` share them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reviewbot.app.files import read_bounded
from reviewbot.config.load import SETTINGS_FILES, Layer, from_files, load_settings
from reviewbot.config.schema import Settings
from reviewbot.errors import UsageError

if TYPE_CHECKING:
    from reviewbot.diff.model import Change
    from reviewbot.git.request import ChangeRequest

EDITED = "the change edits reviewbot's settings; {} were used"
UNUSED = "{} in the working tree {} ignored: for commits, the settings of the base apply"
EMPTY = "nothing to check: the diff is empty"
MAX_NAMES = 5  # of files in a note
FILES = "files"  # the head of a change that is a diff beside a directory


def folder_of(range_: str | None, *, staged: bool, diff: str | None, root: str) -> Path:
    """Return the directory that was asked about.

    raises  UsageError where the arguments name two changes, or `root` is no directory
    """
    if diff is not None and (staged or range_ is not None):
        raise UsageError(
            "nothing was checked: --diff excludes --staged and a range", fix="give only one of them"
        )
    if staged and range_ is not None:
        raise UsageError(
            "nothing was checked: --staged excludes a range", fix="give only one of them"
        )
    folder = Path(root)
    if not folder.is_dir():
        raise UsageError(
            f"nothing was checked: {root} is no directory", fix="give an existing one as --root"
        )
    return folder


def settings_root(root: Path, *, has_git: bool) -> Path:
    """Return the directory whose settings count: the top of the checkout that `root` lies in.

    With a diff alone, or where no `.git` is found, it is `root` itself.
    """
    if not has_git:
        return root
    here = root.absolute()
    return next((place for place in (here, *here.parents) if (place / ".git").exists()), root)


def intake(root: Path, range_: str | None, *, staged: bool, diff: str | None) -> "ChangeRequest":
    """Return the change that was asked for.

    diff    a file's name, or "-" for stdin; then no git is needed and paths count from `root`
    raises  UsageError, EnvironmentFailure
    """
    from reviewbot.git.changes import collect
    from reviewbot.git.request import ChangeRequest

    if diff is None:
        return collect(root, range_, staged=staged)
    text = read_diff(diff)
    # Empty where nothing was changed, or where what should have written it failed.
    nothing = "" if text.strip() else EMPTY
    return ChangeRequest(root=root, base=None, head=FILES, diff=text, nothing=nothing)


def parsed(request: "ChangeRequest") -> "tuple[Change, Change]":
    """Return the change, and what of it is read while a merge is not finished (else all of it).

    raises  UsageError for a diff that is none
    """
    from reviewbot.diff.merge import own_part
    from reviewbot.diff.parser import parse

    change = parse(request.diff)
    ours = None if request.ours is None else parse(request.ours)
    return change, own_part(change, [parse(other) for other in request.others], ours)


def read_diff(name: str) -> str:
    """Return the diff in a file, or on stdin where `name` is "-".

    raises  UsageError if there is no such file, EnvironmentFailure if it cannot be read
    """
    from reviewbot.diff.parser import MAX_CHARS, decode

    return decode(read_bounded(name, MAX_CHARS, doing="nothing was checked", what="a diff"))


def settings_for(
    request: "ChangeRequest",
    root: Path,
    environ: Mapping[str, str],
    flags: Mapping[str, Any],
    policy: str | None = None,
) -> tuple[Settings, list[str]]:
    """Return the settings for a change, and a note for the report where the change edits them.

    Settings decide what is read and when the gate blocks. So for commits, which may be others',
    those of the base count: a change may not choose its own, except stricter ones. For what is
    staged or in the working tree the files there count, as their author is the one who asks.

    policy  the commit whose files count; None: the base of the request
    raises  UsageError
    """
    from reviewbot.git.request import INDEX, WORKTREE

    def settings(layers: tuple[Layer, Layer]) -> Settings:
        return load_settings(environ, flags, layers)

    if request.head == FILES:
        return settings(from_files(root)), []
    if request.head in (INDEX, WORKTREE):
        used = from_files(root)
        same = used == _readable(request, request.base, root)
        return settings(used), [] if same else [EDITED.format("the change's")]
    used = _committed(request, policy or request.base, root)
    own = _readable(request, request.head, root)
    made, notes = tightened(settings(used), used, own)
    return made, [*notes, *unused(root, used, own), *_unused_rules(request, root, policy)]


def _unused_rules(request: "ChangeRequest", root: Path, policy: str | None) -> list[str]:
    """Note where rules about authors in the working tree do not count: as for settings."""
    from reviewbot.authorship.detectors.repo_rules import RULES_FILE
    from reviewbot.git.files import CommitFiles, WorktreeFiles

    here = WorktreeFiles(root).read(RULES_FILE)
    if here is None:
        return []
    for commit in filter(None, (policy or request.base, request.head)):
        if CommitFiles(request.repo.objects, commit).read(RULES_FILE) == here:
            return []
    return [UNUSED.format(RULES_FILE, "is")]


def unused(root: Path, used: tuple[Layer, Layer], own: tuple[Layer, Layer] | None) -> list[str]:
    """Note which settings in the working tree do not count: they are not committed on the base.

    Of settings that the change commits `tightened` tells.
    used, own  what the files of the base, and of the change, say; None: they cannot be read
    """
    try:
        here = from_files(root)
    except UsageError:  # nobody is stopped by what does not count
        return [] if own is None else [UNUSED.format("unreadable settings", "are")]
    others = zip(SETTINGS_FILES, here, used, own or used, strict=True)
    names = [name for name, mine, base, head in others if mine and mine not in (base, head)]
    return [UNUSED.format(" and ".join(names), "are" if names[1:] else "is")] if names else []


def tightened(
    settings: Settings, used: tuple[Layer, Layer], own: tuple[Layer, Layer] | None
) -> tuple[Settings, list[str]]:
    """Return the settings with what of the change's own is stricter, and a note where they differ.

    own  what the change's files say; None where they cannot be read
    """
    from reviewbot.config.trust import tighten

    if own == used:
        return settings, []
    settings, keys = tighten(settings, *(own or ()))
    more = f", and of the change's what is stricter: {', '.join(keys)}" if keys else ""
    return settings, [EDITED.format("the base's") + more]


def _readable(
    request: "ChangeRequest", commit: str | None, root: Path
) -> tuple[Layer, Layer] | None:
    try:
        return _committed(request, commit, root)
    except UsageError:
        return None


def _committed(request: "ChangeRequest", commit: str | None, root: Path) -> tuple[Layer, Layer]:
    """Return what the settings files of a commit say; before the first commit there are none."""
    from reviewbot.git.files import CommitFiles

    if commit is None:
        return {}, {}
    return from_files(root, CommitFiles(request.repo.objects, commit).read)


def files_note(paths: Sequence[str], one: str, many: str) -> list[str]:
    """Say what holds of some files, with the first names; nothing of none."""
    if not paths:
        return []
    names = ", ".join(sorted(paths)[:MAX_NAMES])
    more = f" and {len(paths) - MAX_NAMES} more" if len(paths) > MAX_NAMES else ""
    return [f"{len(paths)} {one if len(paths) == 1 else many}: {names}{more}"]
