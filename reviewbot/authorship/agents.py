"""The coding agents we know: who they are in commits, and what we call them. Facts only.

Sources: the identities that the tools themselves write, as collected by git-ai, CHAOSS, aittributor
and aiblame. A vendor's bare domain is an employee, not an agent: addresses match whole or not at
all. GitHub logins and numeric ids match either way, since a login can be renamed.
"""

import re
from dataclasses import dataclass

from reviewbot.core.authors import HIGH, MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A row of the table. Addresses and logins in lower case."""

    tool: str
    aliases: tuple[str, ...] = ()  # what traces and notes call it, beside `tool`
    emails: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()  # on GitHub, "[bot]" included
    ids: tuple[int, ...] = ()  # on GitHub
    branches: tuple[str, ...] = ()  # what stands before the first "/" of a branch it makes
    confidence: float = HIGH  # of the addresses


AGENTS = (
    Agent(
        tool="claude",
        aliases=("claude-code", "claude code", "claude-web", "claude-acp"),
        emails=("noreply@anthropic.com",),
        logins=("claude[bot]", "anthropic-claude[bot]", "claude-code-action[bot]"),
        ids=(209825114, 215619710, 208546643),
        branches=("claude",),
    ),
    Agent(
        tool="copilot",
        aliases=(
            "github-copilot",
            "github copilot",
            "github-copilot-cli",
            "github-copilot-agent",
        ),
        emails=("copilot@github.com",),
        logins=(
            "copilot",
            "copilot[bot]",
            "copilot-swe-agent[bot]",
            "github-advanced-security[bot]",
        ),
        ids=(198982749, 223556219, 175728472, 167198135, 62310815),
        branches=("copilot",),
    ),
    Agent(
        tool="cursor",
        aliases=("cursor-agent", "cursor agent"),
        emails=("cursoragent@cursor.com",),
        logins=("cursor[bot]",),
        ids=(206951365,),
        branches=("cursor",),
    ),
    Agent(
        tool="codex",
        aliases=("codex-cloud", "codex-cli"),
        emails=("noreply@openai.com", "codex@openai.com"),
        logins=("chatgpt-codex-connector[bot]", "openai-codex[bot]"),
        ids=(199175422, 215057067),
        branches=("codex",),
    ),
    Agent(tool="aider", emails=("aider@aider.chat", "noreply@aider.chat"), branches=("aider",)),
    Agent(
        tool="devin",
        aliases=("devin ai",),
        logins=("devin-ai-integration[bot]",),
        ids=(158243242,),
        branches=("devin",),
    ),
    Agent(
        tool="jules",
        logins=("google-labs-jules[bot]",),
        ids=(161369871,),
        branches=("jules",),
    ),
    Agent(
        tool="gemini",
        aliases=("gemini-cli", "gemini cli"),
        emails=("gemini-cli-robot@google.com", "gemini-cli-agent@google.com"),
        logins=("gemini-code-assist[bot]", "gemini-cli[bot]"),
        ids=(176961590,),
        branches=("gemini",),
    ),
    Agent(tool="amp", emails=("amp@ampcode.com",)),
    Agent(tool="crush", emails=("crush@charm.land",)),
    Agent(tool="openhands", emails=("openhands@all-hands.dev",)),
    Agent(
        tool="droid",
        aliases=("factory",),
        logins=("factory-droid[bot]",),
        ids=(138933559,),
        branches=("factory",),
    ),
    Agent(
        tool="amazon-q",
        aliases=("amazon q", "amazon-q-developer"),
        logins=("amazon-q-developer[bot]",),
        ids=(208079219,),
    ),
    Agent(
        tool="cline",
        emails=("noreply@cline.bot",),
        logins=("cline[bot]",),
        ids=(205137888,),
        branches=("cline",),
    ),
    Agent(tool="continue", aliases=("continue-cli",), logins=("continue[bot]",), ids=(230936708,)),
    Agent(tool="cody", logins=("sourcegraph-cody[bot]",), ids=(201248094,)),
    Agent(tool="jetbrains", logins=("jetbrains-ai[bot]",), ids=(220155983,)),
    Agent(
        tool="roo",
        aliases=("roo code", "roo-code", "roo-background"),
        emails=("roomote@roocode.com",),
        logins=("roomote[bot]",),
    ),
    Agent(tool="windsurf", emails=("noreply@windsurf.com", "noreply@codeium.com")),
    Agent(tool="opencode", emails=("noreply@opencode.ai",), branches=("opencode",)),
    Agent(tool="pi", emails=("noreply@pi.dev",)),
    # People at Block commit under this address too.
    Agent(tool="goose", emails=("opensource@block.xyz",), confidence=MEDIUM),
    Agent(
        tool="lovable",
        aliases=("gpt-engineer",),
        logins=("lovable-dev[bot]", "gpt-engineer-app[bot]"),
    ),
    Agent(tool="v0", logins=("v0[bot]",)),
    Agent(
        tool="trae",
        aliases=("traeagent",),
        emails=("traeagent@users.noreply.github.com",),
    ),
    Agent(tool="posthog", aliases=("posthog code",)),
    Agent(tool="qwen", aliases=("qwen code", "qwen-code", "qwen coder", "qwen-coder")),
    Agent(tool="chatgpt"),
    Agent(tool="openai"),
    Agent(tool="deepseek"),
    Agent(tool="kiro"),
    Agent(tool="junie"),
    Agent(tool="warp"),
    Agent(tool="grok"),
    Agent(tool="kimi"),
    Agent(tool="zed"),
    Agent(tool="replit"),
)
AUTOMATION_EMAILS = frozenset(
    (
        "action@github.com",
        "actions@github.com",
        "bot@renovateapp.com",
        "renovate@whitesourcesoftware.com",
        "support@dependabot.com",
        "support@pre-commit.ci",
        "snyk-bot@snyk.io",
        "noreply@weblate.org",
        "hosted@weblate.org",
    )
)

# Names that stand for an agent where no address says who is meant.
NAMES = (
    r"(?:claude(?:[\s-]+code)?|codex|cursor(?:[\s-]+agent)?|github\s+copilot|copilot|aider"
    r"|devin(?:\s+ai)?|gemini(?:[\s-]+cli)?|jules|amp|crush|opencode|openhands|windsurf|cline"
    r"|roo(?:[\s-]+code)?|qwen(?:[\s-]+code(?:r)?)?|kiro|junie|warp|goose|droid|chatgpt\w*"
    r"|openai|deepseek|gpt-?\d[\w.]*|amazon\s+q|trae(?:agent)?|grok|kimi|zed|posthog\s+code|lovable|replit)"
)
WEAK_NAMES = frozenset(("zed", "amp", "warp", "goose", "droid", "crush"))  # words, too

BY_EMAIL = {email: agent for agent in AGENTS for email in agent.emails}
BY_LOGIN = {login: agent for agent in AGENTS for login in agent.logins}
BY_ID = {number: agent for agent in AGENTS for number in agent.ids}
BY_BRANCH = {prefix: agent for agent in AGENTS for prefix in agent.branches}
_BY_NAME = {name: agent.tool for agent in AGENTS for name in (agent.tool, *agent.aliases)}
_GITHUB = re.compile(
    r"(?:(\d{1,12})\+)?([a-z0-9-]{1,60}(?:\[bot\])?)@users\.noreply\.github\.com", re.I
)
MOST_NAME = 64


def tool_named(name: str) -> str | None:
    """Return what we call the tool that somebody calls `name`; their word where we know no other.

    None for nothing, and for words that stand for nothing.
    """
    plain = " ".join(name.lower().split())
    if plain in ("", "unknown", "none", "auto"):
        return None
    if plain.startswith(("chatgpt", "gpt")):
        return "chatgpt"
    return _BY_NAME.get(plain, plain[:MOST_NAME])


def agent_of(email: str) -> Agent | None:
    """Return the agent that commits under this address; None for people and other bots."""
    if (found := BY_EMAIL.get(email)) is not None:
        return found
    match = _GITHUB.fullmatch(email)
    if match is None:
        return None
    number, login = match.groups()
    return (BY_ID.get(int(number)) if number else None) or BY_LOGIN.get(login.lower())


def is_automation(email: str) -> bool:
    """Tell whether the address is a bot's that writes no code of its own, as far as we know."""
    match = _GITHUB.fullmatch(email)
    return email in AUTOMATION_EMAILS or (match is not None and match[2].lower().endswith("[bot]"))
