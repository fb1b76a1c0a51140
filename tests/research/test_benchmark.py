"""The files of results come from what was measured, and the page's tables from the files."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from research.benchmark import PAGE, RESULTS, TABLES, filled, read_results
from research.benchmark_files import FILES
from research.csv_figures import figure


def entry(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05}


def report() -> dict[str, Any]:
    point = {
        "rate": 0.01,
        "recall": {"mine": entry(0.3)},
        "precision": {"mine": {"value": None, "low": None, "high": None}},
        "false alarms per 100": {"clean hunks": entry(12.34)},
    }
    return {
        "suites": {
            "mine": {
                **{"snippets": 100, "lines": 1200, "risky": 30, "groups": 9, "resampled": 9},
                "base_rate": 0.025,
                "pairs": {
                    **{"paired": 50, "paired, normalised": 40},
                    **{"wrong shorter": 22, "wrong longer": 12},
                },
                "scores": {"ours": {"auroc": entry(0.75)}, "surface": {"paired": entry(0.4)}},
                "differences": {"ours - surface": {"auroc": entry(-0.0001)}},
            }
        },
        "baselines": {
            "random": None,
            "surface": {"c": 1e-5, "cs": [1e-5, 1.0], "criterion": 0.7},
            "tells": {"cs": [0.1], "failed": "no signal"},
        },
        "pttrust": {"suites": {"mine": {"ours": {"recall@1": {"value": 0.5}}}}},
        "nested": {
            "points": {"show": point},
            "curve": {"0.05": point | {"rate": 0.05}, "0.3": point},
            "suites": {"mine": {"lines": 1200, "risky": 30, "brier skill": entry(0.1)}},
        },
    }


def lines_of(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(FILES[name]({"deep": report()}))))


def test_each_score_is_a_row_and_what_was_not_measured_is_empty() -> None:
    ours, surface = lines_of("scores")

    assert list(ours.values())[:6] == ["deep", "mine", "ours", "0.750", "0.700", "0.800"]
    assert (surface["auroc"], surface["paired high"]) == ("", "0.450")
    assert lines_of("differences")[0]["auroc"] == "0.000"  # without a sign
    assert lines_of("peer")[0] == {
        **{"preset": "deep", "suite": "mine", "score": "ours"},
        **{"recall@1": "0.500", "recall@1 low": "", "recall@1 high": ""},
    }


def test_sizes_penalties_and_calibration_have_files_of_their_own() -> None:
    sizes = ["100", "1200", "30", "9", "9", "0.025", "50", "40", "22", "12"]
    assert list(lines_of("suites")[0].values())[2:] == sizes
    assert [(row["score"], row["C taken"], row["criterion"]) for row in lines_of("fits")] == [
        ("surface", "1e-05", "0.700"),
        ("tells", "no signal", ""),
    ]
    assert lines_of("calibration")[0]["brier skill low"] == "0.050"


def test_operating_points_have_what_they_find_and_what_they_cost() -> None:
    show, curve = lines_of("operating")

    assert (show["point"], show["allowed per 100"]) == ("show", "1")
    assert (curve["point"], curve["allowed per 100"]) == ("5% allowed", "5")
    assert (show["recall"], show["false alarms per 100, clean hunks"]) == ("0.300", "12.3")
    assert "precision" not in show  # no line was above


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_has_the_columns_that_are_written_today(name: str) -> None:
    kept = read_results(name)

    assert kept
    assert set(lines_of(name)[0]) <= set(kept[0]) | {"recall@1", "recall@1 low", "recall@1 high"}
    assert {path.stem for path in RESULTS.glob("*.csv")} == {*FILES, "transfer", "leak-audit"}


def test_the_page_holds_every_table_as_the_files_have_it(
    golden: Callable[[Path, str], None],
) -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert re.findall(r"<!-- table: (.*?) -->", page) == list(TABLES)
    assert page.count("<!-- end -->") == len(TABLES)
    golden(PAGE, filled(page, read_results))


def test_figures_are_written_with_their_interval() -> None:
    assert figure({"value": 0.7123, "low": 0.65, "high": 1.0}) == ".712 (.650 to 1.000)"
    written = [figure({"value": value}) for value in (-0.05, -0.0001, 12.345)]
    assert [*written, figure(None)] == ["-.050", ".000", "12.3", "-"]
