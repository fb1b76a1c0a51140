"""Whole outputs, for people to read when they change: JSON of every case, two of each other format.

What the other formats say of the other cases is asserted in test_cases.py.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.cli.console import rendered
from reviewbot.config.choices import Format
from reviewbot.config.schema import Settings
from reviewbot.render import RENDERERS
from reviewbot.report.json_reader import parse_report
from reviewbot.report.json_v1 import json_v1
from tests.render.cases import CASES
from tests.render.reports import BY_AI, failed, report, scored

GOLDEN = Path(__file__).parents[1] / "golden"
ENDINGS = {
    "terminal": "txt",
    "json": "json",
    "markdown": "md",
    "sarif": "sarif",
    "annotations": "txt",
    "rdjson": "json",
    "code-climate": "json",
    "junit": "xml",
    "gcc": "txt",
}
KEPT = [
    (style, case)
    for style in ENDINGS
    for case in CASES
    if style == "json" or case in ("block", "hostile")
]


def golden_file(style: str, case: str) -> Path:
    return GOLDEN / style / f"{case}.{ENDINGS[style]}"


@pytest.mark.parametrize(("style", "case"), KEPT)
def test_the_output_is_the_golden_file(
    style: str, case: str, golden: Callable[[Path, str], None]
) -> None:
    golden(golden_file(style, case), rendered(CASES[case], Settings(format=Format(style))))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("style", ENDINGS)
def test_the_same_report_gives_the_same_text_and_nothing_in_it_acts_on_a_screen(
    style: str, case: str
) -> None:
    text = rendered(CASES[case], Settings(format=Format(style)))

    assert set(text) - {"\n"} <= {char for char in text if char.isprintable()}
    assert rendered(CASES[case], Settings(format=Format(style))) == text


def test_every_format_has_golden_files_and_no_other_has() -> None:
    assert set(ENDINGS) <= set(RENDERERS)
    kept = {path for style in ENDINGS for path in (GOLDEN / style).iterdir()}

    assert kept == {golden_file(style, case) for style, case in KEPT}


@pytest.mark.parametrize("case", CASES)
def test_a_json_report_read_again_gives_the_same_bytes(case: str) -> None:
    text = json_v1(CASES[case])

    assert json_v1(parse_report(text.encode())) == text


@pytest.mark.parametrize("style", ["terminal", "markdown", "junit", "gcc"])
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["::", "##[", "##vso[", "\n", "\r", " ", "x", "`", "]]>", "<"]))
    .map("".join)
    .filter(bool)
)
def test_no_text_of_a_stranger_is_a_command_to_a_runner_that_prints_the_report(
    style: str, text: str
) -> None:
    risky, lost = scored(1, text, 0.9, text), failed(2, text, text)
    made = report(risky, lost, notes=(text,), note=text, author=replace(BY_AI, tool=text))

    lines = rendered(made, Settings(format=Format(style))).splitlines()

    assert not [line for line in lines if line.lstrip().startswith("::")]
    assert not [line for line in lines if re.search(r"##\w*\[", line)]
