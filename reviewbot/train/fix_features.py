"""Columns that tell a line at fault from one that only changed along with a fix.

Lines of one fix inform each other: a rename touches many lines alike, the fault is often the only
line that changed in its own way. So a fix is described as a whole, at most SIBLINGS lines of it
per line.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from reviewbot.train.fix_columns import edit_columns, line_columns
from reviewbot.train.fix_edits import Edit, edit_of, words
from reviewbot.train.fix_place import place_columns

Doubles = npt.NDArray[np.float64]
SIBLINGS = 60  # other lines of the fix that a line is compared with

_SUBJECT = {  # what a subject speaks of
    "bug": r"(?:crash|null|panic|deadlock|leak|wrong|incorrect|overflow|break|hang|fail|duplicate"
    r"|bug|exception|regress|corrupt|escap|quot|silent)\w*|races?|nil|off[- ]by|missing|broken"
    r"|invalid|stale|infinite|typo|never|undefined|mismatch\w*|not",
    "extension": r"(?:add|support|improv|allow|address|review|refactor|rename|migrat|move|simplif"
    r"|clean|enhanc|implement|introduc|replac|update|switch|unif|extract|consolidat|optimi|perf"
    r"|align|sync)\w*|feedback|use|using|better|new",
    "correction": r"(?:correct|prevent|ensure|avoid|handl|proper|preserve|restor|respect|skip"
    r"|ignor)\w*|instead|should|when|only",
}
_SUBJECT_WORDS = {name: re.compile(rf"\b(?:{p})\b", re.I) for name, p in _SUBJECT.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedLine:
    """A line that a fix changed, as its introducing commit left it."""

    path: str
    line: int  # 1-based in `head`
    text: str
    becomes: str | None  # the line after the fix, where one line replaces it
    fix_sha: str
    fix_subject: str
    fix_deleted: int  # lines of code files, not of tests; blank ones and comments too (diff -w)
    fix_added: int
    lag_days: float  # from the introducing commit to the fix
    head: Sequence[str]  # lines of the file in the introducing commit


def columns(lines: Sequence[FixedLine]) -> tuple[tuple[str, ...], Doubles]:
    """Return the names of the columns and a float64 (L, N) table, in the order of `lines`."""
    order = sorted(range(len(lines)), key=lambda index: lines[index].fix_sha)
    rows: dict[int, dict[str, float]] = {}
    for _, group in groupby(order, key=lambda index: lines[index].fix_sha):
        indices = list(group)
        rows.update(zip(indices, _rows_of_fix([lines[index] for index in indices]), strict=True))
    names = tuple(rows[0]) if rows else ()
    return names, np.array([list(rows[index].values()) for index in range(len(lines))], np.float64)


def _rows_of_fix(lines: Sequence[FixedLine]) -> list[dict[str, float]]:
    edits = [edit_of(line.text, line.becomes) for line in lines]
    of_fix = _fix_columns(lines)
    rows = []
    for index, (line, edit) in enumerate(zip(lines, edits, strict=True)):
        first = max(0, min(index - SIBLINGS // 2, len(lines) - SIBLINGS - 1))
        others = list(range(first, min(len(lines), first + SIBLINGS + 1)))
        others.remove(index)
        text = line.text.strip()
        row = of_fix | line_columns(text, edit)
        row |= edit_columns(text, (line.becomes or "").strip(), edit)
        row |= _subject_columns(line, edit)
        row |= _sibling_columns(
            line, edit, [lines[other] for other in others], [edits[other] for other in others]
        )
        row |= place_columns(
            line.head,
            line.line,
            words(line.fix_subject),
            [lines[other].line for other in others if lines[other].path == line.path],
        )
        rows.append({name: float(value) for name, value in row.items()})
    return rows


def _fix_columns(lines: Sequence[FixedLine]) -> dict[str, float]:
    line, blamed = lines[0], len(lines)
    subject = line.fix_subject[:200]
    deleted, added = math.log1p(line.fix_deleted), math.log1p(line.fix_added)
    found = {name: len(pattern.findall(subject)) for name, pattern in _SUBJECT_WORDS.items()}
    return {
        "blamed": math.log(blamed),
        "single": blamed == 1,
        "files": math.log(len({other.path for other in lines})),
        "commits": math.log(len({other.lag_days for other in lines})),
        "fix_deleted": deleted,
        "fix_added": added,
        "fix_grows": added - deleted,
        "fix_deletes_one": line.fix_deleted <= 1,
        "fix_adds_one": line.fix_added <= 1,
        "fix_even": line.fix_added == line.fix_deleted,
        "blamed_share": min(1.0, blamed / max(1, line.fix_deleted)),
        **found,
        "starts_with_fix": subject[:3].lower() == "fix",
        "scope": bool(re.match(r"\w+\(", subject)),
        "issue": bool(re.search(r"#\d|\b[A-Z]{1,9}-\d", subject)),
        "subject_length": math.log1p(len(subject)),
        "several": len(re.findall(r" and |, |;|\+|&", subject)),
        "code_in_subject": "`" in subject,
    }


def _subject_columns(line: FixedLine, edit: Edit) -> dict[str, float]:
    """Count what the subject shares with the line, its edit and its path."""
    subject = line.fix_subject[:200]
    said = words(subject)
    deleted, inserted = words(" ".join(edit.deleted)), words(" ".join(edit.inserted))
    names = [name for name in edit.old if len(name) > 7 or "_" in name.strip("_")]
    return {
        "said_line": len(words(line.text) & said),
        "said_deleted": len((deleted - inserted) & said),
        "said_inserted": len((inserted - deleted) & said),
        "said_path": len(words(line.path) & said),
        "named_in_subject": any(name in subject for name in names),
        "brought_in_subject": any(name in subject for name in edit.brought if len(name) > 3),
        "dropped_in_subject": any(name in subject for name in edit.dropped if len(name) > 3),
    }


def _sibling_columns(
    line: FixedLine, edit: Edit, others: Sequence[FixedLine], other_edits: Sequence[Edit]
) -> dict[str, float]:
    """Compare a line with the others of its fix: the same edit, names made or dropped there."""
    brought = frozenset[str]().union(*(other.brought for other in other_edits))
    dropped = frozenset[str]().union(*(other.dropped for other in other_edits))
    made = frozenset[str]().union(*(other.makes - other.made for other in other_edits))
    unmade = frozenset[str]().union(*(other.made - other.makes for other in other_edits))
    old = frozenset(edit.old)
    alike = [not edit.swaps.isdisjoint(other.swaps) for other in other_edits]
    twins = [
        other_edit
        for other, other_edit in zip(others, other_edits, strict=True)
        if line.becomes is not None and other.becomes == line.becomes
    ]
    return {
        "brought_shared": len(edit.brought & brought) / max(1, len(edit.brought)),
        "dropped_shared": len(edit.dropped & dropped) / max(1, len(edit.dropped)),
        "uses_made": not edit.brought.isdisjoint(made),
        "uses_unmade": not old.isdisjoint(unmade),
        "makes_new": bool(edit.makes - edit.made),
        "made_for_others": any(not edit.made.isdisjoint(other.old) for other in other_edits),
        "swap_share": sum(alike) / max(1, len(alike)),
        "swap_shared": any(alike),
        "same_edit": bool(edit.swaps) and any(edit.swaps == other.swaps for other in other_edits),
        "same_text": any(other.text.strip() == line.text.strip() for other in others),
        "twins": math.log1p(len(twins)),
        "closest_twin": not edit.gone and all(twin.ratio <= edit.ratio for twin in twins),
        "moved": max((_overlap(old, other.new) for other in other_edits), default=0.0),
        "gone_with_others": edit.gone * sum(other.gone for other in other_edits),
        "best_ratio": max([edit.ratio, *(other.ratio for other in other_edits)]),
    }


def _overlap(old: frozenset[str], new: Sequence[str]) -> float:
    return len(old.intersection(new)) / max(1, len(old.union(new))) if new else 0.0
