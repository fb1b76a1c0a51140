"""`reviewbot hook install|run`: check before git pushes or commits."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from reviewbot.app.artifact_name import find_artifact
from reviewbot.app.failures import worded
from reviewbot.app.progress import say
from reviewbot.cli.console import report_failure
from reviewbot.cli.group import Group
from reviewbot.cli.setting_flags import GroupedCommand, setting_flags
from reviewbot.config.choices import Surface
from reviewbot.config.load import load_settings
from reviewbot.config.schema import Settings, settings_on
from reviewbot.errors import UsageError
from reviewbot.escape import visible
from reviewbot.git.hooks import KINDS, Owner, folder_of_hooks, owner, rewriter, sealed, write_hook

ANYWAY = {"pre-push": "git push --no-verify", "pre-commit": "git commit --no-verify"}
_ARGUMENTS = ("kind", "remote")
MAX_FLAGS = 10_000  # characters
# The folder that git runs a hook in is a stranger's: -P keeps Python from importing out of it, and
# so does an environment without PYTHONPATH, of which an empty entry, too, is that folder. What can
# be imported has to say so: a foreign module could just end with 0. husky runs it with `sh -e`.
SCRIPT = """\
# Written by `reviewbot hook install`. To remove the hook, delete this file.
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP
case ${{PYTHONUSERBASE-}} in /*) ;; *) unset PYTHONUSERBASE ;; esac
python={python}
set -- hook run {flags}-- {kind} "$@"
there=$("$python" -E -P -c 'import reviewbot; print("here")' </dev/null 2>/dev/null) || there=
if [ "$there" = here ]; then
  exec "$python" -E -P -m reviewbot "$@"
fi
found=$(command -v reviewbot) || found=
case $found in  # a relative one would be the repository's
  /*) exec "$found" "$@" ;;
esac
echo 'error: nothing was checked: reviewbot is neither where it was installed nor on the PATH' >&2
echo '  fix: install it, or go on without it: {anyway}' >&2
exit 4
"""


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def hook() -> None:
    """Check what is pushed, or committed, by a git hook."""


def script(kind: str, python: str, flags: tuple[str, ...] = ()) -> bytes:
    """Return the file of a hook. Pure.

    python  the interpreter that has reviewbot, "" for the `reviewbot` on the PATH; flags as for
            `check`, quoted here
    """
    quoted = "".join(f"{shlex.quote(flag)} " for flag in flags)
    return sealed(
        SCRIPT.format(python=shlex.quote(python), flags=quoted, kind=kind, anyway=ANYWAY[kind])
    )


@hook.command()
@click.option(
    "--type",
    "kind",
    type=click.Choice(KINDS),
    default=KINDS[0],
    show_default=True,
    help="Before which act of git.",
)
@click.argument("flags", nargs=-1, type=click.UNPROCESSED, metavar="[-- FLAGS]")
def install(kind: str, flags: tuple[str, ...]) -> None:
    """Write the hook. FLAGS, behind --, are those of `reviewbot hook run`.

    A hook of somebody else is never overwritten: then the line to add to it is shown.
    """
    from reviewbot.git.repository import open_repository

    settings = _checked(kind, flags)
    with worded("nothing was installed"):
        repo = open_repository(Path(), needs_worktree=False)
        find_artifact(settings.artifact, repo.top)  # where git runs the hook
        folder = folder_of_hooks(repo)
    path = folder.path / kind
    # husky's hooks are committed: no place for a path of this machine.
    data = script(kind, "" if folder.husky else sys.executable or "python3", flags)
    whose = owner(path)
    before = flags_in(path, kind) if whose is Owner.OURS else ""
    if whose in (Owner.OTHER, Owner.EDITED):
        raise _refused(path, kind, whose, flags)
    try:
        write_hook(path, data)
    except FileExistsError:
        raise _refused(path, kind, Owner.OTHER, flags) from None
    if whose is Owner.OURS and before != flags_in(path, kind):
        say(f"replaced (its flags were: {before or 'none'}): {visible(str(path))}")
    else:
        say(f"installed: {visible(str(path))}")
    if folder.husky is not None:
        _with_husky(folder.husky / kind, data)
    if folder.shared:
        say("core.hooksPath is set for all your repositories: this hook now runs in each of them")


def _with_husky(stub: Path, data: bytes) -> None:
    say("husky runs it; committed, it runs for everybody here, with the `reviewbot` on their PATH")
    whose, shown = owner(stub), visible(str(stub))
    if whose is Owner.OURS:  # older versions wrote it there, and it has their flags
        write_hook(stub, data)
        say(f"replaced, too, and git runs it until husky writes its own file there: {shown}")
    elif whose is not Owner.OTHER:
        say(f"git will not run it until husky has written {shown}: run `npm install`, or `husky`")


def flags_in(path: Path, kind: str) -> str:
    """Return the flags that a hook of ours runs with, quoted for a shell and fit to be shown."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return ""
    _, _, rest = text.partition("\nset -- hook run ")
    return visible(" ".join(rest.partition(f'-- {kind} "$@"')[0][:MAX_FLAGS].split()))


@hook.command(name="run", cls=GroupedCommand)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("remote", required=False)
@click.argument("url", required=False, expose_value=False)
@setting_flags(*(name for name in settings_on(Surface.CHECK) if name != "format"))
def run_hook(kind: str, remote: str | None, **flags: Any) -> None:
    """Check what git says it will push, or what is staged. For hooks: git calls this.

    pre-push reads the refs from stdin, as git gives them. Without REMOTE the change is the one
    that the variables of pre-commit (the framework) name.
    """
    from reviewbot.cli.hook_run import run_git_hook

    if flags["quiet"] is None:
        flags["quiet"] = True
    try:
        with worded("nothing was checked"):
            code = run_git_hook(kind, remote, flags)
    except Exception as exc:  # noqa: BLE001 - whatever failed: how to go on is said, too
        code = report_failure(exc)
    if code:
        say(f"reviewbot stopped this (exit {code}); to go on without it: {ANYWAY[kind]}")
    sys.exit(code)


def _checked(kind: str, flags: tuple[str, ...]) -> Settings:
    """Return what the flags set; refuse now what would only fail at the first push."""
    if sum(map(len, flags)) > MAX_FLAGS:
        raise UsageError("nothing was installed: the flags are too long", fix="use a settings file")
    group = click.get_current_context().parent  # an error names the whole command
    with run_hook.make_context("run", [*flags, "--", kind], parent=group) as context:
        given = {key: val for key, val in context.params.items() if key not in _ARGUMENTS}
    if context.params["kind"] != kind or context.params["remote"] is not None:
        raise UsageError(
            "nothing was installed: behind -- only flags are wanted",
            fix="reviewbot hook install -- --artifact tiny",
        )
    return load_settings({}, given)


def _refused(path: Path, kind: str, whose: Owner, flags: tuple[str, ...]) -> UsageError:
    shown = visible(str(path))
    if whose is Owner.EDITED:
        return UsageError(
            f"nothing was installed: {shown} was edited since we wrote it",
            fix="remove it by hand, or keep it",
        )
    line = shlex.join(["reviewbot", "hook", "run", *flags, "--", kind])
    fix = f'add this line to it, before what reads its stdin (docs/hooks.md): {line} "$@" || exit'
    if (found := rewriter(path)) is not None:
        fix = f"{found[0]} rewrites that file; add the hook to {found[1]}, as docs/hooks.md shows"
    return UsageError(
        f"nothing was installed: {shown} is another's hook, and stays as it is", fix=fix
    )
