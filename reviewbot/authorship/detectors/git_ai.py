"""git-ai's authorship logs in `refs/notes/ai`: which lines of a commit which session wrote.

Source: Git AI Standard 3.0.0. Paths and ranges, a line "---", then JSON. Line numbers are those of
the files in that commit; of entries that overlap the last one wins; a line without an entry is
unknown, not human. A key without a record is a session that another clone knows: an unnamed AI.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reviewbot.authorship.agents import tool_named
from reviewbot.authorship.line_ranges import LineRange, last_wins
from reviewbot.authorship.mentions import MAX_MODEL, model_named, plain, short
from reviewbot.authorship.model import (
    HIGH,
    MEDIUM,
    Author,
    Detected,
    Evidence,
    Level,
    Material,
    PlacedLine,
    overruled,
)

MAX_BYTES = 8_000_000  # of a note; old ones hold whole conversations
MAX_RECORDS = 2_000_000  # bytes below the divider
MAX_RANGES = 200_000  # of a note
MAX_RANGES_IN_ALL = 500_000  # of a change
MAX_PATH = 4_096  # characters, as in file systems
_ENTRY = re.compile(r"  (\S{1,200}) (\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*)\s*")
_KEY = re.compile(
    r"(?P<session>s_[0-9a-f]{14,64})::t_[0-9a-f]{14,64}|(?P<human>h_[0-9a-f]{14,64}|human)"
    r"|(?P<prompt>[0-9a-f]{16}|[0-9a-f]{7})"
)
_SCHEMA = re.compile(r"authorship/3(?:\.\d+)*")
_DIVIDER = re.compile(rb"^---\r?$", re.M)


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. A key that the standard does not know is None."""

    claims: Mapping[str, Sequence[tuple[LineRange, str | None]]]  # path -> range and key
    records: Mapping[str, Mapping[str, Any]]  # sessions, humans, prompts


def parse(raw: bytes) -> Note:
    """Read a note. raises ValueError, for the reader, if it is none."""
    if len(raw) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
    divider = _DIVIDER.search(raw)
    if divider is None:
        raise ValueError('it has no line "---"')
    if len(raw) - divider.end() > MAX_RECORDS:
        raise ValueError(f"its records are larger than {MAX_RECORDS // 1_000_000} MB")
    return Note(_claims(raw[: divider.start()]), _records(raw[divider.end() :]))


def _records(raw: bytes) -> dict[str, Mapping[str, Any]]:
    try:
        value = json.loads(raw)
    except RecursionError as exc:
        raise ValueError("its JSON is nested too deeply") from exc
    except ValueError as exc:
        raise ValueError("the part below its divider is not JSON") from exc
    version = value.get("schema_version") if isinstance(value, dict) else None
    if not isinstance(version, str) or not _SCHEMA.fullmatch(version):
        raise ValueError("it is not of schema authorship/3")
    kinds = {name: value.get(name) for name in ("sessions", "humans", "prompts")}
    return {name: part if isinstance(part, dict) else {} for name, part in kinds.items()}


def _claims(raw: bytes) -> dict[str, list[tuple[LineRange, str | None]]]:
    claims: dict[str, list[tuple[LineRange, str | None]]] = defaultdict(list)
    path: str | None = None
    ranges, quoted = 0, ""
    for line in raw.decode("utf-8", "backslashreplace").split("\n"):
        if quoted or (line.startswith('"') and not _is_closed(line)):
            quoted = f"{quoted}\n{line}" if quoted else line  # a path with a line end in it
            if len(quoted) > MAX_PATH:
                break
            if _is_closed(quoted):
                path, quoted = quoted[1:-1], ""
        elif line.startswith("  "):
            entry = _ENTRY.fullmatch(line)
            if entry is None or path is None:
                raise ValueError(f"its line {short(line)!r} is no entry")
            key = entry[1] if _KEY.fullmatch(entry[1]) else None
            for text in entry[2].split(","):
                first, _, last = text.partition("-")
                claims[path].append((LineRange(int(first), int(last or first)), key))
                ranges += 1
            if ranges > MAX_RANGES:
                raise ValueError(f"it has more than {MAX_RANGES} ranges")
        elif line.strip():
            line = line.removesuffix("\r")
            path = line[1:-1] if line.startswith('"') else line
    if quoted:
        raise ValueError("a quoted path does not end")
    return claims


