"""Several files are written together, or not at all."""

from pathlib import Path

import pytest

from reviewbot.app.new_files import FileWrite, write_together
from reviewbot.errors import EnvironmentFailure, UsageError


def tree(where: Path) -> dict[str, str | None]:
    """Each path below a directory, and the text of files; without what git writes."""
    return {
        path.relative_to(where).as_posix(): path.read_text() if path.is_file() else None
        for path in sorted(where.rglob("*"))
        if ".git" not in path.relative_to(where).parts
    }


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "old").write_text("old\n")
    (tmp_path / "old").chmod(0o640)
    return tmp_path


def test_new_files_their_folders_and_an_edit_are_written(top: Path) -> None:
    write_together(
        top,
        [
            FileWrite("old", b"new\n", before=b"old\n"),
            FileWrite("a/b/c", b"c"),
            FileWrite("d", b""),
        ],
    )

    assert tree(top) == {"a": None, "a/b": None, "a/b/c": "c", "d": "", "old": "new\n"}
    assert (top / "old").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("second", "error", "words"),
    [
        (FileWrite("old", b"mine"), UsageError, "nothing was written: old exists already"),
        (FileWrite("old", b"mine", before=b"older"), UsageError, "old was changed in the meantime"),
        (FileWrite("old/x", b""), UsageError, "nothing was written: old is no directory"),
        (FileWrite("a/c" + "d" * 300, b""), EnvironmentFailure, "File name too long"),
        (FileWrite("e/" + "d" * 300 + "/f", b""), EnvironmentFailure, "File name too long"),
    ],
)
def test_if_one_cannot_be_written_nothing_is_left(
    top: Path, second: FileWrite, error: type[Exception], words: str
) -> None:
    before = tree(top)

    with pytest.raises(error, match=words):
        write_together(top, [FileWrite("a/b/c", b"c"), second])

    assert tree(top) == before
