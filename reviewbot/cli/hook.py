"""`reviewbot hook install|run`: check before git pushes or commits."""

import os
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.artifact import find_artifacts
from reviewbot.app.failures import worded
from reviewbot.app.inputs import settings_root, source_of
from reviewbot.app.progress import say
from reviewbot.cli import Group
from reviewbot.cli.console import look, rendered, report_failure
from reviewbot.cli.options import GroupedCommand, setting_flags
from reviewbot.config.choices import Format, Surface
from reviewbot.config.load import load_settings
from reviewbot.config.schema import Settings, settings_on
from reviewbot.errors import UsageError
from reviewbot.escape import visible
from reviewbot.git.hooks import KINDS, Owner, hook_folder, owner, rewriter, seal, write_hook

if TYPE_CHECKING:
    from reviewbot.git.changes import ChangeRequest

ANYWAY = {"pre-push": "git push --no-verify", "pre-commit": "git commit --no-verify"}
_ARGUMENTS = ("kind", "remote")
MAX_FLAGS = 10_000  # characters
# git runs a hook in an untrusted folder. -P and an environment without PYTHONPATH (an empty entry
# means that folder) keep Python from importing its files. The import must print a word, as another
# module could exit with 0. husky runs the script with `sh -e`.
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
    """Check pushes or commits with a git hook."""


def script(kind: str, python: str, flags: tuple[str, ...] = ()) -> bytes:
    """Return the file of a hook. Pure.

    python  the interpreter that has reviewbot; "" for the `reviewbot` on the PATH
    flags   as for `check`, quoted here
    """
    quoted = "".join(f"{shlex.quote(flag)} " for flag in flags)
    python, anyway = shlex.quote(python), ANYWAY[kind]
    return seal(SCRIPT.format(python=python, flags=quoted, kind=kind, anyway=anyway))


@hook.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--type",
    "kind",
    type=click.Choice(KINDS),
    default=KINDS[0],
    show_default=True,
    help="Hook to install.",
)
@click.argument("flags", nargs=-1, type=click.UNPROCESSED, metavar="[FLAGS]")
def install(kind: str, flags: tuple[str, ...]) -> None:
    """Install the git hook. FLAGS are settings for `check`, such as --fail-on high.

    reviewbot never changes a hook that somebody else wrote; it prints the line to add instead.
    """
    from reviewbot.git.repository import open_repository

    settings = _checked(kind, flags)
    with worded("nothing was installed"):
        repo = open_repository(Path(), needs_worktree=False)
        find_artifacts(settings.artifact, repo.top)  # where git runs the hook
        folder = hook_folder(repo)
    path = folder.path / kind
    who = owner(path)
    if who in (Owner.OTHER, Owner.EDITED):
        raise _refused(path, kind, who, flags)
    before = flags_in(path, kind) if who is Owner.OURS else ""
    # husky's hooks are committed: they must not hold a path of this machine.
    write_hook(path, script(kind, "" if folder.husky else sys.executable or "python3", flags))
    shown = visible(str(path))
    if who is Owner.OURS and before != flags_in(path, kind):
        say(f"replaced (its flags were: {before or 'none'}): {shown}")
    else:
        say(f"installed: {shown}")
    if folder.husky is not None:
        say("husky runs it; once committed, it runs for everybody, with `reviewbot` on their PATH")
        if owner(stub := folder.husky / kind) is Owner.NOBODY:
            shown = visible(str(stub))
            say(f"git runs it only after husky has written {shown}: run `npm install`, or `husky`")
    if folder.shared:
        say("core.hooksPath is set for all your repositories: this hook now runs in each of them")


def flags_in(path: Path, kind: str) -> str:
    """Return the flags that a hook of ours runs with, quoted for a shell and safe to print."""
    _, _, rest = path.read_text("utf-8", "replace").partition("\nset -- hook run ")
    return visible(" ".join(rest.partition(f'-- {kind} "$@"')[0][:MAX_FLAGS].split()))


@hook.command(name="run", cls=GroupedCommand)
@click.argument("kind", metavar="KIND", type=click.Choice(KINDS))
@click.argument("remote", required=False)
@click.argument("url", required=False, expose_value=False)
@setting_flags(*(name for name in settings_on(Surface.CHECK) if name != "format"))
def run_hook(kind: str, remote: str | None, **flags: Any) -> None:
    """Run the checks of a git hook.

    KIND pre-push checks the commits that git is about to push; it reads the refs that git writes to
    stdin. pre-commit checks the staged change. Without REMOTE, the environment variables of the
    pre-commit framework name the change.
    """
    if flags["quiet"] is None:
        flags["quiet"] = True
    try:
        with worded("nothing was checked"):
            code = _run(kind, remote, flags)
    except Exception as exc:  # noqa: BLE001 - the user also needs the way around
        code = report_failure(exc)
    if code:
        what = kind.removeprefix("pre-")
        say(f"reviewbot stopped the {what} (exit {code}); to do it anyway: {ANYWAY[kind]}")
    sys.exit(code)


def _run(kind: str, remote: str | None, flags: Mapping[str, Any]) -> int:
    """Check what git will push or commit; return the most severe exit code."""
    from reviewbot.app.push import check_named_by_framework, check_updates, read_updates
    from reviewbot.git.changes import collect

    def check(request: "ChangeRequest") -> int:
        return check_on_stderr(request, flags)

    if kind == "pre-commit":
        return check(collect(Path(), staged=True))
    if remote is None:
        return check_named_by_framework(os.environ, check, report_failure)
    return check_updates(read_updates(), remote, check, report_failure)


def check_on_stderr(request: "ChangeRequest", flags: Mapping[str, Any]) -> int:
    """Check one change, show the report on stderr, and return the verdict's exit code."""
    from reviewbot.app.check import check_change

    root = settings_root(request.root, has_git=True)
    source = source_of(request, root, os.environ, flags)
    report = check_change(source)
    seen = look(os.environ, to_terminal=sys.stderr is not None and sys.stderr.isatty())
    settings = replace(source.settings, format=Format.TERMINAL)
    click.echo(rendered(report, settings, seen), err=True, nl=False)
    return report.verdict.exit_code


def _checked(kind: str, flags: tuple[str, ...]) -> Settings:
    """Return what the flags set; refuse now what would only fail at the first push."""
    if sum(map(len, flags)) > MAX_FLAGS:
        raise UsageError("nothing was installed: the flags are too long", fix="use a settings file")
    group = click.get_current_context().parent  # an error names the whole command
    with run_hook.make_context("run", [*flags, "--", kind], parent=group) as context:
        given = {key: val for key, val in context.params.items() if key not in _ARGUMENTS}
    if context.params["kind"] != kind or context.params["remote"] is not None:
        raise UsageError(
            "nothing was installed: only --type and options of the check may follow",
            fix="reviewbot hook install --artifact deep",
        )
    return load_settings({}, given)


def _refused(path: Path, kind: str, who: Owner, flags: tuple[str, ...]) -> UsageError:
    shown = visible(str(path))
    if who is Owner.EDITED:
        what = f"nothing was installed: {shown} was edited since we wrote it"
        return UsageError(what, fix="remove it by hand, or keep it")
    line = shlex.join(["reviewbot", "hook", "run", *flags, "--", kind])
    fix = f'add this line to it, before what reads its stdin (docs/hooks.md): {line} "$@" || exit'
    if (program := rewriter(path)) is not None:
        name, file = program
        fix = f"{name} rewrites that file; add the hook to {file}, as docs/hooks.md shows"
    what = f"nothing was installed: {shown} is another's hook, and stays as it is"
    return UsageError(what, fix=fix)
