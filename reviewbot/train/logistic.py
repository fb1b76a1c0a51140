"""Many L2 logistic regressions at once: one pass over the columns serves every fold and every C.

Reading the columns costs more than the arithmetic on them, so M models that share the columns are
fitted together, with M directions per product. Each model has its own line weights,
standardisation and penalty; nothing is shared between models.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from reviewbot.arrays import Array, Indices, Mask

MEMORY = 10  # steps that L-BFGS remembers
STEPS = 300
TOLERANCE = 1e-3  # of the gradient's norm at the start


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Problem:
    """What to fit. Model m minimises, over weights w and bias b of its standardised columns,

    sum_l weight_LM[l, m] loss(y_l, s_l) + sum_p pair_PM[p, m] log(1 + exp(s_corrected - s_wrong))
    + penalty_M[m] |w|^2 / 2, where s = bias + w (x - centre) / scale and loss is the log loss.
    """

    parts: tuple[Tensor, ...]  # float32 (L, n) pieces of the columns, side by side N wide
    y_L: Mask
    weight_LM: Array
    centre_NM: Array
    scale_NM: Array
    penalty_M: Array
    pairs_P2: Indices
    pair_PM: Array


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Weights on the standardised columns, and the score of every line under every model."""

    weight_NM: Array
    bias_M: Array
    score_LM: Array
    steps: int
    converged: bool  # every model reached the tolerance


def solve(problem: Problem, *, steps: int = STEPS, tolerance: float = TOLERANCE) -> Solution:
    """Minimise by L-BFGS with a line search that is exact, since the loss is convex in the step.

    Models that have converged leave; the others go on.
    """
    state = _State(problem)
    models = state.theta.shape[1]
    final_theta, final_score = torch.empty_like(state.theta), torch.empty_like(state.score_LM)
    active = torch.arange(models, device=state.theta.device)
    gradient = state.gradient()
    start_M = gradient.norm(dim=0).clamp_min(1e-12)
    history: list[tuple[Tensor, Tensor, Tensor]] = []
    step = 0
    while True:
        done_M = gradient.norm(dim=0) <= tolerance * start_M
        leave_M = done_M if step < steps else torch.ones_like(done_M)
        if bool(leave_M.any()):
            final_theta[:, active[leave_M]] = state.theta[:, leave_M]
            final_score[:, active[leave_M]] = state.score_LM[:, leave_M]
            stay = torch.nonzero(~leave_M)[:, 0]
            if len(stay) == 0:
                break
            state.keep(stay)
            active, gradient, start_M = active[stay], gradient[:, stay], start_M[stay]
            history = [(s[:, stay], y[:, stay], r[stay]) for s, y, r in history]
        direction = -_two_loops(gradient, history)
        # A direction that does not descend can only come from rounding: fall back to the gradient.
        uphill_M = (direction * gradient).sum(dim=0) >= 0
        direction[:, uphill_M] = -gradient[:, uphill_M]
        moved = state.move(direction)
        new_gradient = state.gradient()
        change = new_gradient - gradient
        curve_M = (moved * change).sum(dim=0)
        inverse_M = torch.where(curve_M > 1e-20, 1 / curve_M.clamp_min(1e-20), 0.0)
        history = [*history[-(MEMORY - 1) :], (moved, change, inverse_M)]
        gradient = new_gradient
        step += 1
    theta = final_theta.cpu().numpy()
    return Solution(
        theta[:-1], theta[-1], final_score.cpu().numpy(), step, step < steps or bool(done_M.all())
    )


