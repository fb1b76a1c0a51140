"""GitHub's `primaryLocationLineHash`: names a line by what it and the code below it say.

A rolling hash over the 100 UTF-16 code units from a line's start on, blanks and tabs dropped, line
ends made alike; of lines with equal hashes the first is ":1", the next ":2". So it does not change
when lines above are added or taken away, nor when a line is indented.

source  github/codeql-action, src/fingerprints.ts, whose test vectors ours are
"""

WINDOW = 100
_BASE = 37
_MASK = (1 << 64) - 1
_FIRST = pow(_BASE, WINDOW, 1 << 64)
_END = 65_535
_DROPPED = (0x20, 0x09)  # space, tab
_LF, _CR = 0x0A, 0x0D


def line_hashes(text: str) -> list[str]:
    r"""Return the hash of each line: 1 to 16 hexadecimal digits, ":" and which of its equals.

    "\r\n", "\r" and "\n" end a line, as GitHub counts; a text that ends in one has an empty line
    more, as has the empty text.
    """
    window = [0] * WINDOW
    starts = [-1] * WINDOW  # which line started with the unit that stands there, or -1
    counts: dict[int, int] = {}
    hashes: list[str] = []
    value = at = 0

    def tell() -> None:
        counts[value] = counts.get(value, 0) + 1
        hashes.append(f"{value:x}:{counts[value]}")
        starts[at] = -1

    line_start, after_cr = True, False
    for unit in (*_units(text), _END):
        if unit in _DROPPED or (after_cr and unit == _LF):
            after_cr = False
            continue
        after_cr = unit == _CR
        if after_cr:
            unit = _LF
        if starts[at] >= 0:
            tell()
        if line_start:
            line_start = False
            starts[at] = 1
        line_start = unit == _LF
        value = (_BASE * value + unit - _FIRST * window[at]) & _MASK
        window[at] = unit
        at = (at + 1) % WINDOW
    for _ in range(WINDOW):
        if starts[at] >= 0:
            tell()
        value = (_BASE * value - _FIRST * window[at]) & _MASK
        window[at] = 0
        at = (at + 1) % WINDOW
    return hashes


def _units(text: str) -> list[int]:
    raw = text.encode("utf-16-le", "surrogatepass")
    return list(memoryview(raw).cast("H")) if raw else []
