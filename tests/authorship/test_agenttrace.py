"""Agent Trace records as writers really emit them, against lines that have moved meanwhile."""

import hashlib
import json
from typing import Any

import mmh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewbot.authorship.detectors.agent_trace import detect
from reviewbot.authorship.line_ranges import murmur3
from reviewbot.authorship.model import (
    HIGH,
    MEDIUM,
    UNCOMMITTED,
    Author,
    Commit,
    Detected,
    Evidence,
    Identity,
    Material,
    Origin,
    PlacedLine,
    TraceFile,
)
from reviewbot.diff.model import ChangedLine
from tests.cpu import cpu_seconds

P, C = "0" * 40, "c" * 40
NOBODY = Identity("", "")
LINES = ("one", "two", "three", "four", "five")


def record(part: dict[str, Any], path: str = "a.py", **more: Any) -> bytes:
    """A record of one range, as the reference writer emits it."""
    conversation = {
        "url": "file:///home/someone/secret.jsonl",
        "contributor": {"type": "ai", "model_id": "anthropic/claude-opus-4-8"},
        "ranges": [part],
    }
    value = {
        "version": "1.0",
        "id": "x",
        "vcs": {"type": "git", "revision": P},
        "tool": {"name": "claude-code"},
        "files": [{"path": path, "conversations": [conversation]}],
    }
    return json.dumps(value | more).encode()


def evidence_of(
    *records: bytes,
    lines: tuple[str, ...] = LINES,
    commit: str = C,
    name: str = ".agent-trace/traces.jsonl",
    missing: str = "",
) -> tuple[dict[int, list[Evidence]], Detected]:
    """What the records say of `a.py`, every line of which commit C (a child of P) added."""
    placed = [
        PlacedLine(ChangedLine("a.py", n, text), Origin(commit, "a.py", n))
        for n, text in enumerate(lines, start=1)
    ]
    material = Material(
        commits={C: Commit(C, (P,), NOBODY, NOBODY, "")},
        traces=(TraceFile(name, b"\n".join(records), missing),),
        head=P,
        head_lines=lambda path: lines if path == "a.py" else (),
    )
    found = detect(material, placed)
    return {place + 1: evidence for place, evidence in found.evidence.items()}, found


def part(first: int, last: int, text: str | None = None, **more: Any) -> dict[str, Any]:
    digest = {} if text is None else {"content_hash": f"murmur3:{murmur3(text.encode())}"}
    return {"start_line": first, "end_line": last, **digest, **more}


def test_murmur3_gives_the_published_values() -> None:
    assert [murmur3(text) for text in (b"", b"hello")] == ["00000000", "248bfa47"]


def test_content_finds_lines_that_have_moved() -> None:
    found, _ = evidence_of(record(part(40, 41, "three\nfour")))

    assert set(found) == {3, 4}
    (evidence,) = found[3]
    assert (evidence.kind, evidence.tool, evidence.confidence) == (Author.AI, "claude", HIGH)
    assert evidence.model == "anthropic/claude-opus-4-8"


def test_of_two_places_with_the_same_content_the_nearest_counts() -> None:
    found, _ = evidence_of(record(part(4, 4, "x")), lines=("x", "b", "c", "d", "x"))

    assert set(found) == {5}


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:" + hashlib.sha256(b"two\nthree").hexdigest(),
        "sha256:" + hashlib.sha256(b"two\nthree").hexdigest()[:16],
        "sha256:" + hashlib.sha256(b"two\nthree\n").hexdigest(),
        "sha1:" + hashlib.sha1(b"two\nthree").hexdigest(),  # noqa: S324 - as a writer may
        f"murmur3:{mmh3.hash128(b'two' + bytes([10]) + b'three'):032x}",
        "MURMUR3:" + murmur3(b"two\nthree").upper(),
    ],
)
def test_hashes_as_writers_write_them(digest: str) -> None:
    found, _ = evidence_of(record({"start_line": 9, "end_line": 10, "content_hash": digest}))

    assert set(found) == {2, 3}


@pytest.mark.parametrize("digest", ["sha256:ab", "crc:12345678", "nonsense", "murmur3:", ""])
def test_a_hash_that_proves_nothing_finds_nothing(digest: str) -> None:
    found, _ = evidence_of(
        record({"start_line": 1, "end_line": 1, "content_hash": digest}, vcs=None)
    )

    assert found == {}


