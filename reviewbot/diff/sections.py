r"""A diff cut into its files, so that no line is dropped or taken for something else.

unidiff 1.0.1 numbers the lines of a hunk well. Around hunks it is lenient, and we may not be: it
takes the wrong path from `diff --git` lines with blanks or without prefixes, refuses the path `x
b/y`, keeps quoted paths quoted, and passes over in silence what comes after a hunk that its header
cut short, combined diffs, missing hunks, overlapping hunks and text that is no diff. So we cut: a
hunk ends where its own header says, and only then does the next line mean anything. unidiff gets,
from `reviewbot.diff.parser`, one file's hunks at a time.

Strict after the first file: a line that looks like part of a hunk but is in none is an error, for
otherwise it would silently not be scored. Before it stands whatever a mail or `git show` says.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reviewbot.diff.headers import HeaderError, git_path, header_path, pair_path, plain_names
from reviewbot.errors import UsageError

_HUNK = re.compile(r"@@ -[0-9]{1,9}(?:,([0-9]{1,9}))? \+[0-9]{1,9}(?:,([0-9]{1,9}))? @@")
_EXTENDED = re.compile(
    "(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    "|similarity index|dissimilarity index|index) (.*)"
)
# Empty blobs (SHA-1 and SHA-256) and absent ones: the only contents that need no hunk.
_NOTHING = r"(?:0+|e69de29[0-9a-f]*|473a0f4[0-9a-f]*)"
_EMPTY_INDEX = re.compile(rf"{_NOTHING}\.\.{_NOTHING}(?: [0-7]+)?")
_BASE85 = re.compile(r"|(?:literal|delta) [0-9]+|[A-Za-z][!-~]+")
_BINARY = re.compile(r"Binary files (.+) differ")
_SUBMODULE_LOG = re.compile(r"Submodule .+ [0-9a-f]{7,}\.{2,3}[0-9a-f]{7,}|Submodule .+ contains ")
_ONLY_IN = re.compile(r"Only in .+: .+")
_MAX_NAMES = 10_000  # characters of two paths; bounds the search for the word between them
_REMAKE = "make the diff again with `git diff`, and pass it on whole"


@dataclass(frozen=True, slots=True)
class Section:
    """What the diff says about one file, still as text."""

    line: int  # 1-based, where the section starts in the diff
    base: str | None  # path in the base version; None where there is no such file
    head: str | None
    extended: Mapping[str, str] = field(default_factory=dict)  # git's "new file mode" and so on
    binary: bool = False
    hunks: tuple[str, ...] = ()  # hunk headers and bodies, without "\ No newline" markers


def sections(text: str) -> Iterator[Section]:
    """Yield the files of the diff in order.

    raises  UsageError for a combined, truncated or otherwise unreadable diff, naming the line
    """
    cursor = _Cursor(text.removesuffix("\n").split("\n"))
    only_in, git, seen, tight = 0, False, False, False
    while (line := cursor.line) is not None:
        if line.startswith("diff --git "):
            git = seen = True
            section = _git_section(cursor)
        elif line.startswith("--- ") and cursor.startswith("+++ ", ahead=1):
            seen = True
            section = _plain_section(cursor)
        elif not git and (names := _BINARY.fullmatch(line)):
            seen = True
            section = _plain_binary(cursor, names[1])
        else:
            only_in = only_in or (cursor.number if _ONLY_IN.fullmatch(line) else 0)
            _refuse_stray(cursor, line, seen=seen, tight=tight)
            cursor.at += 1
            tight = False
            continue
        tight = bool(section.hunks)
        yield section
    if only_in and not git:
        cursor.at = only_in - 1
        raise cursor.error("a new or deleted file is left out", "use `diff -N`, or `git diff`")


class _Cursor:
    """Where we are in the lines of the diff."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0

    @property
    def line(self) -> str | None:
        return self.lines[self.at] if self.at < len(self.lines) else None

    @property
    def number(self) -> int:
        return self.at + 1

    def startswith(self, prefix: str, ahead: int = 0) -> bool:
        at = self.at + ahead
        return at < len(self.lines) and self.lines[at].startswith(prefix)

    def error(self, what: str, fix: str = _REMAKE) -> UsageError:
        number = min(self.number, len(self.lines))
        return UsageError(f"nothing was scored: line {number} of the diff: {what}", fix=fix)


