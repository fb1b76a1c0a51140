"""What each format says of the cases that have no golden file in it."""

import json
import re
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from reviewbot.cli.console import rendered
from reviewbot.config.choices import Format
from reviewbot.config.schema import Settings
from reviewbot.escape import inert, visible
from reviewbot.render.annotations import annotations
from reviewbot.render.findings import Severity
from reviewbot.render.issues import RISKY, UNREAD, issues, unread
from reviewbot.render.ledger import verdict_word
from reviewbot.render.rdjson import MORE
from reviewbot.report.model import Report
from tests.render.cases import CASES, NAMES
from tests.render.reports import report, scored

# path, first line, last line, severity, message
Place = tuple[str, int | None, int | None, str, str]
TAMED = [case for case in CASES if case != "hostile"]  # the hostile one has its golden files


def said(style: str, case: str) -> str:
    """The whole report, with the ends of lines and indents made blanks."""
    return " ".join(rendered(CASES[case], Settings(format=Format(style))).split())


def test_what_is_said_of_a_finding_has_at_most_a_thousand_characters() -> None:
    said = [one.message for one in issues(CASES["long"])]

    assert max(map(len, said)) == 1_000


def test_what_should_have_been_read_and_was_not_is_a_place_each() -> None:
    places = [(one.path, one.start, one.end, one.message) for one in unread(CASES["hidden"])]

    assert places == [
        ("src/app.py", 4, 5, "not read: not in the head file"),
        ("src/app.py", 9, 9, "not read: not in the head file"),
        ("big.py", 1, 2, "not read: too large"),
        ("big.py", 5, 5, "not read: too large"),
        ("logo.png", None, None, "not read: code that git calls binary"),
        (".", None, None, "not read: 1 file that the report does not name"),
    ]
    assert {one.severity for one in unread(CASES["hidden"])} == {Severity.ERROR}
    (allowed,) = unread(CASES["allowed"])
    assert allowed.severity is Severity.WARNING


@pytest.mark.parametrize("case", TAMED)
@pytest.mark.parametrize("style", ["terminal", "markdown", "gcc", "junit", "sarif"])
def test_verdict_exit_code_and_every_reason_are_said(style: str, case: str) -> None:
    verdict, text = CASES[case].verdict, said(style, case)

    assert all(reason in text for reason in verdict.reasons)
    if style == "sarif":
        assert f'"verdict": "{verdict.status.value}"' in text
        assert f'"exitCode": {verdict.exit_code}' in text
        assert f'"executionSuccessful": {str(verdict.exit_code != 3).lower()}' in text
    else:
        words = f"{verdict_word(CASES[case])} (exit {verdict.exit_code})"
        assert words in text.replace(words.upper().replace("EXIT", "exit"), words)


def rdjson_places(text: str) -> list[Place]:
    found = []
    for one in json.loads(text)["diagnostics"]:
        span = one["location"].get("range", {"start": {"line": None}, "end": {"line": None}})
        lines = span["start"]["line"], span["end"]["line"]
        message = one["message"].removesuffix(MORE)
        found.append((one["location"]["path"], *lines, one["severity"].lower(), message))
    return found


