"""The day of each report: as recorded, else of its commit, else as its name says. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from reviewbot.core.trend import Digest, day_in_name, day_of
from reviewbot.core.weeks import Dated

FUTURE = "its day, {}, lies more than a day after this run"


@dataclass(frozen=True, slots=True)
class Days:
    """Reports by what is known of their day."""

    dated: tuple[Dated, ...]
    undated: tuple[str, ...]  # files
    future: tuple[tuple[str, str], ...]  # files that have a later day only, and that in words
    copies: int  # files without a usable day that are copies of one that has it
    passed: tuple[str, ...]  # dated files; what counts more than their day tells a later one


def days(
    reports: Iterable[Digest], recorded: Mapping[str, date], times: Mapping[str, int], latest: date
) -> Days:
    """Give each report its day.

    recorded  by file
    times     committer times of heads, in seconds since 1970
    latest    a day after it is none: one false clock would hide every other week
    """
    dated, undated, future, passed = [], [], [], []
    for one in reports:
        told = (recorded.get(one.file), _day(times.get(one.head)), day_in_name(one.file))
        known = [day for day in told if day is not None]
        usable = [day for day in known if day <= latest]
        if usable:
            dated.append(Dated(usable[0], one))
            if known[0] > latest:
                passed.append(one.file)
        elif known:
            future.append((one, FUTURE.format(known[0].isoformat())))
        else:
            undated.append(one)
    held = {report.digest.identity for report in dated}
    lost = sorted(one.file for one in undated if one.identity not in held)
    late = sorted((one.file, why) for one, why in future if one.identity not in held)
    copies = len(undated) + len(future) - len(lost) - len(late)
    return Days(tuple(dated), tuple(lost), tuple(late), copies, tuple(sorted(passed)))


def _day(time: int | None) -> date | None:
    if time is None or not 0 <= time < 10_000_000_000:  # a commit may claim any time
        return None
    return day_of(datetime.fromtimestamp(time, UTC).date().isoformat())
