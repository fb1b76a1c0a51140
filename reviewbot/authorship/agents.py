"""Looks up agents by address, login, name and branch. Addresses match whole or not at all.

A vendor's domain alone is an employee, not an agent. A GitHub address matches by its login or by
its number, since a login can be renamed.
"""

import re
from collections.abc import Iterable

from reviewbot.authorship.agent_tables import Agent
from reviewbot.authorship.agent_tables.hosted import AUTOMATION_EMAILS, HOSTED
from reviewbot.authorship.agent_tables.local import LOCAL

AGENTS = (*LOCAL, *HOSTED)
MAX_NAME = 64


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
