"""The tables of the benchmark page come from what was measured."""

import re
from typing import Any

import pytest

from research.benchmark import PAGE, TABLES, filled


def entry(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


def report() -> dict[str, Any]:
    metrics = ("auroc", "within auroc", "top-1", "paired, normalised", "recall at 20%")
    ours = {metric: entry(0.75) for metric in metrics}
    return {
        "suites": {
            "humaneval_llm": {
                "lines": 1200,
                "risky": 30,
                "groups": 9,
                "pairs": {"paired, normalised": 40, "wrong shorter": 22, "wrong longer": 12},
                "scores": {"ours": ours, "surface": {"paired, normalised": entry(0.4)}},
                "differences": {"ours - raw-states": {"auroc": entry(-0.02)}},
            }
        },
        "nested": {},
    }


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_is_made_again_and_nothing_else_changes(name: str) -> None:
    page = f"above\n<!-- table: {name} -->\nold\n<!-- end -->\nbelow\n"
    made = filled(page, {"base": report()})

    assert made.startswith("above\n<!-- table")
    assert made.endswith("<!-- end -->\nbelow\n")
    assert "old" not in made
    assert filled(made, {"base": report()}) == made


def test_figures_stand_with_their_intervals_and_missing_ones_as_a_dash() -> None:
    made = TABLES["pairs"]({"base": report()})

    assert ".750 (.700 to .800)" in made
    assert ".400 (.350 to .450)" in made
    assert "40 (22 / 12)" in made
    assert made.splitlines()[-1].count(" - ") == 4  # not measured


def test_the_page_holds_every_table_and_no_other() -> None:
    page = PAGE.read_text(encoding="utf-8")

    names = re.findall(r"<!-- table: (.*?) -->", page)
    assert sorted(names) == sorted(TABLES)  # each once
    assert filled(page, {"base": report()}).count("<!-- end -->") == len(TABLES)
