"""Read some lines of a file the way the reading plan says. Training and scoring both call this."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import Encoder, Tokens, batches
from reviewbot.encoders.prompt import ReadingPlan, preamble
from reviewbot.encoders.spans import Span, line_spans, split_lines
from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.windows import plan_windows, too_long
from reviewbot.scoring.pooling import pool_blocks, pool_deep, pool_surprisal


class Tokenizing(Protocol):
    """What splits text as a model does: every encoder, loaded or not."""

    def tokenize(self, text: str) -> Tokens:
        """Split a text; lone surrogates in it count as U+FFFD."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One forward pass that is still to be made, and what it is made for."""

    ids: tuple[int, ...]  # the preamble's tokens, then the window's
    skipped: int  # how many are the preamble's; spans count behind them
    lines: tuple[int, ...]  # 0-based lines of the file
    token_spans: tuple[Span, ...]  # one per line; none is empty
    block_spans: tuple[Span, ...]  # of the blocks that the lines stand in
    block_of: tuple[int, ...]  # which block each line stands in

    def address(self, engine: str) -> str:
        """Return what its features may be kept under: a hash of all that they depend on here.

        engine  `Encoder.engine`; the model and the artifact are for the caller to add
        """
        spans = [bound for span in (*self.token_spans, *self.block_spans) for bound in span]
        counts = (self.skipped, len(self.ids), len(self.token_spans), len(self.block_spans))
        numbers = np.array([*counts, *self.ids, *spans, *self.block_of], "<i8")
        return hashlib.sha256(engine.encode() + b"\0" + numbers.tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class TooLong:
    """A wanted line with more tokens than a window holds beside the preamble: nobody reads it."""

    line: int  # 0-based, of the file


@dataclass(frozen=True, slots=True)
class ReadLines:
    """What one forward pass gave for some lines."""

    lines: tuple[int, ...]  # 0-based lines of the file
    token_spans: tuple[Span, ...]  # one per line, into `hidden`; none is empty
    hidden: HiddenStates  # of the window's tokens, the preamble's left out
    block_spans: tuple[Span, ...]  # of the blocks that the lines stand in, into `hidden`
    block_of: tuple[int, ...]  # which block each line stands in


def plan_reading(
    tokenizing: Tokenizing,
    plan: ReadingPlan,
    *,
    path: str,
    text: str,
    wanted: Sequence[int],
    description: str = "",
    blocks: Sequence[int] | None = None,
) -> Iterator[Reading | TooLong]:
    """Plan how to read the `wanted` lines (0-based, ascending) of a file, window by window.

    blocks  which block each wanted line belongs to, any numbers; by default all to one. A block is
            what was written together, such as the added lines that stand in one place of a change
    A line in a `Reading` is read whole: all its tokens are in that window. One that does not fit
    into any window is a `TooLong`, whatever stands before it. Lines that no token touches do not
    come up; the caller must notice. Only the text up to the last wanted line is read, and only
    windows that hold a wanted line.
    """
    needed = _needed(split_lines(text), wanted[-1]) if wanted else ""
    tokens = tokenizing.tokenize(needed)
    before = tokenizing.tokenize(preamble(plan, path, description)).ids[: plan.context // 2]
    block_of = dict(zip(wanted, blocks or [0] * len(wanted), strict=True))
    spans = line_spans(tokens.offsets, needed)
    room = plan.context - len(before)
    yield from map(TooLong, too_long(spans, wanted, room))
    for window in plan_windows(spans, wanted, room, plan.overlap):
        owners = [block_of[line] for line in window.lines]
        names = sorted(set(owners), key=owners.index)
        block_spans = tuple(_joined(window.line_spans, owners, name) for name in names)
        yield Reading(
            (*before, *tokens.ids[slice(*window.token_span)]),
            len(before),
            window.lines,
            window.line_spans,
            block_spans,
            tuple(names.index(name) for name in owners),
        )


def read(encoder: Encoder, readings: Sequence[Reading]) -> Iterator[ReadLines]:
    """Make the forward passes, in any order that suits the encoder; yield in the order given.

    raises  RuntimeError where an encoder does not give a state for every token
    """
    if batches(encoder) and len(readings) > 1:
        seen = iter(encoder.batch([reading.ids for reading in readings]))
    else:
        seen = (encoder.states(reading.ids) for reading in readings)
    for reading, hidden in zip(readings, seen, strict=True):
        if len(hidden.values_TD) != len(reading.ids):
            raise RuntimeError(f"{len(hidden.values_TD)} states of {len(reading.ids)} tokens")
        yield ReadLines(
            reading.lines,
            reading.token_spans,
            hidden.behind(reading.skipped),
            reading.block_spans,
            reading.block_of,
        )


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
    """Read the `wanted` lines of a file, one window after the other: memory stays flat.

    See `plan_reading`. Lines that are too long do not come up.
    """
    for reading in plan_reading(
        encoder,
        plan,
        path=path,
        text=text,
        wanted=wanted,
        description=description,
        blocks=blocks,
    ):
        if isinstance(reading, Reading):
            yield from read(encoder, [reading])


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
