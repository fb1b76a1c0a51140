r"""Which file a diff's header lines mean: quoting, prefixes, /dev/null and timestamps.

`diff --git a/x y b/x y` has no separator that could not be part of a path. But both names are the
same path behind prefixes of the same length, so the blank in the middle is the separator; where the
names differ, git adds "rename from" and "rename to", which have no prefix and need no guess.
"""

from collections.abc import Sequence

from reviewbot.diff.quoted_path import decode_path, unquote

# What git puts in front: default, diff.mnemonicPrefix, --no-index; both orders because of -R.
_PAIRS = (("a", "b"), ("i", "w"), ("c", "i"), ("c", "w"), ("o", "w"), ("1", "2"))
_PREFIXES = {(f"{one}/", f"{two}/") for pair in _PAIRS for one, two in (pair, pair[::-1])}


class HeaderError(Exception):
    """The header lines name no file that we could be sure of."""


def header_path(text: str) -> str:
    """Return the path that stands alone in `text`, quoted or not.

    raises  HeaderError if it is empty, or its quoting is broken
    """
    if not text.startswith('"'):
        path = decode_path(text.encode("utf-8", "surrogateescape"))
    else:
        try:
            path, end = unquote(text)
        except ValueError as exc:
            raise HeaderError(f"a quoted path cannot be read: {exc}") from exc
        if end != len(text):
            raise HeaderError("a quoted path is followed by something else")
    if not path:
        raise HeaderError("a path is empty")
    return path


def git_path(names: str) -> str:
    """Return the path of a `diff --git` line that neither renames nor copies.

    names   what follows "diff --git "
    raises  HeaderError where the two names are not one path behind known prefixes
    """
    middle = len(names) // 2
    if names[middle : middle + 1] == " " and len(names) % 2:
        old, new = header_path(names[:middle]), header_path(names[middle + 1 :])
        if old == new:
            return old  # --no-prefix
        if (old[:2], new[:2]) in _PREFIXES and old[2:] == new[2:] != "":
            return old[2:]
    raise HeaderError(
        "the two names of a `diff --git` line are not one path (prefixes must be a/ and b/)"
    )


def plain_names(
    lines: Sequence[str], *, strip_absent: bool = False
) -> tuple[str | None, str | None]:
    """Return the two names of a "--- " and a "+++ " line; None for a side without a file.

    lines         the "--- " line and the one after it
    strip_absent  drop "a/" or "b/" where the other side has no file, and tell by GNU diff's
                  timestamp of the epoch that there is none
    raises        HeaderError if the second line is missing or is no "+++ ", or for broken names
    """
    if len(lines) < 2 or not lines[1].startswith("+++ "):
        raise HeaderError("a '+++' line must follow a '---' line")
    (old, old_absent), (new, new_absent) = (_name(line[4:]) for line in lines)
    if strip_absent and new_absent:
        old = old.removeprefix("a/")
    if strip_absent and old_absent:
        new = new.removeprefix("b/")
    if old_absent and new_absent:
        raise HeaderError("both sides are /dev/null")
    if strip_absent:
        return None if old_absent else old, None if new_absent else new
    return None if old == "/dev/null" else old, None if new == "/dev/null" else new


def pair_path(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Return the two paths of a diff without git headers, known prefixes removed.

    Only a pair of prefixes before one path counts as such: `diff -u a/x a/y` keeps both names.
    """
    if old is None or new is None:
        return old, new
    if (old[:2], new[:2]) in _PREFIXES and old[2:] == new[2:] != "":
        return old[2:], new[2:]
    return old.removeprefix("./"), new.removeprefix("./")


def _name(text: str) -> tuple[str, bool]:
    """Return the name before the tab, and whether there is no such file."""
    if text.endswith("\r"):
        raise HeaderError("the diff's own headers end in CRLF: it was converted")
    quoted = text.startswith('"')
    try:
        end = unquote(text)[1] if quoted else len(text.partition("\t")[0])
    except ValueError as exc:
        raise HeaderError(f"a quoted path cannot be read: {exc}") from exc
    name, time = header_path(text[:end]), text[end:].lstrip("\t")
    epoch = time.startswith(("1970-01-01 ", "1969-12-31 ", "Thu Jan  1 ", "Wed Dec 31 "))
    return name, name == "/dev/null" or (epoch and ("1970" in time or "1969" in time))
