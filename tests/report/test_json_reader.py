"""Reading a report, which may be untrusted: the same report again, or a refusal."""

import json
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.authorship.model import Attribution, Author
from reviewbot.errors import UsageError
from reviewbot.report import json_reader
from reviewbot.report.explanation import sigmoid
from reviewbot.report.json_reader import parse_report
from reviewbot.report.json_v1 import json_v1, schema
from reviewbot.scoring.outcomes import LineScore, Reason
from tests.cpu import cpu_seconds
from tests.render.examples import BY_AI, failed, report, scored, skipped

DELETE = object()
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


EXPECTED = {
    "start": 0,
    "end": 1,
    "found": "a",
    "expected": "b",
    "found_probability": 0.1,
    "expected_probability": 0.8,
}


def test_a_report_is_the_same_after_reading() -> None:
    text = json_v1(FULL)

    assert json_v1(parse_report(text.encode())) == text
    assert json_v1(parse_report(text.encode("utf-8-sig"))) == text  # an editor saved it again


@pytest.fixture(autouse=True)
def long_numbers() -> Iterator[None]:
    """An untrusted report may have longer numbers than Python writes."""
    most = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    yield
    sys.set_int_max_str_digits(most)


def changed(path: str, value: Any) -> Any:
    """FULL as JSON, with another value at a path such as "findings/0/end"; DELETE removes it."""
    whole = json.loads(json_v1(FULL))
    *parents, last = (int(key) if key.isdecimal() else key for key in path.split("/"))
    place = whole
    for key in parents:
        place = place[key]
    if value is DELETE:
        del place[last]
    else:
        place[last] = value
    return whole


def with_change(path: str, value: Any) -> bytes:
    return json.dumps(changed(path, value)).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("extra", 1),
        ("files/0/kind", "moved"),
        ("files/0/lines/0/author", DELETE),
        ("files/0/lines/0/author/kind", "robot"),
        ("files/0/lines/0/author/sure", True),
        ("files/0/lines/0/expectations", [EXPECTED] * 3),
        ("files/0/lines/0/expectations", [EXPECTED | {"start": -1}]),
        ("files/0/lines/0/expectations", [EXPECTED | {"found_probability": None}]),
        ("files/0/lines/0/expectations", [EXPECTED | {"expected": "x" * 201}]),
        ("files/0/lines/2/expectations", [EXPECTED]),
        ("files/0/lines/0/number", 0),
        ("files/0/lines/0/number", 10**18),
        ("files/0/lines/0/number", 1e300),
        ("files/0/lines/0/percentile", 101),
        ("files/0/lines/0/reasons/0/activation", 1.1),
        ("files/0/lines/0/reasons/0/contribution", 10**400),
        ("files/0/lines/0/reasons/0/label", DELETE),
        ("files/0/lines/0/reasons/0/label", "x" * 1_001),
        ("files/0/lines/0/risk", "0.5"),
        ("files/0/lines/0/risk", 1.5),
        ("files/0/lines/0/status", "ignored"),
        ("files/0/lines/0/surprisal", 1e300),
        ("files/0/lines/0/why", "because"),
        ("files/0/lines/2/risk", 0.5),
        ("files/0/lines/2/why", None),
        ("files/0/path", "x" * 100_000),
        ("files/0/removed", 10**5_000),
        ("findings/0/fingerprint", "x -->"),
        ("findings/0/lines", []),
        ("ledger", DELETE),
        ("change/cleared", "anything"),
        ("change/cleared", DELETE),
        ("change/level", DELETE),
        ("change/level/expected", -0.1),
        ("change/level/percentile", 100),
        ("change/level/fixed", 1.5),
        ("policy/fail_on_change", 101),
        ("ledger/added", -1),
        ("ledger/coverage", DELETE),
        ("notes", [""] * 1_001),
        ("notes", ["x" * 20_001]),
        ("notes/0", 3),
        ("files/0/lines/0/level", "huge"),
        ("files/0/lines/0/level", None),
        ("files/0/lines/0/standing", None),
        ("files/0/lines/0/standing", DELETE),
        ("files/0/lines/0/scored_by", None),
        ("files/0/lines/2/standing", "below"),
        ("files/0/lines/2/level", "low"),
        ("findings/0/level", None),
        ("policy/fail_on", "low"),
        ("policy/fail_on_for", ["x=1"] * 1_001),
        ("policy/show", "never"),
        ("policy/show", DELETE),
        ("policy/min_coverage", 10**400),
        ("policy/scope", "x"),
        ("schema", "reviewbot/2"),
        ("verdict/reasons", [""] * 1_001),
        ("verdict/status", "maybe"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else type(value).__name__,
)
def test_what_does_not_match_the_schema_is_refused(path: str, value: Any) -> None:
    assert not jsonschema.Draft202012Validator(schema()).is_valid(changed(path, value))
    with pytest.raises(UsageError, match="the report cannot be used"):
        parse_report(with_change(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("artifact/average", 10**400),  # no float holds it
        ("verdict/exit_code", 0),
        ("files/0/lines/0/reasons/0/contribution", 1e300),
        ("files/0/lines/0/expectations", [EXPECTED | {"found": "b"}]),
        ("files/0/lines/0/expectations", [EXPECTED | {"end": 2}]),
        ("files/0/lines/0/expectations", [EXPECTED | {"expected_probability": 0.1}]),
        ("files/0/lines/1/expectations", [EXPECTED]),
        ("files/0/lines/0/rest", -1e300),
        ("files/0/lines/0/recent", 99.9),  # among lines that it does not describe
        ("files/0/lines/1/number", 1),
        ("files/0/lines/3/number", 2),
        ("files/1/path", "src/app.py"),
        ("findings/0/end", 99),
        ("findings/0/lines", [2, 1]),
        ("findings/0/lines", [1, 4]),
        ("findings/0/path", "elsewhere"),
        ("change/cleared", "tests"),
        ("change/level", None),
        ("change/level/expected", 1.50001),
        ("change/level/expected", None),
        ("change/level/percentile", None),
        ("change/level/percentile", 10),  # below that of the lines that can block
        ("change/level/counted", None),
        ("change/level/labelled", None),
        ("change/level/fixed", 77),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(path: str, value: Any) -> None:
    with pytest.raises(UsageError, match="the report cannot be used"):
        parse_report(with_change(path, value))


def test_levels_and_ledger_come_from_the_lines() -> None:
    value = json.loads(json_v1(FULL))
    value["files"][0]["lines"][0]["level"] = value["findings"][0]["level"] = "low"
    value["ledger"] |= {"added": 9, "scored": 9, "failed": 0, "by_reason": {}, "coverage": 1.0}

    assert json_v1(parse_report(json.dumps(value).encode())) == json_v1(FULL)


def test_a_kind_of_change_must_be_that_of_its_files() -> None:
    def with_kind(kind: str, path: str) -> bytes:
        value = json.loads(json_v1(report(skipped(1, "not code", path))))
        value["change"]["cleared"] = kind
        return json.dumps(value).encode()

    assert parse_report(with_kind("documentation", "a.md")).change.cleared == "documentation"
    assert parse_report(with_kind("", "a.md")).change.cleared == ""  # it may be a binary file
    for kind, path in (("documentation", "a.py"), ("tests", "a.md"), ("renames", "a.md")):
        with pytest.raises(UsageError, match="its kind of change does not fit its files"):
            parse_report(with_kind(kind, path))


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b"nan", b"\xff", b"[" * 200_000, b'{"x": NaN}', b"null"]
)
def test_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(UsageError):
        parse_report(raw)


