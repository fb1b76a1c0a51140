"""Scale rows and columns of matrices until both sum to 1, with an exact and cheap gradient.

Written out by the rules of automatic differentiation, not left to them: those would add up an outer
product as large as the matrix for each half of a round, where one product at the end does.
"""

from typing import Any

import torch
from torch import Tensor

LEAST = 1e-10  # a sum to divide by is never below it: a softmax may underflow


def sinkhorn(
    sorted_SNN: Tensor, real_SN: Tensor, *, rounds: int, tolerance: float
) -> tuple[Tensor, Tensor]:
    """Return factors of rows and columns, each (S, N), that make the matrices doubly stochastic.

    Factors cost two products of matrix and vector a round; scaling the matrices themselves, as the
    formula is usually written, gives the same and costs more. Rows are scaled last: their sums are
    exact, and the columns' are within `tolerance` unless the rounds run out. Each snippet stops by
    itself: what it learns must not hang on its neighbours.
    """
    apply: Any = _Sinkhorn.apply
    row_SN, column_SN = apply(sorted_SNN, real_SN, rounds, tolerance)
    return row_SN, column_SN


class _Sinkhorn(torch.autograd.Function):
    """The rounds, remembered as vectors; and back through all of them."""

    @staticmethod
    def forward(
        ctx: Any, sorted_SNN: Tensor, real_SN: Tensor, rounds: int, tolerance: float
    ) -> tuple[Tensor, Tensor]:
        real_SN1 = real_SN.to(sorted_SNN.dtype)[..., None]
        inside_SN1 = (sorted_SNN.sum(dim=2, keepdim=True) > 0).to(sorted_SNN.dtype)
        across_SNN = sorted_SNN.transpose(1, 2)
        row_SN1, column_SN1 = inside_SN1, real_SN1
        trace = []
        for _ in range(rounds):
            sum_SN1 = across_SNN @ row_SN1
            open_S11 = (sum_SN1 * column_SN1 - real_SN1).abs().amax(
                dim=1, keepdim=True
            ) >= tolerance
            if not bool(open_S11.any()):
                break
            before_SN1 = row_SN1
            column_SN1 = torch.where(open_S11, real_SN1 / sum_SN1.clamp_min(LEAST), column_SN1)
            across_SN1 = sorted_SNN @ column_SN1
            row_SN1 = torch.where(open_S11, inside_SN1 / across_SN1.clamp_min(LEAST), row_SN1)
            # The slope of 1 / x is -1 / x squared, and 0 where x was held up.
            slope_SN1 = -row_SN1.square() * (open_S11 & (across_SN1 >= LEAST))
            turn_SN1 = -column_SN1.square() * (open_S11 & (sum_SN1 >= LEAST))
            trace.append((before_SN1, column_SN1, slope_SN1, turn_SN1, open_S11))
        ctx.matrix_SNN, ctx.trace = sorted_SNN.detach(), trace
        return row_SN1.squeeze(-1).clone(), column_SN1.squeeze(-1).clone()

    @staticmethod
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor, None, None, None]:
        pull_row_SN1, pull_column_SN1 = (part[..., None] for part in given)
        sorted_SNN = ctx.matrix_SNN
        across_SNN = sorted_SNN.transpose(1, 2)
        left, right = [], []
        for before_SN1, column_SN1, slope_SN1, turn_SN1, open_S11 in reversed(ctx.trace):
            sum_pull_SN1 = pull_row_SN1 * slope_SN1
            pull_column_SN1 = pull_column_SN1 + across_SNN @ sum_pull_SN1
            column_pull_SN1 = pull_column_SN1 * turn_SN1
            pull_row_SN1 = pull_row_SN1 * ~open_S11 + sorted_SNN @ column_pull_SN1
            pull_column_SN1 = pull_column_SN1 * ~open_S11
            left += [sum_pull_SN1, before_SN1]
            right += [column_SN1, column_pull_SN1]
        if not left:
            return torch.zeros_like(sorted_SNN), None, None, None
        pull_SNN = torch.cat(left, dim=2) @ torch.cat(right, dim=2).transpose(1, 2)
        return pull_SNN, None, None, None
