"""Use case of our git hooks: check each change that git names; the most severe exit code counts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.inputs import read_bounded
from reviewbot.app.progress import say
from reviewbot.errors import EXIT_PASS, UsageError
from reviewbot.escape import visible
from reviewbot.render.phrasing import plural

if TYPE_CHECKING:
    from reviewbot.git.changes import ChangeRequest
    from reviewbot.git.pushes import Update

    Check = Callable[[ChangeRequest], int]  # checks a change, shows the report -> exit code

MAX_INPUT = 10_000_000  # bytes of what git writes to a hook
MAX_NAME = 200  # characters of a ref that are shown


def read_updates() -> "list[Update]":
    """Read the refs that git pushes from stdin.

    raises  UsageError for anything but the input of a pre-push hook
    """
    from reviewbot.git.pushes import parse_updates

    raw = read_bounded("-", MAX_INPUT, doing="nothing was checked", what="what git pushes")
    if len(raw) > MAX_INPUT:
        raise UsageError("nothing was checked: too many refs", fix="push fewer at a time")
    updates = parse_updates(raw)
    if not updates:  # also if another hook has read stdin before us
        say("reviewbot: nothing to check, git names no ref to push")
    return updates


def check_updates(
    updates: "list[Update]", remote: str, check: "Check", report_failure: Callable[[Exception], int]
) -> int:
    """Check each pushed range once; return the most severe exit code.

    A branch is part of a range: its name may say who wrote the lines.
    report_failure  tells the user, and returns an exit code; the other ranges are checked too
    """
    from reviewbot.git.changes import between
    from reviewbot.git.pushes import SkippedUpdate, outgoing
    from reviewbot.git.repository import open_repository

    repo = open_repository(Path(), needs_worktree=False)
    seen: dict[tuple[str | None, str, str], str] = {}
    worst = EXIT_PASS
    for update in updates:
        name = visible(update.remote or update.local)[:MAX_NAME]
        try:
            pushed = outgoing(repo, update, remote)
            if isinstance(pushed, SkippedUpdate):
                say(f"reviewbot: {name}: {pushed.why}")
                continue
            key = (pushed.base, pushed.head, update.branch)
            if key in seen:
                say(f"reviewbot: {name}: the same as {seen[key]}")
                continue
            seen[key] = name
            whole = "" if pushed.base else ", all of its history: the remote had none of it"
            say(f"reviewbot: {name}: {plural(pushed.commits, 'commit')}{whole}")
            if pushed.note:
                say(f"note: {pushed.note}")
            code = check(between(repo, pushed.base, pushed.head, update.branch))
        except Exception as exc:  # noqa: BLE001 - the other refs are to be checked, too
            code = report_failure(exc)
        worst = max(worst, code)
    return worst


def check_named_by_framework(
    environ: Mapping[str, str], check: "Check", report_failure: Callable[[Exception], int]
) -> int:
    """Check the change that the variables of pre-commit (the framework) name.

    On a push they name one ref, without commits on the very first push; with --from-ref and
    --to-ref a range. Otherwise the change is what the working tree adds.
    """
    from reviewbot.git.changes import collect
    from reviewbot.git.pushes import Update
    from reviewbot.git.repository import commit_of, open_repository

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
        return check_updates([update], remote, check, report_failure)
    range_ = f"{since}..{until}" if since and until else None
    return check(collect(Path(), range_))
