"""What can give a wrong version away without being the fault: length, blanks, habits of an author.

A tell is a few columns that look at form only. Columns of a version of a file are the same for all
its lines; they matter because a wrong line and its correction stand in different versions.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reviewbot.arrays import Array
from reviewbot.diff.languages import Language, prose
from reviewbot.scoring.line_features import CodeFile

TELLS: Mapping[str, tuple[str, ...]] = {
    "line length": ("characters", "characters, against the version's mean"),
    "number of lines": ("lines of the version",),
    "blank lines": ("blank lines of the version", "blank line above", "blank line below"),
    "trailing blanks": ("ends in a blank", "lines that end in a blank"),
    "first line blank": ("first line is blank",),
    "last line blank": ("last line is blank",),
    "indentation": (
        "indentation",
        "indented by tabs",
        "lines indented by tabs",
        "smallest indentation of the version",
    ),
    "operator spacing": ("spaced operators", "spaced operators of the version"),
    "quotes": ("double quotes", "double quotes of the version"),
    "comments": ("holds a comment", "comments of the version"),
    "unusual signs": ("carriage return", "signs beyond ASCII"),
    "position": ("place in the version", "lines above", "lines below"),
}
COLUMNS: Mapping[str, int] = {name: 1 for names in TELLS.values() for name in names}

_OPERATOR = re.compile(r"(?<=[\w)\]\"'])(\s*)(?:[-+*/%=!<>&|]=|[=<>+*/%-])(\s*)(?=[\w(\[\"'])")
_LINE = 2_000  # characters looked at


@dataclass(frozen=True, slots=True)
class _Version:
    """What is counted once for all lines of a version."""

    lines: Sequence[str]
    mean: float  # characters of the lines that are not blank, without blanks at the ends
    comment: list[bool]
    spaced: list[tuple[int, int]]  # per line: operators between blanks, operators
    quoted: list[tuple[int, int]]  # per line: double quotes, quotes of both kinds
    shared: dict[str, float]  # columns that all lines share


def tells_of(files: Iterable[CodeFile]) -> Array:
    """Return the columns of `COLUMNS` for the wanted lines of some versions, one after the other.

    The files of a `prepare.Laid` give the lines of its table, in its order. Shares lie in [0, 1],
    counts are squeezed by log1p; a share of nothing is one half.
    """
    found = []
    for file in files:
        version = _version(file.head, file.language)
        for line in file.wanted:
            values = _line(version, line.number - 1)
            found.append([values[name] for name in COLUMNS])
    return np.array(found, np.float32).reshape(len(found), len(COLUMNS))


def _version(lines: Sequence[str], language: Language | None) -> _Version:
    sign = language.prefix if language else "#"
    flags = prose(lines, language) if language else [False] * len(lines)
    lengths = [len(line.strip()) for line in lines if line.strip()]
    comment = [
        flag or sign in line[:_LINE].strip() for flag, line in zip(flags, lines, strict=True)
    ]
    spaced, quoted = [_operators(line[:_LINE]) for line in lines], [_quotes(line) for line in lines]
    indents = [_indent(line) for line in lines if line.strip()]
    return _Version(
        lines,
        float(np.mean(lengths)) if lengths else 0.0,
        comment,
        spaced,
        quoted,
        {
            "lines of the version": _squeezed(len(lines)),
            "blank lines of the version": _squeezed(sum(not line.strip() for line in lines)),
            "lines that end in a blank": _squeezed(sum(line != line.rstrip() for line in lines)),
            "first line is blank": float(bool(lines) and not lines[0].strip()),
            "last line is blank": float(bool(lines) and not lines[-1].strip()),
            "lines indented by tabs": _squeezed(sum(line.startswith("\t") for line in lines)),
            "smallest indentation of the version": _squeezed(min(filter(None, indents), default=0)),
            "spaced operators of the version": _share(spaced),
            "double quotes of the version": _share(quoted),
            "comments of the version": _squeezed(sum(comment)),
        },
    )


def _line(version: _Version, place: int) -> dict[str, float]:
    lines = version.lines
    line, last = lines[place], len(lines) - 1
    length = len(line.strip())
    return version.shared | {
        "characters": _squeezed(length),
        "characters, against the version's mean": _squeezed(length) - _squeezed(version.mean),
        "blank line above": float(place > 0 and not lines[place - 1].strip()),
        "blank line below": float(place < last and not lines[place + 1].strip()),
        "ends in a blank": float(line.rstrip("\r") != line.rstrip()),
        "indentation": _squeezed(_indent(line)),
        "indented by tabs": float(line.startswith("\t")),
        "spaced operators": _share([version.spaced[place]]),
        "double quotes": _share([version.quoted[place]]),
        "holds a comment": float(version.comment[place]),
        "carriage return": float("\r" in line),
        "signs beyond ASCII": _squeezed(sum(ord(sign) > 127 for sign in line)),
        "place in the version": place / max(last, 1),
        "lines above": _squeezed(place),
        "lines below": _squeezed(last - place),
    }


def _operators(line: str) -> tuple[int, int]:
    found = _OPERATOR.findall(line)
    return sum(bool(before and after) for before, after in found), len(found)


def _quotes(line: str) -> tuple[int, int]:
    double = line.count('"')
    return double, double + line.count("'")


def _share(counts: Sequence[tuple[int, int]]) -> float:
    part, whole = (sum(values) for values in zip(*counts, strict=True)) if counts else (0, 0)
    return part / whole if whole else 0.5


def _indent(line: str) -> int:
    wide = line.expandtabs(4)
    return len(wide) - len(wide.lstrip())


def _squeezed(count: float) -> float:
    return float(np.log1p(count))
