"""Label files: whole changes and pieces of code become the same kind of row."""

import gzip
import json
from pathlib import Path

import pytest

from reviewbot.diff.languages import LANGUAGES, language_of
from reviewbot.errors import EnvironmentFailure, UsageError
from reviewbot.train.changes import LabelledFile, LineLabel, Verdict
from reviewbot.train.label_files import read_files
from tests.train.changes_made import FIX, HEAD, Row, file, label, piece, read, whole

WRONG, MASKED = Verdict.WRONG, Verdict.MASKED


def test_a_whole_change_keeps_its_files_verdicts_and_corrections(tmp_path: Path) -> None:
    two = [file("src/last.py", HEAD), file("b.go", "var x = 1\n", "var x = 0\n", "a.go")]
    labels = [
        label(4, "wrong", becomes=FIX),
        label(1, "related", probability=None),
        label(1, None, "b.go", probability=0.25),
    ]
    (change,) = read(tmp_path, whole(files=two, faulty=labels, visible="file", extra=1))

    assert change.files == (
        LabelledFile(
            path="src/last.py",
            base_path=None,
            base=None,
            head=HEAD,
            corrected=HEAD.replace("    return items[len(items)]", FIX),
        ),
        LabelledFile(
            path="b.go", base_path="a.go", base="var x = 0\n", head="var x = 1\n", corrected=None
        ),
    )
    assert [(one.path, one.number, one.verdict, one.probability) for one in change.labels] == [
        ("src/last.py", 4, WRONG, 1.0),
        ("src/last.py", 1, Verdict.RELATED, 0.0),
        ("b.go", 1, Verdict.BLAMED, 0.25),
    ]
    assert (change.message, change.group, change.visible) == ("Add last", "org/repo", "file")
    assert (change.survived, change.is_read) == (False, False)


def test_a_change_survived_if_it_is_clean_and_no_line_of_it_was_blamed(tmp_path: Path) -> None:
    changes = read(
        tmp_path,
        whole("1", status="clean", faulty=[]),
        whole("2", status="clean"),
        whole("3", faulty=[]),
        piece("4"),
        piece("5", risky=[], mask=[0]),
    )

    assert [change.survived for change in changes] == [True, False, False, False, True]
    assert all(change.is_read for change in changes)


def test_a_piece_of_code_is_a_change_of_one_file_that_adds_its_scope(tmp_path: Path) -> None:
    lines = ("import a", "def f():", "    b", "    c", "d")
    (change,) = read(
        tmp_path,
        piece(
            "a/1",
            *lines,
            before=["# top"],
            risky=[2],
            mask=[3],
            scope=[1, 4],
            fixed=["import a", "def f():", "    B", "    c", "d"],
            spec="Say b.",
            path="src/a.py",
        ),
    )
    (only,) = change.files

    assert only.head == "# top\nimport a\ndef f():\n    b\n    c\nd\n"
    assert only.corrected == "# top\nimport a\ndef f():\n    B\n    c\nd\n"
    assert (only.path, only.base_path, change.message) == ("src/a.py", None, "Say b.")
    assert change.labels == (
        LineLabel(path="src/a.py", number=4, verdict=WRONG, probability=1.0),
        LineLabel(path="src/a.py", number=5, verdict=MASKED, probability=0.0),
    )


@pytest.mark.parametrize("name", [language.name for language in LANGUAGES])
def test_a_made_up_path_shows_the_language(tmp_path: Path, name: str) -> None:
    (change,) = read(tmp_path, piece(lang=name))
    language = language_of(change.files[0].path)

    assert language is not None
    assert language.name == name


def test_plain_and_gzipped_files_read_alike_and_blank_lines_are_ignored(tmp_path: Path) -> None:
    plain, packed = tmp_path / "one.jsonl", tmp_path / "two.jsonl.gz"
    plain.write_text(json.dumps(piece("a/1", start=7)) + "\n\n")
    packed.write_bytes(gzip.compress(json.dumps(piece("a/2", mask=None, files=None)).encode()))

    first, second = read_files([str(plain), str(packed)])

    assert (first.id, second.id) == ("a/1", "a/2")
    assert first.files == second.files


