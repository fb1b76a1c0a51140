"""Read some lines of a file as the reading plan says. Training and scoring both call this."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import Encoder, batches
from reviewbot.encoders.prompt import ReadingPlan, preamble
from reviewbot.encoders.spans import Span, line_spans, split_lines
from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.windows import plan_windows, too_long
from reviewbot.scoring.pooling import pool_blocks, pool_deep, pool_surprisal


@dataclass(frozen=True, slots=True)
class WindowLines:
    """The wanted lines of one window. Spans count tokens after the preamble."""

    lines: tuple[int, ...]  # 0-based lines of the file
    token_spans: tuple[Span, ...]  # one per line; none is empty
    block_spans: tuple[Span, ...]  # of the blocks that the lines belong to
    block_of: tuple[int, ...]  # index of each line's block


@dataclass(frozen=True, slots=True)
class Reading(WindowLines):
    """One forward pass to make."""

    ids: tuple[int, ...]  # the preamble's tokens, then the window's
    skipped: int  # how many of them are the preamble's

    def address(self, engine: str) -> str:
        """Return the cache name of its features: a hash of all that they depend on here.

        engine  `Encoder.engine`; the caller adds the model and the artifact
        """
        spans = [bound for span in (*self.token_spans, *self.block_spans) for bound in span]
        counts = (self.skipped, len(self.ids), len(self.token_spans), len(self.block_spans))
        numbers = np.array([*counts, *self.ids, *spans, *self.block_of], "<i8")
        return hashlib.sha256(engine.encode() + b"\0" + numbers.tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class ReadLines(WindowLines):
    """The result of one forward pass."""

    hidden: HiddenStates  # of the window's tokens, without the preamble's


@dataclass(frozen=True, slots=True)
class TooLong:
    """A wanted line with more tokens than fit into a window beside the preamble. It is not read."""

    line: int  # 0-based, of the file


def plan_reading(
    encoder: Encoder,
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
            what was written together, such as one run of added lines

    A `Reading` holds all tokens of each of its lines. A line that fits into no window is a
    `TooLong`, whatever precedes it. Lines that no token touches are left out: the caller must
    notice. Only the text up to the last wanted line is read, and only windows with a wanted line.
    """
    needed = _needed(split_lines(text), wanted[-1]) if wanted else ""
    tokens = encoder.tokenize(needed)
    before = encoder.tokenize(preamble(plan, path, description)).ids[: plan.context // 2]
    block_of = dict(zip(wanted, blocks or [0] * len(wanted), strict=True))
    spans = line_spans(tokens.offsets, needed)
    room = plan.context - len(before)
    yield from map(TooLong, too_long(spans, wanted, room))
    for window in plan_windows(spans, wanted, room, plan.overlap):
        owners = [block_of[line] for line in window.lines]
        spans_of: dict[int, list[Span]] = {}
        for span, owner in zip(window.line_spans, owners, strict=True):
            spans_of.setdefault(owner, []).append(span)
        names = list(spans_of)
        yield Reading(
            lines=window.lines,
            token_spans=window.line_spans,
            block_spans=tuple(Span(own[0].start, own[-1].end) for own in spans_of.values()),
            block_of=tuple(map(names.index, owners)),
            ids=(*before, *tokens.ids[slice(*window.token_span)]),
            skipped=len(before),
        )


def read(encoder: Encoder, readings: Sequence[Reading]) -> Iterator[ReadLines]:
    """Make the forward passes, in any order that suits the encoder; yield in the order given.

    raises  RuntimeError if an encoder does not return a state for every token
    """
    if batches(encoder) and len(readings) > 1:
        ids, firsts = [one.ids for one in readings], [one.skipped for one in readings]
        states = iter(encoder.batch(ids, firsts))
    else:
        states = (encoder.states(one.ids, one.skipped) for one in readings)
    for one, hidden in zip(readings, states, strict=True):
        if len(hidden.values_TD) != len(one.ids) - one.skipped:
            raise RuntimeError(f"{len(hidden.values_TD)} states of {len(one.ids)} tokens")
        yield ReadLines(one.lines, one.token_spans, one.block_spans, one.block_of, hidden)


def read_lines(
    encoder: Encoder,
    plan: ReadingPlan,
    *,
    path: str,
    text: str,
    wanted: Sequence[int],
    description: str = "",
) -> Iterator[ReadLines]:
    """Read the `wanted` lines of a file, window by window, as `plan_reading` plans.

    Lines that are too long are left out.
    """
    for reading in plan_reading(
        encoder, plan, path=path, text=text, wanted=wanted, description=description
    ):
        if isinstance(reading, Reading):
            yield from read(encoder, [reading])


def pool_rest(read: ReadLines) -> dict[str, Array]:
    """Pool everything of some lines except the states that an autoencoder reads."""
    groups: dict[str, Array] = {}
    deep_TD, signals_TS = read.hidden.deep_TD, read.hidden.signals_TS
    if signals_TS is not None:
        groups["surprisal"] = pool_surprisal(signals_TS, read.token_spans)
    if deep_TD is not None:
        groups |= pool_deep(deep_TD, read.token_spans)
        groups |= pool_blocks(deep_TD, signals_TS, read.block_spans, read.block_of)
    return groups


def _needed(lines: Sequence[str], last: int) -> str:
    """Return the text up to the `last` wanted line, and as much more as fixes that line's tokens.

    Blank lines after it may share a token with the line's end, so the text goes on to the next line
    that is not blank: a line's tokens do not depend on which other lines are wanted.
    """
    stop = last + 1
    while stop < len(lines) and not lines[stop].strip():
        stop += 1
    return "\n".join(lines[: stop + 1]) + "\n"
