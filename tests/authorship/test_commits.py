"""What the signals of a commit say, on the vectors that real tools' commits gave us."""

import json
from pathlib import Path
from typing import Any

import pytest

from reviewbot.authorship.detectors import footers, identities, trailers
from reviewbot.authorship.history import Commit, Identity
from reviewbot.authorship.model import HIGH, LOW, MEDIUM, Attribution, Author
from reviewbot.authorship.resolve import resolve
from tests.cpu import cpu_seconds

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "vectors.json").read_text(encoding="utf-8")
)
DEV = Identity("Dev", "dev@example.com")


def judged(
    message: str = "Fix", author: Identity = DEV, committer: Identity | None = None
) -> Attribution:
    commit = Commit("a" * 40, (), author, committer or author, message)
    return resolve((*identities.judge(commit), *trailers.judge(commit), *footers.judge(commit)))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_vector_is_read_rightly(vector: dict[str, Any]) -> None:
    found = judged(vector["message"], Identity(vector["author_name"], vector["author_email"]))

    assert (found.kind is Author.AI) == vector["ai"]
    assert found.kind is not Author.HUMAN  # no marker makes a human
    assert bool(found.evidence) == (found.kind is not Author.UNKNOWN)


def test_the_vectors_are_all_there() -> None:
    assert len(VECTORS) == 44
    assert sum(vector["ai"] for vector in VECTORS) == 30


@pytest.mark.parametrize(
    ("message", "tool", "model", "confidence"),
    [
        (
            "x\n\nCo-Authored-By: Claude Opus 4.8 (1M context) <noreply@anthropic.com>",
            "claude",
            "Opus 4.8 (1M context)",
            HIGH,
        ),
        (
            "x\n\nCo-authored-by: aider (openai/gpt-4o) <aider@aider.chat>",
            "aider",
            "openai/gpt-4o",
            HIGH,
        ),
        (
            "x\n\nAssisted-by: Claude:claude-3-opus coccinelle sparse",
            "claude",
            "claude-3-opus",
            MEDIUM,
        ),
        ("x\n\nAssisted-by: Codex:gpt-5 [sparse]", "codex", "gpt-5", MEDIUM),
        ("x\n\nAssisted-by: MiniMax-M3 via Crush <crush@charm.land>", "crush", "MiniMax-M3", HIGH),
        ("x\n\nAssisted-by: Crush:MiniMax-M3", "crush", "MiniMax-M3", MEDIUM),
        ("x\n\nAssisted-by: Claude Code / claude-opus-4.6", "claude", "claude-opus-4.6", MEDIUM),
        ("x\n\nAssisted-by: Copilot (GPT-5.4)", "copilot", "GPT-5.4", MEDIUM),
        ("x\n\nAssisted-by: Copilot:auto", "copilot", None, MEDIUM),
        ("x\n\nAssisted-by: generic LLM chatbot", None, None, MEDIUM),
        ("x\n\nAssisted-by: Cursor [sparse] smatch", "cursor", None, MEDIUM),
        ("x\n\nGenerated-By: PostHog Code", "posthog", None, MEDIUM),
        ("x\n\nEntire-Agent: Claude Code", "claude", None, MEDIUM),
        ("x\n\nReplit-Commit-Author: Agent", "replit", None, HIGH),
        ("x\n\nReplit-Commit-Author: Assistant", "replit", None, LOW),
        ("x\n\nCodex-Session: 0199", "codex", None, HIGH),
        ("💘 Generated with Crush", "crush", None, MEDIUM),
        ("x\n\n🤖 Generated with [Claude Code](https://claude.ai/code)", "claude", None, MEDIUM),
        ("x\n\nGenerated with [Devin](https://cli.devin.ai/docs)", "devin", None, MEDIUM),
        ("x\n\nhttps://app.devin.ai/sessions/0af", "devin", None, MEDIUM),
        ("aider: add a test", "aider", None, LOW),
        ("x\n\nCo-authored-by: Claude Martin", "claude", None, LOW),
    ],
)
def test_tool_model_and_strength(
    message: str, tool: str | None, model: str | None, confidence: float
) -> None:
    found = judged(message)

    assert found.kind is Author.AI
    assert (found.tool, found.model, found.confidence) == (tool, model, confidence)


