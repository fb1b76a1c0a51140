r"""Git's C-quoted paths, and the one rule for path bytes that are not UTF-8.

Git writes a path with a quote, a backslash or a control character as `"caf\303\251\t.py"`. A path
is bytes; ours are text that can be printed anywhere. So a byte that is not UTF-8 is written `\xe9`,
both in a `Change` and in what git lists, and `encode_path` turns it back when the file is opened. A
file whose real name holds the four characters `\xe9` is then not found: it counts as failed.
"""

import re

_ESCAPES = {
    "a": 7,
    "b": 8,
    "t": 9,
    "n": 10,
    "v": 11,
    "f": 12,
    "r": 13,
    '"': 34,
    "\\": 92,
}
_PIECE = re.compile(r'\\([0-3][0-7]{2})|\\([abtnvfr"\\])|([^"\\]+)')
_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")


def decode_path(raw: bytes) -> str:
    r"""Return the path as text: UTF-8, and `\xe9` for a byte that is not."""
    return raw.decode("utf-8", "backslashreplace")


def encode_path(path: str) -> bytes:
    """Return the bytes that `decode_path` read; the way back to the file system and to git."""
    return _BYTE.sub(lambda m: bytes([int(m[1], 16)]), path.encode("utf-8", "surrogateescape"))


def unquote(text: str, start: int = 0) -> tuple[str, int]:
    r"""Read the C-quoted path that opens at `text[start]`.

    text     may hold raw letters beside escapes (core.quotePath=false), bytes as surrogate escapes
    returns  the path and the index after the closing quote
    raises   ValueError if there is no opening or closing quote, or an escape git does not write
    """
    if not text.startswith('"', start):
        raise ValueError("no opening quote")
    raw, at = bytearray(), start + 1
    while not text.startswith('"', at):
        piece = _PIECE.match(text, at)
        if piece is None:
            raise ValueError("no closing quote, or an unknown escape")
        octal, letter, plain = piece.groups()
        if octal:
            raw.append(int(octal, 8))
        elif letter:
            raw.append(_ESCAPES[letter])
        else:
            raw += plain.encode("utf-8", "surrogateescape")
        at = piece.end()
    return decode_path(bytes(raw)), at + 1
