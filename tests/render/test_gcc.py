"""One line per finding, as editors find places in it; tests/slow/test_gcc.py asks real ones."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.render.gcc import gcc
from reviewbot.render.issues import issues
from reviewbot.render.ledger import verdict_word
from reviewbot.report.model import Report
from tests.render.examples import CASES, NAMES, failed, report, scored

# The matcher "$gcc" of VS Code's C/C++ extension: of 2020, as runners' matchers copy it, and later.
MATCHERS = [
    re.compile(r"^(.*):(\d+):(\d+):\s+(?:fatal\s+)?(warning|error):\s+(.*)$"),
    re.compile(r"^(.*?):(\d+):(\d*):?\s+(?:fatal\s+)?(warning|error):\s+(.*)$"),
]
PLAIN = ("dir/caf\u00e9.py", "a(b).py", ".x.py", "a'b`c.py")
ODD_NAMES = ("a b.py", "tool:b.py", "C:x/y.py", "-x.py", "@x.py", "In file included from b.py")
PIECES = st.lists(
    st.sampled_from(
        [":", "1", " ", '"', "|", "(", ")", "a.py", "error", "\n", "::", "##[", "x", ",", "line 3"]
    ),
    min_size=1,
    max_size=12,
).map("".join)
ODD = report(
    *(scored(7, "x", 0.9, path) for path in (*PLAIN, *ODD_NAMES, *NAMES)),
    *(failed(9, f'{name} "q" 5: z.py:1:2: error:') for name in NAMES),
)


def places(made: Report) -> list[tuple[str, int]]:
    """What our own lines say, cut where only we know that they can be cut."""
    lines = gcc(made).splitlines()[:-1]
    ends = [re.search(r"^(.+):(\d+):1: (?:error|warning): [^\n]*\]$", line) for line in lines]
    return [(end[1], int(end[2])) for end in ends if end]


@pytest.mark.parametrize("matcher", MATCHERS, ids=["greedy", "lazy"])
@settings(max_examples=200, deadline=None)
@given(path=PIECES, text=PIECES)
def test_a_matcher_finds_our_place_and_no_other(
    matcher: re.Pattern[str], path: str, text: str
) -> None:
    made = report(scored(7, text, 0.9, path), failed(9, text, path))
    lines = gcc(made).splitlines()
    found = [matcher.match(line) for line in lines]

    assert [match and (int(match[2]), match[3], match[4]) for match in found] == [
        (7, "1", "error"),
        (9, "1", "error"),
        None,
    ]
    assert len(lines) == 3
    assert not [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


@pytest.mark.parametrize("path", PLAIN)
def test_a_path_that_editors_can_read_stays_as_it_is(path: str) -> None:
    assert places(report(scored(7, "x", 0.9, path))) == [(path, 7)]


@pytest.mark.parametrize("path", ODD_NAMES)
def test_a_path_that_could_be_taken_for_words_is_written_from_the_folder(path: str) -> None:
    assert places(report(scored(7, "x", 0.9, path))) == [(f"./{path}", 7)]


@pytest.mark.parametrize("case", CASES)
def test_a_line_per_place_and_the_verdict_as_the_last(case: str) -> None:
    made = CASES[case]
    lines = gcc(made).splitlines()

    assert len(lines) == len(issues(made)) + 1
    assert lines[-1].startswith(f"reviewbot: {verdict_word(made)} (exit ")
