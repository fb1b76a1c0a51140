"""The label noise in the docs is what the readers' verdicts say."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from research.label_noise import read_verdicts, share, tables
from reviewbot.report.stats import wilson

DOCUMENT = Path(__file__).parents[2] / "research" / "label-noise.md"
PART = re.compile(r"(?<=<!-- verdicts -->\n).*(?=<!-- end of verdicts -->)", re.S)
FAIR = [
    {"suite": "s", "kind": "labelled", "verdict": "wrong"},
    {"suite": "s", "kind": "labelled", "verdict": "related"},
    {"suite": "s", "kind": "labelled", "verdict": "unclear"},
    {"suite": "s", "kind": "unlabelled", "verdict": "ok"},
]


def test_the_document_holds_the_tables_that_the_script_prints(
    golden: Callable[[Path, str], None],
) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert len(PART.findall(text)) == 1

    golden(DOCUMENT, PART.sub(lambda _: tables(read_verdicts()), text))


def test_no_line_has_two_verdicts_and_each_holds_the_same_fields() -> None:
    rows = read_verdicts()

    assert {tuple(row) for row in rows} == {("suite", "id", "line", "verdict", "why", "kind")}
    assert len({(row["id"], row["line"]) for row in rows}) == len(rows)
    assert all(row["id"].startswith(f"{row['suite']}:") for row in rows)


def test_no_reason_quotes_code() -> None:
    assert [row for row in read_verdicts() if re.search(r"[()\[\]{}=<>_`\"$\\]", row["why"])] == []


def test_an_unclear_line_counts_among_those_read_and_not_among_the_clear_ones() -> None:
    assert f"| `s` | 1 | 1 | 0 | 1 | {share(1, 2)} | {share(1, 3)} |" in tables(FAIR)


def test_a_verdict_that_its_kind_does_not_know_stops_the_script() -> None:
    with pytest.raises(ValueError, match="labelled lines have no verdict 'sound'"):
        tables([*FAIR, {"suite": "s", "kind": "labelled", "verdict": "sound"}])


def test_the_interval_of_a_share_is_wilsons() -> None:
    # 0 of n: low 0, high z^2 / (n + z^2); half of n: symmetric.
    assert wilson(0, 10) == pytest.approx((0, 3.8415 / 13.8415), abs=1e-4)
    assert sum(wilson(5, 10)) == pytest.approx(1)
    assert share(24, 39) == ".62 (.46 to .75)"
