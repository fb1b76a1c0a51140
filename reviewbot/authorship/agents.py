"""Looks up agents by address, login, name and branch, and models by name.

Addresses match whole or not at all. A vendor's domain alone is an employee, not an agent. A GitHub
address matches by its login or by its number, since a login can be renamed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from reviewbot.authorship.agent_tables import SOURCES
from reviewbot.authorship.agent_tables.hosted import AUTOMATION_EMAILS, HOSTED
from reviewbot.authorship.agent_tables.local import LOCAL
from reviewbot.authorship.agent_tables.models import FAMILIES
from reviewbot.authorship.model import HIGH, MEDIUM

MAX_NAME = 64
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


def _agents(table: str) -> tuple[Agent, ...]:
    """Read a table of `agent_tables`."""
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


AGENTS = (*_agents(LOCAL), *_agents(HOSTED))


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s-]+", name.lower().strip()))


def _any_of(names: Iterable[str]) -> str:
    """Return a pattern for the names, the longest first."""
    longest_first = sorted(set(names), key=lambda name: (-len(name), name))
    return "|".join(re.escape(name).replace(r"\ ", r"[\s-]+") for name in longest_first)


# Names that mean an agent without an address, and those that need an address that fits.
NAMES = rf"(?:{_any_of(name for agent in AGENTS for name in agent.names)}|chatgpt\w*)"
NAMES_BESIDE = rf"(?:{_any_of(name for agent in AGENTS for name in agent.weak_names)}|{NAMES})"
WORDS = frozenset(name for agent in AGENTS if agent.word for name in agent.names if " " not in name)

BY_LOGIN = {login: agent for agent in AGENTS for login in agent.logins}
BY_TOOL = {agent.tool: agent for agent in AGENTS}
_BY_EMAIL = {email: agent for agent in AGENTS for email in agent.emails}
_BY_ID = {int(number): agent for agent in AGENTS for number in agent.ids}
_BY_BRANCH = {start: agent for agent in AGENTS for start in agent.branches}
_TOOLS = {
    _plain(name): agent.tool
    for agent in AGENTS
    for name in (agent.tool, *agent.names, *agent.weak_names, *agent.aliases)
}
_PATTERNS = tuple((re.compile(text), agent) for agent in AGENTS for text in agent.patterns)
_GITHUB = re.compile(
    r"(?:(\d{1,12})\+)?([a-z0-9-]{1,60}(?:\[bot\])?)@users\.noreply\.github\.com", re.I
)
# The local part of an address that no person reads or writes from.
_MACHINE = re.compile(r"(?:^|[._+-])(?:no-?reply|do-?not-?reply|bot|robot|agent)(?:$|[._+-])")


def tool_named(name: str) -> str | None:
    """Return our name of a tool; the given name, in lower case, if the tool is unknown.

    None for an empty name, and for words that name nothing.
    """
    plain = " ".join(name.lower().split())
    if plain in ("", "unknown", "none", "auto"):
        return None
    if plain.startswith(("chatgpt", "gpt")):
        return "chatgpt"
    return _TOOLS.get(_plain(name), plain[:MAX_NAME])


def agent_of(email: str) -> Agent | None:
    """Return the agent that commits under this address; None for people and other bots."""
    if (agent := _BY_EMAIL.get(email)) is not None:
        return agent
    match = _GITHUB.fullmatch(email)
    if match is None:
        return next((agent for pattern, agent in _PATTERNS if pattern.fullmatch(email)), None)
    number, login = match.groups()
    return (_BY_ID.get(int(number)) if number else None) or BY_LOGIN.get(login.lower())


def agent_of_branch(branch: str) -> Agent | None:
    """Return the agent that gives its branches such names."""
    name = branch.lower()
    return next((agent for start, agent in _BY_BRANCH.items() if name.startswith(start)), None)


def fits(email: str, agent: Agent) -> bool:
    """Return True if an unknown address may belong to the agent named beside it.

    That is one that is no mailbox, one that nobody reads ("noreply"), or one of the vendor; never
    a personal one or GitHub's private address of a person.
    """
    local, at, domain = email.rpartition("@")
    if not at:
        return True
    if domain == "users.noreply.github.com":
        return local.endswith("[bot]")
    if _MACHINE.search(local) or any(f".{domain}".endswith(f".{own}") for own in agent.domains):
        return True
    return not (agent.word or agent.ambiguous) and agent.tool in domain.split(".")


def is_automation(email: str) -> bool:
    """Return True if the address belongs to a bot that is no coding agent, as far as known."""
    match = _GITHUB.fullmatch(email)
    return email in AUTOMATION_EMAILS or (match is not None and match[2].lower().endswith("[bot]"))


_VERSION = r"v?\d{1,3}(?:[.p_-]\d{1,3}){0,3}[a-z]{0,2}(?![a-z0-9])"
_HEADS = "|".join(start.replace("~", "[- ]?").replace("#", _VERSION) for _, start in FAMILIES)
_VARIANT = "(?: (?:pro|flash|lite|max|mini|nano|ultra|codex|coder|turbo|preview)(?![a-z]))?"
# Makers or providers may stand before it, "openrouter/anthropic/..."; its own details follow.
MODEL_NAME = rf"(?:[\w.-]{{1,40}}/){{0,2}}(?:{_HEADS})[\w.:+-]{{0,80}}{_VARIANT}"
_MODEL = re.compile(rf"{MODEL_NAME}(?=$|[\s,;()\[\]/])", re.I)


def model_in(text: str) -> str | None:
    """Return the model that the text begins with, None where it begins with something else."""
    match = _MODEL.match(text.strip())
    return match[0].rstrip(".:") if match else None
