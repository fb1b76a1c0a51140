"""Two fits, one linear predictor: which line of a block is wrong, and is the block wrong?

One fit for both does badly: lines that get fixed are long, but corrections are longer still. So a
line's own columns learn to rank lines, and the columns that all lines of a block share learn to
separate a wrong version from its correction. The two scores are added. The second is the same for
every line of a block, so it never changes the order within a block.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reviewbot.errors import UsageError
from reviewbot.scoring.predictor import Predictor
from reviewbot.train.dataset import Table
from reviewbot.train.predictor_fit import CS, FitResult, fit

_REPORTED = (
    "groups",
    "train_sets",
    "pairwise",
    "c",
    "c_at_edge",
    "by_c",
    "choice_without_fold",
    "converged",
)
BLOCK = "block"  # prefix of the groups that the lines of a block share
BLOCK_SHARE = 0.3
# Weight of ranking a wrong version above its correction. With a larger log loss the fit would learn
# how many lines a block has.
BLOCK_PAIRWISE = 30.0


def fit_stages(
    table: Table,
    groups: Sequence[str],
    *,
    corrections: bool,
    cs: Sequence[float] = CS,
    pairwise: float = 0.0,
    boost: Mapping[str, float] | None = None,
    block_cs: Sequence[float] = CS,
    block_share: float = BLOCK_SHARE,
    block_sets: Sequence[str] = (),
    **options: Any,
) -> FitResult:
    """Fit the groups of lines, then those of blocks, on the same folds; add the two scores.

    block_cs     inverse penalties of the second fit
    block_share  deviation of the second score over lines, as a share of that of the first score
    block_sets   sets that the second fit learns from; by default those of the first
    options      of `predictor_fit.fit`, for both
    returns      one predictor over all groups, in the order given; without groups of blocks the
                 result of `fit`
    raises       UsageError as `fit` does, and for groups of blocks only

    The scale between the two scores is one number, from all out-of-fold scores.
    """
    boost = dict(boost or {})
    line_groups = [name for name in groups if not name.startswith(BLOCK)]
    block_groups = [name for name in groups if name.startswith(BLOCK)]
    if not line_groups:
        raise UsageError(
            "groups of blocks cannot rank the lines of a block", fix="name a group of lines too"
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
        cs=block_cs,
        pairwise=BLOCK_PAIRWISE,
        boost={name: factor for name, factor in boost.items() if name in block_groups},
        choose_by="paired",
        **{**options, **({"train_sets": block_sets} if block_sets else {})},
    )
    original_L = ~table.is_fixed_L
    spread = float(blocks.oof_L[original_L].std())
    factor = block_share * float(lines.oof_L[original_L].std()) / spread if spread > 0 else 0.0
    return replace(
        lines,
        predictor=_joined(lines.predictor, blocks.predictor, factor, groups),
        oof_L=(lines.oof_L + np.float32(factor) * blocks.oof_L).astype(np.float32),
        report={
            **lines.report,
            "groups": list(groups),
            "boost": boost,
            "blocks": {
                "share": block_share,
                "factor": factor,
                **{key: blocks.report[key] for key in _REPORTED},
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
