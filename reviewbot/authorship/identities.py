"""Who git says made a commit. If there is an e-mail address it decides; the name never does.

A person may be called Claude, Devin or Jules. The one name that counts is aider's suffix, and only
on the author: as the committer alone, aider has committed what a person typed.
"""

import re

from reviewbot.authorship.agents import agent_of, is_automation, tool_named
from reviewbot.authorship.names import by_name
from reviewbot.authorship.text import email, plain, short
from reviewbot.core.authors import HIGH, MEDIUM, Author, Evidence, Level
from reviewbot.core.history import Commit, Identity

_AIDER = re.compile(r"\S\s+\(aider\)$")


def identities(commit: Commit) -> list[Evidence]:
    """Return what author and committer say; nothing for a person, whom no address tells apart."""
    found = _author(commit)
    address = email(commit.committer.email)
    if commit.committer != commit.author and (agent := agent_of(address)):
        words = f"committer {short(address)} of {commit.hash[:10]}"
        found.append(Evidence(Author.AI, Level.COMMIT, MEDIUM, words, agent.tool))
    return found


def _author(commit: Commit) -> list[Evidence]:
    name, address = plain(commit.author.name).strip(), email(commit.author.email)
    where = f"of {commit.hash[:10]}"
    if agent := agent_of(address):
        words = f"author {short(address)} {where}"
        return [Evidence(Author.AI, Level.COMMIT, agent.confidence, words, agent.tool)]
    if _AIDER.search(name):
        words = f"author's name ends in (aider) {where}"
        return [Evidence(Author.AI, Level.COMMIT, HIGH, words, "aider")]
    if is_automation(address) or (not address and name.lower().endswith("[bot]")):
        words = f"author {short(address or name)} {where}"
        tool = tool_named(_login(Identity(name, address)))
        return [Evidence(Author.AUTOMATION, Level.COMMIT, HIGH, words, tool)]
    if not address and (seen := by_name(name)):
        words = f"author {short(name)!r} without an address {where}"
        return [Evidence(Author.AI, Level.COMMIT, seen.confidence, words, seen.tool, seen.model)]
    return []


def _login(identity: Identity) -> str:
    """Return what to call a bot: its login, without the number and "[bot]"."""
    local = identity.email.partition("@")[0].rpartition("+")[2]
    return (local or identity.name.lower()).removesuffix("[bot]")
