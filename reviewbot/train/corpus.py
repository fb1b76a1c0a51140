"""Unlabelled source files for pre-training, in an order that a seed fixes."""

import hashlib
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import partial
from pathlib import Path, PurePosixPath

from reviewbot.diff.languages import language_of
from reviewbot.errors import UsageError
from reviewbot.train.text_shards import MANIFEST, SourceFile, read_row, rows

MAX_BYTES = 200_000  # longer files are mostly tables and generated code
MAX_LINE = 1_000  # characters: longer lines are data, not code
LICENCES = "licences.json"  # in a corpus directory: folder below it -> SPDX licence

# A name that is the same on every machine, what tells equal names apart, and what reads the file.
_Source = tuple[str, tuple[Path, int], Callable[[], SourceFile | None]]


def files(
    directories: Sequence[Path], seed: int, only: Set[str] | None = None
) -> Iterator[SourceFile]:
    """Yield every readable source file once (equal texts count once), shuffled.

    directories  of source files, or what `train corpus` wrote
    only         paths below the directories; others are as if they were not there. None: all
    raises       UsageError where a directory is missing, none holds a source file, or `LICENCES` in
                 one is damaged; ArtifactError for damaged text shards
    """
    sources: list[_Source] = []
    require_directories(directories)
    for directory in directories:
        packed = only is None and (directory / MANIFEST).is_file()
        sources += _packed(directory) if packed else _loose(directory, only)
    sources.sort(key=lambda source: source[:2])
    random.Random(seed).shuffle(sources)  # noqa: S311 - an order, not a secret
    seen: set[bytes] = set()
    for _, _, read in sources:
        if (source := read()) is None:
            continue
        digest = hashlib.sha256(source.text.encode()).digest()
        if digest in seen or max(map(len, source.text.split("\n"))) > MAX_LINE:
            continue
        seen.add(digest)
        yield source
    if not seen:
        raise UsageError("the corpus holds no source file", fix="name directories that hold some")


def _packed(directory: Path) -> Iterator[_Source]:
    for path, offset in rows(directory):
        yield path.name, (path, offset), partial(read_row, path, offset)


def _loose(directory: Path, only: Set[str] | None) -> Iterator[_Source]:
    licences = _licences(directory)
    for path in directory.rglob("*"):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and not path.is_symlink() and (only is None or name in only):
            yield name, (path, 0), partial(_read, name, path, licences)


def _read(name: str, path: Path, licences: Mapping[str, str]) -> SourceFile | None:
    language = language_of(name)
    if language is None or path.stat().st_size > MAX_BYTES:
        return None
    text = path.read_bytes().decode("utf-8", "replace")  # no newline translation: as scoring
    folders = (str(folder) for folder in PurePosixPath(name).parents)
    licence = next((licences[folder] for folder in folders if folder in licences), "")
    return SourceFile(name, language.name, text, licence)


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
