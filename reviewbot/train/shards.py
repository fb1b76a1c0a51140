"""Hidden states of the corpus on disk, in shards that the autoencoder is trained on.

A shard holds layer-normed states in float16 and pairs of line-end states (original, corrupted). It
is written whole or not at all, so a stopped run resumes with the next shard.
"""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import Encoder
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.encoders.spans import split_lines
from reviewbot.encoders.states import layer_norm, sinks
from reviewbot.scoring.plan import read_lines
from reviewbot.scoring.pooling import line_tokens, pool
from reviewbot.scoring.reading import ReadLines
from reviewbot.train.corpus import SourceFile
from reviewbot.train.export import write_whole
from reviewbot.train.mutate import mutate

FILES_PER_SHARD = 40
MAX_LINES = 120  # of a file: many files beat much of one
MUTATED_SHARES = (0.15, 0.20, 0.25)  # of a snippet's lines, as in PtTrust


@dataclass(frozen=True, slots=True)
class Shard:
    """Training states of some files."""

    states_TD: Array  # layer-normed tokens, sinks left out
    right_PD: Array  # line-end states of original lines
    wrong_PD: Array  # line-end states of the corrupted lines in their place
    line_end_T: Array  # 1.0 where a token ends a line


def write_shards(
    sources: Iterable[SourceFile],
    encoder: Encoder,
    plan: ReadingPlan,
    directory: Path,
    *,
    tokens: int,
    pair_share: float,
    seed: int,
    progress: Callable[[int], None] = lambda _done: None,
) -> list[Path]:
    """Encode the corpus until there are `tokens` states; whole shards that exist are reused.

    pair_share  share of the files that are read a second time with corrupted lines
    """
    stream = iter(sources)
    others: dict[str, list[str]] = {}
    paths, total, number = [], 0, 0
    while total < tokens and (batch := list(islice(stream, FILES_PER_SHARD))):
        path = directory / f"shard-{number:05d}.safetensors"
        rng = random.Random(f"{seed}/{number}")  # noqa: S311 - training, not secrets
        snippets = [(source, _snippet(source, rng)) for source in batch]
        for source, lines in snippets:
            pool_of = others.setdefault(source.language, [])
            pool_of += [line for line in lines if any(map(str.isalnum, line))][:20]
            del pool_of[:-2_000]
        count = _tokens(path)
        if count is None:
            shard = _encode(snippets, others, encoder, plan, pair_share, rng)
            _save(shard, path)
            count = len(shard.states_TD)
        total += count
        paths.append(path)
        number += 1
        progress(total)
    return paths


def read_shard(path: Path) -> Shard:
    """Load one shard as float32."""
    data = load_file(path)
    return Shard(
        *(data[key].astype(np.float32) for key in ("states", "right", "wrong", "line_end"))
    )


def _snippet(source: SourceFile, rng: random.Random) -> list[str]:
    lines = split_lines(source.text)
    # Half the time the head of the file: imports matter.
    if len(lines) > MAX_LINES and rng.random() < 0.5:
        start = rng.randrange(len(lines) - MAX_LINES)
        return lines[start : start + MAX_LINES]
    return lines[:MAX_LINES]


def _encode(
    snippets: list[tuple[SourceFile, list[str]]],
    others: dict[str, list[str]],
    encoder: Encoder,
    plan: ReadingPlan,
    pair_share: float,
    rng: random.Random,
) -> Shard:
    states, ends, right, wrong = [], [], [], []
    for source, lines in snippets:
        text = "\n".join(lines) + "\n"
        line_end: dict[int, Array] = {}
        for read in read_lines(
            encoder, plan, path=source.path, text=text, wanted=list(range(len(lines)))
        ):
            values_TD = read.hidden.values_TD
            keep_T = ~sinks(values_TD)
            last_T = np.zeros(len(values_TD), np.float32)
            last_T[[span.end - 1 for span in read.token_spans]] = 1.0
            states.append(layer_norm(values_TD)[keep_T])
            ends.append(last_T[keep_T])
            line_end |= _line_ends(read)
        if rng.random() < pair_share:
            corrupted = mutate(lines, others[source.language], rng.choice(MUTATED_SHARES), rng)
            wanted = [here for here, _ in corrupted.places]
            text = "\n".join(corrupted.lines) + "\n"
            corrupted_end: dict[int, Array] = {}
            for read in read_lines(encoder, plan, path=source.path, text=text, wanted=wanted):
                corrupted_end |= _line_ends(read)
            for here, there in corrupted.places:
                if here in corrupted_end and there in line_end:
                    right.append(line_end[there])
                    wrong.append(corrupted_end[here])
    empty_PD = np.zeros((0, encoder.width), np.float32)
    return Shard(
        np.concatenate(states) if states else empty_PD,
        np.stack(right) if right else empty_PD,
        np.stack(wrong) if wrong else empty_PD,
        np.concatenate(ends) if ends else np.zeros(0, np.float32),
    )


def _line_ends(read: ReadLines) -> dict[int, Array]:
    tokens = line_tokens(read.hidden.values_TD, read.token_spans)
    last_LD = pool(tokens, None)["state_last"]
    return {line: last_LD[i] for i, line in enumerate(read.lines) if tokens.counts_L[i]}


def _tokens(path: Path) -> int | None:
    """Return the number of tokens of a shard; None if it is missing or damaged."""
    try:
        with safe_open(path, "np") as file:
            tokens: int = file.get_slice("states").get_shape()[0]
        counts = json.loads(path.with_suffix(".json").read_bytes())
    except (OSError, ValueError, SafetensorError):
        return None
    return tokens if isinstance(counts, dict) and counts.get("tokens") == tokens else None


def _save(shard: Shard, path: Path) -> None:
    data = {
        "states": shard.states_TD,
        "right": shard.right_PD,
        "wrong": shard.wrong_PD,
        "line_end": shard.line_end_T,
    }
    counts = {"tokens": len(shard.states_TD), "pairs": len(shard.right_PD)}
    text = json.dumps(counts).encode()
    write_whole(path.with_suffix(".json"), lambda temporary: temporary.write_bytes(text))
    half = {key: value.astype(np.float16) for key, value in data.items()}
    write_whole(path, partial(save_file, half))
