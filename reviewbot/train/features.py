"""Labelled snippets -> pooled line features, cached by content.

A second experiment on the same snippets takes seconds instead of an hour.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from reviewbot.arrays import Array
from reviewbot.encoders.encoder import Encoder
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.scoring.pooling import SURPRISAL_NAMES, LineTokens, line_tokens, pool
from reviewbot.scoring.reading import pool_rest, read_lines
from reviewbot.scoring.sae import SparseCoder
from reviewbot.train.export import write_whole

CACHE_VERSION = 2  # raise it when reading or pooling changes the content of a cached file


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code to read, and which of its lines are wanted."""

    path: str
    lines: tuple[str, ...]  # with the context that stands before
    wanted: tuple[int, ...]  # 0-based, ascending
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """An encoder and everything that decides what it sees."""

    encoder: Encoder
    plan: ReadingPlan
    model_sha256: str
    layer: int
    full: bool
    deep: int | None = None

    def key(self, snippet: Snippet) -> str:
        """Return the content address of a snippet's tokens under this reader."""
        material = {
            "version": CACHE_VERSION,
            "model": self.model_sha256,
            "layer": self.layer,
            "dtype": self.encoder.dtype,
            "full": self.full,
            "plan": self.plan.to_json(),
            "path": snippet.path,
            "lines": snippet.lines,
            "wanted": snippet.wanted,
            "description": snippet.description if self.plan.description else "",
        }
        if self.deep is not None:
            material["deep"] = self.deep
        elif self.full:  # older entries have fewer signals
            material["signals"] = len(SURPRISAL_NAMES)
        text = json.dumps(material, sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class ReadSnippet:
    """The wanted lines of a snippet, as the model saw them."""

    tokens: LineTokens
    groups: Mapping[str, Array]  # those without an autoencoder: group -> (L, columns)


def read_snippet(reader: Reader, snippet: Snippet, cache: Path) -> ReadSnippet:
    """Read a snippet, or load it from the cache; a damaged entry is read again."""
    key = reader.key(snippet)
    path = cache / "tokens" / key[:2] / f"{key}.safetensors"
    try:
        data = load_file(path)
    except (OSError, SafetensorError):
        data = _read(reader, snippet)
        write_whole(path, partial(save_file, data))
    tokens = LineTokens(data["states"].astype(np.float32), data["counts"].astype(np.intp))
    groups = {name: data[name].astype(np.float32) for name in data.keys() - {"states", "counts"}}
    return ReadSnippet(tokens, groups)


def _read(reader: Reader, snippet: Snippet) -> dict[str, npt.NDArray[Any]]:
    row_of = {line: row for row, line in enumerate(snippet.wanted)}
    counts_L = np.zeros(len(snippet.wanted), np.int64)
    states: dict[int, Array] = {}
    groups: dict[str, npt.NDArray[Any]] = {}
    for read in read_lines(
        reader.encoder,
        reader.plan,
        path=snippet.path,
        text="\n".join(snippet.lines) + "\n",
        wanted=snippet.wanted,
        description=snippet.description,
    ):
        tokens = line_tokens(read.hidden.values_TD, read.token_spans)
        parts = np.split(tokens.normed_TD, np.cumsum(tokens.counts_L)[:-1])
        rows = [row_of[line] for line in read.lines]
        states |= dict(zip(rows, parts, strict=True))
        counts_L[rows] = tokens.counts_L
        for name, part in pool_rest(read).items():
            empty_LN = np.zeros((len(row_of), part.shape[1]), np.float16)
            groups.setdefault(name, empty_LN)[rows] = part
    empty = np.zeros((0, reader.encoder.width), np.float32)
    joined = np.concatenate([states.get(row, empty) for row in range(len(row_of))] or [empty])
    data: dict[str, npt.NDArray[Any]] = {"states": joined.astype(np.float16), "counts": counts_L}
    return data | groups


def pooled(
    reader: Reader,
    snippets: Sequence[Snippet],
    coder: SparseCoder | None,
    coder_sha256: str,
    groups: Sequence[str],
    cache: Path,
    *,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> dict[str, Array]:
    """Pool the wanted lines of all snippets, one below the other.

    groups   which of `pooling.group_sizes` to keep, "surface" left out: it needs no model
    returns  group -> (lines of all snippets, columns), float32
    """
    keys = [reader.key(snippet) for snippet in snippets]
    material = json.dumps([keys, coder_sha256, sorted(groups)])
    name = hashlib.sha256(material.encode()).hexdigest()
    path = cache / "pooled" / f"{name}.safetensors"
    try:
        return {key: value.astype(np.float32) for key, value in load_file(path).items()}
    except (OSError, SafetensorError):
        pass  # missing or damaged: pooled again
    rows: dict[str, list[npt.NDArray[Any]]] = {group: [] for group in groups}
    for done, snippet in enumerate(snippets):
        read = read_snippet(reader, snippet, cache)
        by_group = {**pool(read.tokens, coder), **read.groups}
        for group in groups if snippet.wanted else ():
            rows[group].append(by_group[group].astype(np.float16))
        progress(done + 1, len(snippets))
    data = {group: np.concatenate(parts) for group, parts in rows.items()}
    write_whole(path, partial(save_file, data))
    return {key: value.astype(np.float32) for key, value in data.items()}
