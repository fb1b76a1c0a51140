"""A golden file per format and case: whole outputs, for people to read when they change."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reviewbot.cli.check import rendered
from reviewbot.render import RENDERERS
from reviewbot.render.json_v1 import json_v1
from reviewbot.reports import parse_report
from reviewbot.settings import Settings
from tests.render.cases import CASES

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


def golden_file(style: str, case: str) -> Path:
    return GOLDEN / style / f"{case}.{ENDINGS[style]}"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("style", ENDINGS)
def test_the_output_is_the_golden_file(
    style: str, case: str, golden: Callable[[Path, str], None]
) -> None:
    text = rendered(CASES[case], Settings(format=style))

    golden(golden_file(style, case), text)
    assert rendered(CASES[case], Settings(format=style)) == text


def test_every_format_has_golden_files_and_no_other_has() -> None:
    assert set(ENDINGS) <= set(RENDERERS)
    kept = {path for style in ENDINGS for path in (GOLDEN / style).iterdir()}

    assert kept == {golden_file(style, case) for style in ENDINGS for case in CASES}


@pytest.mark.parametrize("case", CASES)
def test_a_json_report_read_again_gives_the_same_bytes(case: str) -> None:
    text = json_v1(CASES[case])

    assert json_v1(parse_report(text.encode())) == text


@pytest.mark.parametrize("style", ENDINGS)
@pytest.mark.parametrize("case", CASES)
def test_no_format_sends_what_acts_on_a_screen(style: str, case: str) -> None:
    text = golden_file(style, case).read_text(encoding="utf-8")

    assert set(text) - {"\n"} <= {char for char in text if char.isprintable()}
