"""What a commit says of its author: identities, trailers, footers, and links to sessions.

A known address decides. A person may be called Claude, Devin or Jules. So an agent's name counts,
weakly, only beside an address that may be an agent's ("noreply"), and in brackets behind the
author's own: "Jane (aider)". On the committer that suffix is no evidence: aider has committed what
a person typed.

`Reviewed-by`, `Tested-by` and `Signed-off-by` are no evidence of who wrote the lines. Prose that
only mentions a tool is not a footer: "update the claude variable".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from reviewbot.authorship.agents import (
    MODEL_NAME,
    NAMES,
    NAMES_BESIDE,
    WORDS,
    agent_of,
    is_automation,
    model_in,
    tool_named,
)
from reviewbot.authorship.mentions import (
    Mention,
    Trailer,
    by_answer,
    by_name,
    by_name_beside,
    by_notation,
    by_pair,
    by_suffix,
    email,
    lines_of,
    model_beside,
    names_and_emails,
    plain,
    short,
    trailers_of,
)
from reviewbot.authorship.model import (
    HIGH,
    LOW,
    MEDIUM,
    Author,
    Commit,
    Evidence,
    Identity,
    Level,
    of_commits,
)


def identities(commit: Commit) -> list[Evidence]:
    """Return the evidence of author and committer; none for a person."""
    evidence = [_author(commit)]
    if commit.committer != commit.author:
        evidence.append(_committer(commit))
    return [piece for piece in evidence if piece is not None]


def _committer(commit: Commit) -> Evidence | None:
    name, address = _plain(commit.committer)
    if agent := agent_of(address):
        return _identity(commit, f"committer {short(address)}", MEDIUM, agent.tool)
    if address and (seen := by_name_beside(name, address)):
        words = f"committer {short(f'{name} <{address}>')}"
        return _identity(commit, words, LOW, seen.tool, seen.model)
    return None


def _author(commit: Commit) -> Evidence | None:
    name, address = _plain(commit.author)
    if agent := agent_of(address):
        return _identity(commit, f"author {short(address)}", agent.confidence, agent.tool)
    if seen := by_suffix(name):
        words = f"author's name ends in {short(name[name.rfind('(') :])}"
        sure = HIGH if seen.tool == "aider" else seen.confidence  # aider itself writes it
        return _identity(commit, words, sure, seen.tool, seen.model)
    if address and (seen := by_name_beside(name, address)):
        words = f"author {short(f'{name} <{address}>')}"
        return _identity(commit, words, LOW, seen.tool, seen.model)
    if is_automation(address) or (not address and name.lower().endswith("[bot]")):
        login = address.partition("@")[0].rpartition("+")[2] or name.lower()
        tool = tool_named(login.removesuffix("[bot]"))
        words = f"author {short(address or name)}"
        return _identity(commit, words, HIGH, tool, kind=Author.AUTOMATION)
    if not address and (seen := by_name(name)):
        words = f"author {short(name)!r} without an address"
        return _identity(commit, words, seen.confidence, seen.tool, seen.model)
    return None


def _plain(identity: Identity) -> Identity:
    return Identity(plain(identity.name).strip(), email(identity.email))


def _identity(
    commit: Commit,
    words: str,
    confidence: float,
    tool: str | None,
    model: str | None = None,
    kind: Author = Author.AI,
) -> Evidence:
    words = f"{words} of {commit.hash[:10]}"
    return Evidence(kind, Level.COMMIT, confidence, words, tool, model)


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


def trailers(commit: Commit) -> list[Evidence]:
    """Return the evidence in the trailers of a commit's message."""
    return trailers_in(commit.message, f"of {commit.hash[:10]}", Level.COMMIT)


def trailers_in(message: str, where: str, level: Level) -> list[Evidence]:
    """Return the evidence in the trailers of a text.

    where  completes the evidence: "trailer Co-authored-by of 1a2b3c"
    """
    unique = list(dict.fromkeys(trailers_of(lines_of(message))))[:MAX_TRAILERS]
    values: dict[str, str] = {}
    for key, value in unique:
        values.setdefault(key, value)
    evidence = []
    for trailer in unique:
        for tool, model, confidence in _in_trailer(trailer, values):
            key = "-".join(part.capitalize() for part in trailer.key.split("-"))
            words = f"trailer {key} {where}: {short(trailer.value)}"
            evidence.append(Evidence(Author.AI, level, confidence, words, tool, model))
    return evidence


