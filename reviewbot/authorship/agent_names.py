"""An agent named by a name alone, or by one of the notations in use for `Assisted-by`."""

import re
from typing import NamedTuple

from reviewbot.authorship.agent_tables.models import model_in
from reviewbot.authorship.agents import BY_TOOL, NAMES, NAMES_BESIDE, WEAK_NAMES, fits, tool_named
from reviewbot.authorship.model import LOW, MEDIUM

MAX_MODEL = 250  # characters, as Agent Trace allows for a model's id


class Named(NamedTuple):
    """What a name says."""

    tool: str | None
    model: str | None
    confidence: float


_NAME = re.compile(rf"@?(?P<agent>{NAMES})(?P<rest>[\s:/(\[].*)?", re.I | re.S)
_BESIDE = re.compile(rf"(?P<agent>{NAMES_BESIDE})(?P<rest>[\s:/(\[].*)?", re.I | re.S)
_SUFFIX = re.compile(r"\S\s+\((?P<inside>[^()]{1,80})\)$")
_SURNAME = re.compile(r"[A-Z][a-z]+\b")
# What follows an agent's name where a model is meant.
_MODEL = re.compile(
    r"\(|/|:|.*\d|(?:ai|agent|bot|cli|code|coder|assistant|opus|sonnet|haiku|fable|pro|flash|max|mini"
    r"|ultra|turbo|auto|chat|composer)\b",
    re.I,
)
# Linux, Documentation/process/coding-assistants.rst: AGENT:MODEL [TOOL ...]
# A hook of Tangled writes the agent's version, too: claude-code@2.1.281:claude-opus-5-5
_KERNEL = re.compile(
    r"(?P<agent>[\w .-]{1,60})(?:@v?\d[\w.-]{0,40})?:(?P<model>[\w.-]{1,120})(?:\s+\[?[\w.-]+\]?)*"
)
_ANY = re.compile(r"(?<![\w-])(?:ai|llms?|chatbot|(?:large )?language model)(?![\w-])", re.I)
_VIA = re.compile(r"(?P<model>.+?)\s+via\s+\S+", re.I)
# Answers that deny it: "Assisted-by: none", "AI-assisted: no, typed by hand".
_NO = re.compile(r"(?:false|n/?a|nil|0|-+)(?!\w)", re.I)  # at the start
# Anywhere, but in brackets: "Claude was not used", "AI: none"; not "Claude Code (not the tests)".
_DENIED = re.compile(
    r"\b(?:no|none(?! other)|not(?! only)|never|nothing(?! but)|nobody|without|zero)\b|n['’]t\b"
    r"|\b0\s?%",
    re.I,
)
_BRACKETS = re.compile(r"\([^()]*\)|\[[^][]*\]")
_YES = re.compile(
    r"(?:true|yes|y|on|partly|partially|mostly|fully|some|heavily|lightly|[1-9]\d?\s?%|100\s?%)"
    r"(?!\w)(?!\s*[/|])[\s,:;(-]*",
    re.I,
)
_NO_MODEL = frozenset(("", "auto", "unknown", "none", "agent", "ai", "bot", "cli", "code"))


def model_named(text: str) -> str | None:
    """Return a model's name without what surrounds it; None where the words name none."""
    found = text.strip().strip("/: ").strip()
    if found[:1] + found[-1:] in ("()", "[]"):
        found = found[1:-1].strip()
    return None if found.lower() in _NO_MODEL or _DENIED.search(found) else found[:MAX_MODEL]


def _denies(value: str) -> bool:
    return bool(_NO.match(value) or _DENIED.search(_BRACKETS.sub("", value)))


def _affirmed(value: str) -> str:
    """Return a value without those of its parts that deny: of "Copilot, not Claude", the first."""
    parts = [part.strip() for part in re.split("[,;]", value, maxsplit=9)]
    kept = [part for part in parts if not _denies(part)]
    return value if len(kept) == len(parts) else ", ".join(kept)


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
    return Named(tool, model, MEDIUM if sure else LOW)


