"""Our entry for `.pre-commit-config.yaml`: a new file, or a few lines in the user's own.

Without a YAML library: the lines of the usual shape (a block list under one `repos:` at the left
margin) tell where an entry ends. Any other shape is refused, and no byte of the user's changes.
"""

import re
from collections.abc import Sequence

from reviewbot import __version__

SOURCE = "https://example.org/reviewbot"  # the user replaces it
_HOOKS = (
    "reviewbot           # before a push: pre-commit install -t pre-push",
    "reviewbot-staged    # before a commit: pre-commit install",
)
_REPOS = re.compile(r"repos:\s*(?:#.*)?")
_KEY = re.compile(r"[A-Za-z_][\w-]*:(?:\s|$)")
_FIRST_ITEM = re.compile(r"( *)-( +)[a-z_]+:(?:\s|$)")
_ITEM = re.compile(r" *- +\S")
_NESTED = re.compile(r"^( *)hooks: *(?:#.*)?\n( *)- ", re.M)
_KEEPS_BLANKS = re.compile(r"[|>]\d?\+")  # a block scalar whose value has the blank lines after it
_OURS = re.compile(r"^[^#\n]*\b(?:repo|id|entry):.*\breviewbot\b", re.M)


def new_file() -> str:
    """Return a configuration with our entry alone."""
    return "\n".join(["repos:", *_entry(2, 1, 2), ""])


def has_hooks(text: str) -> bool:
    """Return True if a configuration already runs reviewbot."""
    return _OURS.search(text) is not None


def with_hooks(text: str) -> str | None:
    """Return a configuration with our entry after its last one. Pure.

    returns  None if the shape is not the usual one
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(newline)
    if any("\r" in line or "\n" in line for line in lines):  # mixed line ends
        return None
    place = _last_entry(lines)
    if place is None:
        return None
    indent, gap, end = place
    nested = _NESTED.search("\n".join(lines))
    deeper = max(0, len(nested[2]) - len(nested[1])) if nested else 2
    rest = lines[end:] or [""]  # [""]: the file ends without a newline
    return newline.join([*lines[:end], *_entry(indent, gap, deeper), *rest])


def _last_entry(lines: Sequence[str]) -> tuple[int, int, int] | None:
    """Return the columns before and after the dash of the entries, and where the last one ends.

    returns  the end as the index of the next line; None if the shape is not the usual one
    """
    starts = [number for number, line in enumerate(lines) if _REPOS.fullmatch(line)]
    if len(starts) != 1 or any("\t" in line[: _depth(line)] for line in lines):
        return None
    start = starts[0] + 1
    ends = (n for n in range(start, len(lines)) if lines[n].strip() and lines[n][0] not in " #-")
    stop = next(ends, len(lines))
    margin = [
        line for line in [*lines[:start], *lines[stop:]] if line.strip() and line[0] not in " #"
    ]
    if not all(map(_KEY.match, margin[1:] if margin[0].rstrip() == "---" else margin)):
        return None
    content = [line for line in lines[start:stop] if line.strip() and not _is_comment(line)]
    first = _FIRST_ITEM.match(content[0]) if content else None
    if first is None or any(map(_KEEPS_BLANKS.search, content)):
        return None
    indent = len(first[1])
    if not all(_depth(line) > indent or _is_item(line, indent) for line in content):
        return None
    # A deeper comment can be a line of a block scalar; another one belongs to what follows.
    inside = (line.strip() and (_depth(line) > indent or not _is_comment(line)) for line in lines)
    end = max(number for number, is_in in enumerate(inside) if is_in and start <= number < stop)
    return indent, len(first[2]), end + 1


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _is_item(line: str, indent: int) -> bool:
    return _depth(line) == indent and _ITEM.match(line) is not None


def _entry(indent: int, gap: int, deeper: int) -> list[str]:
    """Return the lines of our entry.

    indent  columns before its dash
    gap     columns between a dash and what follows
    deeper  columns from the word `hooks` to the dash of a hook below it
    """
    dash, key = f"{' ' * indent}-{' ' * gap}", " " * (indent + 1 + gap)
    hook = f"{key}{' ' * deeper}-{' ' * gap}id: "
    return [
        f"{dash}repo: {SOURCE}   # where you have it from",
        f"{key}rev: v{__version__}",
        f"{key}hooks:",
        *(hook + text for text in _HOOKS),
    ]
