"""A repository's own rules about paths, authors and trailers, read from the base.

See docs/authorship.md for the file; a rule applies if all its conditions match.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from pathspec import GitIgnoreSpec

from reviewbot.authorship.mentions import Trailer, email, lines_of, trailers_of
from reviewbot.authorship.model import (
    HIGH,
    RULES_FILE,
    Author,
    Commit,
    Detected,
    Evidence,
    Level,
    Material,
    PlacedLine,
)
from reviewbot.errors import UsageError

MAX_RULES = 1_000
_LISTS = ("paths", "authors", "trailers")
_KINDS = tuple(kind.value for kind in Author if kind is not Author.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Rule:
    """The author of lines that match every condition."""

    number: int  # 1-based, in the file
    kind: Author
    tool: str | None
    paths: GitIgnoreSpec | None
    authors: tuple[str, ...]
    trailers: tuple[Trailer, ...]  # value "*" where only the key counts

    def fits_path(self, path: str) -> bool:
        """Return True if the condition on the path matches, or if there is none."""
        return self.paths is None or self.paths.match_file(path)

    def fits_commit(self, commit: Commit | None) -> bool:
        """Return True if the conditions on the commit match, or if there are none."""
        if not self.authors and not self.trailers:
            return True
        if commit is None:
            return False
        address = email(commit.author.email)
        if self.authors and not any(fnmatchcase(address, glob) for glob in self.authors):
            return False
        trailers = list(trailers_of(lines_of(commit.message)))
        return not self.trailers or any(
            wanted.key == key and fnmatchcase(value.lower(), wanted.value)
            for wanted in self.trailers
            for key, value in trailers
        )


def parse_rules(raw: bytes) -> tuple[Rule, ...]:
    """Read a rule file. raises UsageError if it contains anything but valid rules."""
    try:
        value = tomllib.loads(raw.decode("utf-8-sig"))  # without a byte order mark
    except (ValueError, RecursionError) as exc:
        raise _wrong(f"it is not TOML: {exc}" if isinstance(exc, ValueError) else "nested") from exc
    rules = value.pop("rule", [])
    if value or not isinstance(rules, list) or len(rules) > MAX_RULES:
        raise _wrong(f"it may hold [[rule]] tables only, {MAX_RULES} at most")
    return tuple(_rule(number, rule) for number, rule in enumerate(rules, start=1))


def _rule(number: int, rule: Any) -> Rule:
    if not isinstance(rule, dict) or (extra := rule.keys() - {*_LISTS, "author", "tool"}):
        named = f": {sorted(extra)[0][:60]!r}" if isinstance(rule, dict) else ""
        raise _wrong(f"rule {number} has a key that is not known{named}")
    if rule.get("author") not in _KINDS:
        raise _wrong(f"rule {number} needs author = one of {', '.join(_KINDS)}")
    given = {name: rule.get(name, []) for name in _LISTS}
    good = all(isinstance(v, list) and all(isinstance(x, str) for x in v) for v in given.values())
    tool = rule.get("tool")
    if not good or not any(given.values()) or not isinstance(tool, str | None):
        raise _wrong(f"rule {number} needs lists of texts: {', '.join(_LISTS)}; tool is a text")
    try:
        paths = GitIgnoreSpec.from_lines(given["paths"]) if given["paths"] else None
    except ValueError as exc:
        raise _wrong(f"rule {number}: {exc}") from exc
    trailers = []
    for text in given["trailers"]:
        key, _, wanted = text.partition(":")
        trailers.append(Trailer(key.strip().lower(), wanted.strip().lower() or "*"))
    authors = tuple(glob.lower() for glob in given["authors"])
    return Rule(number, Author(rule["author"]), tool or None, paths, authors, tuple(trailers))


def _wrong(what: str) -> UsageError:
    return UsageError(
        f"nothing was checked: {RULES_FILE} cannot be used: {what}",
        fix="see docs/authorship.md for what a rule may say",
    )


def detect(rules: Sequence[Rule], material: Material, lines: Sequence[PlacedLine]) -> Detected:
    """Give each line the evidence of the rules that match it."""
    detected = Detected()
    for rule in rules:
        evidence = Evidence(
            rule.kind, Level.COMMIT, HIGH, f"rule {rule.number} of {RULES_FILE}", rule.tool
        )
        fits_commit, fits_path = cache(rule.fits_commit), cache(rule.fits_path)
        for index, (line, origin) in enumerate(lines):
            commit = material.commits.get(origin.commit) if origin else None
            if fits_path(line.path) and fits_commit(commit):
                detected.evidence[index].append(evidence)
    return detected
