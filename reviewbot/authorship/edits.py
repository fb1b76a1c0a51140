"""What an agent's hook says about an edit it has just made, as lines of the file.

Understood are the events of Claude Code (PostToolUse), Cursor (afterFileEdit) and Gemini CLI
(AfterTool), which resemble each other:

    {"cwd": ..., "tool_input": {"file_path": ..., "old_string": ..., "new_string": ...}}
    {"cwd": ..., "tool_input": {"file_path": ..., "content": ...}}      a whole file
    {"file_path": ..., "edits": [{"old_string": ..., "new_string": ...}], "model": ...}
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reviewbot.core.change import Change, ChangedLine, FileChange, FileKind, Hunk

MOST_EDITS = 10_000
MOST_PLACES = 10_000  # where one text stands


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of one file."""

    path: str  # as the agent wrote it, often absolute
    folder: str  # what a relative path counts from; "" where the event does not say
    texts: tuple[tuple[str, str], ...]  # old and new; an old one is "" for a whole file
    numbers: tuple[int, ...]  # of the lines written, where the event tells them; then no texts
    model: str | None


def edit_of(raw: bytes) -> Edit:
    """Read a hook's event. raises ValueError, in words, where it tells of no edit."""
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise ValueError("it is not JSON") from exc
    if not isinstance(event, dict):
        raise ValueError("it is no JSON object")
    given = event.get("tool_input")
    given = given if isinstance(given, dict) else event
    path = _text(given.get("file_path"))
    if not path:
        raise ValueError("it names no file_path")
    edits = given.get("edits")
    numbers = tuple(_patched(event.get("tool_response")))
    texts = tuple(_texts(edits[:MOST_EDITS] if isinstance(edits, list) else [given]))
    if not texts and not numbers:
        raise ValueError("it holds no new text")
    return Edit(
        path,
        _text(event.get("cwd")),
        () if numbers else texts,
        numbers,
        _text(event.get("model")) or None,
    )


def _patched(response: object) -> Iterator[int]:
    """Yield the lines that Claude Code's own diff of the edit adds."""
    patch = response.get("structuredPatch") if isinstance(response, dict) else None
    for hunk in patch[:MOST_EDITS] if isinstance(patch, list) else ():
        lines = hunk.get("lines") if isinstance(hunk, dict) else None
        number = hunk.get("newStart") if isinstance(hunk, dict) else None
        if not isinstance(lines, list) or type(number) is not int or number < 1:
            continue
        for line in lines:
            if isinstance(line, str) and line.startswith("+"):
                yield number
            if isinstance(line, str) and not line.startswith(("-", "\\")):
                number += 1


def _texts(edits: Sequence[object]) -> Iterator[tuple[str, str]]:
    for edit in edits:
        if isinstance(edit, dict):
            new = _text(edit.get("new_string")) or _text(edit.get("content"))
            if new:
                yield _text(edit.get("old_string")), new


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def edited(edit: Edit, path: str, content: str) -> Change:
    """Return the lines that an edit wrote, as a change that adds them.

    path     the file in the repository
    content  the file as it is now; a text that no longer stands in it adds nothing
    """
    numbers: set[int] = set()
    for old, new in edit.texts:
        skip, drop = _shared(_lines(old), _lines(new))
        height = new.removesuffix("\n").count("\n")
        for first in _places(content, new):
            numbers.update(range(first + skip, first + height + 1 - drop))
    numbers.update(edit.numbers)
    lines = content.removesuffix("\n").split("\n")
    added = tuple(
        ChangedLine(path, number, lines[number - 1])
        for number in sorted(numbers)
        if number <= len(lines)
    )
    hunk = Hunk(0, 0, 1, len(lines), added, 0)
    return Change((FileChange(path, FileKind.MODIFIED, hunks=(hunk,)),))


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _places(content: str, new: str) -> Iterator[int]:
    """Yield the numbers of the lines at which a text starts: it may stand in several places."""
    at, seen, line = content.find(new), 0, 1
    for _ in range(MOST_PLACES):
        if at < 0:
            return
        line += content.count("\n", seen, at)
        seen = at
        yield line
        at = content.find(new, at + len(new))


def _shared(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """Count the lines at the start and at the end that an edit only repeats, as context."""
    most = min(len(old), len(new))
    start = next((n for n in range(most) if old[n] != new[n]), most)
    left = most - start
    end = next((n for n in range(left) if old[-1 - n] != new[-1 - n]), left)
    return start, end
