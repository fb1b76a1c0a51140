"""The int8 engine: close to float32, the same in pieces, and not spoiled by an attention sink."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from reviewbot.arrays import Array
from reviewbot.encoders import onnx_encoder
from reviewbot.encoders.encoder import EncoderSpec, expected_engine
from reviewbot.encoders.onnx_encoder import OnnxEncoder
from reviewbot.encoders.states import SIGNALS
from reviewbot.encoders.tokenizer import load_tokenizer
from reviewbot.encoders.torch_encoder import TransformersEncoder
from reviewbot.errors import EngineUnfit, ModelUnavailable
from reviewbot.models import onnx_graph
from reviewbot.models.engine import Source, export
from reviewbot.models.reference import states
from reviewbot.models.verify import EngineOutputs
from tests.models.trunks import (
    KINDS,
    LAYERS,
    cosines,
    encoder,
    opened,
    some_ids,
    write_engine,
    write_trunk,
)

QWEN = "qwen2 with a head of its own"
SINK = 7  # where in the window it stands


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trunk(tmp_path_factory.mktemp("onnx") / "model", QWEN)


@pytest.fixture(scope="module")
def engine(model: Path) -> Path:
    """States behind the first and the last block, and the output head."""
    return write_engine(model, model.parent / "engine", 1, LAYERS, head=True)


@pytest.fixture(scope="module")
def loaded(engine: Path) -> OnnxEncoder:
    return encoder(engine, 1, LAYERS, full=True)


def right_states(directory: Path, ids: list[int], *taps: int) -> dict[str, Array]:
    with opened(directory) as source:
        embedded_TD = source.get("embed_tokens.weight")[ids]
        return states(source.shape, source.get, embedded_TD, taps, head=False)[0]


def close(found_TD: Array, right_TD: Array, least: float) -> None:
    """Every token's cosine is `least` at worst, and five times as near to 1 in the mean."""
    cosine_T = cosines(found_TD, right_TD)
    assert cosine_T.min() > least
    assert cosine_T.mean() > 1 - (1 - least) / 5


@pytest.mark.parametrize("kind", KINDS)
def test_the_states_of_every_token_are_close_to_float32(kind: str, tmp_path: Path) -> None:
    directory, ids = write_trunk(tmp_path / "model", kind), some_ids(300)
    right = right_states(directory, ids, 1, LAYERS)
    found = encoder(write_engine(directory, tmp_path / "e", 1, LAYERS), 1, LAYERS).states(ids)

    assert found.values_TD.dtype == np.float32
    assert found.deep_TD is not None
    assert found.signals_TS is None
    close(found.values_TD, right["state_1"], 0.99)
    close(found.deep_TD, right[f"state_{LAYERS}"], 0.95)
    assert cosines(found.values_TD, right[f"state_{LAYERS}"]).min() < 0.9  # the layers differ


def test_no_pair_of_products_overflows_16_bits(engine: Path) -> None:
    for name in ("trunk.onnx", "head.onnx"):
        weights = [
            numpy_helper.to_array(weight)
            for weight in onnx.load(engine / name).graph.initializer
            if weight.data_type == onnx.TensorProto.INT8
        ]

        assert weights
        assert 2 * 255 * max(int(np.abs(weight.astype(int)).max()) for weight in weights) < 2**15


