r"""Unified diff text -> `Change`, so that no line is dropped or taken for something else.

A hunk ends where its header says (`diff.hunks`); only then does the next line mean anything. After
the first file the parser is strict: a line that looks like part of a hunk but is in none is an
error, because it would not be scored. Before the first file, the text of a mail or of `git show` is
ignored. Only "\n" ends a line. A file that becomes a symbolic link arrives as two sections, deleted
and added. Text that is not UTF-8 becomes U+FFFD in lines and `\xe9` in paths (`diff.model`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from reviewbot.diff.hunks import HunkError, read_hunk
from reviewbot.diff.model import Change, Entry, FileChange, FileKind, Hunk
from reviewbot.diff.paths import git_path, names_of, parse_path, without_prefixes
from reviewbot.errors import UsageError

MAX_CHARS = 100_000_000
_MAX_NAMES = 10_000  # characters of two paths; bounds the search for the word between them
_EXTENDED = re.compile(
    "(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    "|similarity index|dissimilarity index|index) (.*)"
)
# Empty blobs (SHA-1 and SHA-256) and absent ones: the only contents that need no hunk.
_NOTHING = r"(?:0+|e69de29[0-9a-f]*|473a0f4[0-9a-f]*)"
_EMPTY_INDEX = re.compile(rf"{_NOTHING}\.\.{_NOTHING}(?: [0-7]+)?")
_BASE85 = re.compile(r"|(?:literal|delta) [0-9]+|[A-Za-z][!-~]+")
_BINARY = re.compile(r"Binary files (.+) differ")
_ONLY_IN = re.compile(r"Only in .+: .+")
_REMAKE = "make the diff again with `git diff`, and pass it on whole"
_REFUSED = (  # what may not be ignored between files: how the line begins, problem, fix
    (
        re.compile("diff --(?:cc|combined) |@@@ "),
        "a combined diff (of a merge) has no single head side; it is not supported",
        "compare two commits: `git diff BASE...HEAD`; while a merge is unfinished, finish it",
    ),
    (
        re.compile(r"\* Unmerged path "),
        "a file has unresolved conflicts",
        "finish the merge first",
    ),
    (
        re.compile(r"Submodule .+ (?:[0-9a-f]{7,}\.{2,3}[0-9a-f]{7,}|contains )"),
        "a submodule is shown as a log",
        "use `git diff --submodule=short`",
    ),
    (re.compile("@@ -"), "a hunk that belongs to no file", _REMAKE),
)


def decode(raw: bytes) -> str:
    """Return a diff's bytes as text for `parse`; nothing is lost, whatever the bytes.

    raises  UsageError for UTF-16 (what `>` writes in older PowerShells) and for more than 100 MB
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UsageError(
            "nothing was scored: the diff is UTF-16, so its bytes are not what git wrote",
            fix="use `git diff --output=FILE` instead of a redirection",
        )
    _check_size(len(raw))
    return raw.decode("utf-8", "surrogateescape")


def parse(text: str) -> Change:
    """Read a unified diff, as `git diff`, `git show`, `git format-patch` or `diff -u` write it.

    text     may hold surrogate escapes (see `decode`); empty or blank text is an empty change
    returns  the files in the order of the diff; line numbers are those of the head files
    raises   UsageError, and no part of the diff counts, if it is no diff, a combined diff (of a
             merge), truncated, contradicts itself, names one path twice, or is over 100 MB
    """
    _check_size(len(text))
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return Change(())
    cursor = _Cursor(text.removesuffix("\n").split("\n"))
    files: dict[str, FileChange] = {}
    last: FileChange | None = None
    for start, file in _files(cursor):
        retyped = last and last.kind is FileKind.DELETED and file.kind is FileKind.ADDED
        if last and retyped and last.path == file.path:
            hunks = last.hunks + file.hunks
            file = replace(file, kind=FileKind.MODIFIED, mode_changed=True, hunks=hunks)
        elif file.path in files:
            raise cursor.error(
                f"{file.path!r} comes twice, so its lines cannot be numbered",
                "give one diff from base to head instead of several patches",
                at=start,
            )
        last = files[file.path] = file
    if not files:
        raise UsageError(
            "nothing was scored: the text is not a unified diff",
            fix="give what `git diff` prints, without --stat, --word-diff or colours",
        )
    return Change(tuple(files.values()))


