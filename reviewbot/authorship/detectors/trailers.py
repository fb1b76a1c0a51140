"""Trailers of a commit message: co-authors, disclosures, and what agents' sessions leave behind.

`Reviewed-by`, `Tested-by` and `Signed-off-by` say nothing of who wrote the lines, whoever signs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from reviewbot.authorship.agent_names import (
    Named,
    by_answer,
    by_name_beside,
    by_notation,
    by_pair,
    model_beside,
)
from reviewbot.authorship.agents import agent_of, tool_named
from reviewbot.authorship.history import Commit
from reviewbot.authorship.message_text import (
    Trailer,
    lines_of,
    names_and_emails,
    short,
    trailers_of,
)
from reviewbot.authorship.model import HIGH, LOW, MEDIUM, Author, Evidence, Level

MAX_TRAILERS = 1_000  # of a message, each different from the others
_FOR_AGENTS = frozenset(("assisted-by", "ai-assisted-by", "llm-assisted-by", "ai-generated-by"))
_DISCLOSING = _FOR_AGENTS | {  # these name code generators, too
    "created-with",
    "generated-by",
    "generated-with",
    "made-with",  # Cursor 2.6 writes it: forum.cursor.com/t/154494
}
# Keys with an answer: "yes", "no", a tool or a model.
_ASKING = frozenset(
    (
        "ai-agent",
        "ai-assistant",
        "ai-assisted",
        "ai-generated",
        "ai-model",
        "ai-tool",
        "ai-tools",
        "coding-agent",
        "llm-assisted",
    )
)
_AUTHORS = _DISCLOSING | {"co-authored-by", "co-developed-by", "authored-by", "written-by"}


class Session(NamedTuple):
    """A trailer whose presence, with the right value, shows that an agent was at work."""

    value: re.Pattern[str]
    tool: str | None
    confidence: float


def _session(value: str, tool: str | None, confidence: float = HIGH) -> Session:
    return Session(re.compile(value), tool, confidence)


SESSIONS: Mapping[str, Session] = {
    "claude-session": _session(r"https://claude\.ai/code/session_[\w-]+.*", "claude"),
    "agent-logs-url": _session(r"https?://[^/\s]+/[^/\s]+/[^/\s]+/sessions/[\w-]+.*", "copilot"),
    "codex-session": _session(".+", "codex"),
    "cursor-session": _session(".+", "cursor"),
    "copilot-session": _session(".+", "copilot"),
    "amp-thread-id": _session(r"https://ampcode\.com/threads/T-[0-9a-f-]+.*", "amp"),
    # Entire proves that a session was recorded, not that each line came out of it.
    "entire-checkpoint": _session("[0-9a-f]{12}", None, MEDIUM),
    "entire-session": _session(".+", None, MEDIUM),
    "entire-metadata": _session(".+", None, MEDIUM),
    "entire-strategy": _session(".+", None, MEDIUM),
    "duo-session": _session(r"https?://\S+", "duo"),  # GitLab Duo's commit hook
    "ai-used-for": _session(  # QEMU's policy
        r"(?i)(?!(?:no|not|none|never|n/a)\b).*\b(?:code|tests?)\b.*", None, MEDIUM
    ),
}
_REPLIT = {"Agent": HIGH, "Assistant": LOW}  # "Deployment" writes no code


def trailers(commit: Commit) -> list[Evidence]:
    """Return what the trailers of a commit's message say."""
    return trailers_in(commit.message, f"of {commit.hash[:10]}", Level.COMMIT)


def trailers_in(message: str, where: str, level: Level) -> list[Evidence]:
    """Return what the trailers of a text say.

    where  completes the evidence: "trailer Co-authored-by of 1a2b3c"
    """
    found = list(dict.fromkeys(trailers_of(lines_of(message))))[:MAX_TRAILERS]
    evidence = []
    for trailer in found:
        for seen in _seen(trailer, found):
            tool, model, confidence = seen
            key = "-".join(part.capitalize() for part in trailer.key.split("-"))
            words = f"trailer {key} {where}: {short(trailer.value)}"
            evidence.append(Evidence(Author.AI, level, confidence, words, tool, model))
    return evidence


def _seen(trailer: Trailer, everything: Sequence[Trailer]) -> Iterator[Named]:
    yield from _authors(trailer)
    for read in (_left_by_session, _entire_agent, _replit, _answer, _pair):
        if (found := read(trailer, everything)) is not None:
            yield found


def _authors(trailer: Trailer) -> Iterator[Named]:
    """Read who is named; where an address that we know stands beside a name, it decides."""
    if trailer.key not in _AUTHORS:
        return
    people = names_and_emails(trailer.value)
    for name, address in people:
        if agent := agent_of(address):
            yield Named(agent.tool, model_beside(name, agent.tool), agent.confidence)
        elif name and (weak := by_name_beside(name, address)):
            yield weak
    if not people:
        found = by_notation(
            trailer.value,
            discloses=trailer.key in _DISCLOSING,
            any_agent=trailer.key in _FOR_AGENTS,
        )
        if found:
            yield found


def _left_by_session(trailer: Trailer, _all: Sequence[Trailer]) -> Named | None:
    row = SESSIONS.get(trailer.key)
    if row is None or not row.value.fullmatch(trailer.value):
        return None
    return Named(row.tool, None, row.confidence)


def _entire_agent(trailer: Trailer, _all: Sequence[Trailer]) -> Named | None:
    if trailer.key != "entire-agent":
        return None
    return Named(tool_named(trailer.value), None, MEDIUM)


def _replit(trailer: Trailer, everything: Sequence[Trailer]) -> Named | None:
    if trailer.key == "replit-commit-author":
        known = _REPLIT.get(trailer.value)
        return Named("replit", None, known) if known else None
    if trailer.key != "replit-commit-session-id":
        return None
    named = any(other.key == "replit-commit-author" for other in everything)
    return None if named else Named("replit", None, LOW)


def _answer(trailer: Trailer, _all: Sequence[Trailer]) -> Named | None:
    return by_answer(trailer.value) if trailer.key in _ASKING else None


def _pair(trailer: Trailer, everything: Sequence[Trailer]) -> Named | None:
    if trailer.key != "agent":
        return None
    model = next((other.value for other in everything if other.key == "model"), None)
    return by_pair(trailer.value, model) if model else None
