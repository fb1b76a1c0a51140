"""Two questions, two fits, one linear predictor.

Which line of a block is wrong, and is the block wrong at all? A fit on everything at once answers
the first with what tells the second badly: lines that get fixed are long, corrections are longer
still. So the line's own columns learn to rank lines, the columns that all lines of a block share
learn to tell a wrong version from its correction, and the two scores are added. The second adds the
same to every line of a block, so it never changes the order within it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from reviewbot.errors import UsageError
from reviewbot.scoring.predictor import Predictor
from reviewbot.train.dataset import Table
from reviewbot.train.predictor_fit import CS, FitResult, fit

_TOLD = ("groups", "pairwise", "c", "c_at_edge", "by_c", "choice_without_fold", "converged")
BLOCK = "block"  # groups named so are shared by the lines of a block


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockStage:
    """How the second fit is made."""

    share: float = 0.3  # its score's deviation over lines, as a share of the first score's
    # Weight of ranking a wrong version above its correction. So great that the log loss hardly
    # counts: over lines that share their columns it would learn how many lines a block has.
    pairwise: float = 30.0
    cs: Sequence[float] = (1e-6, 1e-5, 1e-4, 1e-3)


def stages(groups: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part the groups into those of the lines and those of the blocks."""
    return (
        [name for name in groups if not name.startswith(BLOCK)],
        [name for name in groups if name.startswith(BLOCK)],
    )


def fit_stages(
    table: Table,
    groups: Sequence[str],
    *,
    corrections: bool,
    cs: Sequence[float] = CS,
    pairwise: float = 0.0,
    boost: Mapping[str, float] | None = None,
    stage: BlockStage | None = None,
    **options: Any,
) -> FitResult:
    """Fit the groups of lines, then those of blocks, on the same folds; add the two scores.

    options  of `predictor_fit.fit`, for both
    returns  one predictor over all groups, its columns in the order given; without groups of blocks
             just what `fit` returns
    raises   UsageError as `fit` does, and where there are groups of blocks only

    The scale between the two scores is one number, taken from all out-of-fold scores.
    """
    boost, stage = dict(boost or {}), stage or BlockStage()
    line_groups, block_groups = stages(groups)
    if not line_groups:
        raise UsageError(
            "groups of blocks cannot rank the lines of one", fix="name a group of lines too"
        )
    own = {name: factor for name, factor in boost.items() if name not in block_groups}
    lines = fit(
        table,
        line_groups,
        corrections=corrections,
        cs=cs,
        pairwise=pairwise,
        boost=own,
        **options,
    )
    if not block_groups:
        return lines
    blocks = fit(
        table,
        block_groups,
        corrections=corrections,
        cs=stage.cs,
        pairwise=stage.pairwise,
        boost={name: factor for name, factor in boost.items() if name in block_groups},
        choose_by="paired",
        **options,
    )
    original_L = ~table.is_fixed_L
    spread = float(blocks.oof_L[original_L].std())
    factor = stage.share * float(lines.oof_L[original_L].std()) / spread if spread > 0 else 0.0
    return replace(
        lines,
        predictor=_joined(lines.predictor, blocks.predictor, factor, groups),
        oof_L=(lines.oof_L + np.float32(factor) * blocks.oof_L).astype(np.float32),
        report={
            **lines.report,
            "groups": list(groups),
            "boost": boost,
            "blocks": {
                "share": stage.share,
                "factor": factor,
                **{key: blocks.report[key] for key in _TOLD},
            },
        },
    )


def _joined(lines: Predictor, blocks: Predictor, factor: float, groups: Sequence[str]) -> Predictor:
    """Lay the columns of both side by side, in the order of `groups`."""
    parts: dict[str, tuple[Predictor, slice, float]] = {}
    for predictor, scale in ((lines, 1.0), (blocks, factor)):
        start = 0
        for name, size in predictor.groups.items():
            parts[name] = (predictor, slice(start, start + size), scale)
            start += size
    chosen = [parts[name] for name in groups]
    return Predictor(
        groups={name: lines.groups.get(name, blocks.groups.get(name, 0)) for name in groups},
        centre_N=np.concatenate([p.centre_N[part] for p, part, _ in chosen]),
        scale_N=np.concatenate([p.scale_N[part] for p, part, _ in chosen]),
        weight_N=np.concatenate(
            [p.weight_N[part] * np.float32(scale) for p, part, scale in chosen]
        ),
        bias=lines.bias + factor * blocks.bias,
        slope=1.0,
        offset=0.0,
        reference_Q=lines.reference_Q,
    )