def _check_size(size: int) -> None:
    if size > MAX_CHARS:
        raise UsageError(
            f"nothing was scored: the diff is larger than {MAX_CHARS // 1_000_000} MB",
            fix="split the change, or give a smaller range",
        )


class _Cursor:
    """A position in the lines of the diff."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0

    @property
    def line(self) -> str | None:
        return self.lines[self.at] if self.at < len(self.lines) else None

    def startswith(self, prefix: str, ahead: int = 0) -> bool:
        at = self.at + ahead
        return at < len(self.lines) and self.lines[at].startswith(prefix)

    def skip(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Yield the match of each following line, up to the first that does not match whole."""
        while self.line is not None and (match := pattern.fullmatch(self.line)):
            self.at += 1
            yield match

    def error(self, what: str, fix: str = _REMAKE, at: int | None = None) -> UsageError:
        number = min((self.at if at is None else at) + 1, len(self.lines))
        return UsageError(f"nothing was scored: line {number} of the diff: {what}", fix=fix)


def _files(cursor: _Cursor) -> Iterator[tuple[int, FileChange]]:
    """Yield each file, and the index of the line where it starts."""
    only_in: int | None = None
    git = seen = after_hunk = False
    while (line := cursor.line) is not None:
        start = cursor.at
        try:
            if line.startswith("diff --git "):
                git = True
                file = _git_file(cursor)
            elif line.startswith("--- ") and cursor.startswith("+++ ", ahead=1):
                file = _plain_file(cursor)
            elif not git and (names := _BINARY.fullmatch(line)):
                file = _plain_binary(cursor, names[1])
            else:
                if only_in is None and _ONLY_IN.fullmatch(line):
                    only_in = cursor.at
                _check_stray(cursor, line, seen=seen, after_hunk=after_hunk)
                cursor.at += 1
                after_hunk = False
                continue
        except ValueError as exc:
            raise cursor.error(str(exc)) from exc
        except HunkError as exc:
            raise cursor.error(str(exc), at=exc.line) from exc
        seen, after_hunk = True, bool(file.hunks)
        yield start, file
    if only_in is not None and not git:
        what, fix = "a new or deleted file is left out", "use `diff -N`, or `git diff`"
        raise cursor.error(what, fix, at=only_in)


def _check_stray(cursor: _Cursor, line: str, *, seen: bool, after_hunk: bool) -> None:
    """Raise if a line between files may not be ignored.

    seen        a file came before: from there on, no line may look like a part of a hunk
    after_hunk  the line before is the last one of a hunk
    """
    for pattern, what, fix in _REFUSED:
        if pattern.match(line):
            raise cursor.error(what, fix)
    looks_like_body = line.startswith(("+", "-")) and line not in ("-- ", "--", "---")
    if (seen and looks_like_body) or (after_hunk and line.startswith(" ")):
        raise cursor.error("a line that belongs to no hunk; the hunk above is too long")