def code_climate_places(text: str) -> list[Place]:
    severity = {"major": "error", "minor": "warning"}
    return [
        (
            one["location"]["path"],
            one["location"]["lines"]["begin"],
            one["location"]["lines"]["end"],
            severity[one["severity"]],
            one["description"],
        )
        for one in json.loads(text)
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
    for one in (*run["results"], *notes):
        (where,) = one["locations"]
        physical: Any = where["physicalLocation"]
        region = physical.get("region", {"startLine": None, "endLine": None})
        lines = region["startLine"], region["endLine"]
        message = one["message"]["text"].removesuffix(".")
        path = unquote(physical["artifactLocation"]["uri"])
        found.append((path, *lines, one["level"], f"{message[0].lower()}{message[1:]}"))
    return found


def annotation_places(text: str) -> list[Place]:
    pattern = r"::(\w+) file=(.*),line=(\d+),endLine=(\d+),title=reviewbot::(.*)"
    found: list[Place] = []
    for line in text.splitlines():
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
    for one in issues(made):
        severity, start, end = one.severity.value, one.start, one.end
        if style == "annotations" and one.rule == UNREAD:
            continue
        if style in ("sarif", "annotations") and one.rule == RISKY:
            severity = "warning"  # the exit code is the gate
        if style in ("code-climate", "gcc"):
            start, end = start or 1, end or 1
        path = visible(one.path) if style == "annotations" else one.path
        found.append((path, start, end, severity, one.message))
    return found[:10] if style == "annotations" else found


@pytest.mark.parametrize("case", [case for case in TAMED if case not in ("empty", "names")])
@pytest.mark.parametrize("style", READERS)
def test_every_place_is_told_with_its_lines_its_severity_and_its_message(
    style: str, case: str
) -> None:
    found = READERS[style](rendered(CASES[case], Settings(format=Format(style))))

    wanted = expected(style, CASES[case])
    assert [one[:4] for one in found] == [one[:4] for one in wanted]
    for (*_, message), (*_, whole) in zip(found, wanted, strict=True):
        assert message[:900] == whole[:900]  # a long one is cut


def junit_cases(case: str) -> list[tuple[str | None, str | None, str]]:
    root = ElementTree.fromstring(rendered(CASES[case], Settings(format=Format.JUNIT)))  # noqa: S314
    return [
        (one.get("classname"), one.get("name"), node.tag)
        for suite in list(root)[1:]
        for one in suite
        for node in one
    ]


def test_junit_has_a_test_for_every_place_and_one_for_every_other_file() -> None:
    assert junit_cases("hidden") == [
        ("src/app.py", "lines 4-5, not read", "error"),
        ("src/app.py", "line 9, not read", "error"),
        ("big.py", "lines 1-2, not read", "error"),
        ("big.py", "line 5, not read", "error"),
        ("logo.png", "the file, not read", "error"),
        (".", "the change, not read", "error"),
    ]
    assert junit_cases("allowed") == [("src/app.py", "line 2, not read", "skipped")]
    assert junit_cases("informational") == [("src/app.py", "lines 1-2", "system-out")]
    assert junit_cases("limits") == [
        ("auth/a.py", "line 1", "failure"),
        ("tests/t.py", "line 1", "system-out"),
    ]
    assert [tag for _, _, tag in junit_cases("excused")] == ["system-out", "failure", "system-out"]
    assert junit_cases("empty") == []
    assert [one[1:] for one in junit_cases("pass")] == [
        ("no finding", "system-out"),
        ("no finding", "skipped"),
    ]


@pytest.mark.parametrize(
    ("style", "case", "words"),
    [
        ("terminal", "allowed", "not scored: src/app.py, line 2: not in the head file"),
        ("terminal", "excused", "risk 0.90 (above the threshold, not counted), riskier"),
        ("terminal", "hidden", "not scored: src/app.py, lines 4-5, 9: not in the head file"),
        ("terminal", "hidden", "not read: logo.png (code that git calls binary)"),
        ("terminal", "informational", "1. src/app.py:1-2"),
        ("terminal", "limits", "risk 0.80, riskier"),
        ("terminal", "long", "la… (at 100 % of its maximum, +1.00 log-odds)"),
        ("terminal", "long", "xxx…"),
        ("markdown", "allowed", "- `not scored: src/app.py, line 2: not in the head file`"),
        ("markdown", "empty", "| <code>lines added</code> | 0 |"),
        ("markdown", "excused", "Risk 0.90 (above the threshold, not counted), riskier"),
        ("markdown", "hidden", "- `not scored: src/app.py, lines 4-5, 9: not in the head file`"),
        ("markdown", "hidden", "- `not read: logo.png (code that git calls binary)`"),
        ("markdown", "informational", "### 1. `src/app.py`, lines 1-2"),
        ("markdown", "limits", "Risk 0.80, riskier"),
        ("markdown", "pass", "- `note: 1 untracked file`"),
        ("junit", "hidden", "= 1 scored + 3 skipped (too large 3) + 3 failed; 1 file not read"),
        ("junit", "long", 'file="two.py"'),
        ("junit", "pass", "1 line scored, no finding; not read: blank, 1 line"),
        ("junit", "pass", 'message="not read: binary"'),
        ("junit", "empty", "no line was added from 1111111111 to the worktree"),
    ],
)
def test_a_case_says_what_is_special_about_it(style: str, case: str, words: str) -> None:
    assert words in said(style, case)


def test_annotations_of_a_change_without_findings_are_one_notice_or_nothing() -> None:
    assert said("annotations", "empty") == "::notice title=reviewbot::no line had to be scored"
    assert said("annotations", "pass") == said("annotations", "hidden") == ""


def test_the_last_of_ten_annotations_counts_the_rest() -> None:
    text = annotations(report(*(scored(10 * n, "x", 0.9) for n in range(1, 13))))

    assert len(text.splitlines()) == 10
    assert text.endswith(" (2 more findings in the report)\n")


@pytest.mark.parametrize("style", ["terminal", "markdown", "annotations"])
def test_every_odd_name_is_shown_whole(style: str) -> None:
    text = said(style, "names")

    for name in NAMES:
        shown = " ".join(visible(name).split())
        if style == "annotations":
            assert shown in unquote(text)
        else:
            assert inert(f": {shown}")[2:] in text  # never at the start of a line here
