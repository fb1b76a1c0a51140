"""Kinds of change that need no reading: a closed list, decided from the diff's files alone.

It is no approval: a renamed module can break its importers, and a lock file can bring anything.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from reviewbot.diff.model import Entry, FileChange, FileKind
from reviewbot.diff.skip_rules import is_lock_file


class Cleared(StrEnum):
    """The kind of all files of a change."""

    NO = ""
    DOCUMENTATION = "documentation"
    TESTS = "tests"
    RENAMES = "renames"  # without edits
    LOCK_FILES = "lock files"


# Names in lower case. What is never of a kind, besides dot files and all in dot folders (workflows
# of CI, our settings, rules for agents): other pipelines and settings, and prose that agents obey.
_NEVER = re.compile(
    r"pyproject\.toml|jenkinsfile.*|(?:azure|bitbucket)-pipelines.*|(?:appveyor|cloudbuild)\.ya?ml"
    r"|codeowners|(?:agents?|claude|gemini|copilot-instructions|skill)(?:\..*)?\.md",
    re.S,
)
_PROSE = (".md", ".markdown", ".rst", ".adoc", ".asciidoc")
_PROSE_NAME = re.compile(
    r"(?:readme|changelog|changes|history|news|licen[sc]e|copying|notice|authors|contributing)"
    r"(?:\.txt)?"
)
_PROSE_FOLDERS = {"doc", "docs"}  # where .txt is prose, but for these names:
_NO_PROSE = ("requirements", "constraints", "cmakelists")
_TEST_FOLDERS = {"test", "tests", "__tests__", "spec"}
_TEST_NAME = re.compile(
    r"test_.*\.py|.*_test\.(?:py|go|rb|exs|dart|cc|cpp)|.*_spec\.rb|.*\.(?:test|spec)\.[cm]?[jt]sx?",
    re.S,
)
_TEST_CLASS = re.compile(r".*[a-z0-9](?:Tests?|Spec)\.(?:java|kt|cs|scala)", re.S)  # not lowered


def _is_documentation(_file: FileChange, path: str) -> bool:
    *folders, name = path.lower().split("/")
    if name.endswith(_PROSE) or _PROSE_NAME.fullmatch(name):
        return True
    is_text = name.endswith(".txt") and not name.startswith(_NO_PROSE)
    return is_text and not _PROSE_FOLDERS.isdisjoint(folders)


def _is_test(file: FileChange, path: str) -> bool:
    *folders, name = path.split("/")
    if file.kind is FileKind.DELETED:  # a lost test is worth a look
        return False
    in_folder = not _TEST_FOLDERS.isdisjoint(map(str.lower, folders))
    named = _TEST_NAME.fullmatch(name.lower()) or _TEST_CLASS.fullmatch(name)
    return in_folder or named is not None


def _is_rename(file: FileChange, _path: str) -> bool:
    return file.kind is FileKind.RENAMED and not file.hunks


def _is_lock_file(file: FileChange, path: str) -> bool:
    return is_lock_file(path) and file.kind is not FileKind.DELETED  # that would unpin everything


_KINDS: Mapping[Cleared, Callable[[FileChange, str], bool]] = MappingProxyType(
    {
        Cleared.DOCUMENTATION: _is_documentation,
        Cleared.TESTS: _is_test,
        Cleared.RENAMES: _is_rename,
        Cleared.LOCK_FILES: _is_lock_file,
    }
)


def cleared(files: Sequence[FileChange]) -> Cleared:
    """Return the one kind that every file has, at its old and at its new path.

    A binary file, a submodule, a symbolic link and a changed mode have none.
    """
    if not files or not all(map(_may_clear, files)):
        return Cleared.NO
    return next((kind for kind in _KINDS if all(_is(kind, file) for file in files)), Cleared.NO)


def _may_clear(file: FileChange) -> bool:
    plain = file.entry is Entry.TEXT and not file.mode_changed
    return plain and not any(map(_never, _paths(file)))


def _never(path: str) -> bool:
    *folders, name = path.lower().split("/")
    if any(folder.startswith(".") for folder in folders):
        return True
    if is_lock_file(name):  # one of them is a dot file
        return False
    return name.startswith(".") or _NEVER.fullmatch(name) is not None


def _is(kind: Cleared, file: FileChange) -> bool:
    return all(_KINDS[kind](file, path) for path in _paths(file))


def _paths(file: FileChange) -> list[str]:
    return [file.path] if file.base_path is None else [file.base_path, file.path]
