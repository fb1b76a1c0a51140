"""The sections of the page of trends: what each chart shows, and the table with its numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from reviewbot.core.authors import Author
from reviewbot.core.share import Share
from reviewbot.core.weeks import Trend, Week
from reviewbot.render.charts import Chart, Column, chart
from reviewbot.render.trend_json import iso

NOTHING = "-"
_PEOPLE = (Author.AI, Author.MIXED, Author.AUTOMATION, Author.HUMAN, Author.UNKNOWN)
_NAMES = {Author.AI: "AI"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A section before it meets numbers."""

    key: str
    title: str
    words: str
    columns: tuple[tuple[str, Callable[[Week], str]], ...]  # of the table
    parts: Callable[[Week], tuple[float, ...]]  # of a bar
    value: Callable[[Week], str]
    series: tuple[tuple[str, str], ...]  # a bar's parts: how they look, and their names
    share: bool = False
    point: Callable[[Week], Share | None] | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A chart and its table."""

    key: str
    title: str
    words: str
    drawn: Chart
    series: tuple[tuple[str, str], ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]  # one per week; the first cell names it
    total: tuple[str, ...]


def percent(share: Share | None) -> str:
    """Return "41.7 %"; a dash of nothing."""
    return NOTHING if share is None else f"{100 * share.value:.1f} %"


def interval(share: Share | None) -> str:
    """Return the 95 % interval: "19.3 to 68.0 %"."""
    if share is None:
        return NOTHING
    low, high = share.interval
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def letters(rulers: Sequence[int]) -> str:
    """Name what measured: "A", "B+C"; after Z come "A1" and so on."""
    return "+".join(f"{ascii_uppercase[at % 26]}{at // 26 or ''}" for at in rulers)


def _whole(number: int) -> str:
    return f"{number:,}"


def _per_thousand(week: Week) -> str:
    return NOTHING if week.per_thousand is None else f"{week.per_thousand:.1f}"


def _lines(author: Author) -> Callable[[Week], str]:
    return lambda week: _whole(week.authors.get(author, 0))


def _shares(week: Week) -> tuple[float, ...]:
    return tuple(share.value for who in _PEOPLE if (share := week.written_by(who)))


def _unknown(week: Week) -> str:
    lines = _lines(Author.UNKNOWN)(week)
    return f"{lines} ({percent(week.written_by(Author.UNKNOWN))})" if lines != "0" else lines


def _known_ai(week: Week) -> str:
    return "unknown" if week.added and week.known_ai is None else percent(week.known_ai)


PLANS = (
    Plan(
        "read",
        "How much was read",
        "Added lines of the reports. Coverage is the share of the lines that should have been read"
        " and were; comments, blanks and generated files should not.",
        (
            ("reports", lambda w: _whole(w.reports)),
            ("added", lambda w: _whole(w.added)),
            ("scored", lambda w: _whole(w.scored)),
            ("skipped", lambda w: _whole(w.added - w.scored - w.unread)),
            ("unread", lambda w: _whole(w.unread)),
            ("coverage", lambda w: percent(w.coverage)),
        ),
        lambda w: (w.scored, w.added - w.scored - w.unread, w.unread),
        lambda w: _whole(w.added),
        (
            ("one", "scored"),
            ("two", "skipped on purpose"),
            ("three", "unread: should have been read"),
        ),
    ),
    Plan(
        "over",
        "Lines above the limit",
        "Scored lines whose risk is above the limit that their report was checked with. Not counted"
        " are those that could not block: acknowledged, or of authors outside the gate's scope.",
        (
            ("scored", lambda w: _whole(w.scored)),
            ("above the limit", lambda w: _whole(w.over)),
            ("above it, not counted", lambda w: _whole(w.not_counted)),
        ),
        lambda w: (w.over, w.not_counted),
        lambda w: _whole(w.over),
        (
            ("one", "lines above the limit (the figure on a bar)"),
            ("two", "above the limit, not counted"),
        ),
    ),
    Plan(
        "findings",
        "Findings per 1,000 scored lines",
        "A finding is a group of risky lines that stand together.",
        (
            ("scored", lambda w: _whole(w.scored)),
            ("findings", lambda w: _whole(w.findings)),
            ("per 1,000", _per_thousand),
        ),
        lambda w: () if w.per_thousand is None else (w.per_thousand,),
        _per_thousand,
        (("one", "findings per 1,000 scored lines"),),
    ),
    Plan(
        "authors",
        "Who wrote the added lines",
        "By the evidence in each report; a line that nothing speaks of is unknown, never human. The"
        " figure on a bar is the share known to be AI; ? where nothing is known of any line.",
        (
            *((_NAMES.get(who, who.value), _lines(who)) for who in _PEOPLE[:-1]),
            ("unknown", _unknown),
            ("known to be AI", _known_ai),
        ),
        _shares,
        lambda w: f"{100 * s.value:.0f}%" if (s := w.known_ai) else "?" if w.added else "",
        tuple(
            zip(
                ("one", "two", "four", "three", "five"),
                (_NAMES.get(who, who.value) for who in _PEOPLE),
                strict=True,
            )
        ),
        share=True,
    ),
    Plan(
        "verdicts",
        "Verdicts",
        "One per report. A block counts where it was informational, too; incomplete means that too"
        " little was read.",
        (
            ("passed", lambda w: _whole(w.reports - w.blocked - w.incomplete)),
            ("blocked", lambda w: _whole(w.blocked)),
            ("incomplete", lambda w: _whole(w.incomplete)),
        ),
        lambda w: (w.blocked, w.incomplete, w.reports - w.blocked - w.incomplete),
        lambda w: _whole(w.blocked),
        (("one", "blocked (the figure on a bar)"), ("two", "incomplete"), ("five", "passed")),
    ),
    Plan(
        "acks",
        "Acknowledged findings",
        "Findings that somebody took on himself, as far as records of that lie beside the reports.",
        (
            ("findings", lambda w: _whole(w.findings)),
            ("acknowledged", lambda w: _whole(w.acks)),
        ),
        lambda w: (w.acks,),
        lambda w: _whole(w.acks),
        (("one", "acknowledged findings"),),
    ),
    Plan(
        "precision",
        "Precision, where outcomes are known",
        "Fixed of fixed and fine findings, with the 95 % interval (Wilson). A finding counts once,"
        " in the week that saw it first, however many pushes repeat it. A fault that nobody fixed"
        " counts as fine, and a fix that touched the line for another reason as fixed.",
        (
            ("fixed", lambda w: _whole(w.fixed)),
            ("fine", lambda w: _whole(w.fine)),
            ("unknown", lambda w: _whole(w.unknown)),
            ("n", lambda w: _whole(w.fixed + w.fine)),
            ("precision", lambda w: percent(w.precision)),
            ("95 % interval", lambda w: interval(w.precision)),
        ),
        lambda w: (w.precision.value,) if w.precision else (),
        lambda w: f"n={w.precision.of}" if w.precision else "",
        (("point", "precision, with its 95 % interval"),),
        share=True,
        point=lambda w: w.precision,
    ),
)


def sections(trend: Trend) -> list[Section]:
    """Return every section with its numbers."""
    return [_section(plan, trend) for plan in PLANS]


def _section(plan: Plan, trend: Trend) -> Section:
    several = len(trend.rulers) > 1
    return Section(
        plan.key,
        plan.title,
        plan.words,
        chart(
            [_column(plan, w) for w in trend.weeks], [s for s, _ in plan.series], share=plan.share
        ),
        plan.series,
        ("week", *(name for name, _ in plan.columns), *(["by"] if several else [])),
        tuple(
            (
                iso(week),
                *_cells(plan, week),
                *([letters(week.rulers) or NOTHING] if several else []),
            )
            for week in trend.weeks
        ),
        ("all weeks", *_cells(plan, trend.total), *([NOTHING] if several else [])),
    )


def _cells(plan: Plan, week: Week) -> list[str]:
    return [cell(week) if week.reports else NOTHING for _, cell in plan.columns]


def _column(plan: Plan, week: Week) -> Column:
    year, number, _ = week.monday.isocalendar()
    share = plan.point(week) if plan.point else None
    return Column(
        f"W{number:02d}",
        str(year),
        plan.parts(week) if week.reports else (),
        plan.value(week),
        share.interval if share else None,
        letters(week.rulers) if week.changed else "",
    )
