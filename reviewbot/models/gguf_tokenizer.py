"""Builds tokenizer.json from the header of a GGUF file, with the `tokenizers` library alone.

The result equals that of transformers 5.24 byte for byte; a test compares them. As there, it leaves
out Qwen's NFC normalisation and SmolLM2's splitting of digits: our weights were fitted so.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reviewbot.errors import ModelUnavailable
from reviewbot.models.cache import sync, write_json

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BYTE_LEVEL = "gpt2"  # GGUF's name of byte-level BPE
CONTROL, USER_DEFINED = 3, 4  # the tokenizer.ggml.token_type values that are matched whole
NAMED = {  # a token's name in tokenizer_config.json -> the header field with its id
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "pad_token": "padding_token_id",
    "unk_token": "unknown_token_id",
}


class Kind(NamedTuple):
    """How texts are split before merges are applied."""

    split: str | None  # a regular expression of the library; None: GPT-2's own
    config: dict[str, Any]  # its part of tokenizer_config.json


KINDS = {  # by tokenizer.ggml.pre
    "qwen2": Kind(
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+",
        {"tokenizer_class": "Qwen2Tokenizer", "add_prefix_space": None},
    ),
    "smollm": Kind(None, {"tokenizer_class": "TokenizersBackend"}),
}


class Header(NamedTuple):
    """What a GGUF header says about its tokenizer."""

    pre: str  # a key of `KINDS`
    tokens: list[str]  # spelled in the byte alphabet of GPT-2; the index is the id
    types: list[int]  # one per token
    merges: list[tuple[str, str]]
    named: dict[str, str | None]  # a key of `NAMED` -> the token


def read_header(reader: Any) -> Header:
    """Read the tokenizer's part of the header from an open `gguf.GGUFReader`.

    raises  ModelUnavailable if its kind is unknown, or if it contradicts itself
    """

    def field(name: str) -> Any:
        entry = reader.fields.get(f"tokenizer.ggml.{name}")
        return None if entry is None else entry.contents()

    kind, pre = field("model"), field("pre")
    if kind != BYTE_LEVEL:
        raise _refused(f"its tokenizer is of kind {kind!r}, only {BYTE_LEVEL!r} can be built")
    if not isinstance(pre, str) or pre not in KINDS:
        raise _refused(f"its texts are split as {pre!r}, known are {', '.join(KINDS)}")
    tokens, types, lines = field("tokens"), field("token_type"), field("merges")
    for name, values in (("tokens", tokens), ("token_type", types), ("merges", lines)):
        if not isinstance(values, list):
            raise _refused(f"its header has no list tokenizer.ggml.{name}")
    if len(types) != len(tokens) or len(set(tokens)) != len(tokens):
        raise _refused("its tokens are not as many as their types, or not all different")
    merges = [tuple(line.split(" ")) for line in lines]
    if wrong := next((pair for pair in merges if len(pair) != 2), None):
        raise _refused(f"a merge has {len(wrong)} parts, not two")
    named = {name: _named(tokens, field(key)) for name, key in NAMED.items()}
    return Header(pre, tokens, types, merges, named)


def build(header: Header) -> "Tokenizer":
    """Build the tokenizer: byte-level BPE, split as `header.pre` says, without normalisation.

    raises  ModelUnavailable if a token or merge does not belong to this vocabulary
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
    from tokenizers.processors import TemplateProcessing

    alphabet = set(pre_tokenizers.ByteLevel.alphabet())
    if odd := next((token for token in header.tokens if not alphabet.issuperset(token)), None):
        raise _refused(f"its token {odd!r} is not spelled in bytes")
    vocabulary = {token: index for index, token in enumerate(header.tokens)}
    try:
        model = models.BPE(
            vocabulary, header.merges, continuing_subword_prefix="", end_of_word_suffix=""
        )
    except Exception as exc:  # the library raises bare Exception
        raise _refused(f"its merges do not fit its tokens ({exc})") from exc
    tokenizer = Tokenizer(model)
    split = KINDS[header.pre].split
    if split is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        parts = [
            pre_tokenizers.Split(Regex(split), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = TemplateProcessing("$A", "$A:0 $B:1", [])
    for kind in (CONTROL, USER_DEFINED):
        tokenizer.add_tokens(
            [
                AddedToken(token, normalized=False, special=kind == CONTROL)
                for token, token_type in zip(header.tokens, header.types, strict=True)
                if token_type == kind
            ]
        )
    return tokenizer


def write_tokenizer(reader: Any, directory: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json of an open GGUF file into `directory`.

    raises  as `read_header` and `build`; OSError if a file cannot be written
    """
    header = read_header(reader)
    path = directory / "tokenizer.json"
    path.write_text(build(header).to_str(pretty=True), encoding="utf-8")
    sync(path)
    write_json(
        directory / "tokenizer_config.json",
        {
            "backend": "tokenizers",
            "model_max_length": int(1e30),  # transformers: unknown
            **header.named,
            **KINDS[header.pre].config,
        },
    )


def _named(tokens: Sequence[str], index: int | None) -> str | None:
    if index is not None and not 0 <= index < len(tokens):
        raise _refused(f"it names token {index} of {len(tokens)}")
    return None if index is None else tokens[index]


def _refused(why: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"the model was not converted: {why}",
        fix="use a model of docs/models.md, or a directory with a tokenizer.json",
    )
