"""Small made-up changes of one file, as if `check` had seen them: no git, no skip rules."""

import re
from collections.abc import Sequence

from reviewbot.diff.languages import language_of
from reviewbot.diff.model import ChangedLine
from reviewbot.scoring.line_features import CodeFile
from reviewbot.train.changes import LabelledChange, LineLabel, Verdict
from reviewbot.train.corrections import compare
from reviewbot.train.dataset import lay_out
from reviewbot.train.prepare import Laid
from reviewbot.train.replay import Replayed


def version(lines: Sequence[str], path: str = "code.py") -> CodeFile:
    """Return a file of which every line is added; wanted is what holds a letter or digit."""
    added = tuple(ChangedLine(path, number, line) for number, line in enumerate(lines, 1))
    wanted = tuple(line for line in added if re.search(r"\w", line.text))
    return CodeFile(path, language_of(path), tuple(lines), added, wanted)


def replayed(
    name: str,
    lines: Sequence[str],
    fixed: Sequence[str] | None = None,
    *,
    risky: Sequence[int] = (1,),  # 0-based
    set_name: str = "mine",
    group: str = "",
) -> Replayed:
    """Return a change that adds a file; a group of its own if none is named."""
    head = version(lines)
    labels = [
        LineLabel(path=head.path, number=line + 1, verdict=Verdict.WRONG, probability=1.0)
        for line in risky
    ]
    change = LabelledChange(
        id=name,
        set=set_name,
        group=group or name,
        message="",
        files=(),
        labels=tuple(labels),
        survived=not labels,
    )
    corrections = {} if fixed is None else {head.path: compare(head, version(fixed), labels)}
    return Replayed(change, (head,) if head.wanted else (), corrections, "")


def laid(*changes: Replayed) -> Laid:
    """Return these changes with their table."""
    return Laid(lay_out(changes), changes)
