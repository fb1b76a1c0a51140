"""The encoder for a GPU, on the CPU: everything but CUDA itself is the real thing."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
import transformers

from reviewbot.encoders.dtype import choose_dtype, engine
from reviewbot.encoders.encoder import BatchEncoder, EncoderSpec, default_dtype, load_encoder
from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.tokenizer import load_tokenizer
from reviewbot.encoders.torch_batches import STEPS, GpuEncoder, torch_encoder
from reviewbot.errors import EnvironmentFailure
from tests import tiny

# Lengths of many kinds, one of a single token; ids of the tiny vocabulary.
LENGTHS = (5, 90, 1, 33, 88, 34, 35, 2, 91)
WINDOWS = [[(7 * row + 11 * t) % 320 for t in range(n)] for row, n in enumerate(LENGTHS)]


def make(directory: Path, step: int = 200, **more: Any) -> GpuEncoder:
    spec = EncoderSpec(directory=directory, layer=tiny.LAYER, threads=1, **more)
    return GpuEncoder(spec, lambda: load_tokenizer(directory), "cpu", step=step)


def differ(left: HiddenStates, right: HiddenStates) -> float:
    """The largest difference of anything that was read; inf where one has what the other lacks."""
    pairs = [
        (left.values_TD, right.values_TD),
        (left.deep_TD, right.deep_TD),
        (left.signals_TS, right.signals_TS),
    ]
    most = 0.0
    for a, b in pairs:
        if (a is None) != (b is None):
            return float("inf")
        if a is not None and b is not None:
            assert a.shape == b.shape
            assert a.dtype == b.dtype == np.float32
            most = max(most, float(np.abs(a - b).max()))
    return most


@pytest.mark.parametrize("step", [1, 200, 100_000])
@pytest.mark.parametrize(("deep", "full"), [(None, False), (3, False), (1, True)])
def test_read_in_batches_is_read_one_by_one(
    tiny_model: Path, deep: int | None, full: bool, step: int
) -> None:
    alone = tiny.encoder(tiny_model, deep=deep, full=full)
    batched = make(tiny_model, step, deep=deep, full=full)

    found = batched.batch(WINDOWS)

    assert [len(hidden.values_TD) for hidden in found] == list(LENGTHS)
    for ids, hidden in zip(WINDOWS, found, strict=True):
        assert differ(hidden, alone.states(ids)) < 1e-5
        assert (hidden.deep_TD is not None, hidden.signals_TS is not None) == (bool(deep), full)


def test_a_window_s_states_do_not_depend_on_what_else_is_in_the_batch(tiny_model: Path) -> None:
    alone = tiny.encoder(tiny_model, deep=3, full=True)
    mine, long, other = WINDOWS[3], WINDOWS[8], WINDOWS[4]

    first = alone.rows([mine, long])[0]

    assert differ(first, alone.rows([other, mine])[1]) < 1e-5
    assert differ(first, alone.rows([mine])[0]) < 1e-5
    assert differ(first, alone.rows([WINDOWS[5][: len(mine)]])[0]) > 1e-2  # it could fail


@pytest.mark.parametrize("rows", [3, 256])
def test_the_output_head_s_pieces_may_cross_the_rows(
    tiny_model: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = tiny.encoder(tiny_model, full=True)
    expected = [alone.states(ids) for ids in WINDOWS]
    monkeypatch.setattr("reviewbot.encoders.torch_encoder.LOGIT_ROWS", rows)

    found = make(tiny_model, 100_000, full=True).batch(WINDOWS)

    for hidden, one in zip(found, expected, strict=True):
        assert differ(hidden, one) < 1e-5
        assert hidden.signals_TS is not None
        assert not hidden.signals_TS[0].any()


def test_no_mask_reaches_the_blocks_so_the_causal_kernel_is_taken(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool]] = []
    real = torch.nn.functional.scaled_dot_product_attention

    def watched(*args: Any, **kwargs: Any) -> torch.Tensor:
        seen.append((kwargs["attn_mask"] is None, kwargs["is_causal"]))
        return real(*args, **kwargs)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", watched)
    tiny.encoder(tiny_model).rows(WINDOWS[3:6])

    assert seen == [(True, True)] * tiny.LAYER


def test_only_the_encoder_for_gpus_asks_for_batches(tiny_model: Path) -> None:
    batched = make(tiny_model, step=50)

    assert isinstance(batched, BatchEncoder)
    assert batched.batch_tokens == STEPS * 50
    assert batched.batch([]) == []
    assert not isinstance(tiny.encoder(tiny_model), BatchEncoder)
    assert differ(batched.states(WINDOWS[1]), batched.batch(WINDOWS)[1]) < 1e-5
    assert batched.tokenize("a b") == tiny.encoder(tiny_model).tokenize("a b")


def test_where_memory_runs_out_batches_get_smaller_and_nothing_else_changes(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batched = make(tiny_model, 1_000, deep=3)
    expected, tried = batched.batch(WINDOWS), []
    real = batched._inner._model.norm.forward  # behind the hooks: states of the lost pass were kept

    def tight(hidden_BTD: torch.Tensor) -> torch.Tensor:
        tried.append(hidden_BTD.shape[0] * hidden_BTD.shape[1])
        if tried[-1] > 150:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return torch.as_tensor(real(hidden_BTD))

    monkeypatch.setattr(batched._inner._model.norm, "forward", tight)
    found = batched.batch(WINDOWS)

    assert max(tried) > 150
    assert batched._inner._states == {}  # nothing of a lost pass is held on to
    assert all(differ(a, b) < 1e-5 for a, b in zip(found, expected, strict=True))
    assert batched.batch_tokens <= STEPS * max(tried) // 2


def test_without_a_gpu_cuda_is_an_error_and_never_the_cpu(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(EnvironmentFailure) as caught:
        load_encoder(EncoderSpec(directory=tiny_model, layer=1, device="cuda"))

    what, fix = str(caught.value).split("\n")
    assert "sees no GPU" in what
    assert torch.__version__ in what
    assert fix.startswith("  fix: ")
    assert caught.value.exit_code == 4


def cards(monkeypatch: pytest.MonkeyPatch, count: int, *, bf16: bool = True) -> None:
    """Let torch say what it says where there are GPUs."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "device", lambda _: nullcontext())
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: bf16)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Card of {device}")
    monkeypatch.setattr(torch.version, "cuda", "13.0")


