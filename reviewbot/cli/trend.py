"""`reviewbot trend`: a page of weeks from a directory of past reports. Loads no model."""

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewbot.cli.failures import worded
from reviewbot.cli.files import read_bounded
from reviewbot.cli.options import PATH
from reviewbot.cli.output import deliver, keep_off_terminal
from reviewbot.cli.talk import say
from reviewbot.core.errors import ReviewbotError, UsageError

if TYPE_CHECKING:
    from reviewbot.cli.gather import Gathered
    from reviewbot.core.trend import Digest, Records
    from reviewbot.core.weeks import Dated
    from reviewbot.forges.fates import Found

NO_GIT = "no git repository: neither days nor outcomes were looked up in one"
UNLIKE = (
    "reports of the same head disagree in findings or verdict: {}; the last that found most: {}"
)
PASSED_OVER = (
    "{} with a record or commit dated more than a day after this run, which does not count: {}"
)
AHEAD = "{} of the branch dated more than a day after this run: no time of theirs counts"
SLACK = timedelta(days=1)  # clocks differ, and the day in a name is of any time zone
MOST_SAID = 20  # files that are named on stderr
MOST_NAME = 300  # characters of a name there


@click.command()
@click.argument("directory", metavar="DIR", type=PATH)
@click.option(
    "--outcomes",
    metavar="FILE",
    type=PATH,
    help="More records than each outcomes.jsonl in DIR.",
)
@click.option(
    "--root",
    metavar="DIR",
    type=PATH,
    help="The repository the reports are about; else here.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=60,
    show_default=True,
    help="Within which a finding is fixed, or fine.",
)
@click.option(
    "--weeks",
    type=click.IntRange(1, 520),
    default=26,
    show_default=True,
    help="The last ones are shown.",
)
@click.option(
    "--format", "style", type=click.Choice(["html", "json"]), default="html", show_default=True
)
@click.option(
    "--output",
    metavar="FILE",
    type=PATH,
    help="Write the page there instead of to stdout.",
)
def trend(
    directory: str,
    outcomes: str | None,
    root: str | None,
    days: int,
    weeks: int,
    style: str,
    output: str | None,
) -> None:
    """Show past reports by week: risky lines, share of AI, acknowledgements, precision.

    DIR holds reports that `reviewbot check --format json` or `reviewbot review` wrote, at any
    depth. The page needs no script and asks nothing of the network; docs/trend.md says what its
    numbers mean.
    """
    from reviewbot.cli.gather import gather
    from reviewbot.core.days import days as days_of
    from reviewbot.core.weeks import newest, once
    from reviewbot.core.weeks import trend as trend_of
    from reviewbot.render.words import plural

    keep_off_terminal(style, output)
    folder = Path(directory)
    if not folder.is_dir():
        raise UsageError(
            f"nothing was shown: {directory} is no directory", fix="name the directory of reports"
        )
    latest = clock() + SLACK
    top, notes = _repository(root)
    gathered = gather(folder)
    records = _records(gathered, outcomes)
    _require(gathered, directory)
    times = _times(top, gathered.digests)
    known = days_of(gathered.digests, records.days, times, latest.date())
    broken = sorted((*gathered.broken, *known.future))
    left = [*broken, *((file, "no day is known of it") for file in known.undated)]
    for file, why in left[:MOST_SAID]:
        say(f"left out: {file[:MOST_NAME]}: {why[:MOST_NAME]}")
    if (more := len(left) - MOST_SAID) > 0:
        say(f"left out: {more} more; the JSON names them all")
    if not known.dated:
        count = len(known.undated) + len(known.future)
        raise UsageError(
            f"nothing was shown: no day that can be used is known of any of the {count} reports",
            fix="give --root a repository with their commits (in CI with all its history), or begin"
            " their names with the day",
        )
    kept, repeated, disputed = once(known.dated)
    if known.passed:
        said = PASSED_OVER.format(plural(len(known.passed), "report"), known.passed[0][:MOST_NAME])
        notes.append(said)
        say(said)
    if disputed:
        notes.append(UNLIKE.format(plural(len(disputed), "head"), disputed[0][:MOST_NAME]))
        say(notes[-1])
    shown = newest(kept, weeks)
    found = _found(top, shown, times, days, int(latest.timestamp()))
    if found and found.ahead:
        notes.append(AHEAD.format(plural(found.ahead, "commit")))
    if gathered.passed:
        files = plural(gathered.passed, "more file")
        notes.append(f"not looked at: {files}, because there are too many or too large ones")
    lost = sorted(records.days.keys() - {one.file for one in gathered.digests})
    if lost:
        records_of = plural(len(lost), "record")
        notes.append(
            f"{records_of} of a day for no report that is here, such as {lost[0][:MOST_NAME]}"
        )
    made = trend_of(
        shown,
        records,
        found.fates if found else {},
        days=days,
        repeated=repeated + known.copies,
        older=kept[: len(kept) - len(shown)],
        undated=known.undated,
        broken=broken,
        unknown=found.unknown if found else {},
        notes=notes,
    )
    if style == "json":
        from reviewbot.render.trend_json import trend_json as render
    else:
        from reviewbot.render.trend import trend_html as render
    deliver(lambda _look: render(made), output, os.environ)


def clock() -> datetime:
    """Return the time of the run: it decides nothing but what is too late to be true."""
    return datetime.now(UTC)


def _records(gathered: "Gathered", outcomes: str | None) -> "Records":
    """Return what is recorded beside the reports, and in a file that is named; that counts more."""
    from reviewbot.outcomes import MAX_BYTES, joined, parse_outcomes

    if outcomes is None:
        return gathered.records
    raw = read_bounded(outcomes, MAX_BYTES, doing="nothing was shown", what="records")
    return joined([(".", gathered.records), (".", parse_outcomes(raw, outcomes))])


def _repository(root: str | None) -> tuple[Path | None, list[str]]:
    """Return the top of the repository, and what to say where there is none.

    raises  ReviewbotError where one is named, and it is none
    """
    from reviewbot.forges.local import top_of

    try:
        with worded("nothing was shown"):
            return top_of(Path(root or "."), needs_worktree=False), []
    except ReviewbotError:
        if root is not None:
            raise
        return None, [NO_GIT]


def _require(gathered: "Gathered", directory: str) -> None:
    if gathered.digests:
        return
    first = "".join(f"; {file[:MOST_NAME]}: {why}" for file, why in gathered.broken[:1])
    raise UsageError(
        f"nothing was shown: no file below {directory} is a report that can be used{first}",
        fix="collect what `reviewbot check --format json --output FILE` writes; see docs/trend.md",
    )


def _times(top: Path | None, digests: "Iterable[Digest]") -> Mapping[str, int]:
    from reviewbot.core.trend import is_commit
    from reviewbot.forges.times import commit_times

    heads = [one.head for one in digests if is_commit(one.head)]
    if top is None or not heads:
        return {}
    with worded("nothing was shown"):
        return commit_times(top, heads)


def _found(
    top: Path | None, shown: "Iterable[Dated]", times: Mapping[str, int], days: int, latest: int
) -> "Found | None":
    from reviewbot.forges.fates import found_fates

    if top is None:
        return None
    findings = {flagged.place: flagged.numbers for _, one in shown for flagged in one.findings}
    with worded("nothing was shown"):
        return found_fates(top, findings, times, days, latest)
