"""What runs once per token or line beside the model, with pytest-benchmark.

    python -m pytest -n 0 research/benchmarks/test_hot_paths.py

Sizes are those of one full window of the quick preset, and of the large change. Where a path was
made fast, the plain loop of `tests/scoring/plain.py` is timed beside it: both give the same bits.
"""

import argparse
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from research.benchmarks.changes import CHANGES, planned, standard_library, write_repository
from reviewbot.arrays import Array
from reviewbot.diff import parser
from reviewbot.encoders import spans
from reviewbot.encoders.spans import Span
from reviewbot.scoring import pooling, reasons, sae
from reviewbot.scoring.artifact import PRESETS, load_artifact
from reviewbot.scoring.pooling import LineTokens
from reviewbot.scoring.predictor import contributions
from tests.scoring import plain

pytest.importorskip("pytest_benchmark")

TOKENS, PER_LINE = 2_048, 8
ARTIFACT = load_artifact(PRESETS["quick"])
TEXT = Path(argparse.__file__).read_text(encoding="utf-8")
FAST_OR_PLAIN = pytest.mark.parametrize("how", ["fast", "plain"])


class Benchmark(Protocol):
    """The plugin's fixture, as far as we use it."""

    group: str | None

    def __call__(self, function: Callable[..., Any], *args: Any) -> Any:
        """Time a function and return what it returned."""


def states() -> Array:
    """Return the states of a full window; random, because no model is needed for their time."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(TOKENS, ARTIFACT.coder.width)).astype(np.float32)


def tokens() -> LineTokens:
    """Return the window's tokens, `PER_LINE` in a line."""
    lines = [Span(at, at + PER_LINE) for at in range(0, TOKENS, PER_LINE)]
    return pooling.line_tokens(states(), lines)


def test_line_tokens(benchmark: Benchmark) -> None:
    """Gather and normalise the states of a window's lines."""
    benchmark.group = "line_tokens"
    lines = [Span(at, at + PER_LINE) for at in range(0, TOKENS, PER_LINE)]
    benchmark(pooling.line_tokens, states(), lines)


@FAST_OR_PLAIN
def test_top_k(benchmark: Benchmark, how: str) -> None:
    """Encode a window, the product with the encoder's weights included."""
    benchmark.group = "encode_normed"
    path = {"fast": sae.encode_normed, "plain": plain.encode_normed}[how]
    benchmark(path, ARTIFACT.coder, tokens().normed_TD)


@FAST_OR_PLAIN
def test_pooling(benchmark: Benchmark, how: str) -> None:
    """Pool a window into the groups of the autoencoder, the encoding included."""
    benchmark.group = "pool"
    found = tokens()
    if how == "fast":
        benchmark(pooling.pool, found, ARTIFACT.coder, ("sae_max", "sae_mean"))
    else:
        benchmark(plain.pool_sparse, ARTIFACT.coder, found)


@FAST_OR_PLAIN
def test_reasons(benchmark: Benchmark, how: str) -> None:
    """Find the reasons of one line."""
    benchmark.group = "explain"
    predictor = ARTIFACT.predictor
    sparse_LF = pooling.pool(tokens(), ARTIFACT.coder, ("sae_max",))["sae_max"]
    signs_LN = np.ones((len(sparse_LF), predictor.groups["surface"]), np.float32)
    columns_LN = np.concatenate([sparse_LF, signs_LN], axis=1)
    parts_LN = contributions(predictor, columns_LN)
    path = {"fast": reasons.explain, "plain": plain.explain}[how]
    benchmark(path, predictor, parts_LN[0], columns_LN[0], ARTIFACT.notes)


@FAST_OR_PLAIN
def test_line_mapping(benchmark: Benchmark, how: str) -> None:
    """Map the lines of a module of the standard library to words, blanks and signs."""
    benchmark.group = "line_spans"
    offsets = [Span(*found.span()) for found in re.finditer(r"\w+|\s+|[^\w\s]", TEXT)]
    path = {"fast": spans.line_spans, "plain": plain.line_spans}[how]
    benchmark(path, offsets, TEXT)


def test_diff_parsing(benchmark: Benchmark, tmp_path: Path) -> None:
    """Parse the diff of the large change."""
    benchmark.group = "parse"
    write_repository(tmp_path, planned(standard_library(), CHANGES["large"]))
    command = ["git", "-C", str(tmp_path), "diff", "HEAD~1..HEAD"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    benchmark(parser.parse, parser.decode(raw))
