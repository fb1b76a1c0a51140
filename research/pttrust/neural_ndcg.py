"""NeuralNDCG: a list-wise ranking loss that tends to NDCG as its temperature falls.

Source: Pobrotyn and Bialobrzeski 2021, arXiv:2102.07831; the relaxed sort is NeuralSort (Grover et
al. 2019, arXiv:1903.08850). Written from the formulas. S snippets padded to N lines.
"""

import torch

from research.pttrust.sinkhorn import sinkhorn as sinkhorn


def neural_ndcg(
    score_SN: torch.Tensor,
    relevance_SN: torch.Tensor,
    real_SN: torch.Tensor,
    *,
    temperature: float = 1.0,
    rounds: int = 50,
    tolerance: float = 1e-6,
) -> torch.Tensor:
    """Return NeuralNDCG of each snippet, (S,): higher is better, training takes its negative.

    relevance_SN  >= 0; the gain is 2 ** relevance - 1
    real_SN       True for a line, False for padding, whose scores and relevances do not matter
    temperature   above 0; as it falls, the value tends to NDCG where no two scores are equal
    rounds        of Sinkhorn scaling at most; it stops once every sum is 1 within `tolerance`
    A snippet without gain has the value 0 and no gradient.
    """
    gain_SN = torch.where(real_SN, torch.exp2(relevance_SN) - 1, 0.0)
    place_N = torch.arange(score_SN.shape[1], device=score_SN.device, dtype=score_SN.dtype)
    discount_N = 1 / torch.log2(place_N + 2)
    ideal_S = (gain_SN.sort(dim=1, descending=True).values * discount_N).sum(dim=1)
    sorted_SNN = neural_sort(score_SN, real_SN, temperature)
    row_SN, column_SN = sinkhorn(sorted_SNN, real_SN, rounds=rounds, tolerance=tolerance)
    found_SN = row_SN * (sorted_SNN @ (column_SN * gain_SN)[..., None]).squeeze(-1)
    some_S = ideal_S > 0
    value_S = (found_SN * discount_N).sum(dim=1) / torch.where(some_S, ideal_S, 1.0)
    return torch.where(some_S, value_S, 0.0)


def neural_sort(score_SN: torch.Tensor, real_SN: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return (S, N, N): how much of line j is at place i when sorted by falling score.

    Each real row sums to 1; rows and columns of padding are 0. Row i, counted from 1, of n lines:
    softmax over j of ((n + 1 - 2 i) s_j - sum over l of |s_j - s_l|) / temperature
    """
    real = real_SN.to(score_SN.dtype)
    apart_SNN = (score_SN[:, :, None] - score_SN[:, None, :]).abs()
    spread_SN = (apart_SNN @ real[..., None]).squeeze(-1)
    lines_S1 = real.sum(dim=1, keepdim=True)
    place_N = torch.arange(1, score_SN.shape[1] + 1, device=score_SN.device)
    factor_SN = lines_S1 + 1 - 2 * place_N
    logit_SNN = factor_SN[:, :, None] * score_SN[:, None, :] - spread_SN[:, None, :]
    # A finite floor: a snippet of padding only must give zeros, not NaN.
    logit_SNN = (logit_SNN / temperature).masked_fill(~real_SN[:, None, :], -1e30)
    # Padded lines are last, so that the first n rows are those of the n lines.
    inside_SN = place_N <= lines_S1
    keep_SNN = inside_SN[:, :, None] & real_SN[:, None, :]
    return logit_SNN.softmax(dim=2) * keep_SNN
