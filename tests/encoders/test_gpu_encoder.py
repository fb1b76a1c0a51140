"""The encoder for a GPU, on the CPU: everything but CUDA itself is the real thing."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.encoders.encoder import BatchEncoder, EncoderSpec, default_dtype, load_encoder
from reviewbot.encoders.gpu_encoder import (
    CALL_PASSES,
    MAX_PADDING,
    GpuEncoder,
    pack,
    torch_encoder,
)
from reviewbot.encoders.states import HiddenStates
from reviewbot.encoders.tokenizer import load_tokenizer
from reviewbot.encoders.torch_encoder import choose_dtype, torch_engine_name
from reviewbot.errors import EnvironmentFailure
from tests import tiny

# Lengths of many kinds, one of a single token; ids of the tiny vocabulary.
LENGTHS = (5, 90, 1, 33, 88, 34, 35, 2, 91)
WINDOWS = [[(7 * row + 11 * t) % 320 for t in range(n)] for row, n in enumerate(LENGTHS)]


def make(directory: Path, pass_tokens: int = 200, **more: Any) -> GpuEncoder:
    spec = EncoderSpec(directory=directory, layer=tiny.LAYER, threads=1, **more)
    return GpuEncoder(spec, lambda: load_tokenizer(directory), "cpu", pass_tokens=pass_tokens)


def difference(left: HiddenStates, right: HiddenStates) -> float:
    """Return the largest difference of two states that have the same arrays."""
    pairs = [
        (left.values_TD, right.values_TD),
        (left.deep_TD, right.deep_TD),
        (left.signals_TS, right.signals_TS),
    ]
    present = [(a, b) for a, b in pairs if a is not None and b is not None]
    assert len(present) == sum(a is not None or b is not None for a, b in pairs)
    assert all(a.dtype == b.dtype == np.float32 and a.shape == b.shape for a, b in present)
    return max(float(np.abs(a - b).max()) for a, b in present)


@pytest.mark.parametrize("pass_tokens", [1, 200, 100_000])
@pytest.mark.parametrize("logit_rows", [3, 256])
@pytest.mark.parametrize(("deep", "full"), [(None, False), (3, False), (1, True)])
def test_windows_read_in_batches_have_the_states_of_windows_read_alone(
    tiny_model: Path,
    deep: int | None,
    full: bool,
    logit_rows: int,
    pass_tokens: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = tiny.encoder(tiny_model, deep=deep, full=full)
    monkeypatch.setattr("reviewbot.encoders.torch_encoder.LOGIT_ROWS", logit_rows)
    firsts = [n % len(ids) for n, ids in enumerate(WINDOWS)]
    expected = [alone.states(ids, first) for ids, first in zip(WINDOWS, firsts, strict=True)]
    batched = make(tiny_model, pass_tokens, deep=deep, full=full).batch(WINDOWS, firsts)

    lengths = [n - first for n, first in zip(LENGTHS, firsts, strict=True)]
    assert [len(states.values_TD) for states in batched] == lengths
    assert max(map(difference, batched, expected)) < 1e-5
    for states in batched:
        assert (states.deep_TD is not None, states.signals_TS is not None) == (bool(deep), full)


def test_a_window_s_states_do_not_depend_on_the_rest_of_the_batch(tiny_model: Path) -> None:
    alone = tiny.encoder(tiny_model, deep=3, full=True)
    mine, long, other = WINDOWS[3], WINDOWS[8], WINDOWS[4]

    first = alone.rows([mine, long])[0]

    assert difference(first, alone.rows([other, mine])[1]) < 1e-5
    assert difference(first, alone.rows([mine])[0]) < 1e-5
    assert difference(first, alone.rows([WINDOWS[5][: len(mine)]])[0]) > 1e-2  # it could fail


def test_no_mask_reaches_the_blocks_so_torch_chooses_the_causal_kernel(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[bool, bool]] = []
    attention = torch.nn.functional.scaled_dot_product_attention

    def watched(*args: Any, **kwargs: Any) -> torch.Tensor:
        calls.append((kwargs["attn_mask"] is None, kwargs["is_causal"]))
        return attention(*args, **kwargs)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", watched)
    tiny.encoder(tiny_model).rows(WINDOWS[3:6])

    assert calls == [(True, True)] * tiny.LAYER


def test_only_the_encoder_for_gpus_takes_batches(tiny_model: Path) -> None:
    batched = make(tiny_model, pass_tokens=50)

    assert isinstance(batched, BatchEncoder)
    assert batched.batch_tokens == CALL_PASSES * 50
    assert batched.batch([]) == []
    assert not isinstance(tiny.encoder(tiny_model), BatchEncoder)
    assert difference(batched.states(WINDOWS[1]), batched.batch(WINDOWS)[1]) < 1e-5
    assert batched.tokenize("a b") == tiny.encoder(tiny_model).tokenize("a b")


def limit_memory(
    encoder: GpuEncoder, tokens: int, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> list[int]:
    """Let a pass of more tokens fail after its hooks ran; return the tokens of each pass."""
    passes: list[int] = []
    norm: Callable[..., Any] = encoder._inner._model.norm.forward

    def forward(hidden_BTD: torch.Tensor) -> Any:
        passes.append(hidden_BTD.shape[0] * hidden_BTD.shape[1])
        if passes[-1] > tokens:
            raise error
        return norm(hidden_BTD)

    monkeypatch.setattr(encoder._inner._model.norm, "forward", forward)
    return passes


OUT_OF_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def test_if_memory_runs_out_batches_get_smaller_and_nothing_else_changes(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = make(tiny_model, 1_000, deep=3)
    expected = encoder.batch(WINDOWS)
    passes = limit_memory(encoder, 150, monkeypatch, OUT_OF_MEMORY)
    actual = encoder.batch(WINDOWS)

    assert max(passes) > 150
    assert encoder._inner._states == {}  # nothing of a failed pass is kept
    assert max(map(difference, actual, expected)) < 1e-5
    assert encoder.batch_tokens <= CALL_PASSES * max(passes) // 2


@pytest.mark.parametrize(
    ("tokens", "error", "kind", "words", "tries"),
    [
        (89, OUT_OF_MEMORY, EnvironmentFailure, r"no memory left for 9\d tokens\n  fix: ", 2),
        (0, RuntimeError("an illegal memory access"), RuntimeError, "illegal", 1),
    ],
    ids=["a window that does not fit alone", "another error is not retried"],
)
def test_what_cannot_be_read_is_an_error(
    tokens: int,
    error: Exception,
    kind: type[Exception],
    words: str,
    tries: int,
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder = make(tiny_model)
    passes = limit_memory(encoder, tokens, monkeypatch, error)

    with pytest.raises(kind, match=words):
        encoder.batch(WINDOWS)
    assert len(passes) == tries


def test_a_model_that_does_not_fit_is_an_error_of_two_lines(tiny_model: Path) -> None:
    load = Mock(side_effect=OUT_OF_MEMORY)
    spec = EncoderSpec(directory=tiny_model, layer=1, threads=1)

    with pytest.raises(EnvironmentFailure, match=r"too small for the model\n  fix: "):
        GpuEncoder(spec, lambda: load_tokenizer(tiny_model), "cpu", load=load)


def test_without_a_gpu_cuda_is_an_error_and_never_the_cpu(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(EnvironmentFailure, match=r"sees no GPU\n  fix: ") as caught:
        load_encoder(EncoderSpec(directory=tiny_model, layer=1, device="cuda"))

    assert torch.__version__ in str(caught.value)
    assert caught.value.exit_code == 4


def fake_gpus(monkeypatch: pytest.MonkeyPatch, *, bf16: bool = True) -> None:
    """Let torch answer as with three GPUs."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "device", lambda _: nullcontext())
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: bf16)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Card of {device}")
    monkeypatch.setattr(torch.version, "cuda", "13.0")


