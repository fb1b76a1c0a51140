"""An agent named by a name alone, or by one of the notations in use for `Assisted-by`."""

import re
from typing import NamedTuple

from reviewbot.authorship.agents import NAMES, WEAK_NAMES, tool_named
from reviewbot.core.authors import LOW, MEDIUM

MOST_MODEL = 250  # characters, as Agent Trace allows for a model's id


class Named(NamedTuple):
    """What a name says."""

    tool: str | None
    model: str | None
    confidence: float


_NAME = re.compile(rf"@?(?P<agent>{NAMES})(?P<rest>[\s:/(].*)?", re.I | re.S)
_SURNAME = re.compile(r"[A-Z][a-z]+\b")
# What follows an agent's name where a model is meant.
_MODEL = re.compile(
    r"\(|/|:|.*\d|(?:ai|agent|bot|cli|code|coder|assistant|opus|sonnet|haiku|fable|pro|flash|max|mini"
    r"|ultra|turbo|auto|chat|composer)\b",
    re.I,
)
# Linux, Documentation/process/coding-assistants.rst: AGENT:MODEL [TOOL ...]
_KERNEL = re.compile(r"(?P<agent>[\w .-]{1,60}):(?P<model>[\w.-]{1,120})(?:\s+\[?[\w.-]+\]?)*")
_ANY = re.compile(r"(?<![\w-])(?:ai|llms?|chatbot|(?:large )?language model)(?![\w-])", re.I)
_VIA = re.compile(r"(?P<model>.+?)\s+via\s+\S+", re.I)
_NO_MODEL = frozenset(("", "auto", "unknown", "none"))


def model_named(text: str) -> str | None:
    """Return a model's name without what surrounds it; None where the words name none."""
    found = text.strip().strip("/: ").strip()
    if found.startswith("(") and found.endswith(")"):
        found = found[1:-1].strip()
    return None if found.lower() in _NO_MODEL else found[:MOST_MODEL]


def by_name(name: str) -> Named | None:
    """Read a name that no address explains. None where it names no agent we know."""
    match = _NAME.fullmatch(name.strip())
    if match is None:
        return None
    agent, rest = match["agent"], (match["rest"] or "").strip()
    tool = tool_named(agent)
    looks_like_model = bool(rest and _MODEL.match(rest))
    # Tools may follow, as in "Claude coccinelle sparse"; "Claude Martin" may be a person.
    sure = (looks_like_model or not _SURNAME.match(rest)) and agent.lower() not in WEAK_NAMES
    model = model_named(rest) if looks_like_model else None
    if model is None and agent.lower().startswith("gpt"):
        model = agent
    return Named(tool, model, MEDIUM if sure else LOW)


def by_notation(value: str, *, discloses: bool, any_agent: bool) -> Named | None:
    """Read what stands behind a trailer that names an author, without an address.

    discloses  the key is for disclosing tools: words such as "LLM" count too
    any_agent  the key is for agents: an unknown name before ":model" counts too
    """
    value = value.strip()
    if (kernel := _KERNEL.fullmatch(value)) and (seen := by_name(kernel["agent"])):
        return Named(seen.tool, model_named(kernel["model"]), MEDIUM)
    if seen := by_name(value):
        return seen
    if any_agent and kernel and re.search(r"[\d-]", kernel["model"]):  # "Bob:thanks" names none
        return Named(tool_named(kernel["agent"]), model_named(kernel["model"]), MEDIUM)
    return Named(None, None, MEDIUM) if discloses and _ANY.search(value) else None


def model_beside(name: str, tool: str) -> str | None:
    """Return the model in the name that stands before an agent's address.

    "Claude Opus 4.8" gives "Opus 4.8", "aider (openai/gpt-4o)" gives "openai/gpt-4o".
    """
    if via := _VIA.fullmatch(name):
        return model_named(via["model"])
    seen = _NAME.fullmatch(name.strip())
    if seen is None or tool_named(seen["agent"]) != tool:
        return None
    rest = (seen["rest"] or "").strip()
    return model_named(rest) if _MODEL.match(rest) else None
