"""`reviewbot calibrate`: what limits would flag, from the repository's own merged changes."""

import os
import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.failures import worded
from reviewbot.app.inputs import settings_root
from reviewbot.app.progress import say
from reviewbot.cli.console import emit, takes_file, write_file
from reviewbot.cli.options import PATH, GroupedCommand, setting_flags
from reviewbot.config.levels import Level
from reviewbot.config.load import from_files, load_settings
from reviewbot.errors import UsageError
from reviewbot.report.budgets import MAX_LINES, MIN_CHANGES, MIN_LINES, needed_lines

if TYPE_CHECKING:
    from reviewbot.app.calibrate import Replay

SETTINGS = (
    *(
        "artifact",
        "deep-tokens",
        "model",
        "exclude",
        "include",
        "scope",
        "engine",
        "device",
        "quantize",
    ),
    *("threads", "dtype", "cache-dir", "line-cache", "server"),
)
ACK_TOP = 3  # where the settings have none
SHIPPED = "nothing was stored: too little data, so the shipped calibration stays"


def _share(_ctx: click.Context, _param: click.Parameter, text: str) -> Fraction:
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if match is None or not 0 < int(match[1]) < int(match[2]):
        raise click.BadParameter("give a share of all lines, such as 1/200")
    return Fraction(int(match[1]), int(match[2]))


@click.command(cls=GroupedCommand)
@click.option(
    "--root", metavar="DIR", type=PATH, default=".", show_default=True, help="The repository."
)
@click.option(
    "--lines",
    type=click.IntRange(MIN_LINES, MAX_LINES),
    default=3_000,
    show_default=True,
    help="Number of lines to score, of the newest merged changes.",
)
@click.option(
    "--budget",
    metavar="1/N",
    callback=_share,
    default="1/200",
    show_default=True,
    help="Share of all lines that may be flagged.",
)
@click.option(
    "--top",
    metavar="K",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="Lines of a change that may be flagged, in 19 of 20 changes.",
)
@click.option(
    "--labels",
    metavar="FILE",
    type=PATH,
    help="Lines that later fixes changed, from `reviewbot train mine`: adds precision and recall.",
)
@click.option(
    "--output", metavar="FILE", type=PATH, help="Write to this file, for `--calibration FILE`."
)
@setting_flags(*SETTINGS)
def calibrate(
    root: str,
    lines: int,
    budget: Fraction,
    top: int,
    labels: str | None,
    output: str | None,
    **flags: Any,
) -> None:
    """Propose limits, from the changes that were merged last.

    Scores each change as `check` does, with the settings of now. Says what each level, `ack-top`,
    and a `max-risk` for a budget would have flagged and stopped. Stores the risks per repository
    and artifact: later checks then take levels from percentiles of this repository's own lines. Run
    it again from time to time.
    """
    from reviewbot.app.artifact import calibration_path
    from reviewbot.app.calibrate import replay
    from reviewbot.app.fault_labels import read_labels
    from reviewbot.git.repository import open_repository
    from reviewbot.render.calibration import thresholds
    from reviewbot.report.budgets import asked_places, flagged_at, proposals
    from reviewbot.scoring.calibration import calibration_to_json

    needed = needed_lines(budget)
    if lines < needed:
        more = f"give --lines {needed}, or a larger --budget"
        raise UsageError(
            f"nothing was stored: a budget of {budget} needs {needed:,} lines",
            fix=more if needed <= MAX_LINES else "give a larger --budget, such as 1/1000",
        )
    if output and not takes_file(output):
        raise UsageError(
            f"nothing was stored: {output} is no place for a file",
            fix="give --output a file in a directory that exists",
        )
    folder = Path(root)
    known = read_labels(Path(labels)) if labels else {}
    with worded("nothing was stored"):
        repo = open_repository(folder, needs_worktree=False)
        files = from_files(settings_root(folder, has_git=True))  # the user's own, not a change's
        settings = load_settings(os.environ, flags, files)
        found = replay(folder, settings, lines, known)
    _refuse_too_little(found, needed, is_shallow=repo.is_shallow)
    own = found.calibration()
    path = Path(output) if output else calibration_path(settings, repo)
    if output or not labels:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, calibration_to_json(own))
        where = f"--calibration {output}" if output else "later checks here"
        say(f"stored: {where} will take levels from these {found.lines:,} lines")
    else:
        say("nothing is stored: with --labels the replay begins at an older change")
    changes, ack_top = found.changes, settings.ack_top or ACK_TOP
    levels = {one: flagged_at(changes, one, own.percentile, top) for one in list(Level)[1:]}
    asked = asked_places(changes, own.percentile, ack_top)
    emit(thresholds(changes, levels, asked, proposals(changes, budget, top), budget, ack_top))
    if found.large:
        say(f"left out as too large to be a change under review: {found.large}")
    if known and not any(x.fault is not None for one in found.changes for x in one.lines):
        say("no label names a commit of these changes: precision is not known")


def _refuse_too_little(found: "Replay", needed: int, *, is_shallow: bool) -> None:
    if found.lines >= needed and len(found.changes) >= MIN_CHANGES:
        return
    fix = "run it again when more changes have been merged"
    if is_shallow:
        fix = "the clone is shallow; fetch its history: git fetch --unshallow"
    raise UsageError(
        f"{SHIPPED}: {found.lines:,} scored lines of {len(found.changes)} changes; {needed:,} lines"
        f" of {MIN_CHANGES} changes are needed",
        fix=fix,
    )
