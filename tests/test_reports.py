"""A report that comes back: the same again, or refused; a stranger may have written it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot import reports
from reviewbot.core.errors import UsageError
from reviewbot.render.json_v1 import json_v1
from reviewbot.reports import parse_report
from tests.render.reports import BY_AI, failed, report, scored, skipped

FULL = report(
    scored(1, "a", 0.9),
    scored(2, "b", 0.6),
    skipped(3),
    failed(4),
    author=BY_AI,
    note="binary",
    notes=("n",),
    min_coverage=0.1,
)


def test_a_report_comes_back_as_it_was() -> None:
    text = json_v1(FULL)

    assert json_v1(parse_report(text.encode())) == text


def changed(change: Callable[[Any], None]) -> bytes:
    value = json.loads(json_v1(FULL))
    change(value)
    return json.dumps(value).encode()


def set_(*path: Any, to: Any) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for part in path[:-1]:
            value = value[part]
        value[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        set_("schema", to="reviewbot/2"),
        set_("extra", to=1),
        set_("ledger", "scored", to=9),
        set_("ledger", "added", to=9),
        set_("findings", 0, "path", to="elsewhere"),
        set_("findings", 0, "lines", to=[]),
        set_("findings", 0, "lines", to=[2, 1]),
        set_("findings", 0, "lines", to=[1, 3]),
        set_("findings", 0, "end", to=99),
        set_("findings", 0, "fingerprint", to="x -->"),
        set_("verdict", to={"status": "pass", "exit_code": 1, "reasons": []}),
        set_("files", 0, "lines", 0, "risk", to=7),
        set_("files", 0, "lines", 0, "author", "kind", to="robot"),
        set_("files", 0, "kind", to="x"),
        set_("policy", "scope", to="x"),
        set_("artifact", "average", to=10**400),  # no float holds it
    ],
)
def test_a_report_that_contradicts_itself_is_refused(change: Callable[[Any], None]) -> None:
    with pytest.raises(UsageError, match="the report cannot be used"):
        parse_report(changed(change))


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b"nan", b"\xff", b"[" * 200_000, b'{"x": NaN}', b"null"]
)
def test_what_is_no_report_is_refused(raw: bytes) -> None:
    with pytest.raises(UsageError):
        parse_report(raw)


def test_the_risk_of_a_finding_is_that_of_its_lines_whatever_the_file_says() -> None:
    (found,) = parse_report(changed(set_("findings", 0, "risk", to=0.01))).findings

    assert found.risk == 0.9


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = json_v1(FULL).encode()
    for name, value in (("MAX_BYTES", 10), ("MOST_LINES", 3), ("MOST_FINDINGS", 0)):
        with monkeypatch.context() as patch:
            patch.setattr(reports, name, value)
            with pytest.raises(UsageError):
                parse_report(raw)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_mutation_breaks_the_reader(data: st.DataObject) -> None:
    value = json.loads(json_v1(FULL))
    place: Any = value
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
            place = place[key]
            continue
        place[key] = data.draw(st.none() | st.integers() | st.text(max_size=5) | st.just([]))
        break
    try:
        parse_report(json.dumps(value).encode())
    except UsageError:
        return
