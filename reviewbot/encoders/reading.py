"""Read some lines of a file the way the reading plan says. Training and scoring both call this."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reviewbot.core.arrays import Array
from reviewbot.core.plan import ReadingPlan, preamble
from reviewbot.core.pooling import pool_blocks, pool_deep, pool_surprisal
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
    block_spans: tuple[Span, ...]  # of the blocks that the lines stand in, into `hidden`
    block_of: tuple[int, ...]  # which block each line stands in


def read_lines(
    encoder: Encoder,
    plan: ReadingPlan,
    *,
    path: str,
    text: str,
    wanted: Sequence[int],
    description: str = "",
    blocks: Sequence[int] | None = None,
) -> Iterator[ReadLines]:
    """Read the `wanted` lines (0-based, ascending) of a file, one window after the other.

    blocks  which block each wanted line belongs to, any numbers; by default all to one. A block is
            what was written together, such as the added lines that stand in one place of a change
    Lines that no token touches come up in no window; the caller must notice. Only the text up to
    the last wanted line is read. Windows are yielded one by one, so that memory stays flat.
    """
    needed = _needed(split_lines(text), wanted[-1]) if wanted else ""
    tokens = encoder.tokenize(needed)
    before = encoder.tokenize(preamble(plan, path, description)).ids[: plan.context // 2]
    block_of = dict(zip(wanted, blocks or [0] * len(wanted), strict=True))
    spans = line_spans(tokens.offsets, needed)
    for window in plan_windows(spans, wanted, plan.context - len(before), plan.overlap):
        ids = [*before, *tokens.ids[slice(*window.token_span)]]
        owners = [block_of[line] for line in window.lines]
        names = sorted(set(owners), key=owners.index)
        block_spans = tuple(_joined(window.line_spans, owners, name) for name in names)
        yield ReadLines(
            window.lines,
            window.line_spans,
            encoder.states(ids).behind(len(before)),
            block_spans,
            tuple(names.index(name) for name in owners),
        )


def pool_rest(read: ReadLines) -> dict[str, Array]:
    """Pool everything that was kept of some lines but the states that an autoencoder reads."""
    groups: dict[str, Array] = {}
    if read.hidden.signals_TS is not None:
        groups["surprisal"] = pool_surprisal(read.hidden, read.token_spans)
    if read.hidden.deep_TD is not None:
        groups |= pool_deep(read.hidden, read.token_spans)
        groups |= pool_blocks(read.hidden, read.block_spans, read.block_of)
    return groups


def _joined(spans: Sequence[Span], owners: Sequence[int], owner: int) -> Span:
    own = [span for span, name in zip(spans, owners, strict=True) if name == owner]
    return Span(own[0].start, own[-1].end)


def _needed(lines: Sequence[str], last: int) -> str:
    """Return the text up to the `last` wanted line, and as much more as fixes that line's tokens.

    Blank lines that follow may be one token with the line's own end, so the text goes on to the
    next line that is not blank: a line's tokens do not depend on which other lines are wanted.
    """
    stop = last + 1
    while stop < len(lines) and not lines[stop].strip():
        stop += 1
    return "\n".join(lines[: stop + 1]) + "\n"
