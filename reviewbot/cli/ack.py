"""`reviewbot ack`: acknowledge a finding on this machine, so that the next check does not block."""

import os
from pathlib import Path

import click

from reviewbot.app.ci import in_ci
from reviewbot.app.failures import worded
from reviewbot.app.progress import say
from reviewbot.cli.options import root_option
from reviewbot.errors import UsageError
from reviewbot.report.acks import Ack

MISSING = "nothing was acknowledged: {}"


@click.command()
@click.argument("finding", required=False, default="")
@click.argument("reason", nargs=-1)
@root_option
def ack(finding: str, reason: tuple[str, ...], root: str) -> None:
    """Say that you have read a finding and why its lines are right.

    FINDING is the number that `reviewbot check` prints, or its first digits. The acknowledgement
    is kept in the git directory and holds until one of the lines changes. Checks in CI ignore it:
    on a pull request, comment `/reviewbot ack FINDING REASON`.
    """
    from reviewbot.app.local_acks import CHECK_FIRST, LocalAcks
    from reviewbot.git.repository import open_repository

    if not finding:
        raise UsageError(MISSING.format("no finding is named"), fix=CHECK_FIRST)
    if not reason:
        raise UsageError(
            MISSING.format("a reason is missing"),
            fix=f"say why the lines are right: reviewbot ack {finding[:20]} REASON",
        )
    if in_ci(os.environ):
        raise UsageError(
            MISSING.format("CI is set, and checks in CI ignore what is acknowledged locally"),
            fix="on a pull request, comment /reviewbot ack FINDING REASON",
        )
    with worded("nothing was acknowledged"):
        repo = open_repository(Path(root), needs_worktree=False)
        name = next(reversed(repo.config("user.name")), "")
        place = LocalAcks(repo.common_dir).add(Ack(finding, " ".join(reason).strip(), name))
    say(f"acknowledged: {place}")
