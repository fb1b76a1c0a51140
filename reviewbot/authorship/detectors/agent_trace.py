"""Agent Trace records: matched by content first, by line number where that is sound.

A record is written while the agent edits. Its line numbers are those of that moment, and its
`revision` is the commit that was HEAD then: the parent of the commit that will contain the lines.
So a number counts only for lines of a commit with that revision or that parent, and less than a
hash.

Records are read leniently: writers in use differ from the RFC. Source: Agent Trace 0.1.0 and its
reference writer. Also seen: `version` "1.0" or none, paths with backslashes, absolute paths,
`contributor` as a plain word, one flat range instead of `files`, `sha256:` and 128-bit `murmur3:`
hashes. URLs in a record are never shown: they name places on somebody's disk.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reviewbot.authorship.agents import tool_named
from reviewbot.authorship.line_ranges import LineRange, RangeFinder, last_wins
from reviewbot.authorship.mentions import MAX_MODEL, model_named, plain
from reviewbot.authorship.model import (
    HIGH,
    MEDIUM,
    UNCOMMITTED,
    Author,
    Detected,
    Evidence,
    Level,
    Material,
    PlacedLine,
    TraceFile,
    overruled,
)

MAX_RECORD = 1_000_000  # bytes of one record
MAX_CLAIMS = 100_000  # ranges of a change
MAX_LINE = 1_000_000_000
_NO_FILES = frozenset((".sessions", ".shell-history", ".unknown"))  # events, not files
_KINDS = {kind.value: kind for kind in (Author.AI, Author.HUMAN, Author.MIXED)}


@dataclass(frozen=True, slots=True)
class Claim:
    """The author that a record names for one range of a file."""

    path: str  # as repositories write it
    absolute: bool  # `path` is a place on a disk: only its end may be a path of the change
    range: LineRange
    hash: str | None  # "algorithm:digits", lower case
    revision: str | None  # the commit that was HEAD when the record was written, or the line's own
    kind: Author
    tool: str | None
    model: str | None


def claims_in(file: TraceFile, notes: list[str]) -> Iterator[Claim]:
    """Yield the claims of a file of records, a JSON record per line or one JSON document.

    notes  gets what could not be read, once per file
    """
    bad = 0
    for record in _records(file):
        if isinstance(record, dict):
            yield from _claims(record)
        else:
            bad += 1
    if bad:
        noun = "record" if bad == 1 else "records"
        notes.append(f"{bad} {noun} of {file.name} could not be read")
    if file.missing:
        notes.append(f"{file.name}: {file.missing}")


def _records(file: TraceFile) -> Iterable[object]:
    """Return the values of the records; None for one that is no JSON or too large."""
    if not file.missing and not file.name.endswith(".jsonl"):
        whole = _load(file.content)
        if isinstance(whole, dict | list):
            return whole if isinstance(whole, list) else [whole]
    return (_load(line) for line in file.content.split(b"\n") if line.strip())


def _load(raw: bytes) -> object:
    try:
        return json.loads(raw) if len(raw) <= MAX_RECORD else None
    except (ValueError, RecursionError):
        return None


def _claims(record: Mapping[str, Any]) -> Iterator[Claim]:
    vcs, tool = record.get("vcs"), record.get("tool")
    revision = (vcs.get("revision") or vcs.get("revision_id")) if isinstance(vcs, dict) else None
    revision = revision if isinstance(revision, str) else None
    agent = tool_named(_text(tool.get("name") if isinstance(tool, dict) else None))
    ranges: list[tuple[object, Mapping[str, Any], object]] = []  # path, range, contributor
    if "file_path" in record:  # a flat record: one range, written by an agent's edit
        ranges.append((record["file_path"], record, None))
    for file in _dicts(record.get("files")):
        name = file.get("path") or file.get("relative_path")
        for conversation in _dicts(file.get("conversations")):
            contributor = conversation.get("contributor")
            ranges += ((name, part, contributor) for part in _dicts(conversation.get("ranges")))
    for path, part, author in ranges:
        first, last = part.get("start_line"), part.get("end_line")
        place = _place(_text(path))
        if place is None or type(first) is not int or type(last) is not int:
            continue
        kind, model = _contributor(part.get("contributor", author))
        if kind is not None and 1 <= first <= last <= MAX_LINE:
            digest = part.get("content_hash")
            digest = digest.lower()[:200] if isinstance(digest, str) else None
            yield Claim(*place, LineRange(first, last), digest, revision, kind, agent, model)


def _contributor(value: object) -> tuple[Author | None, str | None]:
    """Return kind and model; None for "unknown". Without a contributor an agent is meant."""
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
    r"""Return a path as repositories write it, and True if it is absolute; None for no file."""
    path = path.replace("\\", "/")
    absolute = path.startswith("/") or path[1:3] == ":/"
    path = path.removeprefix("./")
    if not path or path in _NO_FILES or ".." in path.split("/") or path.startswith("file:"):
        return None
    return path, absolute


def _dicts(value: object) -> list[dict[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return plain(value)[: 4 * MAX_MODEL] if isinstance(value, str) else ""


MAX_PARTS = 50  # of an absolute path
TOO_MANY = "the Agent Trace records of this change are too many: the rest was not read"
Ranges = list[tuple[LineRange, Claim]]


def detect(material: Material, lines: Sequence[PlacedLine]) -> Detected:
    """Return the evidence of the records about each line."""
    detected = Detected()
    added: dict[str, dict[int, int]] = defaultdict(dict)  # path -> number -> index of the line
    for index, (line, _) in enumerate(lines):
        added[line.path][line.number] = index
    claims = _all_claims(material, detected.notes)
    detected.source = f"Agent Trace: {len(claims)} recorded ranges in {len(material.traces)} files"
    by_content: dict[str, Ranges] = defaultdict(list)
    by_number: dict[tuple[str, str], Ranges] = defaultdict(list)
    finder = RangeFinder(material.head_lines)
    # File by file, because each is read once; within a file the records keep their order.
    named = [(_changed_path(claim, added), claim) for claim in claims]
    for path, claim in sorted(named, key=lambda pair: pair[0] or ""):
        place = path and finder.find(claim.hash, path, claim.range, added[path])
        if path and place:
            by_content[path].append((place, claim))
        elif claim.revision and not claim.absolute:
            by_number[claim.revision, claim.path].append((claim.range, claim))
    if finder.exhausted:
        detected.notes.append("too much code to find every Agent Trace range by its content")
    for path, ranges in by_content.items():
        _add(detected, ranges, added[path].items(), "by content")
    origins = _origins(material, lines) if by_number else {}
    for key, ranges in by_number.items():
        _add(detected, ranges, origins.get(key, ()), "by line number")
    if detected.notes:  # what could not be read may name an AI for any line
        for index in range(len(lines)):
            detected.doubts[index].append("some Agent Trace records could not be read")
    return detected


def _add(detected: Detected, ranges: Ranges, lines: Collection[tuple[int, int]], how: str) -> None:
    """Add the last claim on each line; if a human's, also an AI's that it covers.

    lines  number and index
    """
    numbers = sorted({number for number, _ in lines})
    last = last_wins(ranges, numbers)
    last_ai = last_wins([(place, claim) for place, claim in ranges if claim.kind.is_ai], numbers)
    for number, index in lines:
        if number in last:
            detected.evidence[index].append(_evidence(last[number], how))
            if last[number].kind is Author.HUMAN and number in last_ai:
                detected.evidence[index].append(overruled(_evidence(last_ai[number], how)))


def _all_claims(material: Material, notes: list[str]) -> list[Claim]:
    claims: list[Claim] = []
    for file in material.traces:
        for claim in claims_in(file, notes):
            if len(claims) >= MAX_CLAIMS:
                notes.append(TOO_MANY)
                return claims
            claims.append(claim)
    return claims


def _changed_path(claim: Claim, paths: Collection[str]) -> str | None:
    """Return the changed file that a claim is about; None for any other."""
    if not claim.absolute:
        return claim.path if claim.path in paths else None
    parts = claim.path.split("/")[-MAX_PARTS:]
    ends = ("/".join(parts[at:]) for at in range(1, len(parts)))
    return next((end for end in ends if end in paths), None)


def _origins(
    material: Material, lines: Sequence[PlacedLine]
) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Return number and index of the lines that a record can be about, by revision and path."""
    origins: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for index, (_, origin) in enumerate(lines):
        if origin is not None:
            for revision in _revisions(material, origin.commit):
                origins[revision, origin.path].append((origin.number, index))
    return origins


def _revisions(material: Material, commit: str) -> Iterable[str]:
    if commit == UNCOMMITTED:
        return (material.head,) if material.head else ()
    known = material.commits.get(commit)
    return (commit, *known.parents) if known else (commit,)


def _evidence(claim: Claim, how: str) -> Evidence:
    words = f"Agent Trace, {how}: {claim.kind.value}"
    confidence = HIGH if how == "by content" else MEDIUM
    return Evidence(claim.kind, Level.LINE, confidence, words, claim.tool, claim.model)
