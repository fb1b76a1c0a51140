"""`reviewbot recent`: score what recent commits added, to compare later lines with."""

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pathspec import GitIgnoreSpec

from reviewbot.app.check import check_change
from reviewbot.app.failures import worded
from reviewbot.app.inputs import settings_root
from reviewbot.app.load_change import ChangeSource
from reviewbot.app.progress import say, timed
from reviewbot.app.recent import kept_recent
from reviewbot.authorship.model import Scope
from reviewbot.cli.console import write_file
from reviewbot.cli.setting_flags import PATH, GroupedCommand, setting_flags
from reviewbot.config.load import from_files, load_settings
from reviewbot.config.schema import Settings
from reviewbot.errors import UsageError
from reviewbot.scoring.recent_risks import MAX_LINES

if TYPE_CHECKING:
    from reviewbot.git.repository import Repository

EMPTY = "the empty tree"
NOT_SKIPPED = ("-linguist-generated", "-linguist-vendored")  # what --include says of a file
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


@click.command(cls=GroupedCommand)
@click.option(
    "--root",
    metavar="DIR",
    type=PATH,
    default=".",
    show_default=True,
    help="Where the code lies.",
)
@click.option(
    "--lines",
    type=click.IntRange(LEAST, MAX_LINES),
    default=3_000,
    show_default=True,
    help="Go back until this many lines of code were added.",
)
@click.option(
    "--output",
    metavar="FILE",
    type=PATH,
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
    from reviewbot.app.load import artifact_for
    from reviewbot.git.changes import between
    from reviewbot.git.recent_commits import recent_range
    from reviewbot.git.repository import open_repository
    from reviewbot.scoring.outcomes import LineScore
    from reviewbot.scoring.recent_risks import recent_of, recent_to_json

    folder = Path(root)
    with worded("nothing was kept"):
        repo = open_repository(folder, needs_worktree=False)
    own = from_files(settings_root(folder, has_git=True))  # they are the asker's
    settings = load_settings(os.environ, flags, own)
    settings = replace(settings, scope=Scope.ALL, recent="off", min_coverage=0.0)
    base, head, added = recent_range(
        repo, lines, lambda commit, paths: _code(settings, repo, commit, paths)
    )
    request = between(repo, base, head)
    span = f"of {base[:10]}..{head[:10]}" if base else f"from the first commit to {head[:10]}"
    say(f"reading up to {added} lines {span}")  # the only word for a minute, in a log
    with timed(False) as clock:
        # All of it is settled: attributes as they are now, also where the base is the empty tree.
        source = ChangeSource(request=request, settings=settings, root=repo.top, policy=head)
        report = check_change(source, clock)
    outcomes = [line.outcome for file in report.files for line in file.lines]
    risks = [one.risk for one in outcomes if isinstance(one, LineScore)]
    if len(risks) < LEAST:
        raise UsageError(
            f"nothing was kept: only {len(risks)} lines were scored, a comparison needs {LEAST}",
            fix=_more(whole=base is None, bounded=added < lines),
        )
    every = -(-len(risks) // MAX_LINES)
    if every > 1:
        say(f"{len(risks)} lines were scored; evenly over all files, one in {every} is kept")
    artifact = artifact_for(settings)
    made = recent_of(base or EMPTY, head, artifact.info.sha256, risks[::every])
    path = Path(output) if output else kept_recent(settings, repo, artifact)
    if not output:
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, recent_to_json(made))
    at = made.risks
    say(
        f"{len(at)} lines {span} scored; half of them above a risk of "
        f"{at[len(at) // 2]:.3f}, one in twenty above {at[len(at) * 19 // 20]:.3f}"
    )


def _more(*, whole: bool, bounded: bool) -> str:
    if whole:
        return "come back when there is more code: it has too few lines since its first commit"
    if bounded:
        return "come back when newer commits have added more code: older ones are not read"
    return "give a larger --lines"


def _code(
    settings: Settings, repo: "Repository", commit: str, paths: Collection[str]
) -> Collection[str]:
    """Return the files of a commit whose lines can be scored, as far as that shows unread."""
    from reviewbot.diff.model import FileChange, FileKind
    from reviewbot.diff.skip_rules import SkipReason, why_skipped_file
    from reviewbot.git.attributes import attributes
    from reviewbot.git.files import CommitFiles

    files = CommitFiles(repo.objects, commit)
    there = [path for path in paths if path in files]
    excluded = GitIgnoreSpec.from_lines(settings.exclude).match_file
    included = GitIgnoreSpec.from_lines(settings.include).match_file
    kept = []
    for path, found in attributes(repo, there, commit).items():
        why = why_skipped_file(
            FileChange(path, FileKind.ADDED),
            attributes=NOT_SKIPPED if included(path) else found,
            head=None,
            excluded=excluded,
        )
        script = why is SkipReason.NOT_CODE and "." not in path.rpartition("/")[2]  # it may be one
        if why is None or (script and not excluded(path)):
            kept.append(path)
    return kept
