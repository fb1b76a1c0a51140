"""Limits by path that a stranger's report names: applied as ours are, but not for ever.

A pattern with many stars takes a time that grows with a power of the path's length. So both are
bounded, and the time that all reports together may take.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from time import monotonic

from reviewbot.core.authors import Attribution, Author
from reviewbot.core.errors import UsageError
from reviewbot.core.gate import Policy
from reviewbot.limits import Limits, parse_limits

MOST_LIMITS, MOST_PATTERN, MOST_PATH = 50, 200, 250  # in a report, and characters
MOST_STARS, MOST_IN_ALL = 3, 4  # runs of "*" in one part of a pattern, and in all of it
MOST_SECONDS = 30.0  # for all reports together
SAID = "the report cannot be used: "
_STARS = re.compile(r"\*+")

Known = dict[tuple[str, Author], float]


class Patience:
    """Applies the limits of one report after another, as long as that is quick."""

    def __init__(self) -> None:
        self._spent = 0.0  # seconds
        self._known: dict[tuple[tuple[str, ...], str], Known] = {}  # reports are much alike

    def limit(self, policy: Policy) -> Callable[[str, Attribution], float]:
        """Return what tells the risk above which a line counts, by path and author.

        They are not read before they are asked for: most reports say where their lines stand. It
        raises UsageError when called; a report says nothing of `may_be_ai`, so the kind is all.
        """

        @cache
        def read() -> tuple[Limits, Known]:
            texts = policy.max_risk_for
            return _read(texts), self._known.setdefault((texts, repr(policy.max_risk)), {})

        def limit(path: str, author: Attribution) -> float:
            key, (limits, known) = (path, author.kind), read()
            if key not in known:
                if limits.paths and (len(path) > MOST_PATH or self._spent > MOST_SECONDS):
                    raise _wrong("take too long to apply")
                start = monotonic()
                known[key] = limits.of(path, author, policy.max_risk)
                self._spent += monotonic() - start
            return known[key]

        return limit


def _read(texts: Sequence[str]) -> Limits:
    if len(texts) > MOST_LIMITS or not all(map(_quick, texts)):
        raise _wrong("are too many, or have too many stars")
    try:
        return parse_limits(texts)
    except ValueError as exc:
        raise _wrong("cannot be read") from exc


def _quick(text: str) -> bool:
    """Tell whether a pattern is short, and has few stars where they add up."""
    parts: Sequence[str] = text.split("/")
    stars = [len(_STARS.findall(part)) for part in parts]
    few = max(stars) <= MOST_STARS and sum(stars) <= MOST_IN_ALL
    return few and len(text) <= MOST_PATTERN


def _wrong(why: str) -> UsageError:
    return UsageError(f"{SAID}its limits by path or author {why}", fix="leave it out")
