"""A report that comes back: the same again, or refused; a stranger may have written it."""

import json
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.authorship.model import Attribution, Author
from reviewbot.errors import UsageError
from reviewbot.report import json_reader
from reviewbot.report.explanation import sigmoid
from reviewbot.report.json_reader import parse_report
from reviewbot.report.json_v1 import json_v1
from reviewbot.scoring.outcomes import LineScore, Reason
from tests.cpu import cpu_seconds
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
    assert json_v1(parse_report(text.encode("utf-8-sig"))) == text  # an editor saved it again


@pytest.fixture(autouse=True)
def long_numbers() -> Iterator[None]:
    """A stranger writes longer numbers than Python does."""
    most = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(most)


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
        set_("verdict", to={"status": "pass", "exit_code": 0, "reasons": []}),
        set_("verdict", "status", to="incomplete"),
        set_("files", 0, "lines", 0, "standing", to="below"),
        set_("files", 0, "lines", 0, "standing", to=None),
        set_("files", 0, "lines", 0, "risk", to=7),
        set_("files", 0, "lines", 0, "author", "kind", to="robot"),
        set_("files", 0, "kind", to="x"),
        set_("policy", "scope", to="x"),
        set_("artifact", "average", to=10**400),  # no float holds it
        set_("files", 0, "lines", 0, "reasons", 0, "contribution", to=10**400),
        set_("files", 0, "lines", 0, "reasons", 0, "contribution", to=1e300),
        set_("files", 0, "lines", 0, "reasons", 0, "activation", to=1.1),
        set_("files", 0, "lines", 0, "reasons", 0, "label", to="x" * 1_001),
        set_("files", 0, "lines", 0, "number", to=10**18),
        set_("files", 0, "lines", 0, "number", to=1e300),
        set_("files", 0, "lines", 0, "rest", to=-1e300),
        set_("files", 0, "lines", 0, "surprisal", to=1e300),
        set_("files", 0, "removed", to=10**5_000),
        set_("files", 0, "path", to="x" * 100_000),
        set_("policy", "min_coverage", to=10**400),
        set_("policy", "max_risk_for", to=["x=1"] * 1_001),
        set_("verdict", "reasons", to=[""] * 1_001),
        set_("notes", to=[""] * 1_001),
        set_("notes", to=["x" * 20_001]),
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
    for name, value in (("MAX_BYTES", 10), ("MAX_LINES", 3), ("MAX_FINDINGS", 0)):
        with monkeypatch.context() as patch:
            patch.setattr(json_reader, name, value)
            with pytest.raises(UsageError):
                parse_report(raw)


def test_a_report_of_nothing_but_notes_is_refused_at_once() -> None:
    raw = changed(set_("notes", to=[""] * 5_000_000))
    start = cpu_seconds()

    with pytest.raises(UsageError, match="does not match the schema at notes"):
        parse_report(raw)

    assert cpu_seconds() - start < 10  # item by item it takes minutes


def test_what_we_write_ourselves_is_never_refused_for_its_length() -> None:
    reason = Reason("sae:1", "l" * 2_000, 999_000.0, 1.0)
    rest = math.log(9) - 999_000
    line = replace(scored(1, "x" * 20_000, 0.9), reasons=(reason,), rest=rest, surprisal=3e38)
    by = Attribution(Author.AI, "t" * 5_000, "m" * 5_000, 0.9, ("\udcff" * 50_000,))
    notes = tuple(f"{n} {'n' * 30_000 * (n == 3)}" for n in range(1_200))
    text = json_v1(report(line, author=by, notes=notes))

    again = parse_report(text.encode())

    assert again.files[0].lines[0].author.tool == "t" * 1_000
    assert (len(again.notes), again.notes[-1]) == (1_000, "201 more notes")


