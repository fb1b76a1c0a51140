"""The tokenizer: the `tokenizers` library itself, because it returns character offsets."""

import re
from pathlib import Path

from tokenizers import AddedToken, Tokenizer

from reviewbot.encoders.encoder import Tokens
from reviewbot.encoders.spans import Span
from reviewbot.errors import ModelUnavailable

_SURROGATE = re.compile("[\ud800-\udfff]")


def load_tokenizer(directory: Path) -> Tokenizer:
    """Load tokenizer.json so that untrusted text cannot contain a special token."""
    try:
        tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    except Exception as exc:  # the library raises bare Exception
        raise ModelUnavailable(
            f"the tokenizer cannot be read, nothing was scored: {exc}",
            fix="run `reviewbot model verify`, then `reviewbot model pull`",
        ) from exc
    tokenizer.no_truncation()
    tokenizer.no_padding()
    # "<|endoftext|>" in a diff is just text, and so is an added token not marked special.
    added = tokenizer.get_added_tokens_decoder().values()
    tokenizer.add_special_tokens(
        [AddedToken(t.content, normalized=False, special=True) for t in added if not t.special]
    )
    tokenizer.encode_special_tokens = True
    return tokenizer


def token(tokenizer: Tokenizer, number: int) -> str:
    """Return the text of a token; "" if it does not exist or is only part of a character."""
    try:
        text = str(tokenizer.decode([number], skip_special_tokens=False))
    except OverflowError:
        return ""
    return "" if "\ufffd" in text else text


def tokenize(tokenizer: Tokenizer, text: str) -> Tokens:
    """Split a text; a lone surrogate counts as U+FFFD, so that character offsets stay correct."""
    encoded = tokenizer.encode(_SURROGATE.sub("\ufffd", text), add_special_tokens=False)
    offsets, start, end = [], 0, 0
    for token_start, token_end in encoded.offsets:
        # A normalizer may report ranges that step back; line_spans needs them ascending.
        start, end = max(start, token_start), max(end, token_end)
        offsets.append(Span(start, end))
    return Tokens(list(encoded.ids), offsets)
