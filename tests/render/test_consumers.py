"""rdjson, Code Climate and JUnit, read as those read them whose schemas lie in tests/schemas."""

import copy
import json
import re
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
from tests.render.examples import CASES, failed, report, scored, skipped
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
    assert is_red(made) == ("blocker" in [one["severity"] for one in issues])


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
    nodes = list(ElementTree.fromstring(text).iter())  # noqa: S314 - ours
    values = [value for node in nodes for value in node.attrib.values()]
    values += [line for node in nodes for line in (node.text or "").split("\n")]
    assert not [value for value in values if re.match(r"\s*::", value) or "##[" in value]


CHECKS = (check_rdjson, check_code_climate, check_junit)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("case", CASES)
def test_every_case_is_valid_and_red_exactly_where_the_exit_code_is_not_0(
    case: str, check: Any
) -> None:
    check(CASES[case])


@settings(max_examples=60, deadline=None)
@given(MADE | reports())
def test_so_is_every_report_with_untrusted_text(made: Report) -> None:
    for check in CHECKS:
        check(made)


def test_the_rdjson_schema_refuses_a_key_that_reviewdog_does_not_know() -> None:
    value = json.loads(rdjson(CASES["block"]))
    worse = copy.deepcopy(value)
    worse["diagnostics"][0]["verdict"] = "block"

    assert RDJSON.is_valid(value)
    assert not RDJSON.is_valid(worse)
    assert not RDJSON.is_valid({**value, "verdict": "block"})


def test_a_fingerprint_depends_on_the_file_and_the_text_but_not_on_other_files_or_lines() -> None:
    both = CASES["long"]
    one, two = json.loads(code_climate(both))[-2:]
    alone = replace(both, findings=tuple(f for f in both.findings if f.path == "two.py"))
    before, after = (json.loads(code_climate(report(scored(n, "x", 0.9))))[0] for n in (1, 7))

    assert [one["location"]["path"], two["location"]["path"]] == ["one.py", "two.py"]
    assert one["fingerprint"] != two["fingerprint"]
    assert json.loads(code_climate(alone))[0] == two
    assert before["fingerprint"] == after["fingerprint"]
    assert before["location"] != after["location"]
