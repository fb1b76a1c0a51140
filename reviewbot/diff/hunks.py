"""The hunks of one file, counted and numbered by unidiff. The only importer of unidiff.

unidiff 1.0.1 is strict inside a hunk and lenient around it: it takes the wrong path from `diff
--git` lines with blanks or without prefixes, and ignores lines after a hunk, combined diffs,
missing hunks and overlapping hunks. So it gets one hunk at a time, with all lines that could belong
to it, and says how many do. `diff.parser` reads everything else.
"""

import re
from collections.abc import Sequence
from itertools import chain

from unidiff import PatchSet
from unidiff.errors import UnidiffParseError

from reviewbot.diff.model import ChangedLine, Hunk, readable

_HEADER = re.compile(r"@@ -[0-9]{1,9}(,[0-9]{1,9})? \+[0-9]{1,9}(,[0-9]{1,9})? @@")
# "\ No newline at end of file", in any language. unidiff gets the backslash alone, because it
# refuses the English words behind a line that is in no hunk.
_MARKER = "\\"


class HunkError(Exception):
    """A hunk that contradicts its header.

    line  index of the offending line
    """

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.line = line


def read_hunk(lines: Sequence[str], at: int, path: str) -> tuple[Hunk, int]:
    r"""Read the hunk whose header is `lines[at]`, and return it with the index after it.

    lines   of the diff, without "\n": unidiff must not split at "\r" or U+2028
    raises  HunkError if the hunk is longer or shorter than its header says
    """
    if not _HEADER.match(lines[at]):
        raise HunkError(f"the hunk header of {path!r} cannot be read", at)
    stop = at + 1
    while stop < len(lines) and (lines[stop] in ("", "\r") or lines[stop][0] in " +-\\"):
        stop += 1
    part = (_MARKER if line.startswith(_MARKER) else line for line in lines[at:stop])
    rest = iter([f"{line}\n" for line in part])
    try:
        parsed = PatchSet(chain(("--- x\n", "+++ x\n"), rest))[0][0]
    except UnidiffParseError as exc:
        unread = sum(1 for _ in rest)
        what = f"a hunk of {path!r} is truncated, or is not as long as its header says"
        raise HunkError(what, stop - unread - (unread > 0)) from exc
    if not parsed.source_length and not parsed.target_length:
        raise HunkError(f"the hunk header of {path!r} announces no line", at)
    after = at - 2 + max(line.diff_line_no or 0 for line in parsed)
    while after < len(lines) and lines[after].startswith(_MARKER):
        after += 1
    added = tuple(
        ChangedLine(path, line.target_line_no, readable(line.value.removesuffix("\n")))
        for line in parsed
        if line.is_added
    )
    return (
        Hunk(
            parsed.source_start,
            parsed.source_length,
            parsed.target_start,
            parsed.target_length,
            added,
            parsed.removed,
        ),
        after,
    )
