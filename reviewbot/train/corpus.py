"""Unlabelled source files for pre-training, in an order that a seed fixes."""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reviewbot.diff.languages import language_of
from reviewbot.errors import UsageError

MAX_BYTES = 200_000  # longer files are mostly tables and generated code
MAX_LINE = 1_000  # characters: longer lines are data, not code
LICENCES = "licences.json"  # in a corpus directory: folder below it -> SPDX licence


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the corpus."""

    path: str  # below its corpus directory
    language: str
    text: str
    licence: str = ""  # SPDX; "" for one's own code


def files(
    directories: Sequence[Path], seed: int, only: Set[str] | None = None
) -> Iterator[SourceFile]:
    """Yield every readable source file once (equal texts count once), shuffled.

    only    paths below the directories; others are as if they were not there. None: all
    raises  UsageError where a directory is missing, none holds a source file, or `LICENCES` in one
            is damaged
    """
    sources: list[tuple[str, Path, Mapping[str, str]]] = []
    require_directories(directories)
    for directory in directories:
        inside = (p for p in directory.rglob("*") if p.is_file() and not p.is_symlink())
        named = ((p.relative_to(directory).as_posix(), p) for p in inside)
        licences = _licences(directory)
        sources += [(name, p, licences) for name, p in named if only is None or name in only]
    sources.sort(key=lambda source: source[:2])
    random.Random(seed).shuffle(sources)  # noqa: S311 - an order, not a secret
    seen: set[bytes] = set()
    for name, path, licences in sources:
        language = language_of(name)
        if language is None or path.stat().st_size > MAX_BYTES:
            continue
        text = path.read_bytes().decode("utf-8", "replace")  # no newline translation: as scoring
        digest = hashlib.sha256(text.encode()).digest()
        if digest in seen or max(map(len, text.split("\n"))) > MAX_LINE:
            continue
        seen.add(digest)
        folders = (str(folder) for folder in PurePosixPath(name).parents)
        licence = next((licences[folder] for folder in folders if folder in licences), "")
        yield SourceFile(name, language.name, text, licence)
    if not seen:
        raise UsageError("the corpus holds no source file", fix="name directories that hold some")


def _licences(directory: Path) -> Mapping[str, str]:
    path = directory / LICENCES
    if not path.is_file():
        return {}
    try:
        table = json.loads(path.read_bytes())
        if not isinstance(table, dict) or not all(isinstance(one, str) for one in table.values()):
            raise ValueError("it is no object of folder and licence")
    except ValueError as exc:
        raise UsageError(
            f"{str(path)!r} cannot be read, nothing was trained: {exc}",
            fix='write {"folder": "SPDX licence", ...}, or delete it if all code is your own',
        ) from exc
    return table


def require_directories(directories: Sequence[Path]) -> None:
    """Refuse a corpus that is no directory. raises UsageError"""
    for directory in directories:
        if not directory.is_dir():
            raise UsageError(
                f"nothing was trained: the corpus {str(directory)!r} is no directory",
                fix="name directories that hold source files",
            )
