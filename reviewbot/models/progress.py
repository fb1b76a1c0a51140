"""How the store tells someone what it does, without knowing a terminal; and its waiting rules."""

import threading
from collections.abc import Callable
from typing import TypeVar

Progress = Callable[[str, int, int], None]  # what is being read, bytes so far, bytes in all
Say = Callable[[str], None]  # one line for the user

T = TypeVar("T")


class SourceError(Exception):
    """One source could not give the bytes; the next one is tried. The text is the reason."""


def no_progress(label: str, done: int, total: int) -> None:
    """Show nothing."""


def say_nothing(line: str) -> None:
    """Say nothing."""


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what `call` returns, or raise SourceError if it takes longer than `seconds`.

    A connect timeout does not bound the name look-up, which can hang for half a minute where the
    network is shut. The abandoned call goes on in a daemon thread and keeps nobody waiting.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as exc:  # noqa: BLE001 - handed to the caller's thread below
            errors.append(exc)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if results:
        return results[0]
    if errors:
        raise errors[0]
    raise SourceError(f"no answer within {seconds:g} s")
