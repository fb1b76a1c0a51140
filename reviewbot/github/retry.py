"""Calls to GitHub: paced, retried if that is safe, and bounded in time.

PyGithub's own retries are off. They never retry a PATCH, and would retry a POST that GitHub carried
out before the response was lost. Before a POST is retried here, reviewbot checks whether it already
succeeded.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from github import GithubException
from requests.exceptions import RequestException

from reviewbot.errors import ReviewbotError

T = TypeVar("T")
SPACING = 1.0  # seconds between two writes, as GitHub asks for
DEADLINE = 300.0  # seconds for all calls and pauses of a job
MAX_TRIES = 6
_NO_HINT = 60.0  # seconds to wait for a secondary limit without a hint, as GitHub asks for
# Raised by PyGithub or here if a response does not have the form of GitHub's API.
ODD = (LookupError, TypeError, AttributeError, ValueError, AssertionError, RuntimeError)
MAYBE = " (it may have been carried out)"
_RATE_WORDS = ("rate limit", "abuse")


class ForgeFailure(ReviewbotError):
    """GitHub did not do what was asked."""


class NotAllowed(ForgeFailure):
    """The token may not do this."""


class Rejected(ForgeFailure):
    """GitHub understood, and refused what was sent (422)."""


class Missing(ForgeFailure):
    """It does not exist, or the token may not see it (404)."""


@dataclass
class Calls:
    """Makes calls one after another."""

    sleep: Callable[[float], None] = field(default_factory=lambda: time.sleep)
    clock: Callable[[], float] = field(default_factory=lambda: time.monotonic)
    now: Callable[[], float] = field(default_factory=lambda: time.time)
    spacing: float = field(default_factory=lambda: SPACING)
    seconds: float = DEADLINE
    done: list[str] = field(default_factory=list)  # descriptions of the writes that succeeded
    _spent: float = 0.0  # seconds in calls and pauses
    _last_write: float | None = None

    def read(self, what: str, call: Callable[[], T]) -> T:
        """Read something; retried if GitHub or the network fails.

        what    completes "GitHub did not answer: ..."
        raises  ForgeFailure and its kinds
        """
        return self._try(what, call, None)

    def write(self, what: str, call: Callable[[], T], *, again: Callable[[], T | None] | None) -> T:
        """Write something once.

        again   called before a retry: returns the result of an earlier attempt if that succeeded,
                else None. None for a write that is safe to retry (PATCH, PUT, DELETE)
        """
        if self._last_write is not None:
            self._pause(max(0.0, self._last_write + self.spacing - self.clock()), what)
        try:
            result = self._try(what, call, again)
        finally:
            self._last_write = self.clock()
        self.done.append(what)
        return result

    def _try(self, what: str, call: Callable[[], T], again: Callable[[], T | None] | None) -> T:
        unsure = False  # a write may have succeeded although the response was lost
        for attempt in range(MAX_TRIES):
            begin = self.clock()
            try:
                if attempt and again is not None and (earlier := again()) is not None:
                    return earlier
                return call()
            except GithubException as exc:
                wait = self._wait(exc, attempt)
                if wait is None:
                    raise _failure(what, exc, unsure=unsure) from exc
                unsure |= exc.status >= 500
                last: Exception = exc
            except (RequestException, ConnectionError, TimeoutError) as exc:
                wait, last, unsure = float(2**attempt), exc, True
            except ODD as exc:
                raise ForgeFailure(
                    f"GitHub sent a response that reviewbot does not understand: {what}"
                    f" ({type(exc).__name__}){MAYBE if again is not None else ''}",
                    fix="check GITHUB_API_URL; if it is right, report this as a bug",
                ) from exc
            finally:
                self._spent += self.clock() - begin
            if attempt + 1 < MAX_TRIES:
                self._pause(wait, what)
        raise ForgeFailure(
            f"GitHub did not answer {MAX_TRIES} times: {what}: {_words(last)}"
            f"{MAYBE if again is not None and unsure else ''}",
            fix="run the job again later; nothing is posted twice",
        )

    def _wait(self, exc: GithubException, attempt: int) -> float | None:
        """Return the seconds to wait before a retry; None if a retry is useless."""
        headers = {key.lower(): value for key, value in (exc.headers or {}).items()}
        if exc.status in (403, 429):
            if "retry-after" in headers:
                return _number(headers["retry-after"])
            if headers.get("x-ratelimit-remaining") == "0":
                return max(1.0, _number(headers.get("x-ratelimit-reset", "0")) - self.now())
            limited = any(word in _message(exc).lower() for word in _RATE_WORDS)
            return _NO_HINT * 2**attempt if limited or exc.status == 429 else None
        return float(2**attempt) if exc.status >= 500 else None

    def _pause(self, seconds: float, what: str) -> None:
        if self._spent + seconds > self.seconds:
            raise ForgeFailure(
                f"GitHub's rate limit asks for more than the {self.seconds:.0f} seconds that"
                f" a job may wait: {what}",
                fix="run the job again later; nothing is posted twice",
            )
        self._spent += seconds
        if seconds > 0:
            self.sleep(seconds)


def _number(text: str) -> float:
    try:
        return max(0.0, float(text))
    except ValueError:
        return _NO_HINT


def _message(exc: GithubException) -> str:
    data = exc.data
    text = str(data.get("message", "")) if isinstance(data, dict) else str(data or "")
    errors = data.get("errors") if isinstance(data, dict) else None
    return f"{text}: {errors}" if errors else text


def _words(exc: Exception) -> str:
    if isinstance(exc, GithubException):
        return f"{exc.status} {_message(exc)[:300]}"
    return type(exc).__name__  # its text may contain a URL with a token


def _failure(what: str, exc: GithubException, *, unsure: bool) -> ForgeFailure:
    words = _words(exc) + (MAYBE if unsure else "")
    match exc.status:
        case 401:
            return NotAllowed(
                f"GitHub does not know the token: {what}: {words}", fix="set GITHUB_TOKEN"
            )
        case 403:
            return NotAllowed(
                f"the token may not do this: {what}: {words}",
                fix="give the job the permission pull-requests: write (on pull requests from forks "
                "only the two-stage workflow can post; see docs/github.md)",
            )
        case 404:
            return Missing(
                f"GitHub did not find it, or the token may not see it: {what}: {words}",
                fix="check the repository, the number and the token's permissions",
            )
        case 422:
            return Rejected(f"GitHub refused: {what}: {words}", fix="please report this as a bug")
        case _:
            return ForgeFailure(f"GitHub answered: {what}: {words}", fix="run the job again later")
