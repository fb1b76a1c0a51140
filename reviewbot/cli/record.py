"""`reviewbot who --record`: writes down who wrote lines, while it is known."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from reviewbot.cli.files import read_bounded
from reviewbot.cli.talk import say
from reviewbot.core.authors import Author
from reviewbot.core.errors import UsageError

if TYPE_CHECKING:
    from reviewbot.core.change import Change

MAX_EVENT = 25_000_000  # bytes of a hook's event
NOTHING = "nothing was recorded"


def record_lines(
    folder: Path, kind: Author, tool: str | None, model: str | None, edit: str | None
) -> None:
    """Append a record for the staged lines, or for those of an agent's edit.

    edit    a file that holds a hook's event, or "-" for stdin; None for what is staged
    raises  UsageError where an agent is not named or no line is meant; what writing raises
    """
    from reviewbot.authorship.record import trace_record
    from reviewbot.forges.revisions import head_commit
    from reviewbot.forges.traces import FOLDER, append_trace

    if kind is not Author.HUMAN and not (tool or "").strip():
        raise UsageError(f"{NOTHING}: an agent has a name", fix="add --tool NAME")
    if edit is None:
        top, change = _staged(folder)
    else:
        top, change, named = _edited(folder, edit)
        model = model or named
    line = trace_record(
        change,
        kind=kind,
        tool=tool,
        model=model,
        revision=head_commit(top),
        id_=str(uuid4()),
        timestamp=datetime.now(UTC).isoformat(timespec="seconds"),
        apart=FOLDER,
    )
    if line is None:
        fix = "git add first" if edit is None else "record an edit while its text is in the file"
        raise UsageError(f"{NOTHING}: no added line is meant", fix=fix)
    path = append_trace(top, line)
    if edit is None:  # after every edit it would only be noise
        name = path.relative_to(top).as_posix()
        say(f"recorded in {name}; commit it with the lines: git add -- {name}")


def _staged(folder: Path) -> "tuple[Path, Change]":
    from reviewbot.core.merged import own_part
    from reviewbot.diffs import parse
    from reviewbot.forges.local import collect

    request = collect(folder, staged=True)
    others = [parse(other) for other in request.others]
    return request.root, own_part(parse(request.diff), others)


def _edited(folder: Path, name: str) -> "tuple[Path, Change, str | None]":
    from reviewbot.authorship.edits import edit_of, edited
    from reviewbot.forges.heads import WorktreeFiles
    from reviewbot.forges.local import top_of

    top = top_of(folder)
    try:
        raw = read_bounded(name, MAX_EVENT, doing=NOTHING, what="the hook's event")
        if len(raw) > MAX_EVENT:
            raise ValueError("it is too large")
        edit = edit_of(raw)
    except ValueError as exc:
        raise UsageError(
            f"{NOTHING}: the event tells of no edit: {exc}",
            fix="send what the agent's hook for edits sends; see docs/authorship.md",
        ) from exc
    place = Path(edit.folder or folder) / edit.path
    try:
        path = place.resolve().relative_to(top.resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):
        path = ""
    content = WorktreeFiles(top).read(path)
    if content is None:
        raise UsageError(
            f"{NOTHING}: the edited file is not in this repository, or is no regular file",
            fix="run it in the repository of the file",
        )
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")  # as agents send it
    return top, edited(edit, path, text), edit.model
