"""Checked access to the fields of a row of a label file."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from reviewbot.errors import UsageError

MAX_LINES = 20_000  # of one row
MAX_LINE = 100_000  # characters
MAX_NAME = 1_000  # characters of a name, a path, a licence

_SURROGATE = re.compile("[\ud800-\udfff]")


def wrong_row(where: str, field: str, why: str) -> UsageError:
    """Return the error for one row: file and line, field, and reason."""
    return UsageError(
        f"{where}: {field}: {why}; nothing was read", fix="write rows as docs/training.md says"
    )


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object; null counts as absent. Every method raises UsageError for a wrong value."""

    data: dict[str, Any]
    where: str

    def text(self, name: str, most: int = MAX_NAME, *, needed: bool = False) -> str:
        """Return a text of at most `most` characters; "" if it is absent."""
        value = self.data.get(name)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or (needed and not value):
            raise wrong_row(self.where, name, "must be a text" + (", not empty" if needed else ""))
        self._check(name, value, most)
        return value

    def path(self, name: str) -> str:
        """Return a relative path that a repository can hold."""
        value = self.text(name, needed=True)
        parts = value.split("/")
        bad = {"", ".", ".."}.intersection(parts) or any(p.lower() == ".git" for p in parts)
        if bad or any(sign < " " for sign in value):
            raise wrong_row(self.where, name, f"{value[:200]!r} is no path in a repository")
        return value

    def rows(self, name: str, most: int) -> "list[Fields]":
        """Return a list of objects; [] if it is absent."""
        value = self.data.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            raise wrong_row(self.where, name, "must be a list of objects")
        if len(value) > most:
            raise wrong_row(self.where, name, f"has more than {most} entries")
        return [Fields(entry, self.where) for entry in value]

    def lines(self, name: str, *, needed: bool = False) -> tuple[str, ...]:
        """Return a list of lines without line ends; () if it is absent."""
        value = self.data.get(name)
        if value is None and not needed:
            return ()
        if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
            raise wrong_row(self.where, name, "must be a list of texts, one a line")
        if len(value) > MAX_LINES or (needed and not value):
            raise wrong_row(self.where, name, f"must hold 1 to {MAX_LINES} lines, has {len(value)}")
        for line in value:
            self._check(name, line, MAX_LINE)
            if "\n" in line:
                raise wrong_row(self.where, name, "a line holds a line end")
        return tuple(value)

    def numbers(self, name: str, stop: int, *, needed: bool = False) -> tuple[int, ...]:
        """Return ascending whole numbers below `stop`; () if they are absent."""
        value = self.data.get(name)
        if value is None and not needed:
            return ()
        if not isinstance(value, list) or not all(type(number) is int for number in value):
            raise wrong_row(self.where, name, "must be a list of whole numbers")
        if any(not 0 <= number < stop for number in value):
            raise wrong_row(self.where, name, f"a number is outside 0 to {stop - 1}")
        if any(b <= a for a, b in pairwise(value)):
            raise wrong_row(self.where, name, "numbers must ascend, each once")
        return tuple(value)

    def _check(self, name: str, text: str, most: int) -> None:
        if len(text) > most:
            raise wrong_row(self.where, name, f"longer than {most} characters")
        if not text.isascii() and _SURROGATE.search(text):
            raise wrong_row(self.where, name, "holds half a surrogate pair: no valid Unicode")
