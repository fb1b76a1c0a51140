"""Messages on stderr: progress on a terminal, and how long each step took."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reviewbot.escape import inert, visible

Clock = Callable[[str], None]  # called with a step's name when it is done

MEGA = 1_000_000


@contextmanager
def timed(wanted: bool) -> Iterator[Clock]:
    """Give a clock to call after each step; print the durations at the end if `wanted`."""
    steps: list[tuple[str, float]] = []
    start = last = time.perf_counter()

    def done(step: str) -> None:
        nonlocal last
        now = time.perf_counter()
        steps.append((step, now - last))
        last = now

    try:
        yield done
    finally:
        if wanted:
            steps.append(("in all", time.perf_counter() - start))
            for step, seconds in steps:
                _write(f"{seconds:8.2f} s  {step}\n")


def untimed(_step: str) -> None:
    """Measure nothing: the clock of a check whose timings nobody wants."""


def say(line: str) -> None:
    """Print one line to stderr. Untrusted text in it is made inert for terminals and CI."""
    _write(f"{inert(visible(line))}\n")


def progress_bar() -> Callable[[str, int, int], None]:
    """Return a function that shows how many bytes of a file were read; one line each in a log."""
    seen: set[str] = set()

    def progress(label: str, done: int, total: int) -> None:
        size = f"{(total or done) / MEGA:.0f} MB"
        if _is_terminal():
            share = f"{done / total:4.0%} of " if total else ""
            end = "\n" if total and done >= total else ""
            _write(f"\r\x1b[K{label}: {share}{size}{end}")
        elif label not in seen:
            seen.add(label)
            say(f"{label} ({size})")

    return progress


def reading(done: int, wanted: int) -> None:
    """Show on a terminal how many lines were read, and clear it at the end."""
    if _is_terminal():
        text = "" if done >= wanted else f"{done} of {wanted} lines read"
        _write(f"\r\x1b[K{text}")


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _write(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()
