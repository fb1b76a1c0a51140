"""How often features fire on labelled lines, against what lines like them would have it."""

import numpy as np

from reviewbot.scoring.predictor import Predictor
from reviewbot.train.dataset import RowColumns, Table, assemble
from reviewbot.train.labels import LabelRow
from reviewbot.train.tally import tallies
from tests.train.tables_made import label_row

SHORT, LONG = "x = 1", "value = compute(first, second, third) + other(fourth)"
PREDICTOR = Predictor(
    groups={"sae_max": 2, "state_last": 1},
    centre_N=np.array([0, 0, 1], np.float32),
    scale_N=np.ones(3, np.float32),
    weight_N=np.array([1, 1, 2], np.float32),
    bias=0.0,
    slope=1.0,
    offset=0.0,
    reference_Q=np.zeros(1, np.float32),
)


def row(name: str, lang: str, lines: list[str], risky: tuple[int, ...]) -> LabelRow:
    return label_row(name, tuple(lines), risky=risky, lang=lang, set_name=name)


def table(*given: tuple[LabelRow, list[list[float]]]) -> Table:
    columns = [RowColumns(np.array(values, np.float32)) for _, values in given]
    return assemble([one for one, _ in given], columns, PREDICTOR.groups)


def test_risky_and_sound_lines_are_counted_and_compared_with_lines_like_them() -> None:
    made = row("a", "python", [SHORT] * 4, risky=(0, 1))
    found = tallies(table((made, [[1, 0, 0], [2, 0, 3], [1, 0, 0], [0, 0, 0]])), PREDICTOR)

    first = found["sae:0"]
    assert (first.risky, first.fired_risky, first.sound, first.fired_sound) == (2, 2, 2, 1)
    assert first.expected == 1.5  # three of the four lines fire
    assert first.lift == 2 / 1.5
    assert found["sae:1"].lift is None
    assert found["state"].fired_risky == 1  # it fires where it raises the risk


def test_a_feature_that_only_tells_a_language_or_a_length_has_a_lift_of_one() -> None:
    one = row("a", "go", [SHORT, SHORT], risky=(0, 1))
    other = row("b", "python", [SHORT, SHORT], risky=())
    lengths = row("c", "python", [LONG, LONG, SHORT, SHORT], risky=(0, 1))
    fires, not_ = [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]

    by_set = tallies(table((one, [fires, fires]), (other, [not_, not_])), PREDICTOR)
    by_length = tallies(table((lengths, [fires, fires, not_, not_])), PREDICTOR)

    assert by_set["sae:0"].lift == 1
    assert by_length["sae:0"].lift == 1