def test_the_current_gpu_has_the_model(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_gpus(monkeypatch)
    inner = Mock()
    monkeypatch.setattr("reviewbot.encoders.gpu_encoder.TransformersEncoder", inner)

    torch_encoder(EncoderSpec(directory=tiny_model, layer=1, device="cuda"), Mock())

    assert [call.args[2] for call in inner.call_args_list] == ["cuda"]


@pytest.mark.parametrize(
    ("dtype", "bf16", "expected"),
    [("auto", True, "bf16"), ("auto", False, "fp32"), ("fp32", True, "fp32")],
)
def test_auto_is_bf16_on_a_gpu_that_supports_it(
    dtype: str, bf16: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_gpus(monkeypatch, bf16=bf16)

    assert choose_dtype(dtype, "cuda:0") == expected
    assert (default_dtype("cuda"), default_dtype("cpu")) == ("auto", "fp32")


def test_the_engine_names_device_dtype_and_card(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries = f"torch {torch.__version__} transformers {transformers.__version__}"
    on_cpu = make(tiny_model, dtype="bf16")
    assert on_cpu.engine.startswith(f"{libraries} cpu bf16 1 ")
    assert on_cpu.dtype == "bf16"
    fake_gpus(monkeypatch)
    assert torch_engine_name("bf16", "cuda:0") == f"{libraries} cuda bf16 13.0 Card of cuda:0"
    monkeypatch.setattr("reviewbot.encoders.torch_encoder.version", lambda name: f"{name} 9")
    assert " cuda 4bit bitsandbytes bitsandbytes 9 13.0 " in torch_engine_name("4bit", "cuda:0")


@pytest.mark.parametrize(
    ("lengths", "max_tokens", "batches"),
    [
        ([10, 100, 9, 98], 200, [(1, 3), (0, 2)]),
        ([5, 5, 5, 5, 5], 10, [(0, 1), (2, 3), (4,)]),
        ([3, 50, 3], 10, [(1,), (0, 2)]),
        ([10, 9], 19, [(0,), (1,)]),
        ([10, 9], 20, [(0, 1)]),
        ([], 10, []),
    ],
    ids=["like lengths", "full", "larger than a batch", "padding counts", "just fits", "none"],
)
def test_windows_are_packed_the_longest_first(
    lengths: list[int], max_tokens: int, batches: list[tuple[int, ...]]
) -> None:
    assert pack(lengths, max_tokens) == batches


def test_a_window_without_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one token"):
        pack([4, 0], 10)


@given(st.lists(st.integers(1, 3_000), max_size=60), st.integers(1, 10_000))
def test_every_window_is_packed_once_and_padding_is_bounded(
    lengths: list[int], max_tokens: int
) -> None:
    batches = pack(lengths, max_tokens)

    assert sorted(row for rows in batches for row in rows) == list(range(len(lengths)))
    for rows in batches:
        padded = len(rows) * max(lengths[row] for row in rows)
        assert padded <= max_tokens or len(rows) == 1
        assert padded - sum(lengths[row] for row in rows) <= MAX_PADDING * padded
