"""git-ai's notes: what the standard says, and what is broken or hostile."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.authorship.detectors.git_ai import MAX_BYTES, detect, parse
from reviewbot.authorship.line_ranges import LineRange, last_wins
from reviewbot.authorship.model import (
    HIGH,
    MEDIUM,
    Author,
    Commit,
    Evidence,
    Identity,
    Material,
    Origin,
    PlacedLine,
)
from reviewbot.diff.model import ChangedLine
from tests.authorship.repos import SESSION, note_text
from tests.cpu import cpu_seconds

C = "c" * 40
COMMIT = Commit(C, (), Identity("", ""), Identity("", ""), "")
# Section 1.2.7 of the standard: all three kinds of key in one note.
MIXED = note_text(
    "src/main.rs\n"
    "  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-10\n"
    "  h_31dce776f88375 15-20\n"
    "src/lib.rs\n"
    "  abcd1234abcd1234 1-50",
    prompts={"abcd1234abcd1234": {"agent_id": {"tool": "cursor", "id": "i", "model": "gpt-4"}}},
    humans={"h_31dce776f88375": {"author": "Developer <dev@example.com>"}},
    sessions={"s_c9883b05a2487d": SESSION},
)


def evidence_of(
    note: str | bytes, *places: tuple[str, int]
) -> tuple[list[list[Evidence]], list[str]]:
    """What a note of commit C says of lines of that commit."""
    lines = [PlacedLine(ChangedLine(p, n, "x"), Origin(C, p, n)) for p, n in places]
    raw = note.encode() if isinstance(note, str) else note
    found = detect(Material(commits={C: COMMIT}, notes={C: (raw,)}), lines)
    return [found.evidence.get(place, []) for place in range(len(lines))], found.notes


def test_sessions_humans_and_legacy_prompts_of_one_note() -> None:
    (session, untracked, human, legacy), notes = evidence_of(
        MIXED, ("src/main.rs", 10), ("src/main.rs", 11), ("src/main.rs", 15), ("src/lib.rs", 50)
    )

    assert [(e.kind, e.tool, e.model, e.confidence) for e in session] == [
        (Author.AI, "claude", "claude-sonnet-5", HIGH)
    ]
    assert untracked == []
    assert [(e.kind, e.tool) for e in human] == [(Author.HUMAN, None)]
    assert [(e.kind, e.tool, e.model) for e in legacy] == [(Author.AI, "cursor", "gpt-4")]
    assert notes == []


def test_a_note_of_today_has_sessions_only() -> None:
    text = (
        'a.py\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1\n---\n{"schema_version":"authorship/3.0.0"}'
    )

    ((found,),), notes = evidence_of(text, ("a.py", 1))

    assert (found.kind, found.tool, notes) == (Author.AI, None, [])
    assert "unresolved" in found.words


def test_the_last_of_overlapping_entries_wins() -> None:
    text = note_text(
        "a.py\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-9\n  h_31dce776f88375 3-4",
        sessions={"s_c9883b05a2487d": SESSION},
    )

    (first, second), _ = evidence_of(text, ("a.py", 2), ("a.py", 3))

    assert (first[0].kind, second[0].kind) == (Author.AI, Author.HUMAN)
    assert second[0].confidence == MEDIUM  # nobody says who that human is


@pytest.mark.parametrize("path", ["my file.py", "tab\there.py", "new\nline.py"])
def test_a_quoted_path_is_taken_literally(path: str) -> None:
    text = note_text(f'"{path}"\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-2')

    assert evidence_of(text, (path, 2))[0][0][0].kind is Author.AI


def test_a_note_may_be_longer_than_the_file() -> None:
    text = note_text("a.py\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-999999999")

    assert evidence_of(text, ("a.py", 3))[0][0][0].kind is Author.AI


def test_keys_in_the_wild() -> None:
    text = note_text(
        "a.py\n  human 1\n  abcdef1 2\n  s_c9883b05a2487d0123::t_9f8e7d6c5b4a320123 3\n  junk 4"
    )

    (human, short, long, junk), _ = evidence_of(text, *(("a.py", n) for n in range(1, 5)))

    assert human[0].kind is Author.HUMAN
    assert (short[0].kind, long[0].kind) == (Author.AI, Author.AI)
    assert junk == []


def test_a_line_under_a_key_nobody_knows_is_in_doubt() -> None:
    line = PlacedLine(ChangedLine("a.py", 1, "x"), Origin(C, "a.py", 1))
    raw = note_text("a.py\n  junk 1").encode()

    found = detect(Material(commits={C: COMMIT}, notes={C: (raw,)}), [line])

    assert "unknown kind of key" in found.doubts[0][0]


BOMBS: dict[str, bytes] = {
    "empty": b"",
    "no divider": b"a.py\n  abcd1234abcd1234 1\n",
    "no JSON": b"a.py\n  abcd1234abcd1234 1\n---\nhello",
    "a list": b"---\n[]",
    "another schema": b'---\n{"schema_version": "authorship/4.0.0"}',
    "no schema": b"---\n{}",
    "binary": bytes(range(256)) * 100,
    "nested": b'---\n{"schema_version": "authorship/3.0.0", "x": ' + b"[" * 200_000,
    "huge number": b'---\n{"schema_version": ' + b"9" * 100_000 + b"}",
    "entry without a path": b"  abcd1234abcd1234 1\n---\n{}",
    "range of letters": b"a.py\n  abcd1234abcd1234 x-y\n---\n{}",
    "endless quote": b'"a.py\n  abcd1234abcd1234 1\n---\n{}',
    "too large": b"a.py\n" + b"  abcd1234abcd1234 1-2\n" * (MAX_BYTES // 20) + b"---\n{}",
    "many ranges": b"a.py\n  abcd1234abcd1234 " + b",".join([b"1-9"] * 300_000) + b"\n---\n{}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_invalid_note_is_reported_and_bounded(name: str) -> None:
    start = cpu_seconds()

    (evidence,), notes = evidence_of(BOMBS[name], ("a.py", 1))

    assert cpu_seconds() - start < 10
    assert evidence == []
    assert len(notes) == 1
    assert notes[0].startswith("the git-ai note of cccccccccc was not read: ")
    assert len(notes[0]) < 250


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    evidence_of(raw, ("a.py", 1))


@given(
    st.dictionaries(st.sampled_from(["sessions", "humans", "prompts"]), st.none() | st.integers())
)
def test_records_of_the_wrong_shape_are_no_records(records: dict[str, Any]) -> None:
    value = {"schema_version": "authorship/3.0.0"} | records
    raw = f"a.py\n  abcd1234abcd1234 1\n---\n{json.dumps(value)}".encode()

    assert parse(raw).records == {"sessions": {}, "humans": {}, "prompts": {}}


@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 6)), max_size=12),
    st.sets(st.integers(1, 20)),
)
def test_last_wins_is_what_painting_line_by_line_gives(
    claims: list[tuple[int, int]], wanted: set[int]
) -> None:
    ranges = [(LineRange(first, first + more), at) for at, (first, more) in enumerate(claims)]
    painted = {n: at for (first, last), at in ranges for n in range(first, last + 1)}

    found = last_wins(ranges, sorted(wanted))

    assert found == {n: painted[n] for n in wanted if n in painted}


def test_a_hundred_thousand_overlapping_ranges_take_no_time() -> None:
    claims = [(LineRange(1, 10**9), n) for n in range(100_000)]
    start = cpu_seconds()

    found = last_wins(claims, range(1, 5_001))

    assert set(found.values()) == {99_999}
    assert cpu_seconds() - start < 1
