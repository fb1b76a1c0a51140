"""`reviewbot recent`: score what recent commits added, to compare later lines with."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reviewbot.cli.asked import settings_root
from reviewbot.cli.assemble import assemble
from reviewbot.cli.home import kept_recent
from reviewbot.cli.options import a_path, setting_flags
from reviewbot.cli.output import write_file
from reviewbot.cli.talk import say, timed
from reviewbot.core.errors import UsageError
from reviewbot.core.recent import MOST_LINES
from reviewbot.settings import from_environ, from_files, from_flags, settings_from

EMPTY = "the empty tree"
LEAST = 100  # scored lines: a percentile among fewer says nothing
READING = (
    "artifact",
    "model",
    "exclude",
    "include",
    "engine",
    "device",
    "quantize",
    "threads",
    "dtype",
    "cache-dir",
    "line-cache",
    "server",
)


@click.command()
@click.option(
    "--root",
    metavar="DIR",
    shell_complete=a_path("dir"),
    default=".",
    show_default=True,
    help="Where the code lies.",
)
@click.option(
    "--lines",
    type=click.IntRange(LEAST, MOST_LINES),
    default=3_000,
    show_default=True,
    help="Go back until this many lines were added.",
)
@click.option(
    "--output",
    metavar="FILE",
    shell_complete=a_path("file"),
    help="Keep it there, for `--recent FILE`.",
)
@setting_flags(*READING)
def recent(root: str, lines: int, output: str | None, **flags: Any) -> None:
    """Score the lines that recent commits added, so that `check` compares with them.

    A report then says of each line which share of this repository's own recent lines is less risky,
    next to the share of all changed lines we know. The lines are those from before HEAD left the
    default branch: a change is not compared with itself. Kept in the cache, per repository and
    artifact; run it again from time to time.
    """
    from reviewbot.cli.load import artifact_for
    from reviewbot.core.findings import LineScore
    from reviewbot.core.recent import recent_of, recent_to_json
    from reviewbot.forges.lately import recent_range
    from reviewbot.forges.local import between, top_of

    folder = Path(root)
    top = top_of(folder, needs_worktree=False)
    base, head, added = recent_range(top, lines)
    request = between(top, base, head)
    own = from_files(settings_root(folder, has_git=True))  # they are the asker's
    settings = settings_from(*own, from_environ(os.environ), from_flags(flags))
    settings = replace(settings, scope="all", recent="off", min_coverage=0.0)
    span = f"of {base[:10]}..{head[:10]}" if base else f"from the first commit to {head[:10]}"
    say(f"reading up to {added} lines {span}")  # the only word for a minute, in a log
    with timed(False) as clock:
        # All of it is settled: attributes as they are now, also where the base is the empty tree.
        report = assemble(settings, request, top, clock, policy=head).report
    outcomes = [line.outcome for file in report.files for line in file.lines]
    risks = [one.risk for one in outcomes if isinstance(one, LineScore)][:MOST_LINES]
    if len(risks) < LEAST:
        raise UsageError(
            f"nothing was kept: only {len(risks)} lines were scored, a comparison needs {LEAST}",
            fix="give a larger --lines, or come back when the repository has more code",
        )
    artifact = artifact_for(settings)
    made = recent_of(base or EMPTY, head, artifact.info.sha256, risks)
    path = Path(output) if output else kept_recent(settings, top, artifact)
    if not output:
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, recent_to_json(made))
    at = made.risks
    say(
        f"{len(at)} lines {span} scored; half of them above a risk of "
        f"{at[len(at) // 2]:.3f}, one in twenty above {at[len(at) * 19 // 20]:.3f}"
    )
