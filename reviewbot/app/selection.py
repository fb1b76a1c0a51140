"""Which added lines of a change are read, and why the others are not. It loads no model."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from reviewbot.diff.head_match import first_mismatch, head_lines
from reviewbot.diff.languages import Language, language_of
from reviewbot.diff.model import ChangedLine, Entry, FileChange
from reviewbot.diff.skip_rules import SkipReason, why_skipped_file, why_skipped_line
from reviewbot.scoring.outcomes import Failed, Outcome, Skipped


class FileReader(Protocol):
    """Where the head version of a file comes from."""

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a regular file, None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Which lines are wanted."""

    max_bytes: int
    max_lines: int
    inline_suppressions: bool = False
    excluded: Callable[[str], bool] = field(default=lambda _path: False)
    included: Callable[[str], bool] = field(default=lambda _path: False)
    in_scope: Callable[[ChangedLine], bool] = field(default=lambda _line: True)  # by its author
    can_block: Callable[[ChangedLine], bool] = field(default=lambda _line: True)
    limit: Callable[[ChangedLine], float] | None = None  # the risk above which a line counts
    least_limit: float = 1.0  # the strictest of these
    own: Mapping[str, FileChange] | None = None  # all that is read of a merge (`diff.merge`)
    unlisted: int = 0  # files of the change that its forge does not show at all


@dataclass(frozen=True, slots=True)
class Selection:
    """A file before anything is read: some lines have an outcome, the others are wanted."""

    file: FileChange
    language: Language | None
    note: str | None
    unread: bool  # a code file that git shows no line of
    head: tuple[str, ...]
    decided: Mapping[int, Outcome]  # by line number
    wanted: tuple[ChangedLine, ...]

    @property
    def hidden_by_exclude(self) -> bool:
        """Whether the settings leave it out, and git would not show its lines anyway."""
        return self.note == SkipReason.EXCLUDED.value and self.file.entry is Entry.BINARY


def select(
    file: FileChange, head: FileReader, attributes: Mapping[str, Collection[str]], rules: Rules
) -> Selection:
    """Decide which added lines of a file are wanted. The head file is read only if it matters."""
    if rules.own is None:
        return _decided(file, head, attributes, rules)
    merged = {line.number: _skipped(line, SkipReason.MERGED) for line in file.added}
    if (own := rules.own.get(file.path)) is None:
        note = SkipReason.MERGED.value
        return Selection(file, language_of(file.path, ""), note, False, (), merged, ())
    entry = _decided(own, head, attributes, rules)
    theirs = merged.keys() - {line.number for line in own.added}
    decided = {**entry.decided, **{number: merged[number] for number in theirs}}
    return replace(entry, file=file, decided=decided)


def _decided(
    file: FileChange, head: FileReader, attributes: Mapping[str, Collection[str]], rules: Rules
) -> Selection:
    marks = set(attributes.get(file.path, ()))
    if rules.included(file.path):
        marks = {"-linguist-generated", "-linguist-vendored"}

    def why(content: bytes | None) -> SkipReason | None:
        return why_skipped_file(
            file,
            attributes=marks,
            head=content,
            excluded=rules.excluded,
            max_bytes=rules.max_bytes,
            max_lines=rules.max_lines,
        )

    reason, content = why(None), None
    # What its path alone decides is not read; a name without an ending may hide a script.
    undecided = reason is None or (reason is SkipReason.NOT_CODE and "." not in _name(file.path))
    if undecided and file.added and file.entry is Entry.TEXT:
        content = head.read(file.path)
        reason = why(content)
    lines = tuple(head_lines(content)) if content is not None and reason is None else ()
    # A byte order mark may stand before "#!"; `why_skipped_file` passes over it too.
    language = language_of(file.path, lines[0].removeprefix("\ufeff") if lines else "")
    if reason is not None:
        whys = dict.fromkeys(file.added, reason)
        if reason is SkipReason.EXCLUDED:
            whys = _why_excluded(file, rules)
        decided: dict[int, Outcome] = {
            line.number: _skipped(line, why) for line, why in whys.items()
        }
        hidden = reason.counts_as_unread and not file.added
        return Selection(file, language, reason.value, hidden, (), decided, ())
    if failure := _failure(file, content, lines):
        decided = {line.number: Failed(line, failure) for line in file.added}
        return Selection(file, language, failure, False, (), decided, ())
    if language is None:  # "not code" is a reason above; only a file without lines is left
        return Selection(file, None, None, False, (), {}, ())
    skips = {
        line: why_skipped_line(line.text, language, inline_suppressions=rules.inline_suppressions)
        or (None if rules.in_scope(line) else SkipReason.OUT_OF_SCOPE)
        for line in file.added
    }
    return Selection(
        file,
        language,
        None,
        False,
        lines,
        {line.number: _skipped(line, why) for line, why in skips.items() if why is not None},
        tuple(line for line, why in skips.items() if why is None),
    )


def _why_excluded(file: FileChange, rules: Rules) -> dict[ChangedLine, SkipReason]:
    """Say of each line whether it would have been read: the gate asks whether all such were lost.

    Blank lines count with the others, unless there are no others.
    """
    inside = [line for line in file.added if rules.in_scope(line)]
    blank = not any(any(map(str.isalnum, line.text)) for line in inside)
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