def _git_section(cursor: _Cursor) -> Section:
    start, line = cursor.number, cursor.lines[cursor.at]
    if line.endswith("\r"):
        raise cursor.error(
            "the diff's own headers end in CRLF: it was converted, so line endings are lost",
            "keep the bytes that git wrote, for example with `git diff --output=FILE`",
        )
    try:
        extended = {}
        cursor.at += 1
        while cursor.line is not None and (found := _EXTENDED.fullmatch(cursor.line)):
            extended[found[1]] = found[2]
            cursor.at += 1
        if "rename to" in extended:
            base = header_path(extended.get("rename from", ""))
            head = header_path(extended["rename to"])
        elif "copy to" in extended:
            base = header_path(extended.get("copy from", ""))
            head = header_path(extended["copy to"])
        else:
            base = head = git_path(line.removeprefix("diff --git "))
        binary = False
        hunks: tuple[str, ...] = ()
        if cursor.startswith("--- "):
            old, new = plain_names(cursor.lines[cursor.at : cursor.at + 2])
            for name, path in ((old, base), (new, head)):
                if name is not None and not f"/{name}".endswith(f"/{path}"):
                    raise HeaderError(f"the headers of {path!r} contradict each other")
            cursor.at += 2
            hunks = _hunks(cursor, head)
        elif cursor.line is not None and _BINARY.fullmatch(cursor.line):
            binary = True
            cursor.at += 1
        elif cursor.line == "GIT binary patch":
            binary = True
            cursor.at += 1
            while cursor.line is not None and _BASE85.fullmatch(cursor.line):
                cursor.at += 1
        elif not _needs_no_hunk(extended):
            raise HeaderError(f"the diff of {head!r} is truncated: its hunks are missing")
    except HeaderError as exc:
        raise cursor.error(str(exc)) from exc
    return Section(start, base, head, extended, binary, hunks)


def _needs_no_hunk(extended: Mapping[str, str]) -> bool:
    """Whether git's header lines alone can be the whole diff of a file."""
    if ("old mode" in extended) != ("new mode" in extended):
        return False
    if "index" in extended:
        return _EMPTY_INDEX.fullmatch(extended["index"]) is not None
    if "rename to" in extended or "copy to" in extended:
        return extended.get("similarity index") == "100%"
    return "new mode" in extended


def _plain_section(cursor: _Cursor) -> Section:
    start = cursor.number
    try:
        old, new = plain_names(cursor.lines[cursor.at : cursor.at + 2], strip_absent=True)
        base, head = pair_path(old, new)
    except HeaderError as exc:
        raise cursor.error(str(exc)) from exc
    cursor.at += 2
    return Section(start, base, head, hunks=_hunks(cursor, head or base or ""))


def _plain_binary(cursor: _Cursor, names: str) -> Section:
    for part in re.finditer(" and ", names[:_MAX_NAMES]):
        base, head = pair_path(names[: part.start()], names[part.end() :])
        if base == head:
            cursor.at += 1
            return Section(cursor.number - 1, base, head, binary=True)
    raise cursor.error("a binary file whose two names differ")


def _hunks(cursor: _Cursor, path: str) -> tuple[str, ...]:
    lines: list[str] = []
    while cursor.line is not None and cursor.line.startswith("@@"):
        _hunk(cursor, path, lines)
    if not lines:
        raise cursor.error(f"the diff of {path!r} is truncated: a hunk must follow its header")
    return tuple(lines)


def _hunk(cursor: _Cursor, path: str, lines: list[str]) -> None:
    """Append one hunk to `lines`; its header alone says where it ends."""
    header = cursor.lines[cursor.at]
    found = _HUNK.match(header)
    if found is None:
        raise cursor.error(f"the hunk header of {path!r} cannot be read")
    base, head = (1 if count is None else int(count) for count in found.groups())
    if base == head == 0:
        raise cursor.error(f"the hunk header of {path!r} announces no line")
    lines.append(header)
    cursor.at += 1
    while base or head:
        line = cursor.line
        if line is None:
            raise cursor.error(f"the diff of {path!r} is truncated: its last hunk is too short")
        if line.startswith("\\"):
            cursor.at += 1
            continue
        mark = " " if line in ("", "\r") else line[0]  # a mailer may cut trailing blanks
        if mark not in " +-":
            raise cursor.error(f"a hunk of {path!r} is shorter than its header says")
        base -= mark != "+"
        head -= mark != "-"
        if base < 0 or head < 0:
            raise cursor.error(f"a hunk of {path!r} is not what its header says")
        lines.append(line)
        cursor.at += 1
    while cursor.startswith("\\"):
        cursor.at += 1


def _refuse_stray(cursor: _Cursor, line: str, *, seen: bool, tight: bool) -> None:
    """Raise if a line outside every file must not be passed over.

    seen   a file came before: from there on, nothing may look like a hunk's line
    tight  the line before belongs to a hunk
    """
    if line.startswith(("diff --cc ", "diff --combined ", "@@@ ")):
        raise cursor.error(
            "a combined diff (of a merge) has no single head side; it is not supported",
            "compare two commits: `git diff BASE...HEAD`; while a merge is unfinished, finish it",
        )
    if line.startswith("* Unmerged path "):
        raise cursor.error("a file has unresolved conflicts", "finish the merge first")
    if _SUBMODULE_LOG.match(line):
        raise cursor.error("a submodule is shown as a log", "use `git diff --submodule=short`")
    if line.startswith("@@ -"):
        raise cursor.error("a hunk that belongs to no file")
    looks_like_body = line.startswith(("+", "-")) and line not in ("-- ", "--", "---")
    if (seen and looks_like_body) or (tight and line.startswith(" ")):
        raise cursor.error("a line that belongs to no hunk; the hunk above is too long")
