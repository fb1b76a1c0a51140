"""Agent Trace records, read with patience: what writers really emit differs from the RFC.

Source: Agent Trace 0.1.0 and its reference writer; seen beside it: `version` "1.0" or none, paths
with backslashes, absolute paths, `contributor` as a plain word, one flat range instead of `files`,
`sha256:` and 128-bit `murmur3:` hashes. Addresses in a record are never shown: they name places on
somebody's disk.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reviewbot.authorship.agent_names import MAX_MODEL, model_named
from reviewbot.authorship.agents import tool_named
from reviewbot.authorship.history import TraceFile
from reviewbot.authorship.line_ranges import LineRange
from reviewbot.authorship.message_text import plain
from reviewbot.authorship.model import Author

MAX_RECORD = 1_000_000  # bytes of one record
MAX_CLAIMS = 100_000  # ranges of a change
MAX_LINE = 1_000_000_000
_NO_FILES = frozenset((".sessions", ".shell-history", ".unknown"))  # events, not files
_KINDS = {kind.value: kind for kind in (Author.AI, Author.HUMAN, Author.MIXED)}


@dataclass(frozen=True, slots=True)
class Claim:
    """A record's word on one range of a file."""

    path: str  # as repositories write it
    absolute: bool  # `path` lies somewhere on a disk: only what it ends in may be ours
    range: LineRange
    hash: str | None  # "algorithm:digits", lower case
    revision: str | None  # the commit that was HEAD when the record was written, or the line's own
    kind: Author
    tool: str | None
    model: str | None


def claims_in(file: TraceFile, notes: list[str]) -> Iterator[Claim]:
    """Yield the claims of a file of records, a JSON record per line or one JSON document.

    notes  told, once per file, what could not be read
    """
    bad = 0
    for raw in _records(file):
        try:
            record = json.loads(raw) if len(raw) <= MAX_RECORD else None
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            bad += 1
            continue
        yield from _claims(record)
    if bad:
        noun = "record" if bad == 1 else "records"
        notes.append(f"{bad} {noun} of {file.name} could not be read")
    if file.missing:
        notes.append(f"{file.name}: {file.missing}")


def _records(file: TraceFile) -> list[bytes]:
    lines = [line for line in file.content.split(b"\n") if line.strip()]
    if not file.missing and not file.name.endswith(".jsonl"):
        try:
            whole = json.loads(file.content) if len(file.content) <= MAX_RECORD else None
        except (ValueError, RecursionError):
            whole = None
        if isinstance(whole, dict):
            return [file.content]
        if isinstance(whole, list):
            return [json.dumps(part).encode() for part in whole]
    return lines


def _claims(record: Mapping[str, Any]) -> Iterator[Claim]:
    vcs, tool = record.get("vcs"), record.get("tool")
    revision = (vcs.get("revision") or vcs.get("revision_id")) if isinstance(vcs, dict) else None
    name = tool.get("name") if isinstance(tool, dict) else None
    shared = (revision if isinstance(revision, str) else None, tool_named(_text(name)))
    if "file_path" in record:  # a flat record: one range, written by an agent's edit
        yield from _range(_text(record["file_path"]), record, None, shared)
    for file in _dicts(record.get("files")):
        path = _text(file.get("path") or file.get("relative_path"))
        for conversation in _dicts(file.get("conversations")):
            for part in _dicts(conversation.get("ranges")):
                yield from _range(path, part, conversation.get("contributor"), shared)


def _range(
    path: str, part: Mapping[str, Any], contributor: object, shared: tuple[str | None, str | None]
) -> Iterator[Claim]:
    first, last = part.get("start_line"), part.get("end_line")
    place = _place(path)
    if place is None or type(first) is not int or type(last) is not int:
        return
    kind, model = _contributor(part.get("contributor", contributor))
    if kind is not None and 1 <= first <= last <= MAX_LINE:
        digest = part.get("content_hash")
        found = digest.lower()[:200] if isinstance(digest, str) else None
        yield Claim(*place, LineRange(first, last), found, shared[0], kind, shared[1], model)


def _contributor(value: object) -> tuple[Author | None, str | None]:
    """Return who it was; None for "unknown". Nobody named is an agent: it wrote the record."""
    if value is None:
        return Author.AI, None
    if isinstance(value, str):
        return _KINDS.get(value.lower()), None
    if not isinstance(value, dict):
        return None, None
    kind = _text(value.get("type") or value.get("entity_type")).lower()
    model = _text(value.get("model_id") or value.get("model_identifier"))
    return _KINDS.get(kind), model_named(model)


def _place(path: str) -> tuple[str, bool] | None:
    r"""Return a path as repositories write it, and whether it is absolute; None for no file."""
    path = path.replace("\\", "/")
    absolute = path.startswith("/") or path[1:3] == ":/"
    path = path.removeprefix("./")
    parts = path.split("/")
    if not path or path in _NO_FILES or ".." in parts or path.startswith("file:"):
        return None
    return path, absolute


def _dicts(value: object) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return plain(value)[: 4 * MAX_MODEL] if isinstance(value, str) else ""
