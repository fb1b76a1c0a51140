"""Each format on each example report: golden files, and what a case must show."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.cli.console import rendered
from reviewbot.config.choices import Format
from reviewbot.config.schema import Settings
from reviewbot.diff.model import ChangedLine
from reviewbot.escape import inert, visible
from reviewbot.render import RENDERERS
from reviewbot.render.ledger import verdict_word
from reviewbot.report.json_reader import parse_report
from reviewbot.report.json_v1 import json_v1
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import LineScore
from tests.render.examples import (
    BY_AI,
    CASES,
    NAMES,
    empty,
    failed,
    failing,
    report,
    rich,
    scored,
    skipped,
)

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
FILES = {  # JSON of every case, five cases of each other format
    (style, case): GOLDEN / style / f"{case}.{ending}"
    for style, ending in ENDINGS.items()
    for case in CASES
    if style == "json" or case in ("below", "block", "deep", "expected", "hostile")
}
TAME = [case for case in CASES if case != "hostile"]  # the hostile one has its golden files
# path, first line, last line, severity, message
Place = tuple[str, int | None, int | None, str, str]


def text_of(style: str, case: str | Report) -> str:
    whole = (CASES | EXTRA)[case] if isinstance(case, str) else case
    return rendered(whole, Settings(format=Format(style)))


def words_of(style: str, case: str) -> str:
    """The whole text, with line ends and indentation made blanks."""
    return " ".join(text_of(style, case).split())


@pytest.mark.parametrize(("style", "case"), FILES)
def test_the_output_is_the_golden_file(
    style: str, case: str, golden: Callable[[Path, str], None]
) -> None:
    golden(FILES[style, case], text_of(style, case))


def test_every_format_has_golden_files_and_no_other_has() -> None:
    assert set(RENDERERS) == {*ENDINGS, "html"}
    assert {path for style in ENDINGS for path in (GOLDEN / style).iterdir()} == {*FILES.values()}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("style", RENDERERS)
def test_the_same_report_gives_the_same_printable_text(style: str, case: str) -> None:
    text = text_of(style, case)

    assert text_of(style, case) == text
    assert all(char.isprintable() for char in text if char != "\n")
    if style == "json":
        assert json_v1(parse_report(text.encode())) == text
    if style == "html":
        assert text.isascii()


@pytest.mark.parametrize("style", ["terminal", "markdown", "junit", "gcc"])
@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["::", "##[", "##vso[", "\n", "\r", " ", "x", "`", "]]>", "<"]))
    .map("".join)
    .filter(bool)
)
def test_untrusted_text_is_no_command_to_a_runner_that_prints_the_report(
    style: str, text: str
) -> None:
    risky, lost = scored(1, text, 0.9, text), failed(2, text, text)
    author = replace(BY_AI, tool=text)

    out = text_of(style, report(risky, lost, notes=(text,), note=text, author=author))

    assert not re.search(r"^\s*::|##\w*\[", out, re.M)


@pytest.mark.parametrize("case", TAME)
@pytest.mark.parametrize("style", ["terminal", "markdown", "gcc", "junit", "sarif"])
def test_verdict_exit_code_and_every_reason_are_shown(style: str, case: str) -> None:
    verdict, text = CASES[case].verdict, words_of(style, case)

    assert all(reason in text for reason in verdict.reasons)
    if style == "sarif":
        assert f'"verdict": "{verdict.status.value}"' in text
        assert f'"exitCode": {verdict.exit_code}' in text
        assert f'"executionSuccessful": {str(verdict.exit_code != 3).lower()}' in text
    else:
        words = f"{verdict_word(CASES[case])} (exit {verdict.exit_code})"
        assert words in text.replace(words.upper().replace("EXIT", "exit"), words)


EXTRA = {
    "unknown risk": report(LineScore(ChangedLine("a.py", 1, "x"), math.nan, math.nan, ())),
    "large finding": report(*(scored(n, f"l{n}", 0.6 + (n == 500) / 4) for n in range(1, 1001))),
    "calm": report(scored(1, "x = 1", 0.1), skipped(2)),
    "almost read": report(*(scored(n, "x", 0.1) for n in range(1, 3000)), failed(5000)),
    "wide": report(scored(1, "x" * 9_000, 0.9, f"{'deep/' * 200}end.py")),
    "rich": rich(),
    "failing": failing(),
    "no line": empty(),
}


@pytest.mark.parametrize(
    ("style", "case", "words"),
    [
        ("annotations", "empty", "::notice title=reviewbot::no line had to be scored"),
        ("terminal", "allowed", "not scored: src/app.py, line 2: not in the head file"),
        ("terminal", "excused", "lines (risk 0.90; not counted by the gate)"),
        ("terminal", "hidden", "not scored: src/app.py, lines 4-5, 9: not in the head file"),
        ("terminal", "hidden", "not read: logo.png (code that git calls binary)"),
        ("terminal", "advisory", "1. src/app.py:1-2"),
        ("terminal", "limits", "high: riskier than 99.6 % of changed lines (risk 0.80)"),
        ("terminal", "long", "la… (at 100 % of its maximum, +1.00 log-odds)"),
        ("terminal", "long", "xxx…"),
        ("terminal", "pass", "note: 1 untracked file"),
        ("terminal", "unknown risk", "critical: percentile unknown (risk unknown; counts for"),
        ("terminal", "unknown risk", " ? x"),
        ("terminal", "large finding", " l500 "),
        ("markdown", "allowed", "- `not scored: src/app.py, line 2: not in the head file`"),
        ("markdown", "empty", "| <code>lines added</code> | 0 |"),
        ("markdown", "excused", "lines (risk 0.90; not counted by the gate)"),
        ("markdown", "hidden", "- `not scored: src/app.py, lines 4-5, 9: not in the head file`"),
        ("markdown", "hidden", "- `not read: logo.png (code that git calls binary)`"),
        ("markdown", "advisory", "### 1. `src/app.py`, lines 1-2"),
        ("markdown", "limits", "**high**: riskier than 99.6 % of changed lines (risk 0.80)."),
        ("markdown", "pass", "- `note: 1 untracked file`"),
        ("markdown", "unknown risk", "**critical**: percentile unknown (risk unknown; counts for"),
        ("markdown", "unknown risk", "> 1 ? | x"),
        ("markdown", "large finding", "> 500 99.7 | l500"),
        ("html", "allowed", 'class="verdict incomplete"'),
        ("html", "allowed", "Some lines were not read"),
        ("html", "allowed", "1 line could not be scored"),
        ("html", "calm", 'class="verdict pass"'),
        ("html", "calm", "No line is high or above; look here first"),
        ("html", "almost read", "(99.9 %)"),
        ("html", "wide", "8000 more characters"),
        ("html", "wide", "deep/end.py"),
        ("html", "unknown risk", 'data-p="?"'),
        ("html", "unknown risk", 'class="s3 found"'),
        (
            "html",
            "unknown risk",
            "<b>Critical</b>: percentile unknown (risk unknown; counts for the gate)",
        ),
        ("html", "below", "github.com/octo/app, from 1111111111 to 2222222222, committed on 2026"),
        ("html", "rich", "39 unchanged lines"),
        ("html", "rich", "20 unchanged lines"),
        ("html", "rich", "removed </span>&minus;3"),
        ("html", "rich", "Not read: binary"),
        ("html", "failing", "4 lines could not be scored; 3 lines skipped because of a limit."),
        ("html", "failing", "refund.py, lines 100-103: not in the head file"),
        ("html", "failing", '<b class="fail">4 failed</b>'),
        ("html", "failing", "= 9 scored + 4 skipped (file too large 3, blank 1) + 4 failed."),
        ("html", "no line", "no line had to be scored"),
        ("html", "no line", "No line was scored."),
        ("html", "no line", "deleted, python"),
        ("html", "no line", "no line was added from 1111111111 to the worktree."),
        ("junit", "hidden", "= 1 scored + 3 skipped (too large 3) + 3 failed; 1 file not read"),
        ("junit", "long", 'file="two.py"'),
        ("junit", "pass", "1 line scored, no finding; not read: blank, 1 line"),
        ("junit", "pass", 'message="not read: binary"'),
        ("junit", "empty", "no line was added from 1111111111 to the worktree"),
    ],
)
def test_a_report_says_what_is_special_about_it(style: str, case: str, words: str) -> None:
    assert words in words_of(style, case)


def test_annotations_of_a_change_that_does_not_pass_are_its_findings() -> None:
    assert text_of("annotations", "hidden") == ""
    assert text_of("annotations", "block").count("::notice") == 0


LISTS: dict[str, Callable[[str], str]] = {  # the part of each format that lists the places
    "terminal": lambda text: text.split("lines added")[0],
    "markdown": lambda text: text.split("| lines |")[0],
    "sarif": lambda text: json.dumps(json.loads(text)["runs"][0]["results"]),
    "junit": lambda text: text.split("</testcase>")[0],
    "html": lambda text: text.split('class="look"')[-1].split('class="map"')[0],
    "annotations": lambda text: text,
}


@pytest.mark.parametrize("style", LISTS)
@pytest.mark.parametrize("top", [0, 1, 3, 9])
def test_a_change_that_passes_shows_the_same_places_first_in_every_format(
    style: str, top: int
) -> None:
    order = (5, 2, 7, 1, 3, 6, 4)  # the files, riskiest first
    lines = [scored(1, "x", 0.3 - at / 100, f"file{n}.py") for at, n in enumerate(order)]
    made = replace(report(*sorted(lines, key=lambda one: one.line.path)), top=top)

    found = re.findall(r"file(\d)", LISTS[style](text_of(style, made)))

    assert list(dict.fromkeys(map(int, found))) == list(order[:top])


def test_a_row_of_the_summary_links_to_its_lines_whatever_their_path() -> None:
    path = "a b|c)#\u202e.py"
    made = report(scored(3, "x", 0.9, path), scored(4, "y", 0.9, path))
    change = replace(CASES["below"].change, head="2" * 40)

    text = text_of("markdown", replace(made, change=change))
    (row,) = [line for line in text.split("\n") if "](" in line]

    assert (
        f":3-4](https://github.com/octo/app/blob/{'2' * 40}/a%20b%7Cc%29%23%E2%80%AE.py#L3-L4) |"
        in row
    )
    for other in (replace(change, head="worktree"), replace(change, repository="")):
        assert "](" not in text_of("markdown", replace(made, change=other))


@pytest.mark.parametrize("style", ["terminal", "markdown", "annotations"])
def test_every_odd_name_is_shown_whole(style: str) -> None:
    text = words_of(style, "names")

    for name in NAMES:
        shown = " ".join(visible(name).split())
        if style == "annotations":
            assert shown in unquote(text)
        else:
            assert inert(f": {shown}")[2:] in text  # never at the start of a line here