def _in_trailer(trailer: Trailer, values: Mapping[str, str]) -> Iterator[Mention]:
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


@cache
def _footer() -> re.Pattern[str]:
    """Return the pattern of a footer; compiling it takes long, so it waits for a message."""
    return re.compile(
        r"[ \t*_]*(?P<sign>[^\w\s\[]{1,4}\s*)?(?:This (?:PR|pull request|commit) (?:was|is) )?"
        r"(?:Generated|Created|Made|Written|Ultraworked|Co-?authored)\s+(?:with|by|using|via)\s+(?:an?\s+)?"
        rf"(?:\[(?P<linked>{NAMES_BESIDE})\b[^\]]*\]"
        rf"|\[?(?P<named>{NAMES}(?![\w-])|{MODEL_NAME}|AI(?:\s+assistant)?)\b\]?)"
        r"(?P<rest>.*)",
        re.I,
    )


_LINKS = (
    (re.compile(r"https?://(?:www\.)?claude\.(?:com|ai)/code/session_[\w-]"), "claude", MEDIUM),
    (re.compile(r"https?://(?:www\.)?claude\.(?:com|ai)/claude-code\b"), "claude", LOW),
    (re.compile(r"https?://app\.devin\.ai/sessions/\w"), "devin", MEDIUM),
    (re.compile(r"https?://(?:www\.)?ampcode\.com/threads/T-\w"), "amp", MEDIUM),
    (re.compile(r"https?://(?:www\.)?cursor\.com/(?:agents|background-agent)\b"), "cursor", LOW),
    (re.compile(r"https?://chatgpt\.com/codex/tasks/task_\w"), "codex", MEDIUM),
    (re.compile(r"https?://jules\.google(?:\.com)?/(?:task|session)\b"), "jules", MEDIUM),
)
_MALFORMED = re.compile(rf"co-?authored-by\s+(?P<agent>{NAMES})\b", re.I)
_AIDER = re.compile(r"aider:\s", re.I)
# What may follow a name in a footer; "Made by Gemini constellation" is prose, or a person.
_ENDED = re.compile(
    r"\s*(?:$|[(\[,.;:!|*_\u2013\u2014]|https?:|v?\d|opus|sonnet|haiku|pro\b|flash|cli\b|agent\b)",
    re.I,
)


def footers(commit: Commit) -> list[Evidence]:
    """Return the evidence in the free text of a commit's message."""
    return footers_in(commit.message, f"of {commit.hash[:10]}", Level.COMMIT)


def footers_in(message: str, where: str, level: Level) -> list[Evidence]:
    """Return the evidence in the free text of a message or a description.

    where  completes the evidence: "footer of 1a2b3c"
    """
    return [
        Evidence(Author.AI, level, confidence, f"{noun} {where}: {short(quote)}", tool)
        for noun, quote, (tool, _, confidence) in _in_text(lines_of(message))
    ]


def _in_text(lines: list[str]) -> Iterator[tuple[str, str, Mention]]:
    """Yield each AI that a line names, with the noun for it and the text to quote."""
    if lines and _AIDER.match(lines[0]):
        yield "subject", lines[0], Mention("aider", None, LOW)
    for line in lines:
        footer = _footer().match(line)
        if footer and (footer["linked"] or _ENDED.match(footer["rest"])):
            name = footer["linked"] or footer["named"]
            unnamed = re.fullmatch(r"ai(?:\s+assistant)?", name, re.I) or model_in(name)
            weak = name.lower() in WORDS and not (footer["linked"] or footer["sign"])
            tool = None if unnamed else tool_named(name)
            yield "footer", line, Mention(tool, None, LOW if weak else MEDIUM)
        if malformed := _MALFORMED.match(line.strip()):
            yield "malformed trailer", line, Mention(tool_named(malformed["agent"]), None, LOW)
        for pattern, tool, confidence in _LINKS:
            if link := pattern.search(line):
                yield "link", link[0], Mention(tool, None, confidence)


detect_identities = of_commits(identities)
detect_trailers = of_commits(trailers)
detect_footers = of_commits(footers)
