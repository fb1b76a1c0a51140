"""`reviewbot recent`: score what recent commits added, as a reference for later lines."""

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pathspec import GitIgnoreSpec

from reviewbot.app.artifact import artifact_for, recent_path
from reviewbot.app.check import check_change
from reviewbot.app.failures import worded
from reviewbot.app.inputs import settings_root
from reviewbot.app.load_change import ChangeSource
from reviewbot.app.progress import say
from reviewbot.authorship.model import Scope
from reviewbot.cli.console import write_file
from reviewbot.cli.options import PATH, GroupedCommand, setting_flags
from reviewbot.config.load import from_files, load_settings
from reviewbot.config.schema import Settings
from reviewbot.errors import UsageError
from reviewbot.scoring.recent_risks import MAX_LINES

if TYPE_CHECKING:
    from reviewbot.git.repository import Repository

EMPTY_TREE = "the empty tree"
INCLUDED = ("-linguist-generated", "-linguist-vendored")  # attributes of a file in --include
MIN_LINES = 100  # a percentile among fewer lines says nothing
SETTINGS = (
    *("artifact", "model", "exclude", "include", "engine", "device", "quantize"),
    *("threads", "dtype", "cache-dir", "line-cache", "server"),
)


@click.command(cls=GroupedCommand)
@click.option(
    "--root", metavar="DIR", type=PATH, default=".", show_default=True, help="The repository."
)
@click.option(
    "--lines",
    type=click.IntRange(MIN_LINES, MAX_LINES),
    default=3_000,
    show_default=True,
    help="Number of recent lines to score.",
)
@click.option(
    "--output", metavar="FILE", type=PATH, help="Write to this file, for `--recent FILE`."
)
@setting_flags(*SETTINGS)
def recent(root: str, lines: int, output: str | None, **flags: Any) -> None:
    """Score the lines that recent commits added, so that `check` compares with them.

    Reports then also show each line's percentile among this repository's recent lines. These come
    from commits before HEAD left the default branch, so a change is not compared with itself. The
    cache stores the result per repository and artifact; run the command again from time to time.
    """
    from reviewbot.git.changes import between
    from reviewbot.git.recent_commits import recent_range
    from reviewbot.git.repository import open_repository
    from reviewbot.scoring.outcomes import LineScore
    from reviewbot.scoring.recent_risks import recent_of, recent_to_json

    folder = Path(root)
    with worded("nothing was stored"):
        repo = open_repository(folder, needs_worktree=False)
    files = from_files(settings_root(folder, has_git=True))  # the user's own, not a change's
    settings = load_settings(os.environ, flags, files)
    settings = replace(settings, scope=Scope.ALL, recent="off", min_coverage=0.0)
    base, head, added = recent_range(
        repo, lines, lambda commit, paths: _code(settings, repo, commit, paths)
    )
    span = f"of {base[:10]}..{head[:10]}" if base else f"from the first commit to {head[:10]}"
    say(f"reading up to {added} lines {span}")  # a log shows nothing else for a minute
    request = between(repo, base, head)
    # Attributes of the head, also if the base is the empty tree.
    source = ChangeSource(request=request, settings=settings, root=repo.top, policy=head)
    report = check_change(source)
    outcomes = [line.outcome for file in report.files for line in file.lines]
    risks = [outcome.risk for outcome in outcomes if isinstance(outcome, LineScore)]
    if len(risks) < MIN_LINES:
        fix = "give a larger --lines"
        if base is None:
            fix = "run it again when the repository has more code"
        elif added < lines:
            fix = "run it again when newer commits have added more code; older ones are not read"
        raise UsageError(
            f"nothing was stored: only {len(risks)} lines were scored, a comparison needs "
            f"{MIN_LINES}",
            fix=fix,
        )
    every = -(-len(risks) // MAX_LINES)
    if every > 1:
        say(f"{len(risks)} lines were scored; evenly over all files, one in {every} is stored")
    artifact = artifact_for(settings)
    result = recent_of(base or EMPTY_TREE, head, artifact.info.sha256, risks[::every])
    path = Path(output) if output else recent_path(settings, repo, artifact)
    if not output:
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, recent_to_json(result))
    count = len(result.risks)
    half, twentieth = (result.risks[count * n // 20] for n in (10, 19))
    say(
        f"{count} lines {span} scored; half of them above a risk of {half:.3f}, one in twenty "
        f"above {twentieth:.3f}"
    )


def _code(
    settings: Settings, repo: "Repository", commit: str, paths: Collection[str]
) -> Collection[str]:
    """Return the files of a commit whose lines can be scored, judged without reading them."""
    from reviewbot.diff.model import FileChange, FileKind
    from reviewbot.diff.skip_rules import SkipReason, why_skipped_file
    from reviewbot.git.attributes import attributes
    from reviewbot.git.files import CommitFiles

    files = CommitFiles(repo.objects, commit)
    existing = [path for path in paths if path in files]
    excluded = GitIgnoreSpec.from_lines(settings.exclude).match_file
    included = GitIgnoreSpec.from_lines(settings.include).match_file

    def is_code(path: str, own: Collection[str]) -> bool:
        why = why_skipped_file(
            FileChange(path, FileKind.ADDED),
            attributes=INCLUDED if included(path) else own,
            head=None,
            excluded=excluded,
        )
        maybe_script = why is SkipReason.NOT_CODE and "." not in path.rpartition("/")[2]
        return why is None or (maybe_script and not excluded(path))

    return [path for path, own in attributes(repo, existing, commit).items() if is_code(path, own)]