def test_of_several_gpus_the_first_has_the_model(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards(monkeypatch, 3)
    made = Mock()
    monkeypatch.setattr("reviewbot.encoders.torch_batches.TransformersEncoder", made)

    torch_encoder(
        EncoderSpec(directory=tiny_model, layer=1, device="cuda"),
        lambda: load_tokenizer(tiny_model),
    )

    assert [call.args[2] for call in made.call_args_list] == ["cuda:0"]


@pytest.mark.parametrize(
    ("asked", "bf16", "expected"),
    [("auto", True, "bf16"), ("auto", False, "fp32"), ("fp32", True, "fp32")],
)
def test_auto_is_bf16_on_a_gpu_that_has_it_and_a_choice_is_obeyed(
    asked: str, bf16: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cards(monkeypatch, 1, bf16=bf16)

    assert choose_dtype(asked, "cuda:0") == expected
    assert (default_dtype("cuda"), default_dtype("cpu")) == ("auto", "fp32")


def test_the_engine_names_device_numbers_and_card(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = f"torch {torch.__version__} transformers {transformers.__version__}"
    on_cpu = make(tiny_model, dtype="bf16")
    assert on_cpu.engine.startswith(f"{libraries} cpu bf16 1 ")
    assert on_cpu.dtype == "bf16"
    cards(monkeypatch, 1)
    assert engine("bf16", "cuda:0") == f"{libraries} cuda bf16 13.0 Card of cuda:0"
    monkeypatch.setattr("reviewbot.encoders.dtype.version", lambda name: f"{name} 9")
    assert " cuda 4bit bitsandbytes bitsandbytes 9 13.0 " in engine("4bit", "cuda:0")


def test_a_model_that_does_not_fit_is_an_error_of_two_lines(tiny_model: Path) -> None:
    def load(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    spec = EncoderSpec(directory=tiny_model, layer=1, threads=1)
    with pytest.raises(EnvironmentFailure, match="does not hold the model"):
        GpuEncoder(spec, lambda: load_tokenizer(tiny_model), "cpu", load=load)
