"""A text shard's files -> the hidden states that the autoencoder is trained on."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import Encoder
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.encoders.spans import split_lines
from reviewbot.encoders.states import layer_norm, sinks
from reviewbot.errors import EnvironmentFailure
from reviewbot.scoring.plan import plan_reading
from reviewbot.scoring.pooling import line_tokens, pool
from reviewbot.scoring.reading import Reading, ReadLines, enough, read
from reviewbot.train.mutate import mutate
from reviewbot.train.ranks import Stopwatch
from reviewbot.train.text_shards import SourceFile, TextShard, read_text

MAX_LINES = 120  # of a file: many files beat much of one
MUTATED_SHARES = (0.15, 0.20, 0.25)  # of a snippet's lines, as in PtTrust
HEADS = 0.5  # imports matter
PAIR_SHARE = 0.3  # of the files, which are also read with corrupted lines

Places = dict[int, int]  # line of a corrupted copy -> line of the original, both 0-based


@dataclass(frozen=True, slots=True)
class States:
    """Training states of some files, layer-normed."""

    states_TD: Array  # tokens, sinks left out
    right_PD: Array  # line-end states of original lines
    wrong_PD: Array  # line-end states of the corrupted lines in their place
    line_end_T: Array  # 1.0 where a token ends a line


@dataclass(frozen=True, slots=True)
class Snippet:
    """The passes that read part of a file, and those that read its corrupted copy."""

    path: str
    readings: tuple[Reading, ...]
    corrupted: tuple[Reading, ...]
    places: Places


@dataclass(frozen=True)
class ShardReader:
    """Reads text shards into states; the result depends on the arguments of a call only."""

    directory: Path
    shards: Sequence[TextShard]
    encoder: Encoder
    plan: ReadingPlan
    seed: int
    watch: Stopwatch

    def __call__(self, number: int, visit: int = 0) -> States:
        """Return the states of a shard.

        visit   another number reads other parts of long files, and other corrupted lines
        raises  what `read_text` and `read_snippets` raise
        """
        shard = self.shards[number]
        with self.watch.part("disk"):
            sources = read_text(self.directory, shard)
        with self.watch.part("tokenizing"):
            seed = f"{self.seed}/{visit}/{shard.sha256}"
            heads = 0 if visit else HEADS
            snippets = plan_snippets(sources, self.encoder, self.plan, seed=seed, heads=heads)
        with self.watch.part("reading"):
            return read_snippets(snippets, self.encoder, shard.name)


def plan_snippets(
    sources: Sequence[SourceFile],
    encoder: Encoder,
    plan: ReadingPlan,
    *,
    seed: str,
    heads: float = HEADS,
    pair_share: float = PAIR_SHARE,
) -> list[Snippet]:
    """Choose and tokenize what is read of some files. It depends on nothing but the arguments.

    heads       share of the long files that are read from their start
    pair_share  share of the files that are read a second time with corrupted lines; a line may come
                from another of these files
    """
    rng = random.Random(seed)  # noqa: S311 - training, not secrets
    chosen = [_lines(source, heads, rng) for source in sources]
    others: dict[str, list[str]] = {}
    for source, lines in zip(sources, chosen, strict=True):
        code = [line for line in lines if any(map(str.isalnum, line))]
        others.setdefault(source.language, []).extend(code[:20])

    def readings(path: str, lines: Sequence[str], wanted: Sequence[int]) -> tuple[Reading, ...]:
        text = "\n".join(lines) + "\n"
        planned = plan_reading(encoder, plan, path=path, text=text, wanted=wanted)
        return tuple(reading for reading in planned if isinstance(reading, Reading))

    snippets = []
    for source, lines in zip(sources, chosen, strict=True):
        corrupted: tuple[Reading, ...] = ()
        places: Places = {}
        if rng.random() < pair_share:
            copy = mutate(lines, others[source.language], rng.choice(MUTATED_SHARES), rng)
            places = dict(copy.places)
            corrupted = readings(source.path, copy.lines, list(places))
        original = readings(source.path, lines, range(len(lines)))
        snippets.append(Snippet(source.path, original, corrupted, places))
    return snippets


def read_snippets(snippets: Sequence[Snippet], encoder: Encoder, shard: str) -> States:
    """Read the snippets of a shard into states.

    shard   its name, for errors
    raises  EnvironmentFailure where a state is not finite
    """
    reads = _read(encoder, [one for each in snippets for one in (*each.readings, *each.corrupted)])
    states, ends, right, wrong = [], [], [], []
    for snippet in snippets:
        line_end: dict[int, Array] = {}
        corrupted_end: dict[int, Array] = {}
        for lines in (next(reads) for _ in snippet.readings):
            end = max(span.end for span in lines.token_spans)  # a mark behind it is no code
            values_TD = lines.hidden.values_TD[:end]
            _require_finite(values_TD, snippet.path, shard)
            keep_T = ~sinks(values_TD)
            last_T = np.zeros(len(values_TD), np.float32)
            last_T[[span.end - 1 for span in lines.token_spans]] = 1.0
            states.append(layer_norm(values_TD)[keep_T])
            ends.append(last_T[keep_T])
            line_end |= _line_ends(lines)
        for lines in (next(reads) for _ in snippet.corrupted):
            _require_finite(lines.hidden.values_TD, snippet.path, shard)
            corrupted_end |= _line_ends(lines)
        for here, there in snippet.places.items():
            if here in corrupted_end and there in line_end:
                right.append(line_end[there])
                wrong.append(corrupted_end[here])
    empty_PD = np.zeros((0, encoder.width), np.float32)
    return States(
        np.concatenate(states) if states else empty_PD,
        np.stack(right) if right else empty_PD,
        np.stack(wrong) if wrong else empty_PD,
        np.concatenate(ends) if ends else np.zeros(0, np.float32),
    )


def _lines(source: SourceFile, heads: float, rng: random.Random) -> list[str]:
    lines = split_lines(source.text)
    if len(lines) > MAX_LINES and rng.random() >= heads:
        start = rng.randrange(len(lines) - MAX_LINES)
        return lines[start : start + MAX_LINES]
    return lines[:MAX_LINES]


def _read(encoder: Encoder, readings: Sequence[Reading]) -> Iterator[ReadLines]:
    """Make the passes in the order given, as many at once as suit the encoder."""
    waiting: list[Reading] = []
    for reading in readings:
        waiting.append(reading)
        if sum(len(one.ids) for one in waiting) >= enough(encoder):
            yield from read(encoder, waiting)
            waiting = []
    yield from read(encoder, waiting)


def _require_finite(values_TD: Array, path: str, shard: str) -> None:
    if not np.isfinite(values_TD).all():
        raise EnvironmentFailure(
            f"the model's states of {path!r} in the text shard {shard!r} are not finite, training "
            "stopped",
            fix="read with --dtype fp32, or take that file out of the corpus",
        )


def _line_ends(lines: ReadLines) -> dict[int, Array]:
    tokens = line_tokens(lines.hidden.values_TD, lines.token_spans)
    last_LD = pool(tokens, None)["state_last"]
    return {line: last_LD[i] for i, line in enumerate(lines.lines) if tokens.counts_L[i]}