@pytest.mark.parametrize(
    "message",
    [
        "x\n\nGenerated-by: protoc:3.21",
        "x\n\nGenerated-by: openapi-generator 7.1",
        "x\n\nMade with Amplitude",
        "x\n\nWritten by Jules Verne",
        "x\n\nReplit-Commit-Author: Deployment\nReplit-Commit-Session-Id: 7",
        "x\n\nCo-authored-by: Codex <codex@example.com>",
        "x\n\nSigned-off-by: Claude <noreply@anthropic.com>",
        "x\n\n> Co-Authored-By: Claude <noreply@anthropic.com>",
        'Revert "x"\n\nCo-Authored-By: Claude <noreply@anthropic.com>',
        "x\n\nEntire-Checkpoint: not twelve digits",
        "x\n\nAi-assisted: false",
        "x\n\nCo-authored-by: Devin Smith <devin.smith@example.org>",
        "x\n\nCo-authored-by: Bob <1+claude-fan@users.noreply.github.com>",
    ],
)
def test_what_is_no_evidence(message: str) -> None:
    assert judged(message) == resolve(())


@pytest.mark.parametrize(
    ("author", "tool"),
    [
        (Identity("Claude", "noreply@anthropic.com"), "claude"),
        (Identity("x", "1+Copilot@users.noreply.github.com"), "copilot"),
        (Identity("x", "198982749+renamed@users.noreply.github.com"), "copilot"),
        (Identity("x", "NoReply@Anthropic.com"), "claude"),
        (Identity("x", "208546643+claude-code-action[bot]@users.noreply.github.com"), "claude"),
        (Identity("Dev (aider)", "dev@example.com"), "aider"),
        (Identity("Cl\u200baude", "norep\u200bly@anthropic.com"), "claude"),
    ],
)
def test_an_agent_is_known_by_its_address_its_login_or_its_number(
    author: Identity, tool: str
) -> None:
    found = judged(author=author)

    assert (found.kind, found.tool, found.confidence) == (Author.AI, tool, HIGH)


@pytest.mark.parametrize(
    "author",
    [
        Identity("Claude Martin", "c@x.fr"),
        Identity("Devin", "devin@x.org"),
        Identity("Someone", "someone@anthropic.com"),
        Identity("Copilot", "copilot@example.org"),
        Identity("x", "x@users.noreply.github.com.evil.org"),
    ],
)
def test_a_name_never_makes_an_agent_of_a_person_with_an_address(author: Identity) -> None:
    assert judged(author=author).kind is Author.UNKNOWN


def test_a_committer_that_is_an_agent_counts_but_aider_there_committed_a_human_edit() -> None:
    agent = judged(committer=Identity("Cursor", "cursoragent@cursor.com"))
    aider = judged(author=DEV, committer=Identity("Dev (aider)", "dev@example.com"))

    assert (agent.kind, agent.tool, agent.confidence) == (Author.AI, "cursor", MEDIUM)
    assert aider.kind is Author.UNKNOWN


def test_a_commit_by_an_agent_whose_co_author_is_a_person_is_the_agents() -> None:
    copilot = Identity("copilot-swe-agent[bot]", "198982749+Copilot@users.noreply.github.com")

    found = judged("Fix\n\nCo-authored-by: Jane <jane@example.org>", copilot)

    assert (found.kind, found.tool) == (Author.AI, "copilot")


@pytest.mark.parametrize(
    "address",
    [
        "49699333+dependabot[bot]@users.noreply.github.com",
        "41898282+github-actions[bot]@users.noreply.github.com",
        "unheard-of[bot]@users.noreply.github.com",
        "bot@renovateapp.com",
    ],
)
def test_other_bots_are_automation(address: str) -> None:
    assert judged(author=Identity("bot", address)).kind is Author.AUTOMATION


def test_a_squash_that_lists_five_agents_is_ai_of_no_single_tool() -> None:
    agents = (
        "Claude <noreply@anthropic.com>",
        "Cursor <cursoragent@cursor.com>",
        "Copilot <copilot@github.com>",
        "Amp <amp@ampcode.com>",
        "openhands <openhands@all-hands.dev>",
    )
    body = "\n".join(f"* step\n\nCo-authored-by: {agent}" for agent in agents)

    found = judged(f"Squash (#7)\n\n{body}\n\n* last words")

    assert (found.kind, found.tool, found.confidence) == (Author.AI, None, HIGH)
    assert len(found.evidence) == 5


def test_a_megabyte_of_message_is_read_in_no_time_and_cut() -> None:
    lines = "Co-authored-by: " + "a" * 400 + " " * 400 + "<" * 400 + "\n"
    hostile = lines * 1_000 + "Assisted-by: " + ":".join("a b" for _ in range(50_000))
    start = cpu_seconds()

    found = judged(hostile)

    assert cpu_seconds() - start < 1
    assert found.kind is Author.UNKNOWN
