"""Reads commit messages and names: normalised, cut to a bound, with the AI that they name.

An agent is named alone ("Jane (aider)") or in a notation in use for `Assisted-by`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reviewbot.authorship.agents import (
    BY_TOOL,
    NAMES,
    NAMES_BESIDE,
    WORDS,
    fits,
    model_in,
    tool_named,
)
from reviewbot.authorship.model import LOW, MEDIUM

MAX_MESSAGE = 65_536  # characters of a text that are read
MAX_LINE = 1_000  # characters of one of its lines
MAX_WORDS = 80  # characters of untrusted text that evidence quotes
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_ADDRESS = re.compile(r"[^\s<>@]{1,100}@[^\s<>@:]{1,200}")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")


class Trailer(NamedTuple):
    """`Key: value`, anywhere in a message: squashing puts trailers in its middle."""

    key: str  # lower case
    value: str


def plain(text: str) -> str:
    """Return the text in NFKC and without zero-width characters, as a reader sees it."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(_ZERO_WIDTH)).translate(_ZERO_WIDTH)


def email(text: str) -> str:
    """Return an address in the form in which addresses are compared."""
    return plain(text).strip().lower()


def lines_of(message: str) -> list[str]:
    """Return the lines that the author of a message wrote, each cut to a bound.

    Not the quoted lines ("> ..."), and no line of a revert, which repeats what it undoes.
    """
    text = plain(message).replace("\r\n", "\n")
    if text.lstrip().startswith('Revert "'):
        return []
    return [line[:MAX_LINE] for line in text.split("\n") if not line.startswith(">")]


def trailers_of(lines: Iterable[str]) -> Iterator[Trailer]:
    """Yield the trailers among the lines of a message; a line with a leading blank continues one.

    A squash puts the messages of its commits into a list, so "* " may precede a key.
    """
    key, value = "", ""
    for line in (*lines, ""):
        if key and line[:1] in (" ", "\t") and ":" not in line.partition("<")[0]:
            value = f"{value} {line.strip()}".strip()[:MAX_LINE]
            continue
        if key and value:
            yield Trailer(key, value)
        key, colon, value = line.strip(" \t").partition(":")
        key = key.removeprefix("* ").removeprefix("- ").strip(" \t").lower()
        value = value.strip()
        if not colon or not _KEY.fullmatch(key):
            key = ""


def names_and_emails(value: str) -> list[tuple[str, str]]:
    """Return each "Name <address>" in a trailer's value, or a bare address; [] without one."""
    addresses = []
    for part in value.split("<")[1:]:
        address, closing, _ = part.partition(">")
        if closing and " " not in address.strip():
            addresses.append(email(address))
    if not addresses:
        return [("", email(value))] if _ADDRESS.fullmatch(value.strip()) else []
    name = value.partition("<")[0].strip().strip('"')
    return [(name, addresses[0]), *(("", address) for address in addresses[1:])]


def short(text: str) -> str:
    """Cut untrusted text to what evidence quotes."""
    text = " ".join(text.split())
    return text if len(text) <= MAX_WORDS else text[:MAX_WORDS] + "..."


MAX_MODEL = 250  # characters, as Agent Trace allows for a model's id


class Mention(NamedTuple):
    """An AI that a text names."""

    tool: str | None
    model: str | None
    confidence: float


