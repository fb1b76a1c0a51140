"""Talk on stderr: progress where a person looks on, and how long each step took."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reviewbot.escape import inert, visible

Clock = Callable[[str], None]  # called with a step's name when it is done

MEGA = 1_000_000


@contextmanager
def timed(wanted: bool) -> Iterator[Clock]:
    """Give a clock that is told when a step is done; what it heard is said at the end."""
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


def say(line: str) -> None:
    """Say one line to the user. It may quote a stranger: nothing in it acts on a terminal or CI."""
    _write(f"{inert(visible(line))}\n")


def progress_bar() -> Callable[[str, int, int], None]:
    """Return what draws how many bytes of a named thing were read; a line per name in a log."""
    seen: set[str] = set()

    def progress(label: str, done: int, total: int) -> None:
        size = f"{(total or done) / MEGA:.0f} MB"
        if _watched():
            share = f"{done / total:4.0%} of " if total else ""
            end = "\n" if total and done >= total else ""
            _write(f"\r\x1b[K{label}: {share}{size}{end}")
        elif label not in seen:
            seen.add(label)
            say(f"{label} ({size})")

    return progress


def reading(done: int, wanted: int) -> None:
    """Draw how many lines were read, and wipe it out at the end; nothing unless somebody looks."""
    if _watched():
        text = "" if done >= wanted else f"{done} of {wanted} lines read"
        _write(f"\r\x1b[K{text}")


def _watched() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _write(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()
