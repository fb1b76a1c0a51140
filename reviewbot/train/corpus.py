"""Unlabelled source files for pre-training, in an order that a seed fixes."""

import hashlib
import random
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from reviewbot.diff.languages import language_of
from reviewbot.errors import UsageError

MAX_BYTES = 200_000  # longer files are mostly tables and generated code
MAX_LINE = 1_000  # characters: longer lines are data, not code


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the corpus."""

    path: str  # below its corpus directory
    language: str
    text: str


def files(
    directories: Sequence[Path], seed: int, only: Set[str] | None = None
) -> Iterator[SourceFile]:
    """Yield every readable source file once (equal texts count once), shuffled.

    only    paths below the directories; others are as if they were not there. None: all
    raises  UsageError where a directory is missing or none holds a source file
    """
    sources: list[tuple[str, Path]] = []
    require_directories(directories)
    for directory in directories:
        inside = (p for p in directory.rglob("*") if p.is_file() and not p.is_symlink())
        named = ((p.relative_to(directory).as_posix(), p) for p in inside)
        sources += [(name, p) for name, p in named if only is None or name in only]
    sources.sort()
    random.Random(seed).shuffle(sources)  # noqa: S311 - an order, not a secret
    seen: set[bytes] = set()
    for name, path in sources:
        language = language_of(name)
        if language is None or path.stat().st_size > MAX_BYTES:
            continue
        text = path.read_bytes().decode("utf-8", "replace")  # no newline translation: as scoring
        digest = hashlib.sha256(text.encode()).digest()
        if digest in seen or max(map(len, text.split("\n"))) > MAX_LINE:
            continue
        seen.add(digest)
        yield SourceFile(name, language.name, text)
    if not seen:
        raise UsageError("the corpus holds no source file", fix="name directories that hold some")


def require_directories(directories: Sequence[Path]) -> None:
    """Refuse a corpus that is no directory. raises UsageError"""
    for directory in directories:
        if not directory.is_dir():
            raise UsageError(
                f"nothing was trained: the corpus {str(directory)!r} is no directory",
                fix="name directories that hold source files",
            )
