"""Imported by every Python that is started capped: /proc/cpuinfo lists what cpuid answers."""

import re
from pathlib import Path
from typing import Any

_FLAGS = re.compile(r" (?:avx512\w*|avx_vnni\w*|amx_\w+)")
_read_text = Path.read_text


def read_text(self: Path, *args: Any, **named: Any) -> str:
    """Read a text file; of the processor's flags, leave out those that are capped."""
    text = _read_text(self, *args, **named)
    return _FLAGS.sub("", text) if self == Path("/proc/cpuinfo") else text


Path.read_text = read_text  # type: ignore[method-assign]
