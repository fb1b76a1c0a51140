"""A labelled change is what `check` would see of it, by the same code."""

import subprocess
from pathlib import Path

import pytest

from reviewbot.config.schema import Settings
from reviewbot.errors import UsageError
from reviewbot.train.replay import Replayed, replay
from tests.train.changes_made import FIX, HEAD, Row, file, label, piece, read, whole

OLD = "".join(f"def step_{n}(value):\n    return value + {n}\n\n" for n in range(8))
NEW = OLD.replace("value + 3", "value - 3").replace("value + 5", "value * 5  # more\n    # why")


def replayed(directory: Path, *rows: Row) -> list[Replayed]:
    return list(replay(read(directory, *rows), Settings()))


def wanted(one: Replayed) -> dict[str, list[str]]:
    return {file.path: [line.text for line in file.wanted] for file in one.files}


def test_a_change_is_read_with_its_base_renames_skip_rules_and_corrections(tmp_path: Path) -> None:
    files = [
        file("src/last.py", HEAD),
        file("new/steps.py", NEW, OLD, "old/steps.py"),
        file("notes.md", "Words.\n"),
        file("vendor/a.py", "x = 1\n"),
        file("same.py", "x = 1\n", "x = 1\n"),
    ]
    labels = [
        label(4, "wrong", becomes=FIX),
        label(11, "wrong", "new/steps.py", becomes="    return value + 3"),
    ]
    (one,) = replayed(tmp_path, whole(files=files, faulty=labels, message="Add last\n\nBecause."))

    assert wanted(one) == {
        "new/steps.py": ["    return value - 3", "    return value * 5  # more", "    # why"],
        "src/last.py": ["def last(items):", "    # the last one", "    return items[len(items)]"],
    }
    assert one.description == "Add last"
    assert [file.language.name for file in one.files if file.language] == ["python", "python"]
    assert [[line.text for line in file.wanted] for file in one.corrected] == [[FIX]]
    # The other correction restores the line of the base: there is no such added line to read.
    assert one.corrections["new/steps.py"].blocks == ()


def test_a_piece_of_code_is_added_to_one_file_whatever_lines_repeat(tmp_path: Path) -> None:
    rows = [
        piece("1", "x = 1", "}", "y = 2"),
        piece("2", "x = 1", "y = 2", "z = 3", before=["w = 0"], scope=[1, 2]),
        # Git could call the end of either block added.
        piece("3", "f {", "end x", "}", before=["e {", "end x", "}"], risky=[]),
        piece("4", "a", "b", "a", "b", scope=[0, 2]),
    ]
    found = replayed(tmp_path, *rows)
    numbers = [[line.number for file in one.files for line in file.wanted] for one in found]

    assert numbers == [[1, 3], [3], [4, 5], [1, 2]]


def test_changes_are_apart_from_each_other_and_may_be_empty(tmp_path: Path) -> None:
    same = [file("same.py", "x = 1\n", "x = 1\n")]
    first, second, third = replayed(
        tmp_path, whole("1"), whole("2", files=same, faulty=[]), piece("3")
    )

    assert [sorted(wanted(one)) for one in (first, second, third)] == [
        ["src/last.py"],
        [],
        ["code.py"],
    ]


@pytest.mark.parametrize(
    "path",
    [
        'quo"te\\n.py',
        "-rf.py",
        "a b/ü\u2028.py",
        ":(top)x.py",
        "tab\x7f.py",
        ".gitattributes/x.py",
        "~/x.py",
        "$(touch pwned).py",
        "a*.py",
    ],
)
def test_a_hostile_path_is_a_name_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [whole(files=[file(path, HEAD)], faulty=[label(4, "wrong", path, becomes=FIX)])]
    (one,) = replayed(tmp_path, *rows)

    assert list(wanted(one)) == [path]
    assert [len(file.wanted) for file in one.corrected] == [1]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["rows.jsonl"]


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ("", ""),
        ("one\ndata 3\nM 100644 inline x.py\n", "one data 3 M 100644 inline x.py"),
        ("\n\nlate", "late"),
        ("a\x1b[31mred\x00end", None),
        ("ü" * 50_000, None),
    ],
)
def test_a_hostile_message_is_text_and_nothing_else(
    tmp_path: Path, message: str, subject: str | None
) -> None:
    (one,) = replayed(tmp_path, whole(message=message))

    assert list(wanted(one)) == ["src/last.py"]
    assert subject is None or one.description == subject


def test_attributes_and_settings_of_a_labelled_change_run_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    script = f"touch {tmp_path / 'ran'}; cat"
    config = (
        f'[diff "x"]\n\ttextconv = "{script}"\n\tcommand = "{script}"\n[core]\n\tautocrlf = true\n'
    )
    (home / ".gitconfig").write_text(config)
    monkeypatch.setenv("HOME", str(home))
    files = [file("src/last.py", HEAD), file(".gitattributes", "*.py diff=x\n")]
    (one,) = replayed(tmp_path, whole(files=files))

    assert list(wanted(one)) == ["src/last.py"]
    assert not (tmp_path / "ran").exists()


def test_variables_that_name_another_repository_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "other")], check=True)
    before = sorted(str(path) for path in (tmp_path / "other").rglob("*"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other"))

    with pytest.raises(UsageError, match="GIT_DIR is set"):
        replayed(tmp_path, whole())
    assert sorted(str(path) for path in (tmp_path / "other").rglob("*")) == before
