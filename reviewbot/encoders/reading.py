"""Read some lines of a file the way the reading plan says. Training and scoring both call this."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reviewbot.core.plan import ReadingPlan, preamble
from reviewbot.core.spans import Span, line_spans, split_lines
from reviewbot.core.states import HiddenStates
from reviewbot.core.windows import plan_windows
from reviewbot.encoders import Encoder


@dataclass(frozen=True, slots=True)
class ReadLines:
    """What one forward pass gave for some lines."""

    lines: tuple[int, ...]  # 0-based lines of the file
    token_spans: tuple[Span, ...]  # one per line, into `hidden`; none is empty
    hidden: HiddenStates  # of the window's tokens, the preamble's left out


def read_lines(
    encoder: Encoder,
    plan: ReadingPlan,
    *,
    path: str,
    text: str,
    wanted: Sequence[int],
    description: str = "",
) -> Iterator[ReadLines]:
    """Read the `wanted` lines (0-based, ascending) of a file, one window after the other.

    Lines that no token touches come up in no window; the caller must notice. Only the text up to
    the last wanted line is read. Windows are yielded one by one, so that memory stays flat.
    """
    needed = _needed(split_lines(text), wanted[-1]) if wanted else ""
    tokens = encoder.tokenize(needed)
    before = encoder.tokenize(preamble(plan, path, description)).ids[: plan.context // 2]
    spans = line_spans(tokens.offsets, needed)
    for window in plan_windows(spans, wanted, plan.context - len(before), plan.overlap):
        ids = [*before, *tokens.ids[slice(*window.token_span)]]
        yield ReadLines(window.lines, window.line_spans, _behind(encoder.states(ids), len(before)))


def _needed(lines: Sequence[str], last: int) -> str:
    """Return the text up to the `last` wanted line, and as much more as fixes that line's tokens.

    Blank lines that follow may be one token with the line's own end, so the text goes on to the
    next line that is not blank: a line's tokens do not depend on which other lines are wanted.
    """
    stop = last + 1
    while stop < len(lines) and not lines[stop].strip():
        stop += 1
    return "\n".join(lines[: stop + 1]) + "\n"


def _behind(hidden: HiddenStates, count: int) -> HiddenStates:
    return HiddenStates(
        hidden.values_TD[count:],
        None if hidden.surprisal_T is None else hidden.surprisal_T[count:],
        None if hidden.entropy_T is None else hidden.entropy_T[count:],
    )
