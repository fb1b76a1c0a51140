"""What our git hooks do: check each change that git names, and return the worst exit code."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.progress import say, timed
from reviewbot.cli.failures import report_failure
from reviewbot.cli.output import look
from reviewbot.config.choices import Format
from reviewbot.errors import EXIT_PASS, UsageError
from reviewbot.escape import visible
from reviewbot.render.phrasing import plural

if TYPE_CHECKING:
    from reviewbot.git.pushes import Update
    from reviewbot.git.request import ChangeRequest

MAX_INPUT = 10_000_000  # bytes of what git writes to a hook
MAX_NAME = 200  # characters of a ref that are shown
Flags = Mapping[str, Any]


def pushed(remote: str, flags: Flags) -> int:
    """Check each ref that is pushed; the worst exit code wins.

    raises  UsageError where stdin is not what git gives a pre-push hook
    """
    from reviewbot.app.files import read_bounded
    from reviewbot.git.pushes import parse_updates

    raw = read_bounded("-", MAX_INPUT, doing="nothing was checked", what="what git pushes")
    if len(raw) > MAX_INPUT:
        raise UsageError("nothing was checked: too many refs", fix="push fewer at a time")
    updates = parse_updates(raw)
    if not updates:  # also where another hook has read stdin before us
        say("reviewbot: nothing to check, git names no ref to push")
    return each(updates, remote, flags)


def each(updates: "list[Update]", remote: str, flags: Flags) -> int:
    """Check the updates; a failure of one does not keep the others unread.

    Each range once per branch: the branch's name may say who wrote the lines.
    """
    from reviewbot.git.changes import between
    from reviewbot.git.pushes import PassedOver, outgoing
    from reviewbot.git.repository import open_repository

    repo = open_repository(Path(), needs_worktree=False)
    seen: dict[tuple[str | None, str, str], str] = {}
    worst = EXIT_PASS
    for update in updates:
        name = visible(update.remote or update.local)[:MAX_NAME]
        try:
            found = outgoing(repo, update, remote)
            if isinstance(found, PassedOver):
                say(f"reviewbot: {name}: {found.why}")
                continue
            key = (found.base, found.head, update.branch)
            if key in seen:
                say(f"reviewbot: {name}: the same as {seen[key]}")
                continue
            seen[key] = name
            all_of_it = (
                ""
                if found.base
                else ", all of its history: as last fetched, the remote has none of it"
            )
            say(f"reviewbot: {name}: {plural(found.commits, 'commit')}{all_of_it}")
            if found.note:
                say(f"note: {found.note}")
            code = gate(between(repo, found.base, found.head, update.branch), flags)
        except Exception as exc:  # noqa: BLE001 - the other refs are to be checked, too
            code = report_failure(exc)
        worst = max(worst, code)
    return worst


def staged(flags: Flags) -> int:
    """Check what is staged."""
    from reviewbot.git.changes import collect

    return gate(collect(Path(), staged=True), flags)


def named_by_framework(environ: Mapping[str, str], flags: Flags) -> int:
    """Check the change that pre-commit, the framework, names in its variables.

    When git pushes, it names one ref; for the very first push no commits. By hand with
    --from-ref and --to-ref it is that range. Otherwise it is what the working tree adds.
    """
    from reviewbot.git.changes import collect
    from reviewbot.git.pushes import Update
    from reviewbot.git.repository import open_repository
    from reviewbot.git.revisions import commit_of

    since, until = environ.get("PRE_COMMIT_FROM_REF"), environ.get("PRE_COMMIT_TO_REF")
    remote, local = environ.get("PRE_COMMIT_REMOTE_NAME"), environ.get("PRE_COMMIT_LOCAL_BRANCH")
    repo = open_repository(Path())
    if remote and (until or local):
        update = Update(
            local=local or "",
            local_oid=commit_of(repo, until or local or ""),
            remote=environ.get("PRE_COMMIT_REMOTE_BRANCH", ""),
            remote_oid=commit_of(repo, since) if since else "",
        )
        return each([update], remote, flags)
    if since and until:
        return gate(collect(Path(), f"{since}..{until}"), flags)
    return gate(collect(Path()), flags)


def gate(request: "ChangeRequest", flags: Flags) -> int:
    """Check one change, show the report on stderr, and return the verdict's exit code.

    raises  every kind of ReviewbotError
    """
    from reviewbot.app.assemble import assemble
    from reviewbot.app.inputs import settings_for, settings_root
    from reviewbot.cli.check import rendered

    root = settings_root(request.root, has_git=True)
    settings, edited = settings_for(request, root, os.environ, flags)
    with timed(False) as clock:
        report = assemble(settings, request, root, clock, edited).report
    seen = look(os.environ, to_terminal=sys.stderr is not None and sys.stderr.isatty())
    click.echo(
        rendered(report, replace(settings, format=Format.TERMINAL), seen), err=True, nl=False
    )
    return report.verdict.exit_code