def _is_closed(line: str) -> bool:
    return len(line) > 1 and line.endswith('"')


def detect(material: Material, lines: Sequence[PlacedLine]) -> Detected:
    """Look each line up in the notes of the commit that wrote it."""
    detected = Detected()
    if count := len(material.notes):
        detected.source = f"git-ai notes: {count} of {len(material.commits)} commits have one"
    # commit -> path -> number and index of the lines
    by_commit: dict[str, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for index, (_, origin) in enumerate(lines):
        if origin is not None and origin.commit in material.notes:
            by_commit[origin.commit][origin.path].append((origin.number, index))
    ranges = 0
    for commit, by_path in by_commit.items():
        name = f"the git-ai note of {commit[:10]}"
        for raw in material.notes[commit]:  # one at a time: a note may take much memory
            try:
                if ranges > MAX_RANGES_IN_ALL:
                    raise ValueError("the notes of this change have too many ranges")
                note = parse(raw)
            except ValueError as exc:
                detected.notes.append(f"{name} was not read: {exc}")
                for _, index in (pair for pairs in by_path.values() for pair in pairs):
                    detected.doubts[index].append(f"{name} cannot be read")
                continue
            ranges += sum(map(len, note.claims.values()))
            for path, pairs in by_path.items():
                _look_up(commit, note, note.claims.get(path, ()), pairs, detected)
    return detected


def _look_up(
    commit: str,
    note: Note,
    claims: Sequence[tuple[LineRange, str | None]],
    lines: Sequence[tuple[int, int]],
    detected: Detected,
) -> None:
    """Add the evidence of a note for lines of one file; if an earlier note decided, only of AI.

    lines  number and index
    """
    numbers = sorted({number for number, _ in lines})
    last = last_wins(claims, numbers)
    evidence = {key: _evidence(commit, note, key) for _, key in claims if key}
    # An entry that a later one covers does not decide, but "AI" still counts for the policy.
    ai = [(place, key) for place, key in claims if key and evidence[key].kind is Author.AI]
    last_ai = last_wins(ai, numbers)
    for number, index in lines:
        key, ai_key = last.get(number), last_ai.get(number)
        decided = any(e.level is Level.LINE for e in detected.evidence.get(index, ()))
        if key is not None and not decided:
            detected.evidence[index].append(evidence[key])
        if number in last and key is None:
            detected.doubts[index].append(
                f"the git-ai note of {commit[:10]} names the line by an unknown kind of key"
            )
        if ai_key is not None and (decided or ai_key != key):
            detected.evidence[index].append(overruled(evidence[ai_key]))


def _evidence(commit: str, note: Note, key: str) -> Evidence:
    where = f"git-ai note of {commit[:10]}"
    match = _KEY.fullmatch(key)
    session, human, prompt = match.groups() if match else (None, None, None)
    if human:
        confidence = HIGH if isinstance(note.records["humans"].get(human), dict) else MEDIUM
        return Evidence(Author.HUMAN, Level.LINE, confidence, f"{where}: attested human {human}")
    record = note.records["sessions" if session else "prompts"].get(session or prompt or "")
    agent = record.get("agent_id") if isinstance(record, dict) else None
    words = f"{where}: {'session' if session else 'prompt'} {session or prompt}"
    if not isinstance(agent, dict):
        return Evidence(Author.AI, Level.LINE, HIGH, f"{words}, unresolved")
    tool, model = (
        plain(value)[:MAX_MODEL] if isinstance(value, str) else ""
        for value in (agent.get("tool"), agent.get("model"))
    )
    if tool.lower() == "human":
        return Evidence(Author.HUMAN, Level.LINE, MEDIUM, f"{words} of a human")
    return Evidence(Author.AI, Level.LINE, HIGH, words, tool_named(tool), model_named(model))
