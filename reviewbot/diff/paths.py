r"""Paths in a diff and in git's output: quoting, prefixes, /dev/null, bytes that are not UTF-8.

Git writes a path with a quote, a backslash or a control character as `"caf\303\251\t.py"`. A path
is bytes; ours is text that can be printed anywhere, so a byte that is not UTF-8 becomes `\xe9`, and
`encode_path` turns it back. A file whose real name contains the four characters `\xe9` is then not
found: its lines fail.

`diff --git a/x y b/x y` has no separator that could not be part of a path. But both names are the
same path behind prefixes of the same length, so the blank in the middle is the separator. Where the
names differ, git adds "rename from" and "rename to" lines, which have no prefix.
"""

import re

_ESCAPES = dict(zip('abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
_PIECE = re.compile(r'\\([0-3][0-7]{2})|\\([abtnvfr"\\])|([^"\\]+)')
_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")
# What git puts in front: default, diff.mnemonicPrefix, --no-index; both orders because of -R.
_PAIRS = (("a/", "b/"), ("i/", "w/"), ("c/", "i/"), ("c/", "w/"), ("o/", "w/"), ("1/", "2/"))
_PREFIXES = {order for pair in _PAIRS for order in (pair, pair[::-1])}


def decode_path(raw: bytes) -> str:
    r"""Return the path as text: UTF-8, and `\xe9` for a byte that is not."""
    return raw.decode("utf-8", "backslashreplace")


def encode_path(path: str) -> bytes:
    """Return the bytes that `decode_path` read."""
    return _BYTE.sub(lambda m: bytes([int(m[1], 16)]), path.encode("utf-8", "surrogateescape"))


def parse_path(text: str) -> str:
    """Return the only path in `text`, quoted or not; bytes that are not UTF-8 as surrogate escapes.

    raises  ValueError if the path is empty, or if its quoting is broken
    """
    path, end = _unquote(text) if text.startswith('"') else (_decode(text), len(text))
    if end != len(text):
        raise ValueError("a quoted path is followed by something else")
    if not path:
        raise ValueError("a path is empty")
    return path


def git_path(names: str) -> str:
    """Return the path of a `diff --git` line that neither renames nor copies.

    names   what follows "diff --git "
    raises  ValueError where the two names are not one path behind known prefixes
    """
    middle = len(names) // 2
    if names[middle : middle + 1] == " " and len(names) % 2:
        base, head = parse_path(names[:middle]), parse_path(names[middle + 1 :])
        if base == head:
            return base  # --no-prefix
        if _have_prefixes(base, head):
            return base[2:]
    raise ValueError(
        "the two names of a `diff --git` line are not one path (prefixes must be a/ and b/)"
    )


def names_of(base_line: str, head_line: str) -> tuple[str | None, str | None]:
    """Return the names in a "--- " and a "+++ " line; None where the file is missing on that side.

    GNU diff marks a missing file by the timestamp of the epoch.

    raises  ValueError for broken names, and if the file is missing on both sides
    """
    if not head_line.startswith("+++ "):
        raise ValueError("a '+++' line must follow a '---' line")
    base, head = _name(base_line[4:]), _name(head_line[4:])
    if base is None and head is None:
        raise ValueError("both sides are /dev/null")
    return base, head


def without_prefixes(base: str | None, head: str | None) -> tuple[str | None, str | None]:
    """Return the two names of a diff without git headers, known prefixes removed.

    Only a pair of prefixes before one path counts as such: `diff -u a/x a/y` keeps both names.
    """
    if base is None or head is None:
        return base and base.removeprefix("a/"), head and head.removeprefix("b/")
    if _have_prefixes(base, head):
        return base[2:], head[2:]
    return base.removeprefix("./"), head.removeprefix("./")


def _have_prefixes(base: str, head: str) -> bool:
    return (base[:2], head[:2]) in _PREFIXES and base[2:] == head[2:] != ""


def _name(text: str) -> str | None:
    """Return the name before the tab; None if there is no such file."""
    if text.endswith("\r"):
        raise ValueError("the diff's own headers end in CRLF: it was converted")
    end = _unquote(text)[1] if text.startswith('"') else len(text.partition("\t")[0])
    name, time = parse_path(text[:end]), text[end:].lstrip("\t")
    epoch = time.startswith(("1970-01-01 ", "1969-12-31 ", "Thu Jan  1 ", "Wed Dec 31 "))
    missing = name == "/dev/null" or (epoch and ("1970" in time or "1969" in time))
    return None if missing else name


def _unquote(text: str) -> tuple[str, int]:
    """Return the C-quoted path that opens `text`, and the index after its closing quote."""
    raw, at = bytearray(), 1
    while not text.startswith('"', at):
        piece = _PIECE.match(text, at)
        if piece is None:
            raise ValueError("a quoted path has no closing quote, or an unknown escape")
        octal, letter, plain = piece.groups()  # plain: core.quotePath=false keeps raw letters
        if octal:
            raw.append(int(octal, 8))
        elif letter:
            raw.append(_ESCAPES[letter])
        else:
            raw += plain.encode("utf-8", "surrogateescape")
        at = piece.end()
    return decode_path(bytes(raw)), at + 1


def _decode(text: str) -> str:
    return decode_path(text.encode("utf-8", "surrogateescape"))
