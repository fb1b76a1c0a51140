"""The tables made of what is measured."""

from typing import Any

from research.evaluate import CURVE
from research.evaluate_tables import figure, markdown
from reviewbot.train.dataset import Table, assign_folds
from reviewbot.train.nested import nested
from reviewbot.train.suites import chosen_suites
from tests.research.test_evaluate_measures import report, table  # noqa: F401 - fixtures

# ruff: noqa: F811 - fixtures are named as arguments


def test_figures_are_written_with_their_interval() -> None:
    assert figure({"value": 0.7123, "low": 0.65, "high": 1.0}) == ".712 (.650 to 1.000)"
    assert figure({"value": -0.05}) == "-.050"
    assert figure({"value": -0.0001}) == ".000"
    assert figure({"value": 12.345}) == "12.3"
    assert figure(None) == "-"


def test_operating_points_stand_in_the_suites_they_were_measured_in(
    report: dict[str, Any], table: Table
) -> None:
    s_L, fold_L = table.columns_LN[:, 0], assign_folds(table, 5, 0)
    found, _ = nested(table, s_L, fold_L, chosen_suites(table), curve=CURVE, samples=20)

    text = markdown(report | {"nested": {"rule": "by rule", **found}})

    clean, mixed, wrong = (
        text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        for name in ("humaneval\\_pass", "ai hunks", "szz\\_ai\\_hunks")
    )
    assert "Operating points" not in clean
    head = "| point | allowed per 100 | recall | precision | false alarms per 100, clean hunks | "
    for part, title in ((mixed, "ai hunks"), (wrong, "szz_ai_hunks")):
        assert "calibrated on the other folds (by rule;" in part
        assert head + "false alarms per 100, passing programs |" in part
        rows = [line for line in part.splitlines() if line.startswith(("| `", "| 1% ", "| 20% "))]
        assert [line.split(" | ")[1] for line in rows] == ["1", "0.1", "1", "20"]
        assert figure(found["points"]["show"]["recall"][title]) in rows[0]


def test_tables_show_every_suite_and_a_strange_name_stays_in_its_cell(
    report: dict[str, Any],
) -> None:
    suites = report["suites"] | {"a|b\n<i>": report["suites"]["ai hunks"]}

    suites["ai hunks"] = report["suites"]["ai hunks"] | {"not_measured": ["surprisal"]}
    fit = {"c": 1e-3, "cs": [1e-5, 1e-3], "c_at_edge": True, "criterion": 0.712}
    failed = {"groups": ["tells"], "cs": [0.1], "failed": "no signal"}
    made = {"raw-states": fit, "random": None, "tells": failed}

    text = markdown(report | {"suites": suites, "baselines": made})

    assert "## szz\\_ai\\_hunks" in text
    assert "## a\\|b \\<i\\>" in text
    assert "| ours - surface |" in text
    rate = report["suites"]["ai hunks"]["base_rate"]
    assert f"| ap (base {figure({'value': rate})}) |" in text
    assert "Not measured here: surprisal." in text
    assert "| raw-states | 0.001 (at the end of its range) | 1e-05, 0.001 | .712 |" in text
    assert "| tells | no signal | 0.1 | - |" in text
    widths = [
        {line.replace("\\|", "").count("|") for line in block.splitlines()}
        for block in text.split("\n\n")
        if block.startswith("|")
    ]
    assert widths
    assert all(len(counts) == 1 for counts in widths)
