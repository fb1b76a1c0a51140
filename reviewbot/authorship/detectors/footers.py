"""What agents write under a message in words: footers, links to sessions, a malformed trailer.

Prose that only mentions a tool is no evidence: "update the claude variable".
"""

import re

from reviewbot.authorship.agent_tables.models import PATTERN, model_in
from reviewbot.authorship.agents import NAMES, NAMES_BESIDE, WEAK_NAMES, tool_named
from reviewbot.authorship.history import Commit
from reviewbot.authorship.message_text import lines_of, short
from reviewbot.authorship.model import LOW, MEDIUM, Author, Evidence, Level

_FOOTER = re.compile(
    r"[ \t*_]*(?P<sign>[^\w\s\[]{1,4}\s*)?(?:This (?:PR|pull request|commit) (?:was|is) )?"
    r"(?:Generated|Created|Made|Written|Ultraworked|Co-?authored)\s+(?:with|by|using|via)\s+(?:an?\s+)?"
    rf"(?:\[(?P<linked>{NAMES_BESIDE})\b[^\]]*\]"
    rf"|\[?(?P<named>{NAMES}(?![\w-])|{PATTERN}|AI(?:\s+assistant)?)\b\]?)"
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
    """Return what the free text of a commit's message says."""
    return footers_in(commit.message, f"of {commit.hash[:10]}", Level.COMMIT)


def footers_in(message: str, where: str, level: Level) -> list[Evidence]:
    """Return what the free text of a message or a description says.

    where  completes the evidence: "footer of 1a2b3c"
    """
    lines = lines_of(message)
    found = []

    def say(kind: str, line: str, tool: str | None, confidence: float) -> None:
        words = f"{kind} {where}: {short(line)}"
        found.append(Evidence(Author.AI, level, confidence, words, tool))

    if lines and _AIDER.match(lines[0]):
        say("subject", lines[0], "aider", LOW)
    for line in lines:
        if footer := _FOOTER.match(line):
            named = footer["linked"] or footer["named"]
            if footer["linked"] or _ENDED.match(footer["rest"]):
                any_ai = re.fullmatch(r"ai(?:\s+assistant)?", named, re.I)
                weak = named.lower() in WEAK_NAMES and not (footer["linked"] or footer["sign"])
                sure = LOW if weak else MEDIUM
                tool = None if any_ai or model_in(named) else tool_named(named)
                say("footer", line, tool, sure)
        if malformed := _MALFORMED.match(line.strip()):
            say("malformed trailer", line, tool_named(malformed["agent"]), LOW)
        for pattern, tool, confidence in _LINKS:
            if link := pattern.search(line):
                say("link", link[0], tool, confidence)
    return found