def _two_loops(gradient: Tensor, history: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """Apply the inverse Hessian that L-BFGS estimates, model by model."""
    q = gradient.clone()
    factors = []
    for moved, change, inverse_M in reversed(history):
        factor_M = inverse_M * (moved * q).sum(dim=0)
        q -= factor_M * change
        factors.append(factor_M)
    if history:
        moved, change, inverse_M = history[-1]
        norm_M = (change * change).sum(dim=0)
        curve_M = (moved * change).sum(dim=0)
        q *= torch.where(inverse_M > 0, curve_M / norm_M.clamp_min(1e-30), 1.0)
    for (moved, change, inverse_M), factor_M in zip(history, reversed(factors), strict=True):
        q += moved * (factor_M - inverse_M * (change * q).sum(dim=0))
    return q


class _State:
    """The models still being fitted. theta holds the N weights, then the bias."""

    def __init__(self, problem: Problem) -> None:
        device = problem.parts[0].device

        def put(array: np.ndarray[Any, Any]) -> Tensor:
            return torch.as_tensor(np.ascontiguousarray(array), device=device)

        self.parts = problem.parts
        self.sign_L1 = put(np.where(problem.y_L, 1.0, -1.0).astype(np.float32))[:, None]
        self.weight_LM = put(problem.weight_LM)
        self.centre_NM, self.scale_NM = put(problem.centre_NM), put(problem.scale_NM)
        self.penalty_M = put(problem.penalty_M)
        self.wrong_P, self.right_P = put(problem.pairs_P2[:, 0]), put(problem.pairs_P2[:, 1])
        self.pair_PM = put(problem.pair_PM)
        columns, models = problem.scale_NM.shape
        self.theta = torch.zeros((columns + 1, models), device=device)
        self.score_LM = torch.zeros((len(problem.y_L), models), device=device)

    def keep(self, stay: Tensor) -> None:
        for name in ("weight_LM", "centre_NM", "scale_NM", "pair_PM", "theta", "score_LM"):
            setattr(self, name, getattr(self, name)[:, stay].contiguous())
        self.penalty_M = self.penalty_M[stay]

    def scores_of(self, theta: Tensor) -> Tensor:
        scaled_NM = theta[:-1] / self.scale_NM
        pieces = torch.split(scaled_NM, [part.shape[1] for part in self.parts])
        score_LM = theta[-1] - (scaled_NM * self.centre_NM).sum(dim=0).expand(len(self.sign_L1), -1)
        for part, piece in zip(self.parts, pieces, strict=True):
            score_LM = torch.addmm(score_LM, part, piece)
        return score_LM

    def gradient(self) -> Tensor:
        slope_LM = -self.sign_L1 * self.weight_LM * torch.sigmoid(-self.sign_L1 * self.score_LM)
        if len(self.wrong_P):
            margin_PM = self.score_LM[self.wrong_P] - self.score_LM[self.right_P]
            pull_PM = self.pair_PM * torch.sigmoid(-margin_PM)
            slope_LM.index_add_(0, self.wrong_P, -pull_PM)
            slope_LM.index_add_(0, self.right_P, pull_PM)
        total_M = slope_LM.sum(dim=0)
        raw_NM = torch.cat([part.T @ slope_LM for part in self.parts])
        weights_NM = (raw_NM - self.centre_NM * total_M) / self.scale_NM
        weights_NM += self.penalty_M * self.theta[:-1]
        return torch.cat([weights_NM, total_M[None]])

    def move(self, direction: Tensor) -> Tensor:
        """Go to the minimum along each model's direction; return what was added to theta."""
        along_LM = self.scores_of(direction)
        length_M = self._line_search(direction, along_LM)
        moved = direction * length_M
        self.theta = self.theta + moved
        self.score_LM = self.score_LM + along_LM * length_M
        return moved

    def _line_search(self, direction: Tensor, along_LM: Tensor) -> Tensor:
        """Find the root of the slope along the direction: Newton, held inside a bracket."""
        square_M = self.penalty_M * (direction[:-1] ** 2).sum(dim=0)
        linear_M = self.penalty_M * (self.theta[:-1] * direction[:-1]).sum(dim=0)
        turned_LM = self.sign_L1 * along_LM
        base_LM = self.sign_L1 * self.score_LM
        pairs = len(self.wrong_P) > 0
        if pairs:
            base_PM = self.score_LM[self.wrong_P] - self.score_LM[self.right_P]
            along_PM = along_LM[self.wrong_P] - along_LM[self.right_P]
        low_M, high_M = torch.zeros_like(square_M), torch.full_like(square_M, float("inf"))
        t_M = torch.ones_like(square_M)
        first_M = None
        for _ in range(12):
            wrong_LM = torch.sigmoid(-(base_LM + turned_LM * t_M))
            pull_LM = self.weight_LM * wrong_LM * turned_LM
            slope_M = linear_M + square_M * t_M - pull_LM.sum(dim=0)
            bend_M = square_M + (pull_LM * (1 - wrong_LM) * turned_LM).sum(dim=0)
            if pairs:
                wrong_PM = torch.sigmoid(-(base_PM + along_PM * t_M))
                pull_PM = self.pair_PM * wrong_PM * along_PM
                slope_M = slope_M - pull_PM.sum(dim=0)
                bend_M = bend_M + (pull_PM * (1 - wrong_PM) * along_PM).sum(dim=0)
            first_M = slope_M.abs() if first_M is None else first_M
            low_M = torch.where(slope_M < 0, t_M, low_M)
            high_M = torch.where(slope_M >= 0, t_M, high_M)
            newton_M = t_M - slope_M / bend_M.clamp_min(1e-30)
            inside_M = (newton_M > low_M) & (newton_M < high_M)
            middle_M = torch.where(high_M.isinf(), 2 * low_M.clamp_min(0.5), (low_M + high_M) / 2)
            step_M = torch.where(inside_M, newton_M, middle_M)
            close = ((step_M - t_M).abs() <= 0.02 * t_M.abs()).all()
            t_M = step_M
            if bool(close):
                break
        return t_M
