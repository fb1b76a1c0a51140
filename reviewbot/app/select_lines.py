"""Which added lines of a change are read; the others have their outcome before any model."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reviewbot.app.load_change import LoadedChange, matches
from reviewbot.diff.languages import Language, language_of
from reviewbot.diff.model import ChangedLine, Entry, FileChange, first_mismatch, head_lines
from reviewbot.diff.skip_rules import SkipReason, is_blank, why_skipped_file, why_skipped_line
from reviewbot.scoring.line_features import CodeFile
from reviewbot.scoring.outcomes import Failed, Outcome, Skipped

Attributes = Mapping[str, Collection[str]]  # path -> linguist attributes, see `diff.skip_rules`


@dataclass(frozen=True, slots=True)
class Selection:
    """A file before anything is read: some lines have an outcome, the others are wanted."""

    file: FileChange
    language: Language | None
    note: str | None = None  # why the file as a whole is not read
    decided: Mapping[int, Outcome] = field(default_factory=dict)  # by line number
    wanted: tuple[ChangedLine, ...] = ()
    head: tuple[str, ...] = ()  # the head file's lines, where some are wanted
    unread: bool = False  # a code file that git shows no line of

    @property
    def hidden_by_exclude(self) -> bool:
        """Whether `exclude` removes the file, and git would not show its lines anyway."""
        return self.note == SkipReason.EXCLUDED.value and self.file.entry is Entry.BINARY


def select(change: LoadedChange, attributes: Attributes) -> list[Selection]:
    """Decide for each file which added lines are wanted. A head file is read only if it matters."""
    if change.own is None:
        return [_select(file, change, attributes) for file in change.change.files]
    own = {file.path: file for file in change.own.files}
    return [
        _select_own(file, own.get(file.path), change, attributes) for file in change.change.files
    ]


def _select_own(
    file: FileChange, own: FileChange | None, change: LoadedChange, attributes: Attributes
) -> Selection:
    """Select from the lines that no other parent of an unfinished merge brings."""
    merged = {line.number: _skipped(line, SkipReason.MERGED) for line in file.added}
    if own is None:
        return Selection(file, language_of(file.path, ""), SkipReason.MERGED.value, merged)
    entry = _select(own, change, attributes)
    theirs = merged.keys() - {line.number for line in own.added}
    decided = {**entry.decided, **{number: merged[number] for number in theirs}}
    return replace(entry, file=file, decided=decided)


def _select(file: FileChange, change: LoadedChange, attributes: Attributes) -> Selection:
    settings = change.source.settings
    marks = set(attributes.get(file.path, ()))
    if matches(settings.include, file.path):
        marks = {"-linguist-generated", "-linguist-vendored"}

    def why(content: bytes | None) -> SkipReason | None:
        return why_skipped_file(
            file,
            attributes=marks,
            head=content,
            excluded=lambda path: matches(settings.exclude, path),
            max_bytes=settings.max_file_bytes,
            max_lines=settings.max_file_lines,
        )

    reason, content = why(None), None
    # A file that its path decides is not opened; a name without an ending may be a script.
    undecided = reason is None or (reason is SkipReason.NOT_CODE and "." not in _name(file.path))
    if undecided and file.added and file.entry is Entry.TEXT:
        content = change.head.read(file.path)
        reason = why(content)
    lines = tuple(head_lines(content)) if content is not None and reason is None else ()
    # A byte order mark may precede "#!"; `why_skipped_file` ignores it too.
    language = language_of(file.path, lines[0].removeprefix("\ufeff") if lines else "")
    if reason is not None:
        whys = dict.fromkeys(file.added, reason)
        if reason is SkipReason.EXCLUDED:
            whys = _why_excluded(file, change)
        decided = {line.number: _skipped(line, why) for line, why in whys.items()}
        unread = reason.counts_as_unread and not file.added
        return Selection(file, language, reason.value, decided, unread=unread)
    if failure := _failure(file, content, lines):
        failed = {line.number: Failed(line, failure) for line in file.added}
        return Selection(file, language, failure, failed)
    if language is None:  # "not code" is a reason above; only a file without lines is left
        return Selection(file, None)
    skips = {
        line: why_skipped_line(
            line.text, language, inline_suppressions=settings.inline_suppressions
        )
        or (None if change.in_scope(settings.scope, line) else SkipReason.OUT_OF_SCOPE)
        for line in file.added
    }
    decided = {line.number: _skipped(line, why) for line, why in skips.items() if why is not None}
    wanted = tuple(line for line, why in skips.items() if why is None)
    return Selection(file, language, None, decided, wanted, lines)


def _why_excluded(file: FileChange, change: LoadedChange) -> dict[ChangedLine, SkipReason]:
    """Return for each line whether it would have been read: the gate asks if all such were lost.

    Blank lines count with the others, unless there are no others.
    """
    scope = change.source.settings.scope
    inside = [line for line in file.added if change.in_scope(scope, line)]
    blank = all(is_blank(line.text) for line in inside)
    whys = dict.fromkeys(file.added, SkipReason.OUT_OF_SCOPE)
    return whys | dict.fromkeys(inside, SkipReason.BLANK if blank else SkipReason.EXCLUDED)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _skipped(line: ChangedLine, why: SkipReason) -> Skipped:
    return Skipped(line, why.value, why.counts_as_unread)


def _failure(file: FileChange, content: bytes | None, lines: Sequence[str]) -> str | None:
    if not file.added:
        return None
    if content is None:
        return "the head file is missing or may not be read"
    if first_mismatch(file, lines) is not None:
        return "the diff does not match the head file"
    return None


def code_files(selections: Iterable[Selection]) -> list[CodeFile]:
    """Return the files with a wanted line, as `scoring` takes them."""
    return [
        CodeFile(one.file.path, one.language, one.head, tuple(one.file.added), one.wanted)
        for one in selections
        if one.wanted
    ]
