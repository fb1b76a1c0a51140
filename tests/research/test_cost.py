"""What larger models would cost: the arithmetic behind the table."""

import pytest

from research.cost import MODELS, Gpu, reading, rows, training, weights


def test_a_token_costs_two_operations_a_weight_and_its_attention() -> None:
    block = 2 * 896 * 896 + 2 * 896 * 128 + 3 * 896 * 4_864
    attention = 4 * 14 * 64 * (1_024 + 1) / 2

    assert reading(MODELS["0.5B"]) == pytest.approx(6 * (2 * block + attention))
    assert training(MODELS["0.5B"], 2) == pytest.approx(2 * (4 * 896 * 7_168 + 6 * 896 * 32))


def test_a_quarter_of_the_largest_model_fits_one_gpu_of_80_gb_in_4_bits() -> None:
    assert weights(MODELS["32B"], 4) < weights(MODELS["32B"], 16) < 80e9


def test_hours_and_money_grow_with_the_tokens() -> None:
    gpu = Gpu(peak=1_000, share=0.5, price=2)
    table = [line.split(" | ") for line in rows(gpu, 1)][2:]
    hours = [float(cells[-2].replace(",", "")) for cells in table]

    assert gpu.hours(500e12 * 3_600) == 1
    assert len(table) == 3 * len(MODELS)
    assert all(after > 50 * before for before, after in zip(hours[0::3], hours[1::3], strict=True))
    assert hours[::3] == sorted(hours[::3])
