"""Where each format places findings and unread lines, with their severity and message."""

import json
import re
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from reviewbot.config.levels import FailOn, Level
from reviewbot.escape import visible
from reviewbot.render.code_climate import code_climate
from reviewbot.render.findings import Severity
from reviewbot.render.issues import UNREAD, issues, unread
from reviewbot.render.rdjson import MORE
from reviewbot.report.model import Report
from tests.render.examples import CASES, failed, report, scored
from tests.render.test_formats import TAME, text_of

# path, first line, last line, severity, message
Place = tuple[str, int | None, int | None, str, str]


def test_each_unread_place_is_an_issue_of_bounded_length() -> None:
    found = unread(CASES["hidden"])
    places = [(issue.path, issue.start, issue.end, issue.message) for issue in found]

    assert places == [
        ("src/app.py", 4, 5, "not read: not in the head file"),
        ("src/app.py", 9, 9, "not read: not in the head file"),
        ("big.py", 1, 2, "not read: too large"),
        ("big.py", 5, 5, "not read: too large"),
        ("logo.png", None, None, "not read: code that git calls binary"),
        (".", None, None, "not read: 1 file that the report does not name"),
    ]
    assert {issue.severity for issue in found} == {Severity.ERROR}
    (allowed,) = unread(CASES["allowed"])
    assert allowed.severity is Severity.WARNING
    assert max(len(issue.message) for issue in issues(CASES["long"])) == 1_000


def rdjson_places(text: str) -> list[Place]:
    found = []
    for item in json.loads(text)["diagnostics"]:
        span = item["location"].get("range", {"start": {"line": None}, "end": {"line": None}})
        lines = span["start"]["line"], span["end"]["line"]
        message = item["message"].removesuffix(MORE)
        found.append((item["location"]["path"], *lines, item["severity"].lower(), message))
    return found


def code_climate_places(text: str) -> list[Place]:
    return [
        (
            item["location"]["path"],
            item["location"]["lines"]["begin"],
            item["location"]["lines"]["end"],
            "error" if item["severity"] == "blocker" else "warning",
            item["description"],
        )
        for item in json.loads(text)
    ]


def gcc_places(text: str) -> list[Place]:
    found: list[Place] = []
    for line in text.splitlines()[:-1]:
        match = re.fullmatch(r"(.+?):(\d+):1: (\w+): (.*?)(?:; lines (\d+)-(\d+))? \[.*\]", line)
        assert match
        path, start, severity, message, first, last = match.groups()
        found.append((path, int(first or start), int(last or start), severity, message))
    return found


def sarif_places(text: str) -> list[Place]:
    (run,) = json.loads(text)["runs"]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    found: list[Place] = []
    findings = [item for item in run["results"] if item["level"] != "note"]
    for item in (*findings, *notes):
        (where,) = item["locations"]
        physical: Any = where["physicalLocation"]
        region = physical.get("region", {"startLine": None, "endLine": None})
        lines = region["startLine"], region["endLine"]
        message = item["message"]["text"].removesuffix(".")
        path = unquote(physical["artifactLocation"]["uri"])
        found.append((path, *lines, item["level"], f"{message[0].lower()}{message[1:]}"))
    return found


def annotation_places(text: str) -> list[Place]:
    pattern = r"::(\w+) file=(.*),line=(\d+),endLine=(\d+),title=reviewbot::(.*)"
    found: list[Place] = []
    for line in text.splitlines():
        if line.startswith("::notice title="):  # the places that are no findings
            continue
        match = re.fullmatch(pattern, line)
        assert match
        level, path, start, end, message = match.groups()
        found.append((unquote(path), int(start), int(end), level, unquote(message)))
    return found


READERS = {
    "rdjson": rdjson_places,
    "code-climate": code_climate_places,
    "gcc": gcc_places,
    "sarif": sarif_places,
    "annotations": annotation_places,
}


def expected(style: str, made: Report) -> list[Place]:
    """The places of a report, as far as the format can tell them."""
    found: list[Place] = []
    for item in issues(made):
        severity, start, end = item.severity.value, item.start, item.end
        if style == "annotations" and item.rule == UNREAD:
            continue
        if style == "annotations":
            severity = "warning"  # the exit code is the gate
        if style in ("code-climate", "gcc"):
            start, end = start or 1, end or 1
        path = visible(item.path) if style == "annotations" else item.path
        found.append((path, start, end, severity, item.message))
    return found[:10] if style == "annotations" else found


@pytest.mark.parametrize("case", [case for case in TAME if case not in ("empty", "names")])
@pytest.mark.parametrize("style", READERS)
def test_every_place_has_its_lines_severity_and_message(style: str, case: str) -> None:
    found = READERS[style](text_of(style, case))

    wanted = expected(style, CASES[case])
    assert [item[:4] for item in found] == [item[:4] for item in wanted]
    for (*_, message), (*_, whole) in zip(found, wanted, strict=True):
        assert message[:900] == whole[:900]  # a long item is cut


def test_code_climate_has_the_level_of_what_does_not_block() -> None:
    lines = [scored(10 * n, "x", risk) for n, risk in enumerate((0.95, 0.6, 0.4, 0.1), start=1)]
    free = report(*lines, failed(90), fail_on=FailOn.NEVER, show=Level.LOW, min_coverage=0.0)
    gated = report(*lines, fail_on=FailOn.HIGH)

    found = [[one["severity"] for one in json.loads(code_climate(made))] for made in (free, gated)]

    assert found == [["critical", "major", "minor", "info", "minor"], ["blocker", "blocker"]]


def junit_cases(case: str) -> list[tuple[str | None, str | None, str]]:
    root = ElementTree.fromstring(text_of("junit", case))  # noqa: S314 - ours
    return [
        (node.get("classname"), node.get("name"), result.tag)
        for suite in list(root)[1:]
        for node in suite
        for result in node
    ]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (
            "hidden",
            [
                ("src/app.py", "lines 4-5, not read", "error"),
                ("src/app.py", "line 9, not read", "error"),
                ("big.py", "lines 1-2, not read", "error"),
                ("big.py", "line 5, not read", "error"),
                ("logo.png", "the file, not read", "error"),
                (".", "the change, not read", "error"),
            ],
        ),
        ("allowed", [("src/app.py", "line 2, not read", "skipped")]),
        ("advisory", [("src/app.py", "lines 1-2", "system-out")]),
        (
            "limits",
            [("auth/a.py", "line 1", "failure"), ("tests/t.py", "line 1", "system-out")],
        ),
        (
            "excused",
            [
                ("src/app.py", "line 1", "system-out"),
                ("src/app.py", "line 9", "failure"),
                ("src/app.py", "line 10", "system-out"),
            ],
        ),
        ("empty", []),
        (
            "pass",
            [("src/app.py", "no finding", "system-out"), ("logo.png", "no finding", "skipped")],
        ),
    ],
)
def test_junit_has_a_test_for_every_place_and_one_for_every_other_file(
    case: str, expected: list[tuple[str, str, str]]
) -> None:
    assert junit_cases(case) == expected