def by_name_beside(name: str, email: str) -> Named | None:
    """Read a name beside an address that we do not know: weak evidence at most.

    An agent's name counts where the address may be the agent's. The name of a model with its
    version is no person's, whatever the address.
    """
    match = _BESIDE.fullmatch(name.strip())
    if match is not None:
        rest = (match["rest"] or "").strip()
        agent = BY_TOOL.get(tool_named(match["agent"]) or "")
        if agent and fits(email, agent) and (not rest or _MODEL.match(rest)):
            return Named(agent.tool, model_named(rest), LOW)
    model = model_in(name)
    return Named(None, model, LOW) if model else None


def by_suffix(name: str) -> Named | None:
    """Read what an author's name ends in: "Jane (aider)", "Jane (codex)", "Jane (gpt-5.2-codex)".

    People write nicknames and employers there, too: such a word counts only in lower case.
    """
    suffix = _SUFFIX.search(name)
    if suffix is None:
        return None
    inside = suffix["inside"].strip()
    if model := model_in(inside):
        return Named(None, model, MEDIUM)
    seen = by_name(inside)
    agent = BY_TOOL.get(seen.tool or "") if seen else None
    if seen is None or agent is None or not (agent.word or agent.ambiguous):
        return seen
    return seen._replace(confidence=LOW) if inside.islower() else None


def by_notation(value: str, *, discloses: bool, any_agent: bool) -> Named | None:
    """Read what stands behind a trailer that names an author, without an address.

    discloses  the key is for disclosing tools: words such as "LLM" count too
    any_agent  the key is for agents: an unknown name before ":model" counts too
    """
    value = _affirmed(value.strip())
    if (kernel := _KERNEL.fullmatch(value)) and (seen := by_name(kernel["agent"])):
        return Named(seen.tool, model_named(kernel["model"]), MEDIUM)
    if seen := by_name(value):
        return seen
    if model := model_in(value):
        return Named(None, model, MEDIUM)
    if any_agent and kernel and re.search(r"[\d-]", kernel["model"]):  # "Bob:thanks" names none
        return Named(tool_named(kernel["agent"]), model_named(kernel["model"]), MEDIUM)
    return Named(None, None, MEDIUM) if discloses and _ANY.search(value) else None


def by_answer(value: str) -> Named | None:
    """Read what stands behind a key that asks whether, or by what, a machine helped.

    "yes", a tool or a model is an answer; "no" is, too, and any other words are not. A tool may
    stand behind what it did: "tests only, Claude".
    """
    answer = value.strip()
    yes = _YES.match(answer)
    parts = re.split("[,;]", answer[yes.end() :] if yes else answer, maxsplit=4)
    named = (by_notation(part, discloses=True, any_agent=False) for part in parts)
    return next(filter(None, named), Named(None, None, MEDIUM) if yes else None)


def by_pair(agent: str, model: str) -> Named | None:
    """Read `Agent: NAME` together with `Model: NAME`: one of them must be one that we know."""
    version = model_in(model)
    match = _NAME.fullmatch(agent.strip())
    if match and (version or not match["rest"]):
        seen = by_name(agent)
        return seen and seen._replace(model=version or model_named(model))
    return Named(None, version, LOW) if version else None


def model_beside(name: str, tool: str) -> str | None:
    """Return the model in the name that stands before an agent's address.

    "Claude Opus 4.8" gives "Opus 4.8", "aider (openai/gpt-4o)" gives "openai/gpt-4o".
    """
    if via := _VIA.fullmatch(name):
        return model_named(via["model"])
    seen = _NAME.fullmatch(name.strip())
    if seen is None or tool_named(seen["agent"]) != tool:
        return model_in(name)
    rest = (seen["rest"] or "").strip()
    return model_named(rest) if _MODEL.match(rest) else None
