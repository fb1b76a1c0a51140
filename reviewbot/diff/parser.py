r"""Unified diff text -> `Change`. The only importer of unidiff.

What we learned: only "\n" ends a line (we hand unidiff a list, so that no `splitlines` comes
between); a path may arrive quoted; "\ No newline at end of file" is a line without a number, and
its words may be translated; around hunks unidiff is lenient where we may not be (see
`diff.sections`, which cuts the files apart first); a file that becomes a symbolic link arrives as
two sections, deleted and added.

Text that is not UTF-8 becomes U+FFFD in lines and `\xe9` in paths (`diff.head_match`).
"""

from collections.abc import Iterable

from unidiff import PatchSet
from unidiff.errors import UnidiffParseError

from reviewbot.diff.head_match import readable
from reviewbot.diff.model import Change, ChangedLine, Entry, FileChange, FileKind, Hunk
from reviewbot.diff.sections import Section, sections
from reviewbot.errors import UsageError

MAX_CHARS = 100_000_000
_SPLIT = "split the change, or give a smaller range"


def decode(raw: bytes) -> str:
    """Return a diff's bytes as text for `parse`; nothing is lost, whatever the bytes.

    raises  UsageError for UTF-16 (what `>` writes in older PowerShells) and for more than 100 MB
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UsageError(
            "nothing was scored: the diff is UTF-16, so its bytes are not what git wrote",
            fix="use `git diff --output=FILE` instead of a redirection",
        )
    _bound(len(raw))
    return raw.decode("utf-8", "surrogateescape")


def parse(text: str) -> Change:
    """Read a unified diff, as `git diff`, `git show`, `git format-patch` or `diff -u` write it.

    text     may hold surrogate escapes (see `decode`); empty or blank text is a change of nothing
    returns  the files in the order of the diff; line numbers are those of the head files
    raises   UsageError, and no part of the diff counts, if it is no diff, a combined diff (of a
             merge), truncated, contradicts itself, names one path twice, or is over 100 MB
    """
    _bound(len(text))
    text = text.removeprefix("\ufeff")
    if not text.strip():
        return Change(())
    files: dict[str, FileChange] = {}
    last: FileChange | None = None
    for section in sections(text):
        file = _file(section)
        if last and last.kind is FileKind.DELETED and _retyped(last, file):
            file = FileChange(
                file.path,
                FileKind.MODIFIED,
                file.entry,
                mode_changed=True,
                hunks=last.hunks + file.hunks,
            )
        elif file.path in files:
            raise _error(
                section,
                f"{file.path!r} comes twice, so its lines cannot be numbered",
                fix="give one diff from base to head instead of several patches",
            )
        last = files[file.path] = file
    if not files:
        raise UsageError(
            "nothing was scored: the text is not a unified diff",
            fix="give what `git diff` prints, without --stat, --word-diff or colours",
        )
    return Change(tuple(files.values()))


def _bound(size: int) -> None:
    if size > MAX_CHARS:
        limit = MAX_CHARS // 1_000_000
        raise UsageError(f"nothing was scored: the diff is larger than {limit} MB", fix=_SPLIT)


def _error(section: Section, what: str, fix: str) -> UsageError:
    return UsageError(f"nothing was scored: line {section.line} of the diff: {what}", fix=fix)


def _retyped(last: FileChange, file: FileChange) -> bool:
    return file.kind is FileKind.ADDED and file.path == last.path


def _file(section: Section) -> FileChange:
    kind = _kind(section)
    path = (section.base if kind is FileKind.DELETED else section.head) or ""
    hunks = tuple(_hunks(section, path))
    if kind is FileKind.DELETED and any(hunk.head_count for hunk in hunks):
        raise _error(section, f"{path!r} is deleted but keeps lines", fix="make the diff again")
    return FileChange(
        path,
        kind,
        _entry(section),
        base_path=section.base if kind in (FileKind.RENAMED, FileKind.COPIED) else None,
        mode_changed="old mode" in section.extended,
        hunks=hunks,
    )


def _kind(section: Section) -> FileKind:
    if "rename to" in section.extended:
        return FileKind.RENAMED
    if "copy to" in section.extended:
        return FileKind.COPIED
    if "new file mode" in section.extended or section.base is None:
        return FileKind.ADDED
    if "deleted file mode" in section.extended or section.head is None:
        return FileKind.DELETED
    return FileKind.MODIFIED


def _entry(section: Section) -> Entry:
    modes = ("new file mode", "new mode", "deleted file mode", "old mode")
    given = [section.extended[key] for key in modes if key in section.extended]
    mode = given[0] if given else section.extended.get("index", "").partition(" ")[2]
    if mode == "160000":
        return Entry.SUBMODULE
    if mode == "120000":
        return Entry.SYMLINK
    return Entry.BINARY if section.binary else Entry.TEXT


def _hunks(section: Section, path: str) -> Iterable[Hunk]:
    """Let unidiff number the lines of one file; check that its hunks ascend."""
    if not section.hunks:
        return
    lines = ["--- x\n", "+++ x\n", *(f"{line}\n" for line in section.hunks)]
    again = "make the diff again with `git diff`, and pass it on whole"
    try:
        (patch,) = PatchSet(lines)
    except (UnidiffParseError, ValueError) as exc:
        raise _error(section, f"the hunks of {path!r} cannot be read", fix=again) from exc
    base_end = head_end = 0  # last line of the hunk before, in each version
    for hunk in patch:
        # An empty side stands after the line that its header names.
        base_first = hunk.source_start + (hunk.source_length == 0)
        head_first = hunk.target_start + (hunk.target_length == 0)
        if base_first <= base_end or head_first <= head_end:
            raise _error(section, f"the hunks of {path!r} overlap or do not ascend", fix=again)
        base_end = base_first + hunk.source_length - 1
        head_end = head_first + hunk.target_length - 1
        added = tuple(
            ChangedLine(path, line.target_line_no, readable(line.value.removesuffix("\n")))
            for line in hunk
            if line.is_added
        )
        yield Hunk(
            hunk.source_start,
            hunk.source_length,
            hunk.target_start,
            hunk.target_length,
            added,
            hunk.removed,
        )