TEXTS = st.text(max_size=30)
NUMBERS = st.floats(-1e6, 1e6)
REASONS = st.builds(Reason, TEXTS, TEXTS, NUMBERS, st.none() | st.floats(0, 1))
AUTHORS = st.builds(
    Attribution,
    st.sampled_from(Author),
    st.none() | TEXTS,
    st.none() | TEXTS,
    st.floats(0, 1),
    st.lists(TEXTS, max_size=9).map(tuple),
)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(REASONS, max_size=3),
            NUMBERS | st.floats(-20, 20),
            st.floats(-3e38, 3e38),
        ),
        max_size=5,
    ),
    AUTHORS,
    st.lists(TEXTS, max_size=5).map(tuple),
)
def test_whatever_was_scored_comes_back(
    scores: list[tuple[list[Reason], float, float]], author: Attribution, notes: tuple[str, ...]
) -> None:
    lines = []
    for n, (reasons, rest, nats) in enumerate(scores, start=1):
        odds = rest + sum(reason.contribution for reason in reasons)
        risk = float(np.float32(sigmoid(float(np.float32(odds)))))  # as `scoring` has it
        line = scored(n, "x", risk)
        lines.append(replace(line, reasons=tuple(reasons), rest=rest, surprisal=nats))
    text = json_v1(report(*lines, author=author, notes=notes))

    assert json_v1(parse_report(text.encode())) == text


def with_sum(risk: float | None, rest: float | None, *parts: float | None) -> bytes:
    """A report of one line whose numbers these are."""
    reasons = tuple(Reason(f"sae:{n}", "", 0.1, None) for n in range(len(parts)))
    value = json.loads(json_v1(report(replace(scored(1, "a", 0.1), reasons=reasons))))
    (line,) = value["files"][0]["lines"]
    line |= {"risk": risk, "rest": rest, "standing": None}  # of the old risk
    for reason, part in zip(line["reasons"], parts, strict=True):
        reason["contribution"] = part
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("risk", "rest", "parts"),
    [
        (0.231475, -1.55, (9.0, 0.1)),
        (0.231475, -1.2, (0.0005,)),
        (0.5, 0.0, (None,)),
        (None, 0.0, ()),
        (None, 0.0, (1.0,)),
        (0.999, -30.0, ()),
        (0.0, -12.0, ()),  # risk 0.000006
        (0.999996, 1.0, (12.4,)),
        (1.0, 1e38, ()),
        (1.0, 1e38, (1.0,)),
        (1.0, 0.0, (1e38,)),
        (0.5, -1e38, (1e38,)),
        (0.5, None, (1e38,)),
    ],
)
def test_a_risk_that_its_parts_do_not_give_is_refused(
    risk: float | None, rest: float | None, parts: tuple[float | None, ...]
) -> None:
    with pytest.raises(UsageError, match="the parts of a risk do not add up to it, in line 1"):
        parse_report(with_sum(risk, rest, *parts))


@pytest.mark.parametrize(
    ("risk", "rest", "parts"),
    [
        (0.231475, -1.55, (0.3, 0.05)),
        (0.231475, -1.55, (0.3, 0.05005)),  # within what rounding takes away
        (0.231475, None, (9.0, None)),  # an older report does not say the rest
        (None, None, (1.0,)),
        (0.0, -14.6, ()),
        (0.0, -600.0, (40.0,)),
        (0.000001, -13.4, ()),
        (0.999999, 14.1, ()),
        (1.0, 15.0, (600.0,)),
    ],
)
def test_a_risk_that_its_parts_give_is_read(
    risk: float | None, rest: float | None, parts: tuple[float | None, ...]
) -> None:
    (line,) = parse_report(with_sum(risk, rest, *parts)).files[0].lines
    assert isinstance(line.outcome, LineScore)
    assert line.outcome.rest == rest


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
        place[key] = data.draw(
            st.none()
            | st.integers()
            | st.integers(10**300, 10**310)
            | st.text(max_size=5)
            | st.just([])
        )
        break
    try:
        parse_report(json.dumps(value).encode())
    except UsageError:
        return


def test_an_older_report_does_not_say_where_its_lines_stand() -> None:
    value = json.loads(json_v1(FULL))
    for line in value["files"][0]["lines"]:
        del line["standing"]

    found = parse_report(json.dumps(value).encode())

    assert {line.gate_status for line in found.files[0].lines} == {None}
    assert found.verdict == FULL.verdict


@pytest.mark.parametrize("share", [2 / 3, 1 / 3, 1e-7])
def test_a_share_of_many_digits_gives_no_report_that_is_refused(share: float) -> None:
    for failures in ((failed(8),), (failed(8), failed(9))):
        made = report(scored(1, "a", 0.1), scored(2, "b", 0.1), *failures, min_coverage=share)

        assert parse_report(json_v1(made).encode()).verdict == made.verdict
