"""Who git says made a commit. An address that we know decides.

A person may be called Claude, Devin or Jules. So an agent's name counts, weakly, only beside an
address that may be an agent's ("noreply"), and in brackets behind the author's own: "Jane (aider)".
On the committer that suffix says nothing: there, aider has committed what a person typed.
"""

from reviewbot.authorship.agent_names import by_name, by_name_beside, by_suffix
from reviewbot.authorship.agents import agent_of, is_automation, tool_named
from reviewbot.authorship.history import Commit, Identity
from reviewbot.authorship.message_text import email, plain, short
from reviewbot.authorship.model import HIGH, LOW, MEDIUM, Author, Evidence, Level


def identities(commit: Commit) -> list[Evidence]:
    """Return what author and committer say; nothing for a person, whom no address tells apart."""
    found = _author(commit)
    if commit.committer == commit.author:
        return found
    name, address = plain(commit.committer.name).strip(), email(commit.committer.email)
    where = f"of {commit.hash[:10]}"
    if agent := agent_of(address):
        words = f"committer {short(address)} {where}"
        found.append(Evidence(Author.AI, Level.COMMIT, MEDIUM, words, agent.tool))
    elif address and (seen := by_name_beside(name, address)):
        words = f"committer {short(f'{name} <{address}>')} {where}"
        found.append(Evidence(Author.AI, Level.COMMIT, LOW, words, seen.tool, seen.model))
    return found


def _author(commit: Commit) -> list[Evidence]:
    name, address = plain(commit.author.name).strip(), email(commit.author.email)
    where = f"of {commit.hash[:10]}"
    if agent := agent_of(address):
        words = f"author {short(address)} {where}"
        return [Evidence(Author.AI, Level.COMMIT, agent.confidence, words, agent.tool)]
    if seen := by_suffix(name):
        words = f"author's name ends in {short(name[name.rfind('(') :])} {where}"
        sure = HIGH if seen.tool == "aider" else seen.confidence  # aider itself writes it
        return [Evidence(Author.AI, Level.COMMIT, sure, words, seen.tool, seen.model)]
    if address and (seen := by_name_beside(name, address)):
        words = f"author {short(f'{name} <{address}>')} {where}"
        return [Evidence(Author.AI, Level.COMMIT, LOW, words, seen.tool, seen.model)]
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
