"""One forward pass over some lines of a file: what it reads, and what it gives."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import Encoder, at_once, batches
from reviewbot.encoders.spans import Span
from reviewbot.encoders.states import HiddenStates
from reviewbot.scoring.pooling import pool_blocks, pool_deep, pool_surprisal

One = TypeVar("One")
Result = TypeVar("Result")
TOGETHER = 8_192  # tokens of windows that a CPU reads in one call


@dataclass(frozen=True, slots=True)
class WindowLines:
    """The wanted lines of one window. Spans count tokens after the preamble."""

    lines: tuple[int, ...]  # 0-based lines of the file
    token_spans: tuple[Span, ...]  # one per line; none is empty
    block_spans: tuple[Span, ...]  # of the blocks that the lines belong to
    block_of: tuple[int, ...]  # index of each line's block
    char_spans: tuple[tuple[Span, ...], ...]  # of each line's tokens, in characters of the line


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


def enough(encoder: Encoder) -> int:
    """Return how many tokens of windows are worth one call of `read`."""
    return encoder.batch_tokens if batches(encoder) else TOGETHER


def read(encoder: Encoder, readings: Sequence[Reading]) -> Iterator[ReadLines]:
    """Make the forward passes, in any order that suits the encoder; yield in the order given.

    raises  RuntimeError if an encoder does not return a state for every token
    """
    if batches(encoder) and len(readings) > 1:
        ids, firsts = [one.ids for one in readings], [one.skipped for one in readings]
        states = iter(encoder.batch(ids, firsts))
    else:
        threads = at_once(encoder) if readings else 1
        states = in_order(threads, lambda one: encoder.states(one.ids, one.skipped), readings)
    for one, hidden in zip(readings, states, strict=True):
        if len(hidden.values_TD) != len(one.ids) - one.skipped:
            raise RuntimeError(f"{len(hidden.values_TD)} states of {len(one.ids)} tokens")
        spans = one.token_spans, one.block_spans, one.block_of, one.char_spans
        yield ReadLines(one.lines, *spans, hidden)


def in_order(threads: int, work: Callable[[One], Result], items: Iterable[One]) -> Iterator[Result]:
    """Map items on some threads, a few ahead of the caller; yield in the order given."""
    if threads == 1:  # on the thread of the caller, which torch was set up on
        yield from map(work, items)
        return
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="reading")
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * threads:  # enough to keep the threads busy
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:  # also where the caller stops, or an item has failed
        pool.shutdown(cancel_futures=True)


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
