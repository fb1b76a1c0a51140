"""The tokenizer that we build from a GGUF header is the one that transformers builds of it."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import AutoTokenizer

from reviewbot.encoders.tokenizer import load_tokenizer, tokenize
from reviewbot.errors import ModelUnavailable
from reviewbot.models.gguf_tensors import open_reader
from reviewbot.models.gguf_tokenizer import build, read_header, write_tokenizer
from reviewbot.models.verify import read_json
from tests.models.tiny import MERGES, VOCABULARY, write_gguf

ROOT = Path(__file__).parents[2]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "<|fim_prefix|>", "<repo_"]
ODD = [
    "",
    "\ufeffx",
    "e\u0301 \u1100\u1161\u11a8 \ufb01 \u212b",  # NFC and NFKC would change each
    "naïve\u00a0café\u2028\u2029\x0b\x0c\x85\r\r\n\n\t \t",
    "日本語 русский العربية हिन्दी ไทย",
    "👩‍👩‍👧‍👦🏳️‍🌈 \U0001d7d8\u0661\u2163½²",
    "\x00\x01\x7f\ufffd\uffff\U0010ffff\ue000",
    "I'm you'RE they'll 'S 1234567890 0x1F 1_000",
    "a" * 3000 + " " * 500 + "\n" * 300,
    *(f"a{name}b {name}\n{name[:-1]} {name * 2}" for name in SPECIAL),
    "[PAD151665] <|reserved|> <repo_name><filename>",
]


class Pair(NamedTuple):
    """Two tokenizers of one GGUF file."""

    ours: Tokenizer
    theirs: Tokenizer
    folder: Path  # of our files; below it is one of theirs


@pytest.fixture(scope="module", params=["qwen2", "llama"])
def gguf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny file of each kind; tests/slow/models/test_tokenizer.py has the official ones."""
    path = tmp_path_factory.mktemp(request.param) / "tiny.gguf"
    write_gguf(path, request.param)
    return path


@pytest.fixture(scope="module")
def pair(gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Ours as it is read from its file, and theirs as it stands in memory."""
    ours = tmp_path_factory.mktemp("ours")
    write_tokenizer(open_reader(gguf), ours)
    theirs = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, local_files_only=True)
    theirs.save_pretrained(ours / "theirs")
    return Pair(Tokenizer.from_file(str(ours / "tokenizer.json")), theirs.backend_tokenizer, ours)


def assert_same(pair: Pair, texts: list[str]) -> None:
    """Compare ids and offsets, where special tokens are matched and where they are just text."""
    for as_text in (False, True):
        for tokenizer in pair[:2]:
            tokenizer.encode_special_tokens = as_text
        ours, theirs = (one.encode_batch(texts, add_special_tokens=False) for one in pair[:2])
        for text, one, other in zip(texts, ours, theirs, strict=True):
            assert one.ids == other.ids, text[:100]
            assert one.offsets == other.offsets, text[:100]


def test_the_files_are_those_that_transformers_writes(pair: Pair) -> None:
    ours, theirs = pair.folder, pair.folder / "theirs"
    config, their_config = (read_json(where / "tokenizer_config.json") for where in (ours, theirs))
    of_the_call = {"is_local", "local_files_only"}

    # the order of every entry, too
    assert (ours / "tokenizer.json").read_bytes() == (theirs / "tokenizer.json").read_bytes()
    assert config == {key: text for key, text in their_config.items() if key not in of_the_call}


def test_code_and_prose_have_the_same_tokens_at_the_same_places(pair: Pair) -> None:
    code = [
        path
        for folder in ("reviewbot", "tests", "examples")
        for path in (ROOT / folder).rglob("*.py")
    ]
    paths = sorted([*code, *ROOT.glob("docs/*.md"), *ROOT.glob("*.md")])
    assert len(paths) > 300
    # Few words in a vocabulary make many tokens of a text, and of few kinds.
    step = 10 if pair.ours.get_vocab_size() < 1_000 else 1
    assert_same(pair, [path.read_text(encoding="utf-8") for path in paths[::step]])


def test_odd_text_has_the_same_tokens_at_the_same_places(pair: Pair) -> None:
    assert_same(pair, ODD)


@settings(max_examples=300, deadline=None, suppress_health_check=[*HealthCheck])
@given(st.lists(st.text(max_size=40) | st.sampled_from([*SPECIAL, *ODD[1:8]]), max_size=6))
def test_any_text_has_the_same_tokens_at_the_same_places(pair: Pair, parts: list[str]) -> None:
    assert_same(pair, ["".join(parts).encode("utf-8", "replace").decode()])


def test_a_special_token_in_a_strangers_text_is_text(pair: Pair) -> None:
    tokenizer = load_tokenizer(pair.folder)
    text = "a<|endoftext|>b"

    found = tokenize(tokenizer, text)

    assert pair.ours.token_to_id("<|endoftext|>") not in [None, *found.ids]
    assert "".join(text[start:end] for start, end in found.offsets) == text


def header(**changes: Any) -> Any:
    """An open reader of a small header, with some fields changed; None leaves one out."""
    fields = {
        "model": "gpt2",
        "pre": "qwen2",
        "tokens": VOCABULARY,
        "token_type": [1] * (len(VOCABULARY) - 1) + [3],
        "merges": MERGES,
        "eos_token_id": len(VOCABULARY) - 1,
    } | changes
    return SimpleNamespace(
        fields={
            f"tokenizer.ggml.{name}": SimpleNamespace(contents=lambda value=value: value)
            for name, value in fields.items()
            if value is not None
        }
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"model": "llama"}, "of kind 'llama', only 'gpt2' can be built"),
        ({"model": None}, "of kind None"),
        ({"pre": "tekken"}, "split as 'tekken', known are qwen2, smollm"),
        ({"pre": None}, "split as None"),
        ({"tokens": None}, "no list tokenizer.ggml.tokens"),
        ({"merges": None}, "no list tokenizer.ggml.merges"),
        ({"token_type": [1]}, "not as many as their types"),
        ({"tokens": ["a", "a"], "token_type": [1, 1]}, "not all different"),
        ({"merges": ["d e f"]}, "a merge has 3 parts"),
        ({"merges": ["d zz"]}, "its merges do not fit its tokens"),
        ({"tokens": ["a b"], "token_type": [1], "eos_token_id": None}, "'a b' is not spelled in"),
        ({"eos_token_id": len(VOCABULARY)}, f"it names token {len(VOCABULARY)} of"),
    ],
)
def test_a_header_that_we_do_not_know_or_that_is_wrong_is_refused(
    changes: dict[str, Any], why: str
) -> None:
    build(read_header(header()))
    with pytest.raises(ModelUnavailable, match=re.escape(why)) as caught:
        build(read_header(header(**changes)))
    assert caught.value.what.startswith("the model was not converted: ")
