"""Kinds of change that need no reading, from diffs as git writes them."""

import shutil
from pathlib import Path

import pytest

from reviewbot.diff.cleared import Cleared, cleared
from reviewbot.diff.model import Entry, FileChange, FileKind
from tests.changes import CODE, git, made

DOCS, TESTS, LOCKS = Cleared.DOCUMENTATION, Cleared.TESTS, Cleared.LOCK_FILES


def of(*files: FileChange) -> Cleared:
    return cleared(files)


def edited(path: str, kind: FileKind = FileKind.MODIFIED) -> FileChange:
    return FileChange(path, kind)


@pytest.mark.parametrize(
    ("paths", "kind"),
    [
        (["README.md", "docs/a/use.rst", "LICENSE", "docs/notes.txt"], DOCS),
        (["tests/data.json", "src/__tests__/a.tsx", "test_x.py", "pkg/a_test.go"], TESTS),
        (["src/a.test.ts", "src/a.spec.mjs", "spec/a_spec.rb", "src/UserTest.java"], TESTS),
        (["uv.lock", "web/package-lock.json", ".terraform.lock.hcl"], LOCKS),
        ([], Cleared.NO),
        (["README.md", "uv.lock"], Cleared.NO),
        (["tests/test_x.py", "x.py"], Cleared.NO),
        (["docs/conf.py"], Cleared.NO),
        (["notes.txt"], Cleared.NO),
        (["docs/requirements.txt"], Cleared.NO),
        (["latest.py", "contest/a.py", "attest.java", "Latest.java"], Cleared.NO),
        (["CLAUDE.md"], Cleared.NO),  # it tells an agent what to do
        (["docs/AGENTS.md"], Cleared.NO),
        ([".github/pull_request_template.md"], Cleared.NO),
        ([".cursor/tests/rule.md"], Cleared.NO),
        (["tests/.reviewbot.toml"], Cleared.NO),
        (["tests/pyproject.toml"], Cleared.NO),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_every_file_must_be_of_the_one_kind(paths: list[str], kind: Cleared) -> None:
    assert of(*map(edited, paths)) is kind


@pytest.mark.parametrize("entry", [Entry.BINARY, Entry.SUBMODULE, Entry.SYMLINK])
def test_what_is_no_text_has_no_kind(entry: Entry) -> None:
    assert of(FileChange("tests/x", FileKind.ADDED, entry)) is Cleared.NO


def test_a_deleted_test_or_lock_file_is_worth_a_look() -> None:
    assert of(edited("tests/test_x.py", FileKind.DELETED)) is Cleared.NO
    assert of(edited("uv.lock", FileKind.DELETED)) is Cleared.NO
    assert of(edited("old.md", FileKind.DELETED)) is DOCS


def test_only_a_rename_without_edits_has_the_kind_and_both_paths_count(tmp_path: Path) -> None:
    def kind(before: str, after: str, text: bytes = CODE) -> Cleared:
        where = tmp_path / "repo"
        where.mkdir()
        case = made(where, {before: CODE}, {after: text})
        shutil.rmtree(where)
        assert [file.kind for file in case.change.files] == [FileKind.RENAMED]
        return of(*case.change.files)

    assert kind("src/a.py", "src/b.py") is Cleared.RENAMES
    assert kind("src/a.py", "src/b.py", CODE + b"\nx = 1\n") is Cleared.NO
    assert kind("src/a.py", "tests/a.py", CODE + b"\nx = 1\n") is Cleared.NO
    assert kind("tests/a.py", "tests/b.py", CODE + b"\nx = 1\n") is TESTS
    assert kind("a.yml", ".github/workflows/a.yml") is Cleared.NO
    assert kind("a.toml", "pyproject.toml") is Cleared.NO
    assert kind("tests/a.py", "b.py") is Cleared.RENAMES


def test_a_changed_mode_has_no_kind(tmp_path: Path) -> None:
    from reviewbot.diff.parser import parse

    git(tmp_path, "init", "-q")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "run.sh").write_text("true\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "update-index", "--chmod=+x", "tests/run.sh")
    (tmp_path / "tests" / "run.sh").write_text("false\n")
    executable = git(tmp_path, "write-tree").decode().strip()
    git(tmp_path, "update-index", "--chmod=-x", "tests/run.sh")
    plain = git(tmp_path, "write-tree").decode().strip()

    assert of(*parse(git(tmp_path, "diff", executable, plain).decode()).files) is Cleared.NO
