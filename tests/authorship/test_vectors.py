"""What commits of agents, people and other bots leave, and how it is judged.

`vectors.json` and `agents.json` are the promise: each row is a message or an author with its
source. A row of `agents.json` without "confidence" is judged with a high one.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from reviewbot.authorship.agents import AGENTS
from reviewbot.authorship.detectors.commits import footers, identities, trailers
from reviewbot.authorship.model import HIGH, MEDIUM, UNKNOWN, Attribution, Author, Commit, Identity
from reviewbot.authorship.resolve import resolve
from tests.cpu import cpu_seconds

FOLDER = Path(__file__).parent
DEV = Identity("Dev", "dev@example.com")
VECTORS: list[dict[str, Any]] = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))
AGENT_VECTORS: list[dict[str, Any]] = json.loads(
    (FOLDER / "agents.json").read_text(encoding="utf-8")
)
MARKS = [vector for vector in AGENT_VECTORS if vector.get("ai", True)]
NO_MARKS = [vector for vector in AGENT_VECTORS if not vector.get("ai", True)]


def judged(
    message: str = "Fix", author: Identity = DEV, committer: Identity | None = None
) -> Attribution:
    commit = Commit("a" * 40, (), author, committer or author, message)
    return resolve((*identities(commit), *trailers(commit), *footers(commit)))


def judged_vector(vector: dict[str, Any]) -> Attribution:
    name, _, address = vector.get("author", "").partition(" <")
    author = Identity(name, address.removesuffix(">")) if name else DEV
    return judged(vector.get("message", f"Fix\n\n{vector.get('trailer', '')}"), author)


def text_of(vector: dict[str, Any]) -> str:
    return str(vector.get("trailer") or vector.get("message") or vector["author"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_vector_is_judged_rightly(vector: dict[str, Any]) -> None:
    found = judged(vector["message"], Identity(vector["author_name"], vector["author_email"]))

    assert (found.kind is Author.AI) == vector["ai"]
    assert found.kind is not Author.HUMAN  # no mark makes a human
    assert bool(found.evidence) == (found.kind is not Author.UNKNOWN)


@pytest.mark.parametrize("vector", MARKS, ids=text_of)
def test_what_an_agent_leaves_names_it(vector: dict[str, Any]) -> None:
    found = judged_vector(vector)

    expected = (vector["tool"], vector.get("model"), vector.get("confidence", HIGH))
    assert found.kind is Author.AI
    assert (found.tool, found.model, found.confidence) == expected


@pytest.mark.parametrize("vector", NO_MARKS, ids=text_of)
def test_people_and_other_words_are_no_agent(vector: dict[str, Any]) -> None:
    assert judged_vector(vector) == UNKNOWN


def test_the_vectors_are_all_there_and_have_sources() -> None:
    sure = {vector["tool"] for vector in MARKS if "confidence" not in vector}

    assert (len(VECTORS), sum(vector["ai"] for vector in VECTORS)) == (44, 30)
    assert len(AGENT_VECTORS) == 224
    assert len(sure) >= 30
    assert sure <= {agent.tool for agent in AGENTS}
    assert all(agent.source.strip() for agent in AGENTS)
    assert all(vector["source"].strip() for vector in AGENT_VECTORS)


def test_the_tables_name_nothing_twice_and_in_lower_case() -> None:
    for field in ("emails", "logins", "ids", "branches"):
        marks = [mark for agent in AGENTS for mark in getattr(agent, field)]
        assert len(marks) == len(set(marks)), field
    for agent in AGENTS:
        texts = (*agent.names, *agent.weak_names, *agent.emails, *agent.logins, *agent.branches)
        assert [text for text in texts if text != text.lower()] == []
    tools = [agent.tool for agent in AGENTS]
    assert len(tools) == len(set(tools))


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


def test_a_deployment_of_replit_is_no_agent_even_with_a_session() -> None:
    message = "x\n\nReplit-Commit-Author: Deployment\nReplit-Commit-Session-Id: 7"

    assert judged(message) == UNKNOWN


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


def test_a_megabyte_of_message_is_cut_and_read_in_no_time() -> None:
    lines = "Co-authored-by: " + "a" * 400 + " " * 400 + "<" * 400 + "\n"
    hostile = lines * 1_000 + "Assisted-by: " + ":".join("a b" for _ in range(50_000))
    start = cpu_seconds()

    found = judged(hostile)

    assert cpu_seconds() - start < 1
    assert found.kind is Author.UNKNOWN
