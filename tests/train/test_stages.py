"""Which line of a block, and whether the block at all: two fits, one predictor."""

from dataclasses import replace

import numpy as np
import pytest

from reviewbot.arrays import Array
from reviewbot.errors import UsageError
from reviewbot.scoring.predictor import log_odds
from reviewbot.train import metrics
from reviewbot.train.dataset import Table
from reviewbot.train.predictor_fit import FitResult, fit
from reviewbot.train.stages import fit_stages
from tests.train.tables_made import made, with_corrections

SNIPPETS = 120
GROUPS = ("block_end", "state")


def versions(seed: int = 0) -> Table:
    """Return wrong snippets of four lines, the first one wrong, and what corrects that line.

    "state" knows wrong lines from others of the snippet, but likes corrections better: they are
    longer. "block_end", the same for all lines of a version, knows wrong versions.
    """
    draw = np.random.default_rng(seed)
    y = np.tile([True, False, False, False], SNIPPETS)
    table = made(
        {
            "block_end": np.repeat(draw.normal(1, 1, (SNIPPETS, 2)), 4, axis=0),
            "state": draw.normal(0, 1, (4 * SNIPPETS, 2)) + 2 * y[:, None],
        },
        y,
        np.repeat(np.arange(SNIPPETS) // 3, 4).astype(str),
        np.full(4 * SNIPPETS, "humaneval_llm"),
        snippet=4,
    )
    fixed_RN = np.concatenate(
        [draw.normal(-1, 1, (SNIPPETS, 2)), draw.normal(2.5, 1, (SNIPPETS, 2))], axis=1
    )
    return with_corrections(table, fixed_RN)


def within(table: Table, s_L: Array) -> float:
    line_L = ~table.is_fixed_L
    return metrics.within_auroc(table.y_L[line_L], s_L[line_L], table.row_L[line_L])


def paired(table: Table, s_L: Array) -> float:
    return metrics.mean(metrics.paired(s_L, table.pairs_P2, table.block_P)[1])


def test_blocks_tell_a_wrong_version_and_leave_the_order_of_lines_alone() -> None:
    table = versions()
    lines = fit(table, ["state"], corrections=True, cs=(1e-2,))
    both = fit_stages(table, GROUPS, corrections=True, cs=(1e-2,), block_share=2.0)

    assert within(table, both.oof_L) == within(table, lines.oof_L) > 0.9
    assert paired(table, lines.oof_L) < 0.5
    assert paired(table, both.oof_L) > 0.8
    assert both.report["blocks"]["share"] == 2.0
    assert both.report["groups"] == list(GROUPS)


def test_the_share_is_the_ratio_of_the_two_deviations() -> None:
    table = versions()
    alone = fit_stages(table, GROUPS, corrections=True, cs=(1e-2,), block_share=0.0)
    both = fit_stages(table, GROUPS, corrections=True, cs=(1e-2,), block_share=0.5)
    line_L = ~table.is_fixed_L

    added_L = (both.oof_L - alone.oof_L)[line_L]
    assert added_L.std() == pytest.approx(0.5 * alone.oof_L[line_L].std(), rel=1e-4)
    assert (
        alone.oof_L.tolist() == fit(table, ["state"], corrections=True, cs=(1e-2,)).oof_L.tolist()
    )


def two_sets(table: Table) -> FitResult:
    return fit_stages(
        table,
        GROUPS,
        corrections=True,
        cs=(1e-2,),
        train_sets=("changes",),
        block_sets=("programs",),
    )


def test_the_columns_of_blocks_may_learn_from_other_sets_than_lines() -> None:
    table = versions()
    other_L = table.row_L % 2 == 1
    table = replace(table, set_L=np.where(other_L, "programs", "changes"))
    apart = two_sets(table)
    # In programs the sign of the columns of blocks is turned round: only the second fit may notice.
    columns_LN = table.columns_LN.copy()
    columns_LN[other_L, :2] *= -1
    turned = replace(table, columns_LN=columns_LN)

    assert apart.report["train_sets"] == ["changes"]
    assert apart.report["blocks"]["train_sets"] == ["programs"]
    weight_N = two_sets(turned).predictor.weight_N
    assert (weight_N[:2] * apart.predictor.weight_N[:2] < 0).all()
    np.testing.assert_allclose(weight_N[2:], apart.predictor.weight_N[2:], rtol=1e-5)


@pytest.mark.parametrize("groups", [GROUPS, GROUPS[::-1]])
def test_the_predictor_scores_as_the_sum_of_both_fits(groups: tuple[str, ...]) -> None:
    table = versions()
    result = fit_stages(
        table, groups, corrections=True, cs=(1e-2,), block_share=1.0, block_cs=(1e-3,)
    )
    lines = fit(table, ["state"], corrections=True, cs=(1e-2,)).predictor
    blocks = fit(
        table, ["block_end"], corrections=True, cs=(1e-3,), pairwise=30.0, choose_by="paired"
    ).predictor
    block_LN, state_LN = table.columns_LN[:, :2], table.columns_LN[:, 2:]
    columns_LN = np.concatenate(
        [{"block_end": block_LN, "state": state_LN}[name] for name in groups], axis=1
    )

    expected_L = log_odds(lines, state_LN) + result.report["blocks"]["factor"] * log_odds(
        blocks, block_LN
    )
    np.testing.assert_allclose(log_odds(result.predictor, columns_LN), expected_L, atol=1e-4)
    assert list(result.predictor.groups) == list(groups)


def test_without_groups_of_blocks_it_is_the_plain_fit() -> None:
    table = versions()
    plain = fit(table, ["state"], corrections=True)

    both = fit_stages(table, ["state"], corrections=True)
    assert both.oof_L.tolist() == plain.oof_L.tolist()
    assert both.report == plain.report


def test_blocks_alone_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot rank"):
        fit_stages(versions(), ["block_end"], corrections=True)