def test_code_with_carriage_returns_is_found_by_the_hash_an_editor_made() -> None:
    found, _ = evidence_of(record(part(1, 2, "a\nb")), lines=("a\r", "b\r"))

    assert set(found) == {1, 2}


def test_without_a_hash_the_number_counts_for_the_commit_that_followed_and_for_it_alone() -> None:
    found, _ = evidence_of(record(part(2, 3)))
    other, _ = evidence_of(record(part(2, 3), vcs={"type": "git", "revision": "9" * 40}))

    assert set(found) == {2, 3}
    assert found[2][0].confidence == MEDIUM
    assert other == {}


def test_lines_that_are_not_committed_are_found_by_number_where_head_is_the_revision() -> None:
    found, _ = evidence_of(record(part(1, 1)), commit=UNCOMMITTED)

    assert set(found) == {1}


@pytest.mark.parametrize("path", [".sessions", ".shell-history", ".unknown", "../a.py", "/a/b.py"])
def test_pseudo_paths_and_paths_elsewhere_say_nothing(path: str) -> None:
    assert evidence_of(record(part(1, 1), path))[0] == {}


def test_an_absolute_path_counts_only_by_content_and_is_never_shown() -> None:
    by_number, _ = evidence_of(record(part(1, 1), "/home/someone/repo/a.py"))
    by_content, found = evidence_of(record(part(9, 9, "two"), "/home/someone/repo/a.py"))

    assert by_number == {}
    assert set(by_content) == {2}
    assert "someone" not in repr((by_content, found.notes, found.source))


def test_backslashes_flat_records_and_plain_words_are_understood() -> None:
    windows, _ = evidence_of(record(part(9, 9, "two"), ".\\a.py"))
    flat, _ = evidence_of(
        json.dumps({"file_path": "/x/a.py", **part(9, 9, "two"), "tool": "Edit"}).encode()
    )
    word, _ = evidence_of(record(part(9, 9, "two", contributor="mixed")))

    assert set(windows) == {2}
    assert [e.kind for e in flat[2]] == [Author.AI]
    assert [e.kind for e in word[2]] == [Author.MIXED]


def test_a_range_may_name_another_contributor_and_unknown_says_nothing() -> None:
    human, _ = evidence_of(record(part(1, 1, contributor={"type": "human"})))
    unknown, _ = evidence_of(record(part(1, 1, contributor={"type": "unknown"})))

    assert [e.kind for e in human[1]] == [Author.HUMAN]
    assert unknown == {}


def test_a_broken_record_is_reported_and_the_others_count() -> None:
    found, result = evidence_of(b"{", record(part(1, 1)), b"[1]", b"\xff\xfe", b"[" * 100_000)

    assert set(found) == {1}
    assert result.notes == ["4 records of .agent-trace/traces.jsonl could not be read"]


def test_one_json_document_holds_a_record_or_several() -> None:
    one, _ = evidence_of(
        json.dumps(json.loads(record(part(1, 1))), indent=1).encode(), name="x.json"
    )
    many, _ = evidence_of(
        b"[" + record(part(1, 1)) + b",\n" + record(part(2, 2)) + b"]", name="x.json"
    )

    assert (set(one), set(many)) == ({1}, {1, 2})


def test_a_file_that_was_cut_leaves_every_line_in_doubt() -> None:
    _, found = evidence_of(record(part(1, 1)), missing="cut")

    assert found.notes == [".agent-trace/traces.jsonl: cut"]
    assert set(found.doubts) == set(range(len(LINES)))


def test_many_ranges_of_a_long_file_take_bounded_time_and_what_was_left_out_is_reported() -> None:
    lines = tuple(f"line {n} of a long file" for n in range(5_000))
    records = [record(part(n, n + 40, f"not there {n}"), vcs=None) for n in range(1, 2_000)]
    records += [record(part(1, n, "not there"), vcs=None) for n in range(1, 400)]
    start = cpu_seconds()

    found, result = evidence_of(*records, lines=lines)

    assert cpu_seconds() - start < 5
    assert found == {}
    assert "too much code" in result.notes[0]
    assert set(result.doubts) == set(range(5_000))


KEYS = ("files", "path", "conversations", "ranges", "start_line", "contributor", "vcs", "tool")


@given(
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from((*KEYS, "file_path")), inner)
        ),
        max_leaves=20,
    )
)
def test_no_json_breaks_the_reader(value: Any) -> None:
    evidence_of(json.dumps(value).encode())
