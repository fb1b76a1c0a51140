"""Weeks from reports: what counts where, and what counts once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.core.authors import Author
from reviewbot.core.gate import Status
from reviewbot.core.scope import Scope
from reviewbot.core.share import share, wilson
from reviewbot.core.trend import Fate, Place, Records, day_in_name
from reviewbot.core.weeks import Dated, Trend, newest, once, trend
from reviewbot.render.json_v1 import json_v1
from reviewbot.reports import parse_report
from tests.render.reports import failed, scored, skipped
from tests.trend.made import AI, HUMAN, NO_RECORDS, about, aged, dated, digested, head_of

LINES = (scored(1, "a", 0.9), scored(9, "b", 0.1), skipped(10), scored(20, "c", 0.8))


def of(
    *reports: Dated,
    records: Records = NO_RECORDS,
    found: Mapping[Place, Fate] = MappingProxyType({}),
    older: Sequence[Dated] = (),
) -> Trend:
    return trend(reports, records, found, days=60, older=older)


def test_a_week_adds_up_its_reports() -> None:
    made = of(
        dated("2026-11-16", about(head_of(1), *LINES, author=AI)),
        dated("2026-11-22", about(head_of(2), *LINES, failed(30), author=HUMAN)),
        dated("2026-11-23", about(head_of(3), scored(1, "x", 0.1))),
    )

    first, second = made.weeks
    assert (first.monday, second.monday) == (date(2026, 11, 16), date(2026, 11, 23))
    assert (first.reports, first.added, first.scored, first.unread) == (2, 9, 6, 1)
    assert (first.over, first.findings, first.blocked, first.incomplete) == (4, 4, 1, 1)
    assert first.authors == {Author.AI: 4, Author.HUMAN: 5}
    assert first.coverage == share(6, 7)
    assert first.per_thousand == pytest.approx(1000 * 4 / 6)
    assert (made.total.reports, made.total.added, made.total.over) == (3, 10, 4)


def test_a_week_without_reports_stands_between_the_others_and_claims_nothing() -> None:
    made = of(dated("2026-11-02", about("files")), dated("2026-11-16", about("index")))

    middle = made.weeks[1]
    assert [week.reports for week in made.weeks] == [1, 0, 1]
    assert (middle.coverage, middle.per_thousand, middle.precision) == (None, None, None)
    assert middle.written_by(Author.AI) is None


def test_of_the_reports_of_a_head_the_last_counts() -> None:
    reports = [
        dated("2026-11-03", about(head_of(1), *LINES), "b.json"),
        dated("2026-11-03", about(head_of(1), *LINES), "c.json"),
        dated("2026-11-02", about(head_of(1), *LINES), "d.json"),
        dated("2026-11-02", about("worktree", *LINES), "e.json"),
        dated("2026-11-02", about("worktree", *LINES), "f.json"),
    ]

    kept, others, disputed = once(reports)

    assert [report.digest.file for report in kept] == ["e.json", "f.json", "c.json"]
    assert (others, disputed) == (2, [])


def test_a_later_report_of_a_head_that_finds_less_does_not_hide_an_earlier_one() -> None:
    forged = dated("2026-11-04", about(head_of(1), scored(1, "x", 0.1)), "z.json")
    real = dated("2026-11-03", about(head_of(1), *LINES), "a.json")

    for reports in ([forged, real], [real, forged]):
        kept, others, disputed = once(reports)
        assert (kept, others, disputed) == ([real], 1, ["a.json"])


def test_of_reports_that_found_the_same_the_one_after_an_acknowledgement_counts() -> None:
    before = dated("2026-11-03", about(head_of(1), *LINES), "a.json")
    after = dated("2026-11-04", about(head_of(1), *LINES, counts=lambda _line: False), "b.json")

    for reports in ([before, after], [after, before]):
        assert once(reports) == ([after], 1, ["b.json"])
    assert (before.digest.status, after.digest.status) == (Status.BLOCK, Status.PASS)


def test_a_report_that_read_less_does_not_replace_one_that_read_all() -> None:
    whole = dated("2026-11-03", about(head_of(1), *LINES), "a.json")
    part = dated("2026-11-04", about(head_of(1), LINES[0], failed(9), *LINES[2:]), "b.json")

    assert once([whole, part]) == ([whole], 1, ["a.json"])


def test_only_the_last_weeks_are_kept() -> None:
    days = ("2025-01-01", "2026-11-01", "2026-11-02", "2026-11-11")
    reports = [dated(day, about(head_of(n))) for n, day in enumerate(days)]

    assert [str(report.day) for report in newest(reports, 2)] == ["2026-11-02", "2026-11-11"]
    assert newest([], 2) == []


def test_a_finding_that_every_push_repeats_counts_once_where_it_was_first() -> None:
    first = dated("2026-11-02", about(head_of(1), *LINES))
    again = dated("2026-11-09", about(head_of(2), *LINES))
    found = {again.digest.findings[0].place: Fate.FIXED}

    made = of(first, again, found=found)

    assert [(week.fixed, week.fine, week.unknown) for week in made.weeks] == [(1, 0, 1), (0, 0, 0)]
    assert made.total.precision == share(1, 1)
    assert made.total.findings == 4
    assert made.same_base == 1


def test_a_finding_of_a_week_before_the_first_is_not_counted_anew() -> None:
    old = dated("2026-08-10", about(head_of(1), *LINES))
    again = dated("2026-11-23", about(head_of(2), *LINES, scored(40, "new", 0.9)))
    place = old.digest.findings[0].place
    fates = tuple((flagged.place, Fate.FIXED) for flagged in again.digest.findings)

    made = of(again, older=[old], records=Records({}, (place,), fates))

    assert (made.total.findings, made.total.fixed, made.total.unknown) == (3, 1, 0)
    assert (made.older, made.unmatched) == (1, 0)


def test_what_is_recorded_goes_before_what_git_tells_and_the_last_record_counts() -> None:
    one = dated("2026-11-02", about(head_of(1), *LINES))
    risky, other = one.digest.findings
    records = Records({}, (), ((risky.id, Fate.FIXED), (risky.place, Fate.FINE)))

    made = of(one, records=records, found={risky.place: Fate.FIXED, other.place: Fate.FIXED})

    assert (made.total.fixed, made.total.fine) == (1, 1)


def test_of_what_git_tells_of_several_heads_fixed_goes_before_fine() -> None:
    one, two = (dated("2026-11-02", about(head_of(n), *LINES), f"{n}.json") for n in (1, 2))
    found = {one.digest.findings[0].place: Fate.FIXED, two.digest.findings[0].place: Fate.FINE}

    assert of(one, two, found=found).total.fixed == 1


def test_acknowledgements_count_by_either_name_and_unknown_ones_are_counted() -> None:
    one = dated("2026-11-02", about(head_of(1), *LINES))
    risky, other = one.digest.findings
    records = Records({}, (risky.id, risky.place, other.place, "0" * 20), (("1" * 20, Fate.FINE),))

    made = of(one, records=records)

    assert made.total.acks == 2
    assert made.unmatched == 2


def test_the_name_of_a_finding_is_that_of_the_comment_also_after_the_report_came_back() -> None:
    made = about(head_of(1), *LINES)

    again = parse_report(json_v1(made).encode())

    assert digested(again).findings == digested(made).findings


def test_a_change_of_what_measures_is_marked_where_it_begins() -> None:
    days = ("2026-11-02", "2026-11-16", "2026-11-23", "2026-11-30")
    kinds: list[dict[str, object]] = [{}, {"artifact": "b"}, {"artifact": "b"}, {"max_risk": 0.4}]
    made = of(
        *(
            dated(day, about(head_of(n), *LINES, **kind))  # type: ignore[arg-type]
            for n, (day, kind) in enumerate(zip(days, kinds, strict=True))
        )
    )

    assert [week.changed for week in made.weeks] == [False, False, True, False, True]
    assert [week.rulers for week in made.weeks] == [(0,), (), (1,), (1,), (2,)]


@pytest.mark.parametrize(
    "asked",
    [{"gate_scope": Scope.AI}, {"max_lines_over": 2}, {"min_lines": 9}, {"min_coverage": 0.5}],
)
def test_so_is_a_change_of_what_the_gate_decides_by(asked: dict[str, Any]) -> None:
    first = about(head_of(1), *LINES)
    second = replace(first, policy=replace(first.policy, **asked))

    made = of(dated("2026-11-02", first), dated("2026-11-09", second))

    assert [week.changed for week in made.weeks] == [False, True]
    assert len(made.rulers) == 2


def test_a_risk_that_is_no_number_is_above_every_limit() -> None:
    made = about("files", scored(1, "x", float("nan")))

    assert digested(made).over == digested(aged(made)).over == 1


@pytest.mark.parametrize(
    ("file", "day"),
    [
        ("2026-11-20-abc.json", "2026-11-20"),
        ("2026-11-20.json", "2026-11-20"),
        ("20261120T101500Z.json", "2026-11-20"),
        ("2026-11-20T10:15:00Z-x.json", "2026-11-20"),
        ("2026-11-20-run/report.json", "2026-11-20"),
        ("2026-11-20/2026-11-21.json", "2026-11-21"),
        ("2026-11-20/a/report.json", None),
        ("20261120abcdef.json", None),
        ("202611201.json", None),
        ("2026-13-40.json", None),
        ("0001-01-01.json", None),
        ("9999-12-31.json", None),
        ("report-2026-11-20.json", None),
        ("٢٠٢٦-11-20.json", None),
        ("", None),
    ],
)
def test_the_day_in_a_name_stands_at_its_start(file: str, day: str | None) -> None:
    assert day_in_name(file) == (None if day is None else date.fromisoformat(day))


@given(st.text("0123456789-T/.a", max_size=24))
def test_no_name_breaks_the_reading_of_days(file: str) -> None:
    day = day_in_name(file)

    assert day is None or 2000 <= day.year <= 2100


def test_a_share_of_nothing_is_none_and_an_interval_holds_its_share() -> None:
    assert share(0, 0) is None
    for hits in range(11):
        low, high = wilson(hits, 10)
        assert 0 <= low <= hits / 10 <= high <= 1


def test_the_reports_of_before_stay_readable_by_the_page(tmp_path: Path) -> None:
    raw = (Path(__file__).parents[1] / "golden" / "trend" / "report-1.json").read_bytes()

    assert digested(parse_report(raw)).over == 2
