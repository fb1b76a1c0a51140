"""The encoder on a tiny model: the right state, read once, and nothing of the future in it."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

import reviewbot
from reviewbot.encoders.encoder import ENCODERS, EncoderSpec, load_encoder
from reviewbot.encoders.torch_encoder import TransformersEncoder, choose_dtype
from reviewbot.errors import MissingExtra, ModelUnavailable, UsageError
from tests import tiny


@pytest.fixture(scope="module")
def cut(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model)


@pytest.fixture(scope="module")
def full(tiny_model: Path) -> TransformersEncoder:
    return tiny.encoder(tiny_model, full=True)


@pytest.fixture(scope="module")
def reference(tiny_model: Path) -> torch.nn.Module:
    """The same model through transformers alone."""
    model: torch.nn.Module = AutoModelForCausalLM.from_pretrained(tiny_model).eval()
    return model


def test_the_cut_off_model_gives_the_whole_model_s_state_at_that_layer(
    cut: TransformersEncoder, full: TransformersEncoder, reference: torch.nn.Module
) -> None:
    ids = cut.tokenize(tiny.TEXT).ids
    with torch.inference_mode():
        out = reference(torch.tensor([ids]), output_hidden_states=True)
    values_TD = cut.states(ids).values_TD

    assert values_TD.shape == (len(ids), tiny.WIDTH)
    assert values_TD.dtype == np.float32
    np.testing.assert_allclose(values_TD, full.states(ids).values_TD, atol=1e-5)
    np.testing.assert_allclose(values_TD, out.hidden_states[tiny.LAYER][0].numpy(), atol=1e-5)


def test_the_state_of_the_last_layer_is_the_one_before_the_final_norm(
    tiny_model: Path, reference: torch.nn.Module
) -> None:
    last = tiny.encoder(tiny_model, layer=tiny.LAYERS)
    ids = last.tokenize(tiny.TEXT).ids
    with torch.inference_mode():
        normed_TD = reference(torch.tensor([ids]), output_hidden_states=True).hidden_states[-1][0]
        values_TD = torch.from_numpy(last.states(ids).values_TD)
        renormed_TD = reference.get_submodule("model.norm")(values_TD)

    assert not np.allclose(values_TD, normed_TD, atol=1e-2)
    np.testing.assert_allclose(renormed_TD, normed_TD, atol=1e-4)


def test_the_state_of_a_token_does_not_depend_on_what_follows(cut: TransformersEncoder) -> None:
    ids = cut.tokenize(tiny.TEXT).ids
    whole_TD = cut.states(ids).values_TD

    assert cut.states(ids).values_TD.tobytes() == whole_TD.tobytes()
    for stop in (1, 7, len(ids) // 2):
        np.testing.assert_allclose(cut.states(ids[:stop]).values_TD, whole_TD[:stop], atol=1e-5)
    changed = cut.states([*ids[:7], 5, 6, 7]).values_TD
    np.testing.assert_allclose(changed[:7], whole_TD[:7], atol=1e-5)


@pytest.mark.parametrize("rows", [3, 256])
def test_the_signals_are_those_of_the_output_head(
    full: TransformersEncoder,
    reference: torch.nn.Module,
    rows: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reviewbot.encoders.torch_encoder.LOGIT_ROWS", rows)  # 3: several pieces
    ids = full.tokenize(tiny.TEXT).ids
    hidden = full.states(ids)
    with torch.inference_mode():
        logs_TV = reference(torch.tensor([ids])).logits[0].double().log_softmax(-1).numpy()
    nats = [0.0] + [-logs_TV[t - 1, ids[t]] for t in range(1, len(ids))]
    spread = [0.0] + [-(np.exp(row_V) * row_V).sum() for row_V in logs_TV[:-1]]

    pairs = [(logs_TV[t - 1], ids[t]) for t in range(1, len(ids))]
    margin = [0.0] + [row_V.max() - row_V[token] for row_V, token in pairs]
    rank = [0.0] + [np.log1p((row_V > row_V[token]).sum()) for row_V, token in pairs]

    assert hidden.signals_TS is not None
    expected_TS = np.array([nats, spread, margin, rank]).T
    np.testing.assert_allclose(hidden.signals_TS, expected_TS, atol=1e-4)
    assert hidden.likeliest_T is not None
    assert hidden.likeliest_T[1:].tolist() == logs_TV[:-1].argmax(axis=-1).tolist()
    assert full.token(ids[0]) == "def"
    assert full.token(10**6) == ""
    (first_S,) = np.asarray(full.states(ids[:1]).signals_TS)  # no surprisal without a context
    assert first_S.tolist() == [0.0] * 4


@pytest.mark.parametrize("text", [tiny.SPECIAL, "<tool_call>"])
def test_a_special_token_in_the_code_is_plain_text(cut: TransformersEncoder, text: str) -> None:
    special = {tiny.tokenizer().token_to_id(name) for name in (tiny.SPECIAL, "<tool_call>")}
    tokens = cut.tokenize(f"x = '{text}'\n")

    assert None not in special
    assert special.isdisjoint(tokens.ids)
    assert tokens.offsets[-1].end == len(f"x = '{text}'\n")
    assert tiny.tokenizer().encode(text).ids[0] in special  # left alone, it would be one


def test_no_token_is_added_and_a_lone_surrogate_is_one_character(
    cut: TransformersEncoder,
) -> None:
    tokens = cut.tokenize("\ud800\ud83d\ude00x")

    assert cut.tokenize("").ids == []
    assert len(cut.tokenize("a").ids) == 1
    assert tokens == cut.tokenize("\ufffd\ufffd\ufffdx")
    assert tokens.offsets[-1] == (3, 4)


@pytest.mark.parametrize("layer", [0, -1, tiny.LAYERS + 1])
def test_a_layer_that_is_not_there_is_refused(tiny_model: Path, layer: int) -> None:
    with pytest.raises(ModelUnavailable, match="3 layers"):
        tiny.encoder(tiny_model, layer=layer)


def edit_weights(directory: Path, edit: Callable[[bytes], bytes]) -> None:
    path = directory / "model.safetensors"
    path.write_bytes(edit(path.read_bytes()))


def drop_tensor(directory: Path) -> None:
    tensors = load_file(directory / "model.safetensors")
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, directory / "model.safetensors", {"format": "pt"})


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no tokenizer": lambda d: (d / "tokenizer.json").unlink(),
    "tokenizer is no JSON": lambda d: (d / "tokenizer.json").write_text("{"),
    "no weights": lambda d: (d / "model.safetensors").unlink(),
    "empty weights": lambda d: edit_weights(d, lambda _: b""),
    "header is noise": lambda d: edit_weights(d, lambda data: b"\xff" * 64 + data[64:]),
    "weights cut off": lambda d: edit_weights(d, lambda data: data[:-100]),
    "a tensor is missing": drop_tensor,
    "config is no JSON": lambda d: (d / "config.json").write_text("{"),
    "config of another width": lambda d: tiny.edit_json(d / "config.json", hidden_size=64),
    "config of more layers": lambda d: tiny.edit_json(d / "config.json", num_hidden_layers=9),
    "config of an unknown kind": lambda d: tiny.edit_json(d / "config.json", model_type="nothing"),
    "a model without blocks": lambda d: tiny.edit_json(d / "config.json", model_type="gpt2"),
}


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_checkpoint_is_refused_in_two_lines(
    tiny_model: Path, tmp_path: Path, damage: Callable[[Path], object], full: bool
) -> None:
    copy = Path(shutil.copytree(tiny_model, tmp_path / "copy"))
    damage(copy)

    with pytest.raises(ModelUnavailable, match=r"^.*nothing was scored.*\n  fix: .*$"):
        tiny.encoder(copy, full=full)


def test_an_unknown_engine_is_wrong_usage_and_a_missing_framework_an_error(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="onnx"):
        load_encoder(EncoderSpec(directory=tiny_model, engine="tpu", layer=1))
    fresh = "install reviewbot-risk in a fresh environment"
    both = f"pip install 'reviewbot-risk[torch]'; if that is there, {fresh}"
    for engine, fix in (("torch", both), ("onnx", fresh)):
        monkeypatch.setitem(ENCODERS, engine, "reviewbot.no_such_module:Encoder")
        with pytest.raises(MissingExtra, match="cannot be loaded") as failure:
            load_encoder(EncoderSpec(directory=tiny_model, engine=engine, layer=1))
        assert failure.value.fix == fix


def test_fp32_is_kept_and_auto_chooses_between_the_two() -> None:
    assert choose_dtype("fp32") == "fp32"
    assert choose_dtype("auto") in ("fp32", "bf16")


def test_nothing_is_ever_generated_and_no_downloaded_code_is_run() -> None:
    package = Path(reviewbot.__file__).parent
    source = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))

    assert "from_pretrained" in source  # we look at the right files
    assert not re.search(r"\.generate\(|trust_remote_code\s*=\s*True", source)
    assert not re.search(r"^\s*(import|from) (pickle|joblib|dill)\b|torch\.load\(", source, re.M)


def test_a_later_block_is_kept_beside_the_first(tiny_model: Path) -> None:
    both = tiny.encoder(tiny_model, layer=1, deep=3)
    ids = both.tokenize(tiny.TEXT).ids
    hidden = both.states(ids)

    first, last = (tiny.encoder(tiny_model, layer=layer).states(ids) for layer in (1, 3))
    assert hidden.deep_TD is not None
    np.testing.assert_allclose(hidden.values_TD, first.values_TD, atol=1e-5)
    np.testing.assert_allclose(hidden.deep_TD, last.values_TD, atol=1e-5)
    assert not np.allclose(hidden.values_TD, hidden.deep_TD, atol=1e-2)
