"""rdjson, Code Climate and JUnit, read as those read them whose schemas lie in tests/schemas."""

import copy
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml, TestSuite
from xmlschema import XMLSchema10

from reviewbot.render.code_climate import code_climate
from reviewbot.render.junit import junit
from reviewbot.render.rdjson import rdjson
from reviewbot.report.model import Report
from tests.render.cases import CASES
from tests.render.reports import BY_AI, failed, report, scored, skipped
from tests.render.test_severity import reports

SCHEMAS = Path(__file__).parents[1] / "schemas"
TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
MADE = st.builds(
    lambda path, text, why: report(
        scored(1, text, 0.9, path), failed(2, why, path), skipped(3, why, path), note=why
    ),
    TEXT.filter(bool),
    TEXT,
    TEXT,
)


def closed(part: Any) -> Any:
    """The schema with every object closed: protojson refuses a key that it does not know."""
    if isinstance(part, dict):
        ref = {key: closed(value) for key, value in part.items() if key != "additionalProperties"}
        return {**ref, "additionalProperties": False} if "properties" in part else ref
    return [closed(one) for one in part] if isinstance(part, list) else part


RDJSON = jsonschema.Draft4Validator(closed(json.loads((SCHEMAS / "rdjson.json").read_bytes())))
ISSUE = jsonschema.Draft7Validator(json.loads((SCHEMAS / "codeclimate.json").read_bytes()))
JUNIT = XMLSchema10(SCHEMAS / "junit-10.xsd")


def is_red(made: Report) -> bool:
    return made.verdict.exit_code != 0


def check_rdjson(made: Report) -> None:
    value = json.loads(rdjson(made))
    RDJSON.validate(value)
    for one in value["diagnostics"]:
        assert one["message"].isprintable()
        if "range" in one["location"]:
            assert 1 <= one["location"]["range"]["start"]["line"] < 2**31
    assert is_red(made) == ("ERROR" in [one["severity"] for one in value["diagnostics"]])


def check_code_climate(made: Report) -> None:
    issues = json.loads(code_climate(made))
    for one in issues:
        ISSUE.validate(one)
        assert one["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert one["description"].isprintable()
        assert 1 <= one["location"]["lines"]["begin"] <= one["location"]["lines"]["end"]
        assert not one["location"]["path"].startswith("./")
    assert len({one["fingerprint"] for one in issues}) == len(issues)
    assert is_red(made) == ("major" in [one["severity"] for one in issues])


def check_junit(made: Report) -> None:
    text = junit(made)
    JUNIT.validate(text)
    root = JUnitXml.fromstring(text.encode())
    suites = [suite for suite in root if isinstance(suite, TestSuite)]
    assert suites[0].name == "reviewbot"
    total: Counter[str] = Counter()
    for suite in suites:
        cases = list(suite)
        found = Counter(type(result).__name__ for case in cases for result in case.result)
        assert suite.tests == len(cases) > 0
        counts = (suite.failures, suite.errors, suite.skipped)
        assert counts == (found["Failure"], found["Error"], found["Skipped"])
        assert len({(case.classname, case.name) for case in cases}) == len(cases)
        total.update(found)
        total["tests"] += len(cases)
    assert (root.tests, root.failures, root.errors) == (
        total["tests"],
        total["Failure"],
        total["Error"],
    )
    assert is_red(made) == bool(total["Failure"] + total["Error"])


CHECKS = (check_rdjson, check_code_climate, check_junit)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("case", CASES)
def test_every_case_is_valid_and_red_exactly_where_the_exit_code_is_not_0(
    case: str, check: Any
) -> None:
    check(CASES[case])


@settings(max_examples=60, deadline=None)
@given(MADE | reports())
def test_so_is_whatever_a_stranger_writes(made: Report) -> None:
    for check in CHECKS:
        check(made)


def test_a_key_that_reviewdog_does_not_know_would_be_seen() -> None:
    value = json.loads(rdjson(CASES["block"]))
    worse = copy.deepcopy(value)
    worse["diagnostics"][0]["verdict"] = "block"

    assert RDJSON.is_valid(value)
    assert not RDJSON.is_valid(worse)
    assert not RDJSON.is_valid({**value, "verdict": "block"})


def test_two_files_with_the_same_line_have_two_fingerprints() -> None:
    twins = json.loads(code_climate(CASES["long"]))[-2:]

    assert [one["location"]["path"] for one in twins] == ["one.py", "two.py"]
    assert twins[0]["fingerprint"] != twins[1]["fingerprint"]


def test_a_fingerprint_does_not_depend_on_other_files() -> None:
    both = CASES["long"]
    only = replace(both, findings=tuple(f for f in both.findings if f.path == "two.py"))

    assert json.loads(code_climate(only))[0] == json.loads(code_climate(both))[-1]


def test_a_fingerprint_stays_when_lines_above_change() -> None:
    before, after = report(scored(1, "x()", 0.9)), report(scored(7, "x()", 0.9))

    first, second = (json.loads(code_climate(made))[0] for made in (before, after))
    assert first["fingerprint"] == second["fingerprint"]
    assert first["location"] != second["location"]


def test_a_path_stands_in_json_as_it_is() -> None:
    path = 'a "b":\n::error::\u202ec.py'
    made = report(scored(1, "x", 0.9, path))

    assert json.loads(rdjson(made))["diagnostics"][0]["location"]["path"] == path
    assert json.loads(code_climate(made))[0]["location"]["path"] == path


def test_junit_names_every_file_of_the_change_and_why_it_was_not_read() -> None:
    root = ElementTree.fromstring(junit(CASES["block"]))  # noqa: S314 - ours
    suites = {suite.get("name"): suite for suite in root}

    assert list(suites) == ["reviewbot", "src/app.py", "src/gen.py"]
    (skip,) = suites["src/gen.py"].iter("skipped")
    assert skip.get("message") == "not read: generated, 1 line"
    assert [case.get("name") for case in suites["src/app.py"]] == ["line 11", "line 40"]


def test_nothing_of_a_stranger_is_a_command_to_the_runner_that_prints_it() -> None:
    path = "::error file=x::y ##[error]z"
    made = report(scored(1, "x", 0.9, path), failed(2, path, path), note=path, author=BY_AI)
    nodes = list(ElementTree.fromstring(junit(made)).iter())  # noqa: S314 - ours
    values = [value for node in nodes for value in node.attrib.values()]
    values += [line for node in nodes for line in (node.text or "").split("\n")]

    assert not [value for value in values if value.lstrip().startswith("::") or "##[" in value]
