"""Failure -> two lines and an exit code, worded for the command that was called."""

import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from reviewbot.errors import EXIT_BUG, EXIT_ENVIRONMENT, MACHINE_FIXES, ReviewbotError
from reviewbot.escape import inert, visible

MAX_CHARS = 2_000  # of one line of an error: it may quote untrusted text

_OUT_OF_MEMORY = (
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "out of memory",
)
OTHERS = {  # what was not done, and how to call the command with a change
    "who": ("no author was looked for", "who"),
    "explain": ("nothing was explained", "explain PATH:LINE"),
    "review": ("nothing was reviewed", "review --dry-run"),
}


def asked_by(command: str) -> AbstractContextManager[None]:
    """Word the failures for another command that takes the arguments of `check`."""
    return worded(*OTHERS[command]) if command in OTHERS else nullcontext()


@contextmanager
def worded(doing: str, called: str = "") -> Iterator[None]:
    """Word the failures of git, the store and the forge for a command that does something else.

    doing   what was therefore not done: "nothing was installed"
    called  how to call it with a change, as `check`: "who". "" if it takes none: then the advice to
            pass a diff is left out
    """
    try:
        yield
    except ReviewbotError as exc:
        from reviewbot.git.process import OR_DIFF

        what = exc.what
        for scored in ("nothing was scored", "nothing was checked", "nothing was reviewed"):
            what = doing + what.removeprefix(scored) if what.startswith(scored) else what
        fix = exc.fix if called else exc.fix.replace(OR_DIFF, "")
        fix = fix.replace("reviewbot check", f"reviewbot {called}") if called else fix
        raise type(exc)(what, fix=fix) from exc


def describe(exc: BaseException) -> tuple[str, int]:
    """Return the words for a failure and its exit code. Pure; control characters are shown."""
    match exc:
        case ReviewbotError():
            return two_lines(exc.what, exc.fix), exc.exit_code
        case MemoryError():
            return _memory()
        case OSError(errno=number) if number in MACHINE_FIXES:
            place = f"{exc.filename}: " if exc.filename else ""
            what = f"nothing was checked: {place}{exc.strerror}"
            return two_lines(what, MACHINE_FIXES[number]), EXIT_ENVIRONMENT
        case RuntimeError() if any(words in str(exc).lower() for words in _OUT_OF_MEMORY):
            return _memory()
        case _:
            lines = "".join(traceback.format_exception(exc)).split("\n")
            shown = "\n".join(visible(line) for line in lines)
            return f"{shown}this is a bug in reviewbot; please report it", EXIT_BUG


def _memory() -> tuple[str, int]:
    fix = "free some memory, lower threads, or check a smaller range"
    return two_lines("nothing was checked: the memory is used up", fix), EXIT_ENVIRONMENT


def two_lines(what: str, fix: str) -> str:
    return f"error: {_line(what)}\n  fix: {_line(fix)}"


def _line(text: str) -> str:
    shown = inert(visible(" ".join(text.split())))
    return shown if len(shown) <= MAX_CHARS else shown[:MAX_CHARS] + "..."
