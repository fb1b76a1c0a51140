"""Some lines of each change, for models that are too slow to read all of them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from reviewbot.encoders.pieces import JOIN, LONGEST, pieces
from reviewbot.encoders.spans import Span
from reviewbot.scoring.line_features import CodeFile
from reviewbot.train.changes import Verdict
from reviewbot.train.replay import Replayed

FAULTY = (Verdict.WRONG, Verdict.BLAMED)


def sample(one: Replayed, lines: int) -> Replayed:
    """Keep the pieces with a wrong line, and others that are drawn by a hash of their place.

    lines   about so many beside the pieces that hold a wrong line
    """
    faulty = _faulty(one)
    kept: list[tuple[str, Span]] = []
    others: list[tuple[str, str, Span, int]] = []
    for file in one.files:
        numbers = [line.number for line in file.wanted]
        for piece in _pieces(file):
            mine = [number for number in numbers if number - 1 in range(*piece)]
            if any((file.path, number) in faulty for number in mine):
                kept.append((file.path, piece))
            elif mine:
                name = f"{one.change.id}\0{file.path}\0{piece.start}"
                digest = hashlib.sha256(name.encode()).hexdigest()
                others.append((digest, file.path, piece, len(mine)))
    drawn = 0
    for _digest, path, piece, count in sorted(others):
        if drawn >= lines:
            break
        kept.append((path, piece))
        drawn += count
    return replace(one, files=tuple(_narrowed(one.files, kept)))


def clean_lines(one: Replayed) -> int:
    """Return how many of the wanted lines are not known to be wrong."""
    faulty = _faulty(one)
    return sum((file.path, line.number) not in faulty for file in one.files for line in file.wanted)


def _faulty(one: Replayed) -> set[tuple[str, int]]:
    return {(label.path, label.number) for label in one.change.labels if label.verdict in FAULTY}


def _pieces(file: CodeFile) -> list[Span]:
    return pieces(file.head, [line.number - 1 for line in file.added], LONGEST, JOIN)


def _narrowed(files: Sequence[CodeFile], kept: Iterable[tuple[str, Span]]) -> list[CodeFile]:
    spans: dict[str, list[Span]] = {}
    for path, piece in kept:
        spans.setdefault(path, []).append(piece)
    narrow = [
        replace(
            file,
            wanted=tuple(
                line
                for line in file.wanted
                if any(line.number - 1 in range(*piece) for piece in spans.get(file.path, ()))
            ),
        )
        for file in files
    ]
    return [file for file in narrow if file.wanted]