def test_the_risk_of_a_finding_comes_from_its_lines() -> None:
    (found,) = parse_report(with_change("findings/0/risk", 0.01)).findings

    assert found.risk == 0.9


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = json_v1(FULL).encode()
    for name, value in (("MAX_BYTES", 10), ("MAX_LINES", 3)):
        with monkeypatch.context() as patch:
            patch.setattr(json_reader, name, value)
            with pytest.raises(UsageError):
                parse_report(raw)


def test_a_report_of_millions_of_notes_is_refused_at_once() -> None:
    raw = with_change("notes", [""] * 5_000_000)
    start = cpu_seconds()

    with pytest.raises(UsageError, match="does not match the schema at notes"):
        parse_report(raw)

    assert cpu_seconds() - start < 10  # item by item it takes minutes


def test_the_longest_report_we_write_is_accepted() -> None:
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
def test_every_scored_line_is_the_same_after_reading(
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
    line |= {"risk": risk, "rest": rest}
    line["level"] = "low" if risk is not None else "critical"
    level = value["change"]["level"]
    value["change"]["level"] = (level if risk is not None else dict.fromkeys(level)) | {
        "expected": risk
    }
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
def test_a_risk_that_differs_from_the_sum_of_its_parts_is_refused(
    risk: float | None, rest: float | None, parts: tuple[float | None, ...]
) -> None:
    with pytest.raises(UsageError, match="the parts of a risk do not add up to it, in line 1"):
        parse_report(with_sum(risk, rest, *parts))


@pytest.mark.parametrize(
    ("risk", "rest", "parts"),
    [
        (0.231475, -1.55, (0.3, 0.05)),
        (0.231475, -1.55, (0.3, 0.05005)),  # within what rounding takes away
        (0.231475, None, (9.0, None)),
        (None, None, (1.0,)),
        (0.0, -14.6, ()),
        (0.0, -600.0, (40.0,)),
        (0.000001, -13.4, ()),
        (0.999999, 14.1, ()),
        (1.0, 15.0, (600.0,)),
    ],
)
def test_a_risk_that_is_the_sum_of_its_parts_is_accepted(
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


@pytest.mark.parametrize("share", [2 / 3, 1 / 3, 1e-7])
def test_a_report_with_a_coverage_of_many_digits_is_accepted(share: float) -> None:
    for failures in ((failed(8),), (failed(8), failed(9))):
        made = report(scored(1, "a", 0.1), scored(2, "b", 0.1), *failures, min_coverage=share)

        assert parse_report(json_v1(made).encode()).verdict == made.verdict
