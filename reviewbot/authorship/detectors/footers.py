"""Footers that agents write under a message, links to sessions, and a malformed trailer.

Prose that only mentions a tool is no evidence: "update the claude variable".
"""

import re
from collections.abc import Iterator

from reviewbot.authorship.agent_names import Mention
from reviewbot.authorship.agent_tables.models import PATTERN, model_in
from reviewbot.authorship.agents import NAMES, NAMES_BESIDE, WORDS, tool_named
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


def judge(commit: Commit) -> list[Evidence]:
    """Return the evidence in the free text of a commit's message."""
    return footers_in(commit.message, f"of {commit.hash[:10]}", Level.COMMIT)


def footers_in(message: str, where: str, level: Level) -> list[Evidence]:
    """Return the evidence in the free text of a message or a description.

    where  completes the evidence: "footer of 1a2b3c"
    """
    return [
        Evidence(Author.AI, level, confidence, f"{noun} {where}: {short(quote)}", tool)
        for noun, quote, (tool, _, confidence) in _mentions(lines_of(message))
    ]


def _mentions(lines: list[str]) -> Iterator[tuple[str, str, Mention]]:
    """Yield each AI that a line names, with the noun for it and the text to quote."""
    if lines and _AIDER.match(lines[0]):
        yield "subject", lines[0], Mention("aider", None, LOW)
    for line in lines:
        footer = _FOOTER.match(line)
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
