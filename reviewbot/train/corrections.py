"""Which lines of a file a correction changes, and which lines replace the wrong ones."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reviewbot.scoring.line_features import CodeFile
from reviewbot.train.changes import LineLabel, Verdict


@dataclass(frozen=True, slots=True)
class Block:
    """Wrong lines, and the corrected lines in their place; neither is empty. 1-based numbers."""

    wrong: tuple[int, ...]  # of the head, each of them wanted
    corrected: tuple[int, ...]  # of the corrected file, each of them wanted


@dataclass(frozen=True, slots=True)
class Corrections:
    """What a correction changes in a file."""

    file: CodeFile  # the corrected file; wanted are the lines of `blocks` and `changed`
    blocks: tuple[Block, ...]
    changed: tuple[int, ...]  # wanted lines that are not in the head at that place
    normalised: bool  # see `is_normalised`


def compare(head: CodeFile, after: CodeFile, labels: Sequence[LineLabel]) -> Corrections:
    """Return what differs between two versions of a file, by a line diff.

    head, after  both with all lines wanted that `check` would read
    labels       of the head; only lines that are wrong are paired. What takes the place of a masked
                 line is left out

    A replaced line pairs with what replaces it. Lines that the correction only adds pair with the
    line they push down. Lines that it only removes pair with the line that closes the gap (at the
    end, the last one), as in PtTrust (arXiv:2504.14640).
    """
    wrong, masked = (
        {label.number for label in labels if label.path == head.path and label.verdict is verdict}
        for verdict in (Verdict.WRONG, Verdict.MASKED)
    )
    here = {line.number for line in head.wanted} & wrong
    there = {line.number for line in after.wanted}
    matcher = difflib.SequenceMatcher(None, head.head, after.head, autojunk=False)
    blocks: list[Block] = []
    changed: list[int] = []
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        there -= _masked(range(start, end), range(new_start, new_end), masked)
        old = range(start, end) or _at(start, len(head.head))
        new = range(new_start, new_end) or _at(new_start, len(after.head))
        changed += [i + 1 for i in range(new_start, new_end) if i + 1 in there]
        block = Block(
            tuple(i + 1 for i in old if i + 1 in here),
            tuple(i + 1 for i in new if i + 1 in there),
        )
        if block.wrong and block.corrected:
            blocks.append(block)
    needed = {number for block in blocks for number in block.corrected} | set(changed)
    wanted = tuple(line for line in after.wanted if line.number in needed)
    return Corrections(
        replace(after, wanted=wanted),
        tuple(blocks),
        tuple(changed),
        is_normalised(head.head, after.head, wrong),
    )


def is_normalised(old: Sequence[str], new: Sequence[str], wrong: set[int]) -> bool:
    """Return True if two versions differ by the words of wrong lines only.

    Both have as many lines. A line that differs is wrong, blank on neither side, and ends in the
    same whitespace on both. Only its indentation, words and length can give the correction away.
    """
    if len(old) != len(new):
        return False
    pairs = [(i, a, b) for i, (a, b) in enumerate(zip(old, new, strict=True), 1) if a != b]
    return bool(pairs) and all(
        i in wrong and a.strip() and b.strip() and _tail(a) == _tail(b) for i, a, b in pairs
    )


def _masked(old: range, new: range, masked: set[int]) -> set[int]:
    """Return the numbers of the new lines in the place of masked ones. `old`, `new`: indices."""
    if len(old) == len(new):
        return {j + 1 for i, j in zip(old, new, strict=True) if i + 1 in masked}
    return {j + 1 for j in new} if any(i + 1 in masked for i in old) else set()


def _tail(line: str) -> str:
    return line[len(line.rstrip()) :]


def _at(place: int, length: int) -> range:
    place = min(place, length - 1)
    return range(max(place, 0), place + 1)
