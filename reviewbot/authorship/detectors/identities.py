"""The author and committer of a commit. A known address decides.

A person may be called Claude, Devin or Jules. So an agent's name counts, weakly, only beside an
address that may be an agent's ("noreply"), and in brackets behind the author's own: "Jane (aider)".
On the committer that suffix is no evidence: aider has committed what a person typed.
"""

from reviewbot.authorship.agent_names import by_name, by_name_beside, by_suffix
from reviewbot.authorship.agents import agent_of, is_automation, tool_named
from reviewbot.authorship.history import Commit, Identity
from reviewbot.authorship.message_text import email, plain, short
from reviewbot.authorship.model import HIGH, LOW, MEDIUM, Author, Evidence, Level


def judge(commit: Commit) -> list[Evidence]:
    """Return the evidence of author and committer; none for a person."""
    evidence = [_author(commit)]
    if commit.committer != commit.author:
        evidence.append(_committer(commit))
    return [piece for piece in evidence if piece is not None]


def _committer(commit: Commit) -> Evidence | None:
    name, address = _plain(commit.committer)
    if agent := agent_of(address):
        return _evidence(commit, f"committer {short(address)}", MEDIUM, agent.tool)
    if address and (seen := by_name_beside(name, address)):
        words = f"committer {short(f'{name} <{address}>')}"
        return _evidence(commit, words, LOW, seen.tool, seen.model)
    return None


def _author(commit: Commit) -> Evidence | None:
    name, address = _plain(commit.author)
    if agent := agent_of(address):
        return _evidence(commit, f"author {short(address)}", agent.confidence, agent.tool)
    if seen := by_suffix(name):
        words = f"author's name ends in {short(name[name.rfind('(') :])}"
        sure = HIGH if seen.tool == "aider" else seen.confidence  # aider itself writes it
        return _evidence(commit, words, sure, seen.tool, seen.model)
    if address and (seen := by_name_beside(name, address)):
        words = f"author {short(f'{name} <{address}>')}"
        return _evidence(commit, words, LOW, seen.tool, seen.model)
    if is_automation(address) or (not address and name.lower().endswith("[bot]")):
        login = address.partition("@")[0].rpartition("+")[2] or name.lower()
        tool = tool_named(login.removesuffix("[bot]"))
        words = f"author {short(address or name)}"
        return _evidence(commit, words, HIGH, tool, kind=Author.AUTOMATION)
    if not address and (seen := by_name(name)):
        words = f"author {short(name)!r} without an address"
        return _evidence(commit, words, seen.confidence, seen.tool, seen.model)
    return None


def _plain(identity: Identity) -> Identity:
    return Identity(plain(identity.name).strip(), email(identity.email))


def _evidence(
    commit: Commit,
    words: str,
    confidence: float,
    tool: str | None,
    model: str | None = None,
    kind: Author = Author.AI,
) -> Evidence:
    words = f"{words} of {commit.hash[:10]}"
    return Evidence(kind, Level.COMMIT, confidence, words, tool, model)
