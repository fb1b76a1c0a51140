"""Weights in 8 or 4 bits: what is refused, and, where bitsandbytes is, that a model reads so."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import constants

from reviewbot.encoders.encoder import EncoderSpec, load_encoder
from reviewbot.encoders.gpu_encoder import GpuEncoder
from reviewbot.encoders.quantization import check_packages, loading_arguments, offline
from reviewbot.encoders.tokenizer import load_tokenizer
from reviewbot.errors import (
    EnvironmentFailure,
    MissingExtra,
    ModelUnavailable,
    ReviewbotError,
    UsageError,
)
from tests import tiny

HAVE = all(find_spec(name) for name in ("bitsandbytes", "accelerate"))


def installed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(
        "reviewbot.encoders.quantization.find_spec", lambda name: name if name in names else None
    )


def spec(directory: Path, **more: Any) -> EncoderSpec:
    given = {"device": "cuda", "dtype": "auto", "quantize": "8bit"} | more
    return EncoderSpec(directory=directory, layer=tiny.LAYER, threads=1, **given)


@pytest.mark.parametrize(
    ("have", "more", "kind", "words"),
    [
        (("bitsandbytes", "accelerate"), {"device": "cpu"}, UsageError, "needs a GPU"),
        (("bitsandbytes", "accelerate"), {"dtype": "fp32"}, UsageError, "not in fp32"),
        ((), {}, MissingExtra, r"pip install 'reviewbot-risk\[quantize\]'"),
        (("bitsandbytes",), {}, MissingExtra, "needs accelerate"),
        (("bitsandbytes", "accelerate", "kernels"), {}, EnvironmentFailure, "native code"),
        (("bitsandbytes", "accelerate"), {}, EnvironmentFailure, "sees no GPU"),
    ],
)
def test_what_cannot_be_is_refused_in_two_lines_before_anything_is_loaded(
    tiny_model: Path,
    have: tuple[str, ...],
    more: dict[str, str],
    kind: type[ReviewbotError],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    installed(monkeypatch, *have)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)

    with pytest.raises(kind, match=words) as caught:
        load_encoder(spec(tiny_model, **more))

    assert str(caught.value).count("\n") == 1
    assert "nothing was scored" in str(caught.value)


@pytest.mark.parametrize("before", [None, "0"])
def test_the_hub_is_out_of_reach_meanwhile_and_only_then(
    before: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    if before is not None:
        monkeypatch.setenv("HF_HUB_OFFLINE", before)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    with offline():
        assert os.environ["HF_HUB_OFFLINE"] == "1"
        assert constants.is_offline_mode()

    assert os.environ.get("HF_HUB_OFFLINE") == before
    assert not constants.is_offline_mode()


def test_the_weights_go_to_the_device_and_no_token_looks_at_another_s_outliers() -> None:
    before = "bitsandbytes" in sys.modules
    eight, four = (loading_arguments(bits, "cuda:1") for bits in ("8bit", "4bit"))

    assert eight["device_map"] == four["device_map"] == {"": "cuda:1"}
    assert eight["quantization_config"].load_in_8bit
    assert eight["quantization_config"].llm_int8_threshold == 0.0
    assert four["quantization_config"].load_in_4bit
    assert four["quantization_config"].bnb_4bit_quant_type == "nf4"
    assert ("bitsandbytes" in sys.modules) == before


def quantized(directory: Path, bits: str, **more: Any) -> GpuEncoder:
    """The real thing, on the CPU, where bitsandbytes falls back to slow kernels."""
    check_packages(bits)
    asked = spec(directory, quantize=bits, **more)
    return GpuEncoder(asked, lambda: load_tokenizer(directory), "cpu")


@pytest.mark.skipif(not HAVE, reason="bitsandbytes or accelerate is not installed")
@pytest.mark.parametrize(("bits", "near"), [("8bit", 0.99), ("4bit", 0.9)])
def test_a_quantized_model_reads_nearly_what_the_whole_one_reads(
    tmp_path: Path, bits: str, near: float
) -> None:
    # The kernel for 4 bits on this kind of CPU takes widths of whole blocks of 64 only.
    model = tiny.write_model(tmp_path, width=64, inner=128)
    small = quantized(model, bits, deep=3, full=True)
    ids = small.tokenize(tiny.TEXT).ids

    found = small.batch([ids, ids[:20]])

    whole_TD = tiny.encoder(model).states(ids).values_TD
    values_TD = found[0].values_TD
    norms_T = np.linalg.norm(whole_TD, axis=1) * np.linalg.norm(values_TD, axis=1)
    cosine_T = (whole_TD * values_TD).sum(axis=1) / norms_T
    assert near < cosine_T.mean() < 0.99999  # near, and really not the same weights
    assert found[0].deep_TD is not None
    assert found[0].signals_TS is not None
    # Nothing that follows, and no other window, changes a state by more than bf16 rounds.
    np.testing.assert_allclose(found[1].values_TD, values_TD[:20], rtol=0.05, atol=0.05)
    assert (small.dtype, f" {bits} bitsandbytes " in small.engine) == (bits, True)


@pytest.mark.skipif(not HAVE, reason="bitsandbytes or accelerate is not installed")
def test_a_damaged_checkpoint_is_refused_when_quantized_too(
    tiny_model: Path, tmp_path: Path
) -> None:
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes((tiny_model / name).read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 64)

    with pytest.raises(ModelUnavailable, match="nothing was scored"):
        quantized(tmp_path, "4bit")