def _git_file(cursor: _Cursor) -> FileChange:
    names = cursor.lines[cursor.at].removeprefix("diff --git ")
    if names.endswith("\r"):
        raise cursor.error(
            "the diff's own headers end in CRLF: it was converted, so line endings are lost",
            "keep the bytes that git wrote, for example with `git diff --output=FILE`",
        )
    cursor.at += 1
    extended = {match[1]: match[2] for match in cursor.skip(_EXTENDED)}
    if "rename to" in extended:
        kind, base = FileKind.RENAMED, parse_path(extended.get("rename from", ""))
        head = parse_path(extended["rename to"])
    elif "copy to" in extended:
        kind, base = FileKind.COPIED, parse_path(extended.get("copy from", ""))
        head = parse_path(extended["copy to"])
    else:
        kind, base = FileKind.MODIFIED, None
        head = git_path(names)
        if "new file mode" in extended:
            kind = FileKind.ADDED
        elif "deleted file mode" in extended:
            kind = FileKind.DELETED
    hunks: tuple[Hunk, ...] = ()
    binary = False
    if cursor.startswith("--- "):
        pair = [*cursor.lines[cursor.at : cursor.at + 2], ""]
        for name, path in zip(names_of(*pair[:2]), (base or head, head), strict=True):
            if name is not None and not f"/{name}".endswith(f"/{path}"):
                raise ValueError(f"the headers of {path!r} contradict each other")
        cursor.at += 2
        hunks = _hunks(cursor, head, kind)
    elif cursor.line == "GIT binary patch":
        cursor.at += 1
        binary = True
        list(cursor.skip(_BASE85))
    elif cursor.line is not None and _BINARY.fullmatch(cursor.line):
        cursor.at += 1
        binary = True
    elif not _needs_no_hunk(extended):
        raise ValueError(f"the diff of {head!r} is truncated: its hunks are missing")
    entry = _entry(extended, Entry.BINARY if binary else Entry.TEXT)
    return FileChange(head, kind, entry, base, "old mode" in extended, hunks)


def _needs_no_hunk(extended: Mapping[str, str]) -> bool:
    """Return True if git's header lines alone can be the whole diff of a file."""
    if ("old mode" in extended) != ("new mode" in extended):
        return False
    if "index" in extended:
        return _EMPTY_INDEX.fullmatch(extended["index"]) is not None
    if "rename to" in extended or "copy to" in extended:
        return extended.get("similarity index") == "100%"
    return "new mode" in extended


def _entry(extended: Mapping[str, str], otherwise: Entry) -> Entry:
    modes = ("new file mode", "new mode", "deleted file mode", "old mode")
    given = [extended[key] for key in modes if key in extended]
    mode = given[0] if given else extended.get("index", "").partition(" ")[2]
    return {"160000": Entry.SUBMODULE, "120000": Entry.SYMLINK}.get(mode, otherwise)


def _plain_file(cursor: _Cursor) -> FileChange:
    base, head = without_prefixes(*names_of(*cursor.lines[cursor.at : cursor.at + 2]))
    kind = FileKind.MODIFIED
    if base is None or head is None:
        kind = FileKind.ADDED if base is None else FileKind.DELETED
    path = head or base or ""
    cursor.at += 2
    return FileChange(path, kind, hunks=_hunks(cursor, path, kind))


def _plain_binary(cursor: _Cursor, names: str) -> FileChange:
    for word in re.finditer(" and ", names[:_MAX_NAMES]):
        base, head = without_prefixes(names[: word.start()], names[word.end() :])
        if base == head and head:
            cursor.at += 1
            return FileChange(head, FileKind.MODIFIED, Entry.BINARY)
    raise ValueError("a binary file whose two names differ")


def _hunks(cursor: _Cursor, path: str, kind: FileKind) -> tuple[Hunk, ...]:
    start = cursor.at
    hunks: list[Hunk] = []
    base_end = head_end = 0  # last line of the hunk before, in each version
    while cursor.startswith("@@"):
        hunk, after = read_hunk(cursor.lines, cursor.at, path)
        # An empty side follows the line that its header names.
        base_first = hunk.base_start + (hunk.base_count == 0)
        head_first = hunk.head_start + (hunk.head_count == 0)
        if base_first <= base_end or head_first <= head_end:
            raise ValueError(f"the hunks of {path!r} overlap or do not ascend")
        base_end = base_first + hunk.base_count - 1
        head_end = head_first + hunk.head_count - 1
        hunks.append(hunk)
        cursor.at = after
    if not hunks:
        raise ValueError(f"the diff of {path!r} is truncated: a hunk must follow its header")
    if kind is FileKind.DELETED and any(hunk.head_count for hunk in hunks):
        raise cursor.error(f"{path!r} is deleted but keeps lines", at=start)
    return tuple(hunks)
