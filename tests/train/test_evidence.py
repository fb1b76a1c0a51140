"""What is known of a feature: counted line by line as a check counts it."""

import numpy as np

from reviewbot.core.spans import Span
from reviewbot.train.evidence import describe, strongest
from reviewbot.train.examples import Examples
from reviewbot.train.firings import Firings, Line
from reviewbot.train.provenance import Origin


def firings(*tokens: tuple[int, float], spans: tuple[tuple[int, int], ...]) -> Firings:
    """Return lines of one token text each; a token fires one feature with a strength."""
    lines = tuple(
        Line(f"p/{n}.py", 1, "python", False, tuple(f"word{n} " for _ in range(*span)), Span(*span))
        for n, span in enumerate(spans)
    )
    indices = np.array([[feature] for feature, _ in tokens], np.int16)
    values = np.array([[strength] for _, strength in tokens], np.float32)
    return Firings(lines, indices, values, np.ones((len(lines), 2), np.float32))


# token 1 ends line 0 and begins line 1, as a line's end with the blanks behind it does
SHARED = firings((0, 1.0), (1, 2.0), (0, 4.0), (0, 0.0), spans=((0, 2), (1, 3), (3, 4)))


def test_a_token_of_two_lines_counts_for_both_and_fires_once() -> None:
    top_LF, fired_F = strongest(SHARED, 2)

    assert top_LF.tolist() == [[1.0, 2.0], [4.0, 2.0], [0.0, 0.0]]
    assert fired_F.tolist() == [2.0, 1.0]
    assert describe(SHARED, 2)[1].density == 0.25


def test_a_near_miss_is_a_line_on_which_the_feature_does_not_fire() -> None:
    top_LF, _ = strongest(SHARED, 2)
    origin = Origin("package 1", "sha256:00", "MIT", "p.py")

    shown, missed = Examples(SHARED, top_LF, lambda _path: origin).of(1)

    assert [max(one.activations) for one in shown] == [1.0, 1.0]
    assert [one.activations for one in missed] == [(0.0,)]
