"""What a commit message says: whether it fixes a fault, what it reverts, whom it names."""

import re
from collections.abc import Iterable

from reviewbot.authorship.agents import BY_LOGIN, BY_TOOL, agent_of, tool_named
from reviewbot.authorship.detectors.commits import trailers_in
from reviewbot.authorship.mentions import names_and_emails
from reviewbot.authorship.model import Identity, Level

SUBJECT, BODY = 2, 1  # strength of a fix: where its message says so
MAX_SUBJECT = 500  # characters
_FIX = re.compile(
    r"\b(?:fix(?:es|ed|ing)?|bug(?:s|fix|fixes)?|hot-?fix(?:es)?|crash(?:es|ed|ing)?|regress(?:ions?|ed)"
    r"|dead-?locks?|panics?|segfaults?|infinite loop|off-by-one|out.of.bounds|memory leaks?"
    r"|race conditions?|data races?|npe|nre|null ?pointers?|incorrect(?:ly)?|wrong(?:ly)?|faulty"
    r"|defects?|vulnerab\w+|cve-\d+-\d+)\b",
    re.I,
)
_LINK = re.compile(
    r"\b(?:fix|close|resolve)(?:e?[sd])?:?\s+(?:[\w./-]{0,100}#|gh-|https?://\S+/issues/)\d+", re.I
)
_TYPE = re.compile(r"(?P<type>[A-Za-z][\w/ -]{0,30})(?:\((?P<scope>[^()]{0,60})\))?!?:\s")
_FIXING = {"fix", "fixes", "fixed", "bugfix", "hotfix", "bug", "security", "sec", "regression"}
_KINDS = {  # of a conventional commit: these fix no fault of the product
    *("feat", "feature", "docs", "doc", "style", "refactor", "ref", "test", "tests", "chore", "ci"),
    *("build", "deps", "release", "meta", "lint", "format", "fmt", "revert", "bench", "cleanup"),
    *("perf", "types", "example", "examples", "typo", "internal", "i18n"),
}
_ELSEWHERE = re.compile(  # in a subject, or as the scope of "fix(...)"
    r"\b(?:typos?|misspell\w*|spelling|grammar|wording|docs?|docstrings?|documentation|readme|changelog"
    r"|javadocs?|comments?|lint(?:er|ing|s)?|clippy|eslint|prettier|ruff|mypy|rubocop|checkstyle"
    r"|pre-?commit|formatting|reformat|whitespace|indentation|tests?|testing|flak(?:y|es?|iness)"
    r"|benchmarks?|ci|workflows?|github actions|deps|dependency|dependencies|bump(?:s|ed)?"
    r"|compiler warnings?|nullable warnings|release notes|translations?|copyright|e2e)\b"
    r"|^(?:merge|release|prepare|upgrade|polish|backport)\b",
    re.I,
)
_REVERT = re.compile(r"""\s*revert(?:s|ed|ing)?\b(?!\s+["']?re(?:vert|apply)\b)""", re.I)
_REVERTED = re.compile(r"\bThis reverts commit ([0-9a-f]{7,64})\b")


def fix_strength(message: str) -> int:
    """Return SUBJECT or BODY if the message says that the commit fixes a fault, else 0.

    The subject decides if it has a fix word, or the type `fix` of a conventional commit. The body
    counts if it closes an issue and has another fix word. Documentation, lint, typos, tests,
    formatting, dependencies, releases and merges are left out.
    """
    subject, _, body = message.partition("\n")
    subject = subject[:MAX_SUBJECT].strip()
    typed = _TYPE.match(subject)
    kind = typed["type"].strip().lower() if typed else ""
    if kind in _KINDS or _ELSEWHERE.search(subject) or _REVERT.match(subject):
        return 0
    if kind in _FIXING or _FIX.search(subject):
        return SUBJECT
    links = bool(_LINK.search(message))
    return BODY if links and _FIX.search(_LINK.sub("", body)) else 0


def reverted(message: str) -> tuple[str, ...]:
    """Return the hashes, maybe cut, of the commits that a revert names; () for other commits."""
    if not _REVERT.match(message):
        return ()
    return tuple(dict.fromkeys(_REVERTED.findall(message)))


_BY = re.compile(
    r"\s*(?:[*-] )?(?:[A-Za-z][A-Za-z-]{0,40}-(?:by|to)|cc|author|committer)\s*:", re.I
)
_EMAIL = re.compile(r"[\w.+%\[\]-]{1,100}@[\w-]{1,100}(?:\.[\w-]{1,100}){1,5}")
_HANDLE = re.compile(  # not "@types/node", "@app.route" or the end of "claude[bot]@..."
    r"(?<![\w/.@`\]])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?)(?![\w-])(?![/(.]\w)"
)
NAME, ADDRESS = "Dev", "dev@example.com"


def without_people(text: str, people: Iterable[Identity] = ()) -> str:
    """Return a message without people's trailers, names, addresses and handles; agents' stay.

    people  author and committer: their names are replaced wherever the text has them
    """
    kept, names = [], {person.name for person in people if not agent_of(person.email.lower())}
    for line in text.split("\n"):
        if _BY.match(line) and not trailers_in(line.strip(), "", Level.COMMIT):
            names.update(name for name, _ in names_and_emails(line.partition(":")[2]))
        else:
            kept.append(line)
    shown = "\n".join(kept).rstrip()
    for name in sorted((n.strip() for n in names), key=lambda n: (-len(n), n)):
        if len(name) >= 5 and tool_named(name) not in BY_TOOL:
            shown = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", NAME, shown)
    shown = _EMAIL.sub(lambda m: m[0] if agent_of(m[0].lower()) else ADDRESS, shown)
    return _HANDLE.sub(lambda m: m[0] if _is_agent(m[1]) else f"@{NAME.lower()}", shown)


def _is_agent(login: str) -> bool:
    return login.lower() in BY_LOGIN or tool_named(login) in BY_TOOL
