"""What is known of a feature: counted line by line as a check counts it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from reviewbot.encoders.spans import Span
from reviewbot.scoring.predictor import Predictor
from reviewbot.train.dataset import Table
from reviewbot.train.evidence import describe, strongest, tallies
from reviewbot.train.exemplars import Exemplars
from reviewbot.train.feature_labels import Label, Labels
from reviewbot.train.firings import Firings, Line, read_firings
from reviewbot.train.provenance import Origin
from reviewbot.train.text_shards import SourceFile
from tests import tiny
from tests.train.tables_made import made


def firings(*tokens: tuple[int, float], spans: tuple[tuple[int, int], ...]) -> Firings:
    """Return lines of one token text each; a token fires one feature with a strength."""
    lines = tuple(
        Line(f"p/{n}.py", 1, "python", False, tuple(f"word{n} " for _ in range(*span)), Span(*span))
        for n, span in enumerate(spans)
    )
    indices = np.array([[feature] for feature, _ in tokens], np.int32)
    values = np.array([[strength] for _, strength in tokens], np.float32)
    return Firings(lines, indices, values, np.ones((len(lines), 2), np.float32))


# token 1 ends line 0 and begins line 1, as a line's end with the blanks behind it does
SHARED = firings((0, 1.0), (1, 2.0), (0, 4.0), (0, 0.0), spans=((0, 2), (1, 3), (3, 4)))


def test_a_token_of_two_lines_counts_for_both_and_fires_once() -> None:
    top_LF, fired_F = strongest(SHARED, 2)

    assert top_LF.tolist() == [[1.0, 2.0], [4.0, 2.0], [0.0, 0.0]]
    assert fired_F.tolist() == [2.0, 1.0]
    assert describe(SHARED, 2)[1].density == 0.25


def test_density_counts_tokens_of_the_same_lines_above_and_below() -> None:
    # token 0 is of no line that was kept, and fires; so does one of the two that are
    kept = firings((0, 1.0), (0, 2.0), (0, 0.0), spans=((1, 3),))

    assert describe(kept, 1)[0].density == 0.5


def indented(name: str) -> Firings:
    """Return 100 files of three lines, and a last token of code.

    The second is indented: the token before its first word ends the line above, as in SHARED, and
    fires feature 0. The third is not. Feature 1 fires on the last token, an identifier.
    """
    lines: list[Line] = []
    for n in range(100):
        path, at = f"p/{n}.py", 6 * n
        for number, tokens, span in (
            (1, ("if", ""), Span(at, at + 2)),
            (2, ("    ", "go", ""), Span(at + 1, at + 4)),
            (3, ("end", name), Span(at + 4, at + 6)),
        ):
            lines.append(Line(path, number, "python", False, tokens, span))
    of_file = [[0, 0], [1, 0], [0, 0], [0, 0], [0, 0], [0, 1]]
    values = np.array(of_file * 100, np.float32)
    indices = np.array([[0, 1]] * 600, np.int32)
    return Firings(tuple(lines), indices, values, np.ones((300, 2), np.float32))


def test_a_token_of_two_lines_has_one_name_and_is_said_of_both() -> None:
    found = indented("x")
    labels = Labels(found, strongest(found, 2)[0])

    # Were it said of one of the two lines only, the score would be .75.
    assert labels.of(0) == Label("fires on line end with blanks", 1.0)


def test_a_name_in_the_code_is_not_taken_for_white_space() -> None:
    of_code, of_blanks = (
        Labels(found, strongest(found, 2)[0]).of(1).text
        for found in (indented("blanks"), indented("  "))
    )

    assert (of_code, of_blanks) == ("fires on `blanks`", "fires on blanks")


def test_a_feature_number_above_32767_stays_what_it_is(tiny_model: Path) -> None:
    encoder = tiny.encoder(tiny_model)
    coder = tiny.coder(features=40_000)
    coder.bias_F[39_000] = 1_000  # it fires on every token, and would be number -26,536
    source = SourceFile("a.py", "python", tiny.TEXT)

    notes = describe(read_firings([source], encoder, tiny.PLAN, coder, tokens=1), coder.features)

    assert notes[39_000].density > 0.9


def test_a_near_miss_is_a_line_on_which_the_feature_does_not_fire() -> None:
    top_LF, _ = strongest(SHARED, 2)
    origin = Origin("package 1", "sha256:00", "MIT", "p.py")

    shown, missed = Exemplars(SHARED, lambda _path: origin).of(top_LF[:, 1], 1)

    assert [max(one.activations) for one in shown] == [1.0, 1.0]
    assert [one.activations for one in missed] == [(0.0,)]


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


def table(*sets: tuple[str, str, list[str], set[int], list[list[float]]]) -> Table:
    """Return a table of sets: name, language, lines, which are wrong, and their columns."""
    names, langs, lines, y, columns = [], [], [], [], []
    for name, lang, texts, wrong, values in sets:
        names += [name] * len(texts)
        langs += [lang] * len(texts)
        lines += texts
        y += [place in wrong for place in range(len(texts))]
        columns += values
    columns_LN = np.array(columns, np.float32)
    found = made({"sae_max": columns_LN[:, :2], "state_last": columns_LN[:, 2:]}, y, names, names)
    return replace(found, lang_L=np.array(langs), length_L=np.array([len(x) for x in lines]))


def test_risky_and_sound_lines_are_counted_and_compared_with_lines_like_them() -> None:
    columns = [[1.0, 0.0, 0.0], [2.0, 0.0, 3.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    found = tallies(table(("a", "python", [SHORT] * 4, {0, 1}, columns)), PREDICTOR)

    first = found["sae:0"]
    assert (first.risky, first.fired_risky, first.sound, first.fired_sound) == (2, 2, 2, 1)
    assert first.expected == 1.5  # three of the four lines fire
    assert first.lift == 2 / 1.5
    assert found["sae:1"].lift is None
    assert found["state"].fired_risky == 1  # it fires where it raises the risk


def test_a_feature_that_only_tells_a_language_or_a_length_has_a_lift_of_one() -> None:
    fires, not_ = [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    one = ("a", "go", [SHORT, SHORT], {0, 1}, [fires, fires])
    other = ("b", "python", [SHORT, SHORT], set[int](), [not_, not_])
    lengths = ("c", "python", [LONG, LONG, SHORT, SHORT], {0, 1}, [fires, fires, not_, not_])

    by_set = tallies(table(one, other), PREDICTOR)
    by_length = tallies(table(lengths), PREDICTOR)

    assert by_set["sae:0"].lift == 1
    assert by_length["sae:0"].lift == 1
