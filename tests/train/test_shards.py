"""The corpus, read once into shards."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.torch_encoder import TransformersEncoder
from reviewbot.errors import UsageError
from reviewbot.scoring.reasons import FeatureNote
from reviewbot.train import shards
from reviewbot.train.corpus import MAX_LINE, SourceFile, files
from reviewbot.train.evidence import describe
from reviewbot.train.firings import read_firings
from reviewbot.train.shards import read_shard, write_shards
from tests import tiny


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model)


def sources(count: int) -> list[SourceFile]:
    texts = [tiny.TEXT.replace("value", f"value_{n}") for n in range(count)]
    return [SourceFile(f"f{n}.py", "python", text) for n, text in enumerate(texts)]


class Counting:
    """Counts the passes of an encoder, and stops at one."""

    def __init__(self, inner: TransformersEncoder, stop_at: int = 10**9) -> None:
        self.width, self.dtype, self.engine = inner.width, inner.dtype, inner.engine
        self.tokenize, self.token = inner.tokenize, inner.token
        self.inner, self.passes, self.stop_at = inner, 0, stop_at

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        self.passes += 1
        if self.passes > self.stop_at:
            raise KeyboardInterrupt
        return self.inner.states(ids, first)


def write(directory: Path, encoder: Counting, tokens: int = 10**9) -> list[Path]:
    return write_shards(
        sources(6), encoder, tiny.PLAN, directory, tokens=tokens, pair_share=0.5, seed=0
    )


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "FILES_PER_SHARD", 2)


def test_a_shard_holds_normed_states_line_ends_and_pairs(
    tmp_path: Path, encoder: TransformersEncoder
) -> None:
    paths = write(tmp_path, Counting(encoder))
    shard = read_shard(paths[0])

    assert len(paths) == 3
    assert shard.states_TD.shape == (len(shard.line_end_T), tiny.WIDTH)
    np.testing.assert_allclose(shard.states_TD.mean(axis=1), 0, atol=1e-2)
    np.testing.assert_allclose(shard.states_TD.std(axis=1, ddof=1), 1, atol=1e-2)
    lines = 2 * len([line for line in tiny.TEXT.split("\n") if line])
    assert lines <= shard.line_end_T.sum() <= lines + 8  # blank lines share a token
    pairs = [read_shard(path) for path in paths]
    assert sum(len(pair.right_PD) for pair in pairs) > 0
    assert all(pair.right_PD.shape == pair.wrong_PD.shape for pair in pairs)
    assert not any(
        np.array_equal(r, w)
        for pair in pairs
        for r, w in zip(pair.right_PD, pair.wrong_PD, strict=True)
    )


def test_writing_stops_when_there_are_enough_tokens(
    tmp_path: Path, encoder: TransformersEncoder
) -> None:
    assert len(write(tmp_path, Counting(encoder), tokens=1)) == 1


def test_a_stopped_run_goes_on_without_writing_a_shard_again(
    tmp_path: Path, encoder: TransformersEncoder
) -> None:
    whole = Counting(encoder)
    expected = [path.read_bytes() for path in write(tmp_path / "whole", whole)]
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "stopped", Counting(encoder, stop_at=whole.passes - 1))
    kept = sorted((tmp_path / "stopped").glob("*.safetensors"))
    times = [path.stat().st_mtime_ns for path in kept]
    again = Counting(encoder)
    paths = write(tmp_path / "stopped", again)

    assert 0 < again.passes < whole.passes
    assert [path.stat().st_mtime_ns for path in kept] == times
    assert len(kept) == 2
    assert [path.read_bytes() for path in paths] == expected
    assert not list((tmp_path / "stopped").glob("*.tmp"))
    assert json.loads(paths[0].with_suffix(".json").read_text())["tokens"] > 0


def test_the_corpus_gives_each_readable_source_file_once_in_the_seed_s_order(
    tmp_path: Path,
) -> None:
    for name, text in {
        "a.py": "x = 1\n",
        "copy.py": "x = 1\n",
        "sub/b.go": "var y\n",
        "c.rs": "fn f() {}\n",
        "notes.txt": "words\n",
        "wide.py": "x" * (MAX_LINE + 1),
        "large.py": "x = 1\n" * 50_000,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "link.py").symlink_to(tmp_path / "c.rs")
    found = list(files([tmp_path], seed=1))

    assert sorted(file.text for file in found) == ["fn f() {}\n", "var y\n", "x = 1\n"]
    assert {file.language for file in found} == {"python", "go", "rust"}
    assert found == list(files([tmp_path], seed=1))
    assert len({tuple(f.path for f in files([tmp_path], seed=s)) for s in range(9)}) > 1


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_corpus_without_source_files_is_a_usage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(UsageError):
        list(files([tmp_path / name], seed=0))


def test_features_are_described_by_what_they_fire_on(encoder: TransformersEncoder) -> None:
    def described(tokens: int) -> dict[int, FeatureNote]:
        firings = read_firings(sources(30), encoder, tiny.PLAN, tiny.coder(), tokens=tokens)
        return describe(firings, tiny.FEATURES)

    notes = described(10**9)

    assert set(described(1)) <= set(notes) <= set(range(tiny.FEATURES))
    assert all(note.maximum > 0 and 0 < note.density <= 1 for note in notes.values())
    assert notes == described(10**9)
