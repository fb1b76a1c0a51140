"""Trailers of a commit message: co-authors, disclosures, and marks of agents' sessions.

`Reviewed-by`, `Tested-by` and `Signed-off-by` are no evidence of who wrote the lines.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from reviewbot.authorship.agent_names import (
    Mention,
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

MAX_TRAILERS = 1_000  # different ones of a message
_FOR_AGENTS = {"assisted-by", "ai-assisted-by", "llm-assisted-by", "ai-generated-by"}
# These name code generators, too. Cursor 2.6 writes Made-with: forum.cursor.com/t/154494
_DISCLOSING = _FOR_AGENTS | {"created-with", "generated-by", "generated-with", "made-with"}
_AUTHORS = _DISCLOSING | {"co-authored-by", "co-developed-by", "authored-by", "written-by"}
# Keys with an answer: "yes", "no", a tool or a model.
_ASKING = {"ai-agent", "ai-assistant", "ai-assisted", "ai-generated", "ai-model"}
_ASKING |= {"ai-tool", "ai-tools", "coding-agent", "llm-assisted"}
# Keys that show, with such a value, that an agent was at work: value, tool, confidence.
_SESSIONS: Mapping[str, tuple[str, str | None, float]] = {
    "claude-session": (r"https://claude\.ai/code/session_[\w-]+.*", "claude", HIGH),
    "agent-logs-url": (r"https?://[^/\s]+/[^/\s]+/[^/\s]+/sessions/[\w-]+.*", "copilot", HIGH),
    "codex-session": (".+", "codex", HIGH),
    "cursor-session": (".+", "cursor", HIGH),
    "copilot-session": (".+", "copilot", HIGH),
    "amp-thread-id": (r"https://ampcode\.com/threads/T-[0-9a-f-]+.*", "amp", HIGH),
    # Entire proves that a session was recorded, not that each line came out of it.
    "entire-checkpoint": ("[0-9a-f]{12}", None, MEDIUM),
    "entire-session": (".+", None, MEDIUM),
    "entire-metadata": (".+", None, MEDIUM),
    "entire-strategy": (".+", None, MEDIUM),
    "duo-session": (r"https?://\S+", "duo", HIGH),  # GitLab Duo's commit hook
    # QEMU's policy
    "ai-used-for": (r"(?i)(?!(?:no|not|none|never|n/a)\b).*\b(?:code|tests?)\b.*", None, MEDIUM),
}
_REPLIT = {"Agent": HIGH, "Assistant": LOW}  # "Deployment" writes no code


def judge(commit: Commit) -> list[Evidence]:
    """Return the evidence in the trailers of a commit's message."""
    return trailers_in(commit.message, f"of {commit.hash[:10]}", Level.COMMIT)


def trailers_in(message: str, where: str, level: Level) -> list[Evidence]:
    """Return the evidence in the trailers of a text.

    where  completes the evidence: "trailer Co-authored-by of 1a2b3c"
    """
    trailers = list(dict.fromkeys(trailers_of(lines_of(message))))[:MAX_TRAILERS]
    values: dict[str, str] = {}
    for key, value in trailers:
        values.setdefault(key, value)
    evidence = []
    for trailer in trailers:
        for tool, model, confidence in _mentions(trailer, values):
            key = "-".join(part.capitalize() for part in trailer.key.split("-"))
            words = f"trailer {key} {where}: {short(trailer.value)}"
            evidence.append(Evidence(Author.AI, level, confidence, words, tool, model))
    return evidence


def _mentions(trailer: Trailer, values: Mapping[str, str]) -> Iterator[Mention]:
    """Yield the AIs that a trailer names.

    values  the first value of each key of the message
    """
    key, value = trailer
    mention: Mention | None = None
    if key in _AUTHORS:
        people = names_and_emails(value)
        yield from _people(people)
        if not people:
            discloses, any_agent = key in _DISCLOSING, key in _FOR_AGENTS
            mention = by_notation(value, discloses=discloses, any_agent=any_agent)
    elif key in _ASKING:
        mention = by_answer(value)
    elif key in _SESSIONS:
        pattern, tool, confidence = _SESSIONS[key]
        mention = Mention(tool, None, confidence) if re.fullmatch(pattern, value) else None
    elif key == "entire-agent":
        mention = Mention(tool_named(value), None, MEDIUM)
    elif key == "replit-commit-author":
        mention = Mention("replit", None, _REPLIT[value]) if value in _REPLIT else None
    elif key == "replit-commit-session-id" and "replit-commit-author" not in values:
        mention = Mention("replit", None, LOW)
    elif key == "agent" and "model" in values:
        mention = by_pair(value, values["model"])
    if mention is not None:
        yield mention


def _people(people: Sequence[tuple[str, str]]) -> Iterator[Mention]:
    """Yield the AIs among "Name <address>"; a known address decides."""
    for name, address in people:
        if agent := agent_of(address):
            yield Mention(agent.tool, model_beside(name, agent.tool), agent.confidence)
        elif name and (weak := by_name_beside(name, address)):
            yield weak
