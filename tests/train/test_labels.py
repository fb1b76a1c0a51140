"""Reading label files, and what a correction changes."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from reviewbot.diff.languages import LANGUAGES, language_of
from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.train.labels import (
    Block,
    LabelRow,
    aligned,
    read,
    row_path,
    scored,
    scored_fixed,
)

PLAIN: dict[str, Any] = {
    "id": "a/1",
    "set": "a",
    "lang": "python",
    "group": "g",
    "lines": ["x = 1", "y = 2"],
    "risky": [1],
}


def row(tmp_path: Path, **fields: Any) -> LabelRow:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(PLAIN | fields) + "\n")
    return read([path])[0]


def test_plain_and_gzipped_files_read_alike_and_unknown_keys_are_ignored(tmp_path: Path) -> None:
    plain, packed = tmp_path / "one.jsonl", tmp_path / "two.jsonl.gz"
    plain.write_text(json.dumps(PLAIN | {"start": 7}) + "\n\n")
    packed.write_bytes(gzip.compress(json.dumps(PLAIN | {"id": "a/2", "mask": None}).encode()))

    first, second = read([plain, packed])

    assert (first.id, second.id) == ("a/1", "a/2")
    assert first.lines == second.lines == ("x = 1", "y = 2")
    assert (first.fixed, first.mask) == (None, frozenset())


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"risky": [2]}, "risky"),
        ({"risky": [-1]}, "risky"),
        ({"risky": [True]}, "risky"),
        ({"risky": [1, 0]}, "risky"),
        ({"risky": None}, "risky"),
        ({"lines": []}, "lines"),
        ({"lines": ["a\nb"], "risky": []}, "lines"),
        ({"lines": ["\ud800"], "risky": []}, "lines"),
        ({"lines": "x = 1"}, "lines"),
        ({"lines": ["x"] * 20_001}, "lines"),
        ({"lang": "klingon"}, "lang"),
        ({"group": ""}, "group"),
        ({"group": 3}, "group"),
        ({"path": "p" * 1_001}, "path"),
        ({"scope": [1]}, "scope"),
        ({"scope": [0, 3]}, "scope"),
        ({"mask": [5]}, "mask"),
        ({"fixed": [1]}, "fixed"),
        ({"fixed": [], "scope": [1, 2]}, "fixed"),
    ],
)
def test_a_row_that_breaks_the_format_is_named_by_file_line_and_field(
    tmp_path: Path, fields: dict[str, Any], field: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(PLAIN) + "\n" + json.dumps(PLAIN | {"id": "a/2"} | fields) + "\n")

    with pytest.raises(UsageError) as caught:
        read([path])

    assert f"{path}:2: {field}:" in caught.value.what


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"\xff{}", b"[" * 100_000])
def test_what_is_not_a_json_object_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(raw)

    with pytest.raises(UsageError, match=r"rows\.jsonl:1: row"):
        read([path])


def test_an_id_that_comes_twice_is_refused_across_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text(json.dumps(PLAIN))
    two.write_text(json.dumps(PLAIN))

    with pytest.raises(UsageError, match=r"two\.jsonl:1: id: 'a/1' is already at .*one\.jsonl:1"):
        read([one, two])


def test_an_empty_file_and_a_truncated_archive_are_errors(tmp_path: Path) -> None:
    empty, cut = tmp_path / "empty.jsonl", tmp_path / "cut.jsonl.gz"
    empty.write_text("\n")
    cut.write_bytes(gzip.compress(b"{}" * 5_000)[:-9])

    with pytest.raises(UsageError, match="no row"):
        read([empty])
    with pytest.raises(EnvironmentFailure, match=r"cut\.jsonl\.gz"):
        read([cut])


def test_a_line_is_scored_if_in_scope_unmasked_and_not_punctuation_only(tmp_path: Path) -> None:
    lines = ["import a", "def f():", "    {", "    b", "    c", "d"]
    found = row(tmp_path, lines=lines, risky=[3], scope=[1, 5], mask=[4])

    assert scored(found) == [1, 3]


def test_the_scope_of_the_correction_moves_with_its_length(tmp_path: Path) -> None:
    found = row(
        tmp_path,
        lines=["head", "wrong", "masked", "body", "tail"],
        fixed=["head", "right 1", "right 2", "masked", "body", "tail"],
        risky=[1],
        scope=[1, 4],
        mask=[2],
    )

    assert scored_fixed(found) == [1, 2, 4]


@pytest.mark.parametrize(
    ("lines", "risky", "fixed", "blocks", "changed", "one_for_one"),
    [
        (["x = 1", "y = 2"], 1, ["x = 1", "y = 3"], [(1, 1)], (1,), (1, 1)),
        # A second difference anywhere ends the strict pair.
        (["", "a", "y = 2"], 2, ["a", "y = 3"], [(2, 1)], (1,), None),
        # Added lines are set against the line they push down.
        (["a", "b"], 1, ["a", "guard", "b"], [(1, 1)], (1,), None),
        # Removed lines are set against the line that closes the gap, or the last one.
        (["a", "bad", "b"], 1, ["a", "b"], [(1, 1)], (), None),
        (["a", "b", "bad"], 2, ["a", "b"], [(2, 1)], (), None),
        # A difference that no label calls risky makes no pair.
        (["x = 1", "y = 2"], 0, ["x = 1", "y = 3"], [], (1,), None),
        (["x = 1", "y = 2"], 1, None, [], (), None),
    ],
)
def test_a_wrong_line_pairs_with_the_line_in_its_place(
    tmp_path: Path,
    lines: list[str],
    risky: int,
    fixed: list[str] | None,
    blocks: list[tuple[int, int]],
    changed: tuple[int, ...],
    one_for_one: tuple[int, int] | None,
) -> None:
    pairs = aligned(row(tmp_path, lines=lines, risky=[risky], fixed=fixed))

    assert pairs.blocks == tuple(Block((wrong,), (right,)) for wrong, right in blocks)
    assert (pairs.changed, pairs.one_for_one) == (changed, one_for_one)


@pytest.mark.parametrize("name", [language.name for language in LANGUAGES])
def test_a_made_up_path_shows_the_language(tmp_path: Path, name: str) -> None:
    language = language_of(row_path(row(tmp_path, lang=name)))

    assert language is not None
    assert language.name == name


def test_a_known_path_is_kept(tmp_path: Path) -> None:
    assert row_path(row(tmp_path, path="src/a.py")) == "src/a.py"
    assert row_path(row(tmp_path, lang="java")) == "Code.java"
