"""NeuralNDCG is NDCG made smooth."""

import math

import pytest
import torch

from research.pttrust.neural_ndcg import neural_ndcg, neural_sort, sinkhorn


def ndcg(scores: list[float], relevance: list[float]) -> float:
    """The plain definition, with gain 2 ** relevance - 1."""
    ranked = [y for _, y in sorted(zip(scores, relevance, strict=True), reverse=True)]

    def dcg(order: list[float]) -> float:
        return sum((2**y - 1) / math.log2(i + 2) for i, y in enumerate(order))

    return dcg(ranked) / dcg(sorted(relevance, reverse=True))


def value(scores: list[float], relevance: list[float], temperature: float) -> float:
    real = torch.ones(1, len(scores), dtype=torch.bool)
    both = (torch.tensor([part], dtype=torch.float64) for part in (scores, relevance))
    score_SN, relevance_SN = both
    return float(neural_ndcg(score_SN, relevance_SN, real, temperature=temperature))


@pytest.mark.parametrize(
    ("scores", "relevance"),
    [
        ([0.9, 0.5, 0.1], [1, 0, 0]),
        ([0.1, 0.5, 0.9], [1, 0, 0]),
        ([0.5, 0.9, 0.1, 0.3], [1, 0, 0.9, 0]),
        ([0.2, 0.4, 0.3, 0.8, 0.6], [3, 1, 2, 0, 0]),
    ],
)
def test_it_tends_to_ndcg_as_the_temperature_falls(
    scores: list[float], relevance: list[float]
) -> None:
    exact = ndcg(scores, relevance)
    off = [abs(value(scores, relevance, tau) - exact) for tau in (1.0, 0.1, 0.01, 0.001)]

    assert off[-1] < 1e-6
    assert off[0] > 0.01  # at temperature 1 it is smooth, so the limit is not met by accident
    assert off[0] > off[2]


def test_the_relaxed_sort_of_two_lines_is_the_formula_worked_by_hand() -> None:
    sorted_SNN = neural_sort(torch.tensor([[2.0, 1.0]]), torch.ones(1, 2, dtype=torch.bool), 1.0)
    # first row: logits 1 * (2, 1) - (1, 1); second row: logits -1 * (2, 1) - (1, 1)
    high = math.e / (math.e + 1)

    assert torch.allclose(sorted_SNN[0], torch.tensor([[high, 1 - high], [1 - high, high]]))


def test_sinkhorn_scaling_makes_rows_and_columns_sum_to_one() -> None:
    score_SN = torch.tensor([[0.3, 0.9, 0.8, 0.1]], dtype=torch.float64)
    real_SN = torch.ones(1, 4, dtype=torch.bool)
    sorted_SNN = neural_sort(score_SN, real_SN, 1.0)
    row_SN, column_SN = sinkhorn(sorted_SNN, real_SN, rounds=50, tolerance=1e-6)
    scaled_NN = (row_SN[..., None] * sorted_SNN * column_SN[:, None, :])[0]

    assert (sorted_SNN[0].sum(dim=0) - 1).abs().max() > 0.01  # there was something to do
    torch.testing.assert_close(scaled_NN.sum(dim=1), torch.ones(4, dtype=torch.float64))
    assert (scaled_NN.sum(dim=0) - 1).abs().max() < 1e-6


def test_a_snippet_stops_by_itself_whatever_its_neighbour_needs() -> None:
    score_SN = torch.tensor([[0.6, 0.5, 0.4, 0.3], [0.0, 4.0, 8.0, 0.1]], dtype=torch.float64)
    relevance_SN = torch.tensor([[0, 0, 1, 0], [1, 0, 0, 0.5]], dtype=torch.float64)
    real_SN = torch.ones(2, 4, dtype=torch.bool)
    both = neural_ndcg(score_SN, relevance_SN, real_SN, tolerance=0.1)
    alone = [
        neural_ndcg(score_SN[i : i + 1], relevance_SN[i : i + 1], real_SN[:1], tolerance=0.1)
        for i in (0, 1)
    ]
    further = neural_ndcg(score_SN, relevance_SN, real_SN, tolerance=1e-9)

    torch.testing.assert_close(both, torch.cat(alone), atol=1e-12, rtol=0)
    assert (both - further).abs().min() > 1e-6  # a loose tolerance does show


def test_padding_changes_neither_value_nor_gradient() -> None:
    short = torch.tensor([[0.2, 0.7, 0.4]], requires_grad=True)
    padded = torch.tensor(
        [[0.2, 9.0, 0.7, 0.4, -9.0], [0.1, 0.2, 0.3, 0.4, 0.5]], requires_grad=True
    )
    alone = neural_ndcg(short, torch.tensor([[1.0, 0, 0.9]]), torch.ones(1, 3, dtype=torch.bool))
    beside = neural_ndcg(
        padded,
        torch.tensor([[1.0, 5, 0, 0.9, 5], [0, 0, 1, 0, 0]]),
        torch.tensor([[True, False, True, True, False], [True] * 5]),
    )
    alone.sum().backward()  # type: ignore[no-untyped-call]
    beside[0].backward()  # type: ignore[no-untyped-call]
    assert short.grad is not None
    assert padded.grad is not None

    torch.testing.assert_close(beside[0], alone[0])
    torch.testing.assert_close(padded.grad[0, [0, 2, 3]], short.grad[0], atol=1e-5, rtol=1e-3)
    assert padded.grad[0, [1, 4]].tolist() == [0, 0]
    assert short.grad.abs().max() > 0.001


@pytest.mark.parametrize("real", [[True, True], [False, False]])
def test_a_snippet_without_gain_is_worth_nothing_and_teaches_nothing(real: list[bool]) -> None:
    score_SN = torch.tensor([[0.2, 0.7]], requires_grad=True)
    found = neural_ndcg(score_SN, torch.zeros(1, 2), torch.tensor([real]))
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert score_SN.grad is not None

    assert found.tolist() == [0]
    assert score_SN.grad.tolist() == [[0, 0]]


def test_far_apart_scores_and_many_lines_give_no_nan() -> None:
    score_SN = torch.linspace(-50, 50, 300)[None].requires_grad_()
    found = neural_ndcg(
        score_SN, (torch.arange(300) % 7 == 0).float()[None], torch.ones(1, 300, dtype=torch.bool)
    )
    found.sum().backward()  # type: ignore[no-untyped-call]
    assert score_SN.grad is not None

    assert 0 < found.item() <= 1
    assert bool(score_SN.grad.isfinite().all())


def test_the_gradient_through_the_rounds_is_that_of_finite_differences() -> None:
    draw = torch.Generator().manual_seed(0)
    score_SN = torch.randn(3, 6, generator=draw, dtype=torch.float64, requires_grad=True)
    relevance_SN = torch.rand(3, 6, generator=draw, dtype=torch.float64)
    real_SN = torch.tensor([[True] * 6, [True] * 4 + [False] * 2, [True] + [False] * 5])

    def value(score: torch.Tensor) -> torch.Tensor:
        return neural_ndcg(score, relevance_SN, real_SN, rounds=7, tolerance=1e-9)

    assert torch.autograd.gradcheck(value, (score_SN,))
