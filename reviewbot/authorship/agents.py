"""Who is an agent: look-ups in the tables of `known`. Addresses match whole or not at all.

A vendor's bare domain is an employee, not an agent. GitHub logins and numeric ids match either way,
since a login can be renamed.
"""

import re

from reviewbot.authorship.agent_tables import Agent
from reviewbot.authorship.agent_tables.hosted import HOSTED
from reviewbot.authorship.agent_tables.local import LOCAL
from reviewbot.authorship.agent_tables.more import MORE

AGENTS = (*LOCAL, *MORE, *HOSTED)
AUTOMATION_EMAILS = frozenset(
    (
        "action@github.com",
        "actions@github.com",
        "bot@renovateapp.com",
        "renovate@whitesourcesoftware.com",
        "support@dependabot.com",
        "support@pre-commit.ci",
        "snyk-bot@snyk.io",
        "noreply@weblate.org",
        "hosted@weblate.org",
    )
)
MAX_NAME = 64


def _plain(name: str) -> str:
    return " ".join(re.split(r"[\s-]+", name.lower().strip()))


def _any_of(names: set[str]) -> str:
    """Return a pattern for the names, the longest first."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(re.escape(name).replace(r"\ ", r"[\s-]+") for name in longest_first)


# Names that stand for an agent where no address says who is meant.
NAMES = rf"(?:{_any_of({name for agent in AGENTS for name in agent.names})}|chatgpt\w*)"
# Names that do so only beside an address that fits them.
NAMES_BESIDE = rf"(?:{_any_of({name for agent in AGENTS for name in agent.beside})}|{NAMES})"

WEAK_NAMES = frozenset(  # ordinary words, too
    name for agent in AGENTS if agent.word for name in agent.names if " " not in name
)

BY_EMAIL = {email: agent for agent in AGENTS for email in agent.emails}
BY_LOGIN = {login: agent for agent in AGENTS for login in agent.logins}
BY_ID = {number: agent for agent in AGENTS for number in agent.ids}
BY_TOOL = {agent.tool: agent for agent in AGENTS}
_BY_BRANCH = {start: agent for agent in AGENTS for start in agent.branches}
_BY_NAME = {
    _plain(name): agent.tool
    for agent in AGENTS
    for name in (agent.tool, *agent.names, *agent.beside, *agent.aliases)
}
_PATTERNS = tuple((re.compile(agent.pattern), agent) for agent in AGENTS if agent.pattern)
_GITHUB = re.compile(
    r"(?:(\d{1,12})\+)?([a-z0-9-]{1,60}(?:\[bot\])?)@users\.noreply\.github\.com", re.I
)
# What stands before the "@" of an address that no person reads or writes from.
_MACHINE = re.compile(r"(?:^|[._+-])(?:no-?reply|do-?not-?reply|bot|robot|agent)(?:$|[._+-])")


def tool_named(name: str) -> str | None:
    """Return what we call the tool that somebody calls `name`; their word where we know no other.

    None for nothing, and for words that stand for nothing.
    """
    plain = " ".join(name.lower().split())
    if plain in ("", "unknown", "none", "auto"):
        return None
    if plain.startswith(("chatgpt", "gpt")):
        return "chatgpt"
    return _BY_NAME.get(_plain(name), plain[:MAX_NAME])


def agent_of(email: str) -> Agent | None:
    """Return the agent that commits under this address; None for people and other bots."""
    if (found := BY_EMAIL.get(email)) is not None:
        return found
    match = _GITHUB.fullmatch(email)
    if match is None:
        return next((agent for pattern, agent in _PATTERNS if pattern.fullmatch(email)), None)
    number, login = match.groups()
    return (BY_ID.get(int(number)) if number else None) or BY_LOGIN.get(login.lower())


def agent_of_branch(branch: str) -> Agent | None:
    """Return the agent that gives its branches such names."""
    name = branch.lower()
    return next((agent for start, agent in _BY_BRANCH.items() if name.startswith(start)), None)


def fits(email: str, agent: Agent) -> bool:
    """Return True if an address that we do not know may be that of the agent named beside it.

    So may one that is no mailbox, one that nobody reads ("noreply"), and one of the vendor. A
    personal one may not, nor GitHub's private addresses of people.
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
    """Return True if the address is a bot's that writes no code of its own, as far as we know."""
    match = _GITHUB.fullmatch(email)
    return email in AUTOMATION_EMAILS or (match is not None and match[2].lower().endswith("[bot]"))
