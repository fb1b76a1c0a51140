"""The peer's figures: counted in tokens, in wrong programs only, with intervals over groups."""

from dataclasses import replace

import numpy as np
import pytest

from research.pttrust import metrics as pttrust_metrics
from research.pttrust.peer import SHOWN, figures, line_tokens
from reviewbot.encoders.encoder import Tokens
from reviewbot.encoders.spans import Span
from tests.research.versions import laid, replayed
from tests.train.tables_made import planted


def test_figures_are_those_of_the_metrics_with_intervals_and_only_where_a_line_is_wrong() -> None:
    table = planted(snippets=120)
    s_L, tokens_L = table.columns_LN[:, 0], 1 + np.arange(len(table)) % 5
    suites = {"wrong": ("humaneval_llm",), "clean": ("humaneval_pass",)}

    found = figures(table, {"ours": s_L}, tokens_L, suites, samples=50)

    assert list(found) == ["wrong"]
    here_L = table.set_L == "humaneval_llm"
    told = pttrust_metrics.macro(
        table.y_L[here_L], s_L[here_L], table.row_L[here_L], tokens_L[here_L]
    )
    for name in SHOWN:
        entry = found["wrong"]["ours"][name]
        assert entry["value"] == pytest.approx(told[name])
        assert entry["low"] <= entry["value"] <= entry["high"]
    first = found["wrong"]["ours"]["hit_rate@1"]
    assert first["low"] < first["high"]


def test_corrected_lines_take_no_part_and_a_score_that_read_nothing_is_left_out() -> None:
    table = planted(snippets=40)
    table = replace(table, is_fixed_L=(table.place_L == 5) & ~table.y_L)
    s_L, tokens_L = table.columns_LN[:, 0], np.ones(len(table), np.intp)
    suites = {"wrong": ("humaneval_llm",)}
    moved_L = np.where(table.is_fixed_L, 99.0, s_L)
    unread_L = np.full(len(table), np.nan)

    plain, moved = (
        figures(table, {"ours": s, "none": unread_L}, tokens_L, suites, samples=5)
        for s in (s_L, moved_L)
    )

    assert plain == moved
    assert list(plain["wrong"]) == ["ours"]


def words(text: str) -> Tokens:
    """Take every word for a token."""
    spans, at = [], 0
    for part in text.split(" "):
        spans.append(Span(at, at + len(part)))
        at += len(part) + 1
    return Tokens(list(range(len(spans))), spans)


def test_each_line_of_the_table_has_its_own_tokens() -> None:
    made = laid(replayed("a", ("a b c ", "d ", "e f "), ("a b c ", "d x y ", "e f ")))

    assert made.table.is_fixed_L.tolist() == [False] * 3 + [True]
    # A word that crosses a line end belongs to both lines.
    assert line_tokens(made, words).tolist() == [4, 2, 3, 4]
