"""The change as a whole in a report file: written by `json_v1`, read by `json_reader`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reviewbot.diff.cleared import Cleared, cleared
from reviewbot.diff.model import FileChange, Hunk
from reviewbot.report.change_level import ChangeLevel
from reviewbot.report.json_lines import Refused, number_of
from reviewbot.report.json_values import number
from reviewbot.report.model import ChangeInfo, FileReport
from reviewbot.scoring.outcomes import LineScore


def whole_json(change: ChangeInfo) -> dict[str, Any]:
    """Return the figure of the change, and its kind if it needs no reading."""
    level = change.level
    return {
        "level": None if level is None else asdict(level) | {"expected": number(level.expected, 6)},
        "cleared": change.cleared.value,
    }


def change_of(value: Mapping[str, Any], files: Sequence[FileReport]) -> ChangeInfo:
    """Read it.

    files   of the report
    raises  Refused if it contradicts the files, or itself
    """
    kind = Cleared(value["cleared"])
    if kind and kind is not cleared(list(map(_file, files))):
        raise Refused("its kind of change does not fit its files")
    outcomes = [line.outcome for file in files for line in file.lines]
    risks = [outcome.risk for outcome in outcomes if isinstance(outcome, LineScore)]
    level = value["level"] and _level(value["level"])
    if (level is None) is not (not risks) or (level and not _fits(level, risks)):
        raise Refused("the figure of the change does not fit its lines")
    return ChangeInfo(value["base"], value["head"], level=level, cleared=kind)


def _level(value: Mapping[str, Any]) -> ChangeLevel:
    return ChangeLevel(**{**value, "expected": number_of(value["expected"])})


def _fits(level: ChangeLevel, risks: Sequence[float]) -> bool:
    """Return True if the figure can be that of these risks; every number was rounded to 6 digits.

    `counted` is not computed again: a report does not say which lines were acknowledged.
    """
    expected, percentile, counted = math.fsum(risks), level.percentile, level.counted
    if math.isnan(expected):
        return level == ChangeLevel(level.expected) and math.isnan(level.expected)
    known = percentile is not None and counted is not None
    if known is (percentile is None and counted is None) or (counted or 0) > (percentile or 0):
        return False
    if level.last_changes is not None and not known:
        return False
    if (level.labelled is None) is not (level.fixed is None):
        return False
    if (level.fixed or 0) > (level.labelled or 0):
        return False
    return abs(level.expected - expected) <= 1e-6 * (len(risks) + 1)  # False for NaN


def _file(file: FileReport) -> FileChange:
    """Return the file as its diff had it, if it was no binary file and kept its mode."""
    lines = tuple(line.outcome.line for line in file.lines)
    edits = (Hunk(0, file.removed, 0, len(lines), lines, file.removed),)
    has_edits = bool(lines or file.removed)
    return FileChange(
        file.path, file.kind, base_path=file.base_path, hunks=edits if has_edits else ()
    )
