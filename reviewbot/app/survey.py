"""What `reviewbot init` finds in a repository. Reads only; follows no link."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reviewbot.config.load import SETTINGS_FILES, from_files
from reviewbot.diff.languages import language_of
from reviewbot.diff.model import FileChange, FileKind
from reviewbot.diff.paths import decode_path
from reviewbot.diff.skip_rules import why_skipped_file
from reviewbot.git.attributes import attributes
from reviewbot.git.bases import default_branch
from reviewbot.git.files import REGULAR, WorktreeFiles
from reviewbot.git.process import git
from reviewbot.git.remotes import Forge, forge
from reviewbot.git.repository import HEADS, REMOTES, Repository, open_repository

PYPROJECT, SETTINGS_FILE = SETTINGS_FILES
PRE_COMMIT_FILE = ".pre-commit-config.yaml"
WORKFLOWS = ".github/workflows"
MAX_FILE = 1_000_000  # bytes of a configuration file
MAX_WORKFLOWS = 500
# Folders whose code is usually written by a tool or copied, and that `diff.skip_rules` does not
# know: the name alone is no reason to skip a file unless the user says so.
_USUALLY_SKIPPED = ("migrations", "generated", "__generated__", "dist", "testdata")
_USES = re.compile(
    r"^[^#\n]*(?:\buses:\s*[\"']?(?:\S*/)?\.?reviewbot(?:-\w+)?(?:[@\"'\s]|$)"
    r"|\breviewbot (?:check|review)\b)",
    re.M,
)


@dataclass(frozen=True, slots=True)
class Survey:
    """A repository as `init` sees it."""

    top: Path  # of the checkout
    forge: Forge
    branch: str  # the default branch without its remote; "" if nothing names one
    languages: tuple[tuple[str, int], ...]  # name and number of tracked files, most first
    folders: tuple[tuple[str, int], ...]  # names for `exclude`, and the code files in them
    settings: tuple[str, ...]  # where reviewbot's settings are already
    pre_commit: bytes | None  # the file's content; None if it is missing, or cannot be read
    workflows: tuple[str, ...]  # paths of those that run reviewbot


def survey(root: Path) -> Survey:
    """Look at the repository that holds a directory.

    raises  UsageError if there is none, or pyproject.toml or .reviewbot.toml is broken;
            EnvironmentFailure if git fails
    """
    repo = open_repository(root)
    files = WorktreeFiles(repo.top, MAX_FILE)
    table, _ = from_files(repo.top)
    settings = [f"{PYPROJECT} [tool.reviewbot]"] if table else []
    if os.path.lexists(repo.top / SETTINGS_FILE):
        settings.append(SETTINGS_FILE)
    languages, folders = _tracked(repo)
    return Survey(
        top=repo.top,
        forge=forge(repo),
        branch=_default(repo),
        languages=tuple(sorted(languages.items(), key=lambda item: (-item[1], item[0]))),
        folders=tuple(sorted(folders.items())),
        settings=tuple(settings),
        pre_commit=files.read(PRE_COMMIT_FILE),
        workflows=tuple(_workflows(repo.top, files)),
    )


def _default(repo: Repository) -> str:
    found = default_branch(repo)
    if found is None:  # before the first commit it is the branch that is checked out
        return (repo.head_ref or "").removeprefix(HEADS) if repo.head is None else ""
    name = found[0]
    return name.removeprefix(HEADS) if name.startswith(HEADS) else _local(repo, name)


def _local(repo: Repository, ref: str) -> str:
    name = ref.removeprefix(REMOTES)
    remote = next((at for at in repo.remotes if name.startswith(f"{at}/")), "")
    return name.removeprefix(f"{remote}/")


def _tracked(repo: Repository) -> tuple[Counter[str], Counter[str]]:
    """Count the tracked code files by language, and those in folders that could be excluded."""
    rows = git(repo.top, "ls-files", "--stage", "-z").split(b"\0")
    paths = {
        decode_path(row.partition(b"\t")[2]) for row in rows if row.partition(b" ")[0] in REGULAR
    }
    code = [path for path in sorted(paths) if language_of(path) is not None]
    marks = attributes(repo, code)
    languages: Counter[str] = Counter()
    folders: Counter[str] = Counter()
    for path in code:
        file = FileChange(path, FileKind.ADDED)
        if why_skipped_file(file, attributes=marks[path], head=None) is not None:
            continue
        names = {name for name in path.split("/")[:-1] if name.lower() in _USUALLY_SKIPPED}
        folders.update(names)
        if language := language_of(path):
            languages[language.name] += 1
    return languages, folders


def _workflows(top: Path, files: WorktreeFiles) -> Iterator[str]:
    try:
        names = sorted(os.listdir(top / WORKFLOWS))[:MAX_WORKFLOWS]  # noqa: PTH208
    except OSError:
        return
    for name in names:
        path = f"{WORKFLOWS}/{name}"
        if name.endswith((".yml", ".yaml")):
            content = files.read(path) or b""
            if _USES.search(content.decode("utf-8", "replace")):
                yield path
