"""A repository's own rules: what its paths, authors and trailers mean. Read from the base.

# .reviewbot-authors.toml
[[rule]]
paths = ["gen/**"]          # patterns as in .gitignore
author = "automation"

[[rule]]
authors = ["*@agents.example"]   # e-mail of a commit's author; * stands for anything
author = "ai"
tool = "in-house"

[[rule]]
trailers = ["X-Model: *"]   # "Key" alone, or with what its value must be
author = "ai"
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from pathspec import GitIgnoreSpec

from reviewbot.authorship.detectors import Found
from reviewbot.authorship.history import Commit, Material, PlacedLine
from reviewbot.authorship.message_text import Trailer, email, lines_of, trailers_of
from reviewbot.authorship.model import HIGH, Author, Evidence, Level
from reviewbot.errors import UsageError

RULES_FILE = ".reviewbot-authors.toml"
MAX_RULES = 1_000
_LISTS = ("paths", "authors", "trailers")
_KINDS = tuple(kind.value for kind in Author if kind is not Author.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who wrote the lines that meet every condition given."""

    number: int  # 1-based, in the file
    kind: Author
    tool: str | None
    paths: GitIgnoreSpec | None
    authors: tuple[str, ...]
    trailers: tuple[Trailer, ...]  # value "*" where only the key counts

    def fits_commit(self, commit: Commit | None) -> bool:
        """Return True if its conditions on the commit hold; without such, for any line."""
        if not self.authors and not self.trailers:
            return True
        if commit is None:
            return False
        address = email(commit.author.email)
        if self.authors and not any(fnmatchcase(address, glob) for glob in self.authors):
            return False
        there = list(trailers_of(lines_of(commit.message)))
        return not self.trailers or any(
            wanted.key == one.key and fnmatchcase(one.value.lower(), wanted.value)
            for wanted in self.trailers
            for one in there
        )


def parse_rules(raw: bytes) -> tuple[Rule, ...]:
    """Read a rule file. raises UsageError for anything but rules of the form above."""
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


def of_rules(rules: Sequence[Rule], material: Material, lines: Sequence[PlacedLine]) -> Found:
    """Say of each line which rules fit it."""
    found = Found()
    commits: dict[tuple[int, str], bool] = {}
    paths: dict[tuple[int, str], bool] = {}
    for place, (line, origin) in enumerate(lines):
        commit = material.commits.get(origin.commit) if origin else None
        for rule in rules:
            at = (rule.number, line.path)
            if at not in paths:
                paths[at] = rule.paths is None or bool(rule.paths.match_file(line.path))
            by = (rule.number, commit.hash if commit else "")
            if by not in commits:
                commits[by] = rule.fits_commit(commit)
            if paths[at] and commits[by]:
                words = f"rule {rule.number} of {RULES_FILE}"
                found.evidence[place].append(
                    Evidence(rule.kind, Level.COMMIT, HIGH, words, rule.tool)
                )
    return found
