"""Facts about coding agents and models, as tables. Each row has its source. No look-ups here."""

import re
from dataclasses import dataclass

from reviewbot.authorship.model import HIGH

# Sources that several rows share. They cite pages of vendors, which we cite after them.
FACTS = "facts file of the project, A.3 (no public document seen)"
GIT_AI = "git-ai-project/git-ai: src/authorship/attribution_recovery.rs, agent_detection.rs"
CHAOSS = "chaoss/ai-detection-action: detection/committer/committer.go"
AITTRIBUTOR = "block/aittributor: src/agent.rs"
MINING = "labri-progress/agent-mining: patterns/authors.csv"
LIU = "yueyueL/tech-debt-ai-coding: collection/config/actors.py"
AIBLAME = "trinhbentre/aiblame: docs/DETECTION.md"
SEEN = "commit instructions in public repositories"


# The field of `Agent` that a name or mark belongs to, by its form. The first match counts.
_NAME_FORMS = {"weak_names": r"(.+)\?", "aliases": "=(.+)", "names": "(.+)"}
_MARK_FORMS = {
    "emails": "(.+@.+)",
    "ids": "([0-9]+)",
    "branches": "(.+[/-])",
    "domains": r"([a-z0-9.-]+\.[a-z]+)",
    "logins": "(.+)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent and its marks. All texts in lower case; a blank in a name also matches "-"."""

    tool: str  # what we call it
    source: str  # where its marks are documented or were seen
    names: tuple[str, ...]  # count even without an address
    weak_names: tuple[str, ...]  # count only beside an address that fits the agent
    aliases: tuple[str, ...]  # further names in traces and notes
    emails: tuple[str, ...]  # whole addresses; a vendor's domain alone is an employee
    logins: tuple[str, ...]  # on GitHub, "[bot]" included
    ids: tuple[str, ...]  # on GitHub; a login can be renamed, its number stays
    branches: tuple[str, ...]  # how the names of its branches begin
    domains: tuple[str, ...]  # of the vendor: count only beside the agent's name
    word: bool  # the name is an ordinary word: weak without other evidence
    ambiguous: bool  # the name is also a given name, a surname or a company
    pattern: str | None  # addresses that are made per agent; must match whole
    confidence: float  # of the addresses


def agent(
    tool: str,
    names: str,
    marks: str,
    source: str,
    *,
    word: bool = False,
    ambiguous: bool = False,
    pattern: str | None = None,
    confidence: float = HIGH,
) -> Agent:
    """Return a row from two lists.

    names  separated by commas; "kilo?" is a weak name, "=claude-web" an alias
    marks  separated by blanks: a@b.c is an address, 123 a number on GitHub, "claude/" or "fix-" the
           start of a branch, claude.com a domain; anything else is a login on GitHub
    """
    fields: dict[str, tuple[str, ...]] = dict.fromkeys((*_NAME_FORMS, *_MARK_FORMS), ())
    for forms, texts in (
        (_NAME_FORMS, filter(None, names.split(", "))),
        (_MARK_FORMS, marks.split()),
    ):
        for text in texts:
            matches = ((name, re.fullmatch(form, text)) for name, form in forms.items())
            field, match = next((name, match) for name, match in matches if match)
            fields[field] += (match[1],)
    return Agent(
        tool=tool,
        source=source,
        word=word,
        ambiguous=ambiguous,
        pattern=pattern,
        confidence=confidence,
        **fields,
    )
