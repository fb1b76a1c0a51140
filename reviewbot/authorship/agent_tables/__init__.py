"""Facts about coding agents and models, as tables. Each row has its source. No look-ups here."""

import re
from dataclasses import dataclass

from reviewbot.authorship.model import HIGH, MEDIUM

# Sources that several rows share. They cite pages of vendors, which we cite after them.
SOURCES = {
    "agent-mining": "labri-progress/agent-mining: patterns/authors.csv",
    "aiblame": "trinhbentre/aiblame: docs/DETECTION.md",
    "aidev": "review accounts of the AIDev data set",
    "aittributor": "block/aittributor: src/agent.rs",
    "chaoss": "chaoss/ai-detection-action: detection/committer/committer.go",
    "facts": "facts file of the project, A.3 (no public document seen)",
    "git-ai": "git-ai-project/git-ai: src/authorship/attribution_recovery.rs, agent_detection.rs",
    "liu": "yueyueL/tech-debt-ai-coding: collection/config/actors.py",
    "mergewarden": "public pull requests by the account, counted by the mergewarden project",
    "seen": "commit instructions in public repositories",
}
# The field of `Agent` that a name or mark belongs to, by its form. The first match counts.
_NAME_FORMS = {"weak_names": r"(.+)\?", "aliases": "=(.+)", "names": "(.+)"}
_MARK_FORMS = {
    "patterns": "/(.+)/",
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
    patterns: tuple[str, ...]  # regular expressions of whole addresses
    logins: tuple[str, ...]  # on GitHub, "[bot]" included
    ids: tuple[str, ...]  # on GitHub; a login can be renamed, its number stays
    branches: tuple[str, ...]  # how the names of its branches begin
    domains: tuple[str, ...]  # of the vendor: count only beside the agent's name
    word: bool  # the name is an ordinary word: weak without other evidence
    ambiguous: bool  # the name is also a given name, a surname or a company
    confidence: float  # of the addresses


def agents(table: str) -> tuple[Agent, ...]:
    """Read a table: tool | names | marks | sources | kinds. Indented lines continue a row.

    names    separated by commas; "kilo?" is a weak name, "=claude-web" an alias; "-" for none
    marks    separated by blanks: a@b.c is an address, 123 a number on GitHub, "claude/" or "fix-"
             the start of a branch, claude.com a domain, /.../ a pattern; others are logins
    sources  separated by semicolons; a key of SOURCES means its text
    kinds    "word"; "namesake" if the name is ambiguous; "shared" if people use the addresses, too
    """
    rows = re.split(r"\n(?=\S)", table.strip())
    return tuple(_agent(row) for row in rows if not row.startswith("#"))


def _agent(row: str) -> Agent:
    tool, names, marks, sources, *kinds = " ".join(row.split()).split(" | ")
    words = "".join(kinds).split()
    fields: dict[str, tuple[str, ...]] = dict.fromkeys((*_NAME_FORMS, *_MARK_FORMS), ())
    for forms, texts in ((_NAME_FORMS, names.split(", ")), (_MARK_FORMS, marks.split())):
        for text in texts if texts != ["-"] else ():
            matches = ((name, re.fullmatch(form, text)) for name, form in forms.items())
            field, match = next((name, match) for name, match in matches if match)
            fields[field] += (match[1],)
    return Agent(
        tool=tool,
        source=re.sub(r"(?:(?<=; )|^)[a-z-]+", lambda m: SOURCES.get(m[0], m[0]), sources),
        word="word" in words,
        ambiguous="namesake" in words,
        confidence=MEDIUM if "shared" in words else HIGH,
        **fields,
    )
