"""The corpus, packed into text shards and read into states."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reviewbot.arrays import Array
from reviewbot.encoders.prompt import Pieces
from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.torch_encoder import TransformersEncoder
from reviewbot.errors import ArtifactError, EnvironmentFailure, UsageError
from reviewbot.scoring.reasons import FeatureNote
from reviewbot.train import text_shards
from reviewbot.train.corpus import LICENCES, MAX_LINE, files
from reviewbot.train.evidence import describe
from reviewbot.train.firings import read_firings
from reviewbot.train.ranks import Stopwatch
from reviewbot.train.states import ShardReader, States
from reviewbot.train.text_shards import MANIFEST, SourceFile, pack, read_manifest, read_text
from tests import tiny


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model)


def sources(count: int) -> list[SourceFile]:
    texts = [tiny.TEXT.replace("value", f"value_{n}") for n in range(count)]
    return [SourceFile(f"f{n}.py", "python", text) for n, text in enumerate(texts)]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_shards, "FILES_PER_SHARD", 4)


@pytest.fixture
def reader(tmp_path: Path, encoder: TransformersEncoder) -> ShardReader:
    """Reads 20 files in 5 shards."""
    return ShardReader(
        tmp_path, pack(sources(20), tmp_path), encoder, tiny.PLAN, seed=0, watch=Stopwatch()
    )


def test_a_shard_is_read_into_normed_states_line_ends_and_pairs(reader: ShardReader) -> None:
    shards = [reader(number) for number in range(5)]
    first = shards[0]

    assert first.states_TD.shape == (len(first.line_end_T), tiny.WIDTH)
    np.testing.assert_allclose(first.states_TD.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(first.states_TD.std(axis=1, ddof=1), 1, atol=1e-3)
    lines = 4 * len([line for line in tiny.TEXT.split("\n") if line])
    assert lines <= first.line_end_T.sum() <= lines + 16  # blank lines share a token
    right_PD, wrong_PD = (
        np.concatenate([getattr(shard, side) for shard in shards])
        for side in ("right_PD", "wrong_PD")
    )
    assert len(right_PD) > 0
    assert right_PD.shape == wrong_PD.shape
    assert (right_PD != wrong_PD).any(axis=1).all()


def arrays(states: States) -> list[Array]:
    return [states.states_TD, states.right_PD, states.wrong_PD, states.line_end_T]


def test_a_shard_is_the_same_whenever_it_is_read_and_another_visit_spoils_other_lines(
    reader: ShardReader,
) -> None:
    first = [arrays(reader(number)) for number in range(5)]
    again = [arrays(reader(number)) for number in reversed(range(5))][::-1]
    other = [arrays(reader(number, visit=1)) for number in range(5)]

    for ours, theirs in zip(first, again, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert any(len(a[2]) != len(b[2]) for a, b in zip(first, other, strict=True))


def test_in_the_layout_for_infilling_the_same_tokens_are_read_otherwise(
    reader: ShardReader,
) -> None:
    marks = (260, 261, 262, 263)
    layout = replace(tiny.PLAN, pieces=Pieces(marks=marks, before=40, after=20))
    infill = replace(reader, plan=layout)(0)
    plain = reader(0)

    assert infill.line_end_T.sum() == plain.line_end_T.sum()
    assert infill.states_TD.shape == plain.states_TD.shape
    assert not np.allclose(infill.states_TD, plain.states_TD, atol=0.1)


class Overflowing:
    """Gives states that are not finite where a text has a word."""

    def __init__(self, inner: TransformersEncoder, token: int) -> None:
        self.inner, self.bad = inner, token
        self.width, self.dtype, self.engine = inner.width, inner.dtype, inner.engine
        self.tokenize, self.token = inner.tokenize, inner.token

    def states(self, ids: Sequence[int], first: int = 0) -> HiddenStates:
        hidden = self.inner.states(ids, first)
        if self.bad in ids:
            hidden.values_TD[-1, 0] = np.inf
        return hidden


def test_a_state_that_is_not_finite_names_the_file_and_its_shard(
    tmp_path: Path, encoder: TransformersEncoder
) -> None:
    named = [*sources(5), SourceFile("odd.py", "python", "x = '§'\n")]
    shards = pack(named, tmp_path)
    token = encoder.tokenize("§").ids[0]
    broken = Overflowing(encoder, token)
    reader = ShardReader(tmp_path, shards, broken, tiny.PLAN, seed=0, watch=Stopwatch())

    reader(0)
    with pytest.raises(
        EnvironmentFailure, match=rf"'odd\.py' in the text shard '{shards[1].name}'"
    ):
        reader(1)


def test_packing_again_changes_no_shard_and_repairs_a_damaged_one(tmp_path: Path) -> None:
    shards = pack(sources(6), tmp_path)
    paths = [tmp_path / shard.name for shard in shards]
    before = [path.read_bytes() for path in paths]
    times = [path.stat().st_mtime_ns for path in paths]
    paths[1].write_bytes(before[1][:100])

    assert [shard.files for shard in shards] == [4, 2]
    with pytest.raises(ArtifactError, match=rf"{paths[1].name}.*SHA-256"):
        read_text(tmp_path, shards[1])
    assert pack(sources(6), tmp_path) == shards == read_manifest(tmp_path)
    assert paths[0].stat().st_mtime_ns == times[0]
    assert [path.read_bytes() for path in paths] == before
    assert [source for shard in shards for source in read_text(tmp_path, shard)] == sources(6)
    paths[0].unlink()
    with pytest.raises(ArtifactError, match=paths[0].name):
        read_text(tmp_path, shards[0])
    (tmp_path / MANIFEST).write_text('{"name": 1}\n')
    with pytest.raises(ArtifactError, match="manifest"):
        read_manifest(tmp_path)


def test_a_shard_names_the_licences_of_its_files(tmp_path: Path) -> None:
    for name in ("go/errors-1/a.go", "go/errors-1/deep/b.go", "go/other-2/c.go", "own.go"):
        path = tmp_path / "corpus" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"// {name}\n")
    table = tmp_path / "corpus" / LICENCES
    table.write_text(json.dumps({"go/errors-1": "MIT", "go/other-2": "BSD-3-Clause"}))
    (shard,) = pack(files([tmp_path / "corpus"], seed=0), tmp_path / "text")

    assert shard.licences == ("", "BSD-3-Clause", "MIT")
    assert {source.path: source.licence for source in read_text(tmp_path / "text", shard)} == {
        "go/errors-1/a.go": "MIT",
        "go/errors-1/deep/b.go": "MIT",
        "go/other-2/c.go": "BSD-3-Clause",
        "own.go": "",
    }
    table.write_text("[]")
    with pytest.raises(UsageError, match=LICENCES):
        list(files([tmp_path / "corpus"], seed=0))


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