_NAME = re.compile(rf"@?(?P<agent>{NAMES})(?P<rest>[\s:/(\[].*)?", re.I | re.S)
_BESIDE = re.compile(rf"(?P<agent>{NAMES_BESIDE})(?P<rest>[\s:/(\[].*)?", re.I | re.S)
_SUFFIX = re.compile(r"\S\s+\((?P<inside>[^()]{1,80})\)$")
_SURNAME = re.compile(r"[A-Z][a-z]+\b")
# The text behind an agent's name if it is a model.
_MODEL = re.compile(
    r"\(|/|:|.*\d|(?:ai|agent|bot|cli|code|coder|assistant|opus|sonnet|haiku|fable|pro|flash|max|mini"
    r"|ultra|turbo|auto|chat|composer)\b",
    re.I,
)
# Linux, Documentation/process/coding-assistants.rst: AGENT:MODEL [TOOL ...]
# A hook of Tangled adds the agent's version: claude-code@2.1.281:claude-opus-5-5
_KERNEL = re.compile(
    r"(?P<agent>[\w .-]{1,60})(?:@v?\d[\w.-]{0,40})?:(?P<model>[\w.-]{1,120})(?:\s+\[?[\w.-]+\]?)*"
)
_ANY_AI = re.compile(r"(?<![\w-])(?:ai|llms?|chatbot|(?:large )?language model)(?![\w-])", re.I)
_VIA = re.compile(r"(?P<model>.+?)\s+via\s+\S+", re.I)
# Denials: at the start ("Assisted-by: n/a"), or anywhere outside of brackets: "Claude was not
# used", "AI: none"; but not "Claude Code (not the tests)".
_NO = re.compile(r"(?:false|n/?a|nil|0|-+)(?!\w)", re.I)
_DENIAL = re.compile(
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
    """Return a model's name without brackets and punctuation; None if the text names none."""
    name = text.strip().strip("/: ").strip()
    if name[:1] + name[-1:] in ("()", "[]"):
        name = name[1:-1].strip()
    return None if name.lower() in _NO_MODEL or _DENIAL.search(name) else name[:MAX_MODEL]


def by_name(name: str) -> Mention | None:
    """Read a name without an address. None if it names no known agent."""
    match = _NAME.fullmatch(name.strip())
    if match is None:
        return None
    agent, rest = match["agent"], (match["rest"] or "").strip()
    is_model = bool(rest and _MODEL.match(rest))
    # Tools may follow, as in "Claude coccinelle sparse"; "Claude Martin" may be a person.
    sure = (is_model or not _SURNAME.match(rest)) and agent.lower() not in WORDS
    model = model_named(rest) if is_model else None
    return Mention(tool_named(agent), model, MEDIUM if sure else LOW)


def by_name_beside(name: str, email: str) -> Mention | None:
    """Read a name beside an unknown address: weak evidence at most.

    An agent's name counts if the address may be the agent's. A model with its version is no
    person's name, whatever the address.
    """
    match = _BESIDE.fullmatch(name.strip())
    if match is not None:
        rest = (match["rest"] or "").strip()
        agent = BY_TOOL.get(tool_named(match["agent"]) or "")
        if agent and fits(email, agent) and (not rest or _MODEL.match(rest)):
            return Mention(agent.tool, model_named(rest), LOW)
    model = model_in(name)
    return Mention(None, model, LOW) if model else None


def by_suffix(name: str) -> Mention | None:
    """Read the end of an author's name: "Jane (aider)", "Jane (codex)", "Jane (gpt-5.2-codex)".

    People write nicknames and employers there, too: an ambiguous name counts only in lower case.
    """
    suffix = _SUFFIX.search(name)
    if suffix is None:
        return None
    inside = suffix["inside"].strip()
    if model := model_in(inside):
        return Mention(None, model, MEDIUM)
    mention = by_name(inside)
    agent = BY_TOOL.get(mention.tool or "") if mention else None
    if mention is None or agent is None or not (agent.word or agent.ambiguous):
        return mention
    return mention._replace(confidence=LOW) if inside.islower() else None


def by_notation(value: str, *, discloses: bool, any_agent: bool) -> Mention | None:
    """Read the value of a trailer that names an author without an address.

    discloses  the key is for disclosing tools: words such as "LLM" count too
    any_agent  the key is for agents: an unknown name before ":model" counts too
    """
    value = _without_denials(value.strip())
    if (kernel := _KERNEL.fullmatch(value)) and (mention := by_name(kernel["agent"])):
        return Mention(mention.tool, model_named(kernel["model"]), MEDIUM)
    if mention := by_name(value):
        return mention
    if model := model_in(value):
        return Mention(None, model, MEDIUM)
    if any_agent and kernel and re.search(r"[\d-]", kernel["model"]):  # not "Bob:thanks"
        return Mention(tool_named(kernel["agent"]), model_named(kernel["model"]), MEDIUM)
    return Mention(None, None, MEDIUM) if discloses and _ANY_AI.search(value) else None


def _without_denials(value: str) -> str:
    """Return a value without the parts that deny: "Copilot" for "Copilot, not Claude"."""
    parts = [part.strip() for part in re.split("[,;]", value, maxsplit=9)]
    kept = [p for p in parts if not _NO.match(p) and not _DENIAL.search(_BRACKETS.sub("", p))]
    return value if len(kept) == len(parts) else ", ".join(kept)


def by_answer(value: str) -> Mention | None:
    """Read the value of a key that asks whether, or by what, a machine helped.

    "yes", a tool or a model is such an answer. A tool may follow what it did: "tests only, Claude".
    """
    answer = value.strip()
    yes = _YES.match(answer)
    parts = re.split("[,;]", answer[yes.end() :] if yes else answer, maxsplit=4)
    mentions = (by_notation(part, discloses=True, any_agent=False) for part in parts)
    return next(filter(None, mentions), Mention(None, None, MEDIUM) if yes else None)


def by_pair(agent: str, model: str) -> Mention | None:
    """Read `Agent: NAME` together with `Model: NAME`; at least one of the two must be known."""
    version = model_in(model)
    match = _NAME.fullmatch(agent.strip())
    if match and (version or not match["rest"]):
        mention = by_name(agent)
        return mention and mention._replace(model=version or model_named(model))
    return Mention(None, version, LOW) if version else None


def model_beside(name: str, tool: str) -> str | None:
    """Return the model in the name before an agent's address.

    "Claude Opus 4.8" gives "Opus 4.8", "aider (openai/gpt-4o)" gives "openai/gpt-4o".
    """
    if via := _VIA.fullmatch(name):
        return model_named(via["model"])
    match = _NAME.fullmatch(name.strip())
    if match is None or tool_named(match["agent"]) != tool:
        return model_in(name)
    rest = (match["rest"] or "").strip()
    return model_named(rest) if _MODEL.match(rest) else None
