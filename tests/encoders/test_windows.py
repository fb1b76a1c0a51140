"""Which slices of a file are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.encoders.spans import Span
from reviewbot.encoders.windows import Window, plan_windows, too_long


def spans_of(*lengths: int) -> list[Span]:
    """Lines of so many tokens, one after the other."""
    ends = [sum(lengths[: i + 1]) for i in range(len(lengths))]
    return [Span(end - length, end) for end, length in zip(ends, lengths, strict=True)]


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Span], list[int], int, int]:
    lengths = draw(st.lists(st.integers(0, 12), max_size=30))
    wanted = draw(st.sets(st.sampled_from(range(len(lengths))))) if lengths else set()
    context = draw(st.integers(1, 20))
    overlap = draw(st.integers(0, context - 1))
    return spans_of(*lengths), sorted(wanted), context, overlap


@given(cases())
def test_every_wanted_line_is_in_one_window_that_holds_it_and_fits_the_context(
    case: tuple[list[Span], list[int], int, int],
) -> None:
    spans, wanted, context, overlap = case
    windows = plan_windows(spans, wanted, context, overlap)
    lines = [line for window in windows for line in window.lines]
    left = too_long(spans, wanted, context)

    assert sorted(lines + left) == [line for line in wanted if spans[line].end > spans[line].start]
    assert left == [line for line in wanted if spans[line].end - spans[line].start > context]
    for window in windows:
        start, end = window.token_span
        assert 0 < end - start <= context
        for line, span in zip(window.lines, window.line_spans, strict=True):
            assert 0 <= span.start < span.end <= end - start
            assert (start + span.start, start + span.end) == spans[line]
            # The other wanted lines do not change where a line is read.
            (alone,) = plan_windows(spans, [line], context, overlap)
            assert (alone.token_span.start, alone.line_spans) == (start, (span,))


def test_a_line_of_a_later_window_has_at_least_the_overlap_before_its_last_token() -> None:
    spans = spans_of(*[1] * 30)

    for window in plan_windows(spans, range(30), context=10, overlap=4)[1:]:
        assert min(span.end for span in window.line_spans) > 4


@pytest.mark.parametrize(
    ("lengths", "start"),
    [((7, 10), 7), ((7, 9), 6), ((7, 6), 5), ((8, 9), 8)],
    ids=["all of a window", "some room", "room for the overlap", "not cut"],
)
def test_a_line_that_the_grid_would_cut_has_a_window_of_its_own(
    lengths: tuple[int, int], start: int
) -> None:
    (window,) = plan_windows(spans_of(*lengths), [1], context=10, overlap=2)
    line = Span(lengths[0] - start, sum(lengths) - start)

    assert window == Window(Span(start, sum(lengths)), (1,), (line,))


@pytest.mark.parametrize("before", range(20))
def test_whether_a_line_is_too_long_does_not_depend_on_what_stands_before_it(before: int) -> None:
    spans = spans_of(*[1] * before, 10, 11)
    wanted = [before, before + 1]

    assert too_long(spans, wanted, 10) == [before + 1]
    assert [window.lines for window in plan_windows(spans, wanted, 10, 4)] == [(before,)]


def test_a_window_ends_with_the_last_token_that_is_needed() -> None:
    (window,) = plan_windows(spans_of(2, 2, 2, 2), [1], context=100, overlap=0)

    assert window.token_span == Span(0, 4)
    assert plan_windows(spans_of(2, 2), [], context=8, overlap=0) == []


@pytest.mark.parametrize(("context", "overlap"), [(4, 4), (4, -1), (0, 0)])
def test_an_overlap_that_leaves_no_room_is_refused(context: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="overlap"):
        plan_windows(spans_of(1), [0], context, overlap)
