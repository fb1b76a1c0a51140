"""Records beside the reports: read as they are, or refused with the line that is wrong."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot import outcomes
from reviewbot.core.errors import UsageError
from reviewbot.core.trend import Fate, Place, Records
from reviewbot.outcomes import parse_outcomes

ID = "3f9a0c1d2e77b0c4d5a1"
PLACE = {"head": "a" * 40, "path": "src/a b.py", "fingerprint": "ab12:1"}
GOOD: list[dict[str, Any]] = [
    {"record": "date", "report": "a/b.json", "date": "2026-11-20"},
    {"record": "ack", "finding": ID, "by": "octocat", "reason": "read it"},
    {"record": "ack", **PLACE},
    {"record": "outcome", "finding": ID, "outcome": "fine"},
    {"record": "outcome", **PLACE, "outcome": "fixed", "reason": "#12"},
]


def lines(*records: Any) -> bytes:
    return "\n\n".join(json.dumps(one) for one in records).encode()


def test_records_of_every_kind_are_read() -> None:
    place = Place("a" * 40, "src/a b.py", "ab12:1")

    assert parse_outcomes(lines(*GOOD), "x") == Records(
        {"a/b.json": date(2026, 11, 20)},
        (ID, place),
        ((ID, Fate.FINE), (place, Fate.FIXED)),
    )
    assert parse_outcomes(b"\n \n", "x") == Records({}, (), ())


@pytest.mark.parametrize(
    "record",
    [
        [],
        None,
        {"record": "x"},
        {"record": "ack"},
        {"record": "ack", "finding": ID.upper()},
        {"record": "ack", "finding": ID, "head": "a"},
        {"record": "ack", "head": "a", "path": "b"},
        {"record": "ack", "finding": ID, "more": 1},
        {"record": "ack", "finding": ID, "outcome": "fine"},
        {"record": "outcome", "finding": ID},
        {"record": "outcome", "finding": ID, "outcome": "bad"},
        {"record": "date", "report": "x", "date": "2026-11-31"},
        {"record": "date", "report": "x", "date": "0001-01-01"},
        {"record": "date", "report": "", "date": "2026-11-30"},
        {"record": "date", "report": "x"},
    ],
)
def test_a_wrong_record_stops_the_reading_and_its_line_is_named(record: Any) -> None:
    with pytest.raises(UsageError, match=r"nothing was shown: x cannot be used: line 3"):
        parse_outcomes(lines(GOOD[0], record), "x")


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"record": NaN}', b"[" * 100_000])
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(UsageError, match="line 1"):
        parse_outcomes(raw, "x")


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MAX_BYTES", 10), ("MOST_RECORDS", 1)):
        with monkeypatch.context() as patch:
            patch.setattr(outcomes, name, value)
            with pytest.raises(UsageError):
                parse_outcomes(lines(*GOOD), "x")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(GOOD), st.data())
def test_no_mutation_breaks_the_reader(record: dict[str, Any], data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(record)))
    value: Any = data.draw(st.none() | st.integers() | st.text(max_size=5) | st.just([]))
    try:
        parse_outcomes(lines({**record, key: value}), "x")
    except UsageError:
        return