def test_rows_of_a_file_are_drawn_by_seed_and_id(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(piece(f"a/{n}")) + "\n" for n in range(20)))
    chosen = [{change.id for change in read_files([f"{path}@5"], seed)} for seed in (0, 0, 1)]
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))

    assert [len(ids) for ids in chosen] == [5, 5, 5]
    assert chosen[0] == chosen[1] != chosen[2]
    assert {change.id for change in read_files([f"{path}@5"], 0)} == chosen[0]


BROKEN: list[tuple[Row, str]] = [
    (piece(risky=[2]), "risky"),
    (piece(risky=[-1]), "risky"),
    (piece(risky=[True]), "risky"),
    (piece(risky=[1, 0]), "risky"),
    (piece(risky=None), "risky"),
    (piece(lines=[]), "lines"),
    (piece(lines=["a\nb"], risky=[]), "lines"),
    (piece(lines=["\ud800"], risky=[]), "lines"),
    (piece(lines="x = 1"), "lines"),
    (piece(lines=["x"] * 20_001), "lines"),
    (piece(lang="klingon"), "lang"),
    (piece(group=""), "group"),
    (piece(group=3), "group"),
    (piece(path="p" * 1_001), "path"),
    (piece(path="../a.py"), "path"),
    (piece(scope=[1]), "scope"),
    (piece(scope=[0, 3]), "scope"),
    (piece(mask=[5]), "mask"),
    (piece(fixed=[1]), "fixed"),
    (piece(fixed=[], scope=[1, 2]), "fixed"),
    (whole(files=[]), "files"),
    (whole(files=["src/last.py"]), "files"),
    (whole(files=[file("a.py", ""), file("a.py", "")], faulty=[]), "files"),
    (whole(files=[file("a/.Git/hooks/x", "")]), "path"),
    (whole(files=[file("/etc/passwd", "")]), "path"),
    (whole(files=[file("a\nb.py", "")]), "path"),
    (whole(files=[file("a.py", "", "x", "b/../c.py")]), "base_path"),
    (whole(files=[file("a.py", None)]), "head"),  # type: ignore[arg-type]
    (whole(files=[file("a.py", "\udc80")]), "head"),
    (whole(message="m" * 100_001), "message"),
    (whole(status="fine"), "status"),
    (whole(set=None), "set"),
    (whole(faulty={}), "faulty"),
    (whole(faulty=[label(1, path="b.py")]), "faulty"),
    (whole(faulty=[label(6)]), "faulty"),
    (whole(faulty=[label(1), label(1, "wrong")]), "faulty"),
    (whole(faulty=[label(0)]), "line"),
    (whole(faulty=[label(True)]), "line"),
    (whole(faulty=[label(1, "bad")]), "verdict"),
    (whole(faulty=[label(1, probability=1.5)]), "probability"),
    (whole(faulty=[label(1, probability=float("nan"))]), "probability"),
    (whole(faulty=[label(1, becomes="a\nb")]), "becomes"),
]


@pytest.mark.parametrize(("row", "field"), BROKEN)
def test_a_row_that_breaks_the_format_is_named_by_file_line_and_field(
    tmp_path: Path, row: Row, field: str
) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, piece("a/0"), row)

    assert f"{tmp_path / 'rows.jsonl'}:2: {field}:" in caught.value.what


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"\xff{}", b"[" * 100_000])
def test_what_is_not_a_json_object_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(raw)

    with pytest.raises(UsageError, match=r"rows\.jsonl:1: row"):
        read_files([str(path)])


def test_an_id_that_comes_twice_is_refused_across_files(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text(json.dumps(piece()))
    two.write_text(json.dumps(whole()))

    with pytest.raises(UsageError, match=r"two\.jsonl:1: id: 'a/1' is already at .*one\.jsonl:1"):
        read_files([str(one), str(two)])


def test_an_empty_file_and_a_truncated_archive_are_errors(tmp_path: Path) -> None:
    empty, cut = tmp_path / "empty.jsonl", tmp_path / "cut.jsonl.gz"
    empty.write_text("\n")
    cut.write_bytes(gzip.compress(b"{}" * 5_000)[:-9])

    with pytest.raises(UsageError, match="no row"):
        read_files([str(empty)])
    with pytest.raises(EnvironmentFailure, match=r"cut\.jsonl\.gz"):
        read_files([str(cut)])
