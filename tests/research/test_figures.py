"""Which plots a page gets, and that a label file cannot choose where they go."""

from dataclasses import replace

import numpy as np

from research.evaluate_measures import evaluate
from research.figures import evaluation
from tests.train.tables_made import planted


def test_a_suite_with_risky_lines_has_its_curves_and_a_metric_of_no_suite_no_bars() -> None:
    table = planted(snippets=80)
    s_L = table.columns_LN[:, 0]
    scores = {"ours": s_L, "random": np.zeros_like(s_L), "length": s_L}
    report = evaluate(table, scores, fold_L=table.row_L % 5, samples=20)

    made = evaluation(report, table, scores, {"ours": 1 / (1 + np.exp(-s_L))})

    bars = {"within-auroc.svg", "auroc.svg"}  # there is no pair
    titles = ("ai-hunks", "humaneval-wrong-and-passing", "humaneval_llm", "szz_ai_hunks")
    curves = {f"{kind}-{title}.svg" for kind in ("recall", "reliability") for title in titles}
    assert set(made) == bars | curves
    assert "random:" in made["recall-humaneval_llm.svg"]
    assert "length:" not in made["recall-humaneval_llm.svg"]  # eight curves at most


def test_a_set_s_name_cannot_lead_out_of_the_directory() -> None:
    table = replace(planted(snippets=8), set_L=np.full(48, "../../up/<b>"))
    s_L = table.columns_LN[:, 0]
    report = evaluate(table, {"ours": s_L}, fold_L=table.row_L % 5, samples=5)

    assert "recall-up-b.svg" in evaluation(report, table, {"ours": s_L}, {})
