"""The licence of a source file: from its header, its folder's licence text, or a dataset's column.

All that is found must be allowed. No licence is guessed: text that is not recognised is unknown.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from license_expression import ExpressionError, get_spdx_licensing
from licenseclassifier import identify_license

from reviewbot.diff.languages import language_of
from reviewbot.errors import UsageError, did_you_mean

OWN = "own"  # of --licences: code in which no licence is found
UNKNOWN = "LicenseRef-unknown"
PERMISSIVE = (
    *("MIT", "MIT-0", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause"),
    *("BSD-3-Clause", "ISC", "0BSD", "Zlib", "BSL-1.0", "Unlicense", "CC0-1.0", "PSF-2.0"),
)
HEADER = 4_000  # characters at the top of a file in which its own licence is looked for
_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([\w.()+ -]{1,200})")
_LICENCE_FILE = re.compile(r"(?:(?:un)?licen[cs]e|copying)(?:[.-].*)?", re.I | re.S)
_DATA = (".json", ".yml", ".yaml", ".toml", ".xml", ".html", ".csv")
_SPDX = get_spdx_licensing()


def is_licence_file(name: str) -> bool:
    """Return True for the name of a file that holds a licence text, such as LICENSE-MIT."""
    named = _LICENCE_FILE.fullmatch(name) is not None and not name.lower().endswith(_DATA)
    return named and language_of(name) is None


def in_header(text: str) -> list[str]:
    """Return the SPDX expressions that the top of a source file names by a tag or a notice."""
    top = text[:HEADER]
    tags = [_normal(tag.strip(" -")) for tag in _TAG.findall(top)]  # without an end as in -->
    return tags or sorted({found.id for found in identify_license(top, coverage_threshold=0)})


def in_text(text: str) -> tuple[str, ...]:
    """Return the SPDX names of the licences in a licence file; UNKNOWN where it holds others."""
    return tuple(sorted({found.id for found in identify_license(text)})) or (UNKNOWN,)


def in_column(value: object) -> list[str]:
    """Return the SPDX expressions of a dataset's column: a text or a list of texts."""
    values = value if isinstance(value, list) else [value]
    return [_normal(str(one)[:200]) for one in values if one]


def joined(expressions: Iterable[str]) -> str:
    """Return one SPDX expression that requires all of these; "" where no licence is known."""
    parts = sorted(set(expressions) or {UNKNOWN})
    if parts == [UNKNOWN]:
        return ""
    return " AND ".join(f"({one})" if " OR " in one and parts[1:] else one for one in parts)


class Allowed:
    """The licences that a corpus may hold."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take SPDX names in any case, and OWN. raises UsageError"""
        self.names = {UNKNOWN} if OWN in names else set[str]()
        for name in names:
            if name != OWN and (known := _normal(name)) == UNKNOWN:
                keys = (key for key in _SPDX.known_symbols if "-" in key)
                raise UsageError(
                    f"no corpus was written: {name!r} is no SPDX licence",
                    fix=f"{did_you_mean(name, keys)}see https://spdx.org/licenses, or use {OWN!r} "
                    "for your own code",
                )
            self.names |= {known} if name != OWN else set()

    def __contains__(self, expressions: Sequence[str]) -> bool:
        """Return True if all of these SPDX expressions are allowed; none is UNKNOWN."""
        return all(map(self._allows, expressions or (UNKNOWN,)))

    def _allows(self, expression: str) -> bool:
        if expression == UNKNOWN:
            return UNKNOWN in self.names
        return self._holds(_SPDX.parse(expression))

    def _holds(self, node: object) -> bool:
        if isinstance(node, _SPDX.OR):
            return any(map(self._holds, node.args))
        if isinstance(node, _SPDX.AND):
            return all(map(self._holds, node.args))
        return str(node) in self.names


@lru_cache(maxsize=10_000)
def _normal(expression: str) -> str:
    """Return an SPDX expression as SPDX writes it, or UNKNOWN."""
    try:
        parsed = _SPDX.parse(expression.strip(), validate=True)
    except ExpressionError:
        return UNKNOWN
    return UNKNOWN if parsed is None else str(parsed)
