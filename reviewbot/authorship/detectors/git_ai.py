"""git-ai's authorship logs in `refs/notes/ai`: which lines of a commit which session wrote.

Source: Git AI Standard 3.0.0. Paths and ranges, a line "---", then JSON. Line numbers hold for the
files as that commit has them; of entries that overlap the last one wins; a line without an entry is
unknown, not human. A key without a record is a session that somebody else's clone knows: AI, and
nobody says whose.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reviewbot.authorship.agent_names import MAX_MODEL, model_named
from reviewbot.authorship.agents import tool_named
from reviewbot.authorship.detectors import Found, overruled
from reviewbot.authorship.history import Material, PlacedLine
from reviewbot.authorship.line_ranges import LineRange, last_wins
from reviewbot.authorship.message_text import plain, short
from reviewbot.authorship.model import HIGH, MEDIUM, Author, Evidence, Level

MAX_BYTES = 8_000_000  # of a note; old ones hold whole conversations
MAX_RECORDS = 2_000_000  # bytes of what stands below the divider
MAX_RANGES_IN_ALL = 500_000  # of a change
MAX_PATH = 4_096  # characters, as file systems have it
NO_NOTES = (
    "git-ai notes: this clone has none (a clone does not fetch them:"
    " git fetch origin +refs/notes/ai:refs/notes/ai)"
)
MAX_RANGES = 200_000  # of a note
_ENTRY = re.compile(r"  (\S{1,200}) (\d{1,9}(?:-\d{1,9})?(?:,\d{1,9}(?:-\d{1,9})?)*)\s*")
_KEY = re.compile(
    r"(?P<session>s_[0-9a-f]{14,64})::t_[0-9a-f]{14,64}|(?P<human>h_[0-9a-f]{14,64}|human)"
    r"|(?P<prompt>[0-9a-f]{16}|[0-9a-f]{7})"
)
_SCHEMA = re.compile(r"authorship/3(?:\.\d+)*")
_SPLIT = re.compile(rb"^---\r?$", re.M)


@dataclass(frozen=True, slots=True)
class Note:
    """A note, read: what it says of which lines. A key that is none of the standard's is None."""

    claims: Mapping[str, Sequence[tuple[LineRange, str | None]]]  # path -> range and key
    records: Mapping[str, Mapping[str, Any]]  # sessions, humans, prompts


def parse(raw: bytes) -> Note:
    """Read a note. raises ValueError, in words, for whatever is none."""
    if len(raw) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
    divider = _SPLIT.search(raw)
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
        raise ValueError("what stands below its divider is not JSON") from exc
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
        if quoted or (line.startswith('"') and not _closed(line)):
            quoted = f"{quoted}\n{line}" if quoted else line  # a path with a line end in it
            if len(quoted) > MAX_PATH:
                raise ValueError("a quoted path does not end")
            if _closed(quoted):
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


def _closed(line: str) -> bool:
    return len(line) > 1 and line.endswith('"')


def gitai(material: Material, lines: Sequence[PlacedLine]) -> Found:
    """Look each line up in the notes of the commit it came from."""
    found = Found()
    if not material.has_notes:
        found.source = NO_NOTES
    elif count := len(material.notes):
        found.source = f"git-ai notes: {count} of {len(material.commits)} commits have one"
    wanted: dict[str, dict[str, dict[int, list[int]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for place, (_, origin) in enumerate(lines):
        if origin is not None and origin.commit in material.notes:
            wanted[origin.commit][origin.path][origin.number].append(place)
    ranges = 0
    for commit, paths in wanted.items():
        places = [p for numbers in paths.values() for held in numbers.values() for p in held]
        for raw in material.notes[commit]:  # one at a time: a note may take much memory
            try:
                if ranges > MAX_RANGES_IN_ALL:
                    raise ValueError("the notes of this change have too many ranges")
                note = parse(raw)
            except ValueError as exc:
                found.notes.append(f"the git-ai note of {commit[:10]} was not read: {exc}")
                for place in places:
                    found.doubts[place].append(f"the git-ai note of {commit[:10]} cannot be read")
                continue
            ranges += sum(map(len, note.claims.values()))
            for path, numbers in paths.items():
                _look_up(commit, note, path, numbers, found)
    return found


def _look_up(
    commit: str, note: Note, path: str, numbers: Mapping[int, list[int]], found: Found
) -> None:
    """Add what a note says of the lines of one file; where another said something, what is AI."""
    claims = note.claims.get(path, ())
    where = sorted(numbers)
    keys = last_wins(claims, where)
    said = {key: _evidence(commit, note, key) for key in {key for _, key in claims} if key}
    # An entry that a later one covers no longer decides, but "AI" is not forgotten.
    ai = [(lines, key) for lines, key in claims if key and said[key].kind is Author.AI]
    once = last_wins(ai, where)
    for number in where:
        key = keys.get(number)
        for place in numbers[number]:
            decided = any(e.level is Level.LINE for e in found.evidence.get(place, ()))
            if key is not None and not decided:
                found.evidence[place].append(said[key])
            if number in keys and key is None:
                found.doubts[place].append(
                    f"the git-ai note of {commit[:10]} names the line by an unknown kind of key"
                )
            if (other := once.get(number)) is not None and (decided or other != key):
                found.evidence[place].append(overruled(said[other]))


def _evidence(commit: str, note: Note, key: str) -> Evidence:
    where = f"git-ai note of {commit[:10]}"
    match = _KEY.fullmatch(key)
    session, human, prompt = match.groups() if match else (None, None, None)
    if human:
        record = note.records["humans"].get(human)
        known = isinstance(record, dict)
        words = f"{where}: attested human {human}"
        return Evidence(Author.HUMAN, Level.LINE, HIGH if known else MEDIUM, words)
    record = note.records["sessions" if session else "prompts"].get(session or prompt or "")
    agent = record.get("agent_id") if isinstance(record, dict) else None
    noun = f"{'session' if session else 'prompt'} {session or prompt}"
    if not isinstance(agent, dict):
        return Evidence(Author.AI, Level.LINE, HIGH, f"{where}: {noun}, unresolved")
    tool, model = (_text(agent.get(name)) for name in ("tool", "model"))
    if tool.lower() == "human":
        return Evidence(Author.HUMAN, Level.LINE, MEDIUM, f"{where}: {noun} of a human")
    return Evidence(
        Author.AI, Level.LINE, HIGH, f"{where}: {noun}", tool_named(tool), model_named(model)
    )


def _text(value: object) -> str:
    return plain(value)[:MAX_MODEL] if isinstance(value, str) else ""
