"""One row of a label file, field by field, with every bound checked before anything is believed.

The file may have been made by anybody.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from reviewbot.errors import EnvironmentFailure, UsageError

MAX_ROW_BYTES = 8 << 20
MAX_FILE_BYTES = 2 << 30  # unpacked: a small .gz must not fill the memory
MAX_LINES = 20_000  # per row
MAX_LINE = 100_000  # characters
MAX_TEXT = 1_000  # characters of a name, a path, a licence
MAX_SPEC = 100_000  # characters


def wrong(where: str, field: str, why: str) -> UsageError:
    """Make the error for one row: where it stands, which field, and why."""
    return UsageError(
        f"{where}: {field}: {why}; nothing was read", fix="write rows as docs/training.md says"
    )


def raw_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, unpacking it if it ends in ".gz"; never more than the bounds."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as opened:
            total = number = 0
            while raw := opened.readline(MAX_ROW_BYTES + 1):
                number += 1
                total += len(raw)
                if len(raw) > MAX_ROW_BYTES:
                    raise wrong(f"{path}:{number}", "row", f"longer than {MAX_ROW_BYTES} bytes")
                if total > MAX_FILE_BYTES:
                    raise wrong(f"{path}:{number}", "file", f"over {MAX_FILE_BYTES} bytes")
                yield raw
    except (OSError, EOFError, zlib.error) as exc:
        raise EnvironmentFailure(
            f"the label file {path} cannot be read: {exc}",
            fix="check its name and that it is whole",
        ) from exc


@dataclass(frozen=True, slots=True)
class Fields:
    """Checked access to the fields of one row; null counts as absent."""

    data: dict[str, Any]
    where: str

    def text(self, name: str, most: int = MAX_TEXT, *, needed: bool = False) -> str:
        value = self.data.get(name)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or (needed and not value):
            raise wrong(self.where, name, "must be a text" + (", not empty" if needed else ""))
        self._checked(name, value, most)
        return value

    def lines(self, name: str, *, needed: bool = False) -> tuple[str, ...]:
        value = self.data.get(name)
        if value is None and not needed:
            return ()
        if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
            raise wrong(self.where, name, "must be a list of texts, one a line")
        if len(value) > MAX_LINES or (needed and not value):
            raise wrong(self.where, name, f"must hold 1 to {MAX_LINES} lines, has {len(value)}")
        for line in value:
            self._checked(name, line, MAX_LINE)
            if "\n" in line:
                raise wrong(self.where, name, "a line holds a line end")
        return tuple(value)

    def numbers(self, name: str, stop: int, *, needed: bool = False) -> tuple[int, ...]:
        value = self.data.get(name)
        if value is None and not needed:
            return ()
        if not isinstance(value, list) or not all(type(number) is int for number in value):
            raise wrong(self.where, name, "must be a list of whole numbers")
        if any(not 0 <= number < stop for number in value):
            raise wrong(self.where, name, f"a number is outside 0 to {stop - 1}")
        if any(b <= a for a, b in pairwise(value)):
            raise wrong(self.where, name, "numbers must ascend, each once")
        return tuple(value)

    def _checked(self, name: str, text: str, most: int) -> None:
        if len(text) > most:
            raise wrong(self.where, name, f"longer than {most} characters")
        if any("\ud800" <= sign <= "\udfff" for sign in text):
            raise wrong(self.where, name, "holds half a surrogate pair: no valid Unicode")