@pytest.mark.parametrize("count", [1, 256, 257, 700])
def test_a_window_in_pieces_is_the_window_in_one(
    count: int, loaded: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = some_ids(count)
    pieces = loaded.states(ids)
    monkeypatch.setattr(onnx_encoder, "PIECE", 10_000)
    whole = loaded.states(ids)

    assert pieces.values_TD.shape == (count, 64)
    assert pieces.deep_TD is not None
    assert whole.deep_TD is not None
    assert cosines(pieces.values_TD, whole.values_TD).min() > 0.9999
    assert cosines(pieces.deep_TD, whole.deep_TD).min() > 0.999


def test_a_token_s_state_depends_on_earlier_pieces_and_not_on_later_tokens(
    loaded: OnnxEncoder,
) -> None:
    ids, other_ids = some_ids(600), some_ids(300, seed=9)
    whole = loaded.states(ids).values_TD
    later = loaded.states([*ids[:300], *other_ids]).values_TD
    earlier = loaded.states([*other_ids[:256], *ids[256:]]).values_TD

    assert cosines(loaded.states(ids[:300]).values_TD, whole[:300]).min() > 0.9999
    assert cosines(later[:300], whole[:300]).min() > 0.9999
    assert cosines(later[300:], whole[300:]).min() < 0.9
    assert cosines(earlier[256:300], whole[256:300]).max() < 0.9999


def with_sink(source: Source, token: int) -> Source:
    """Make one token a sink: an embedding 100 times as long, to which the first block answers."""

    def get(name: str) -> Array:
        values = source.get(name).copy()
        if name == "embed_tokens.weight":
            values[:, 0] = 0
            values[token] = 0
            values[token, 0] = 100 * np.linalg.norm(values, axis=1).mean()
        if name.endswith(("gate_proj.weight", "up_proj.weight")):
            values[:, 0] = np.abs(values[:, 0]) * 10
        return values

    return replace(source, get=get)


def per_tensor(self: onnx_graph._Graph, x: str) -> tuple[str, str]:
    """One scale for all tokens, as ONNX Runtime's dynamic quantisation has it."""
    low = self.op("Neg", self.op("ReduceMin", x, keepdims=1))
    peak = self.op("Max", self.op("ReduceMax", x, keepdims=1), low, "least")
    steps = self.op("Mul", x, self.op("Div", "levels", peak))
    return self.op("QuantizeLinear", steps, "one", "zero"), self.op("Div", peak, "levels")


def test_an_attention_sink_spoils_no_other_token_and_with_one_scale_for_all_it_would(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = some_ids(60)
    with opened(model) as plain:
        source = with_sink(plain, ids[SINK])
        embedded_TD = source.get("embed_tokens.weight")[ids]
        right_TD = states(source.shape, source.get, embedded_TD, (1,), head=False)[0]["state_1"]

        def worst(name: str) -> float:
            export(source, EngineOutputs(taps=(1,), head=False), tmp_path / name)
            monkeypatch.setattr(OnnxEncoder, "_check", lambda *_: None)
            found_TD = encoder(tmp_path / name, 1).states(ids).values_TD
            others = [n for n, one in enumerate(ids) if one != ids[SINK]]
            return float(cosines(found_TD[others], right_TD[others]).min())

        per_token = worst("per-token")
        monkeypatch.setattr(onnx_graph._Graph, "quantised", per_tensor)
        for_all = worst("per-tensor")

    length_T = np.linalg.norm(right_TD, axis=1)
    assert length_T[SINK] > 100 * np.median(length_T)
    assert per_token > 0.98
    assert for_all < 0.9


def test_the_signals_are_close_to_those_of_transformers_in_pieces_of_any_size(
    model: Path, loaded: OnnxEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = some_ids(150)  # more than the head takes at once
    spec = EncoderSpec(directory=model, layer=1, full=True, threads=1)
    right_TS = TransformersEncoder(spec, lambda: load_tokenizer(model)).states(ids).signals_TS
    found_TS = loaded.states(ids).signals_TS
    monkeypatch.setattr(onnx_encoder, "HEAD_ROWS", 7)
    pieces_TS = loaded.states(ids).signals_TS

    assert right_TS is not None
    assert found_TS is not None
    assert pieces_TS is not None
    np.testing.assert_allclose(found_TS, pieces_TS, atol=1e-4)
    assert found_TS.shape == (150, len(SIGNALS))
    assert not found_TS[0].any()
    for column, signal in enumerate(SIGNALS):
        difference_T = np.abs(found_TS[:, column] - right_TS[:, column])
        assert difference_T.mean() < 0.1 * right_TS[:, column].std(), signal
        assert np.corrcoef(found_TS[:, column], right_TS[:, column])[0, 1] > 0.98, signal


def test_the_expected_engine_is_the_one_that_is_loaded(loaded: OnnxEncoder) -> None:
    spec = EncoderSpec(directory=Path("nowhere"), engine="onnx", layer=1, threads=1)

    assert expected_engine(spec) == (loaded.dtype, loaded.engine)
    assert expected_engine(replace(spec, threads=2)) != (loaded.dtype, loaded.engine)


def test_windows_read_on_a_thread_each_have_the_same_states(model: Path, engine: Path) -> None:
    spec = EncoderSpec(directory=engine, engine="onnx", layer=1, deep=LAYERS, full=True, threads=2)
    windows = [some_ids(length) for length in (300, 40, 7)]
    alone = OnnxEncoder(replace(spec, one_by_one=True), lambda: load_tokenizer(model))
    together = OnnxEncoder(spec, lambda: load_tokenizer(model))
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(together.states, windows))

    assert (alone.at_once, together.at_once) == (1, 2)
    for ids, read in zip(windows, found, strict=True):
        right = alone.states(ids)
        np.testing.assert_array_equal(right.deep_TD, read.deep_TD)
        np.testing.assert_array_equal(right.head, read.head)


Damage = Callable[[bytes], bytes]
DAMAGES: dict[str, tuple[str, Damage]] = {
    "a graph cut short": ("trunk.onnx", lambda data: data[: len(data) // 2]),
    "a graph that is none": ("trunk.onnx", lambda _data: b"no graph"),
    "an embedding cut short": ("embedding.safetensors", lambda data: data[:-9]),
    "an embedding without a header": ("embedding.safetensors", lambda _data: b""),
    "an embedding of other numbers": (
        "embedding.safetensors",
        lambda data: data.replace(b'"I8"', b'"U8"'),
    ),
    "a probe that is none": ("probe.safetensors", lambda data: data[:20]),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_two_lines_and_exit_4(name: str, engine: Path, tmp_path: Path) -> None:
    file, damage = DAMAGES[name]
    for path in engine.iterdir():
        data = path.read_bytes()
        (tmp_path / path.name).write_bytes(damage(data) if path.name == file else data)

    with pytest.raises(ModelUnavailable, match=file) as failure:
        encoder(tmp_path, 1)
    assert not isinstance(failure.value, EngineUnfit)  # another engine would not help
    assert (failure.value.exit_code, len(str(failure.value).splitlines())) == (4, 2)
