"""GitHub's `primaryLocationLineHash`: identifies a line by its text and the code below it.

A rolling hash over 100 UTF-16 code units from the start of a line, without blanks and tabs, all
line ends made equal. Among lines with equal hashes the first gets ":1", the next ":2". The hash
does not change when lines above are added or removed, nor when a line is indented.

source  github/codeql-action, src/fingerprints.ts; our test vectors are theirs
"""

WINDOW = 100
_BASE = 37
_MASK = (1 << 64) - 1
_FIRST = pow(_BASE, WINDOW, 1 << 64)
_END = 65_535
_DROPPED = (0x20, 0x09)  # space, tab
_LF, _CR = 0x0A, 0x0D


def line_hashes(text: str) -> list[str]:
    r"""Return the hash of each line: 1 to 16 hexadecimal digits, ":" and its rank among equals.

    "\r\n", "\r" and "\n" end a line, as GitHub counts. An empty line follows a final line end,
    and an empty text has one.
    """
    window = [0] * WINDOW
    starts = [False] * WINDOW  # True where a line starts with the unit in `window`
    counts: dict[int, int] = {}
    hashes: list[str] = []
    value = at = 0

    def emit() -> None:
        counts[value] = counts.get(value, 0) + 1
        hashes.append(f"{value:x}:{counts[value]}")
        starts[at] = False

    line_start, after_cr = True, False
    for unit in (*_units(text), _END):
        if unit in _DROPPED or (after_cr and unit == _LF):
            after_cr = False
            continue
        after_cr = unit == _CR
        if after_cr:
            unit = _LF
        if starts[at]:
            emit()
        if line_start:
            starts[at] = True
        line_start = unit == _LF
        value = (_BASE * value + unit - _FIRST * window[at]) & _MASK
        window[at] = unit
        at = (at + 1) % WINDOW
    for _ in range(WINDOW):
        if starts[at]:
            emit()
        value = (_BASE * value - _FIRST * window[at]) & _MASK
        window[at] = 0
        at = (at + 1) % WINDOW
    return hashes


def _units(text: str) -> list[int]:
    raw = text.encode("utf-16-le", "surrogatepass")
    return list(memoryview(raw).cast("H")) if raw else []
