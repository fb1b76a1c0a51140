"""Every agent we know, by what it leaves in a commit, and who is none. Each vector has a source."""

import json
from pathlib import Path
from typing import Any

import pytest

from reviewbot.authorship.agents import AGENTS
from reviewbot.authorship.history import Identity
from reviewbot.authorship.model import HIGH, Author
from tests.authorship.repos import Repo, authors
from tests.authorship.test_commits import DEV, judged

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "agents.json").read_text(encoding="utf-8")
)
MARKS = [vector for vector in VECTORS if vector.get("ai", True)]
NONE = [vector for vector in VECTORS if not vector.get("ai", True)]


def read(vector: dict[str, Any]) -> tuple[str, Identity]:
    name, _, address = vector.get("author", "").partition(" <")
    author = Identity(name, address.removesuffix(">")) if name else DEV
    return f"Fix\n\n{vector.get('trailer', '')}", author


def said(vector: dict[str, Any]) -> str:
    return str(vector.get("trailer") or vector["author"])


@pytest.mark.parametrize("vector", MARKS, ids=said)
def test_what_an_agent_leaves_names_it(vector: dict[str, Any]) -> None:
    found = judged(*read(vector))

    expected = (vector["tool"], vector.get("model"), vector.get("confidence", HIGH))
    assert found.kind is Author.AI
    assert (found.tool, found.model, found.confidence) == expected


@pytest.mark.parametrize("vector", NONE, ids=said)
def test_people_and_other_words_are_no_agent(vector: dict[str, Any]) -> None:
    assert judged(*read(vector)).kind is Author.UNKNOWN


def test_at_least_thirty_agents_have_a_vector_and_everything_has_a_source() -> None:
    sure = {vector["tool"] for vector in MARKS if "confidence" not in vector}

    assert len(sure) >= 30
    assert sure <= {agent.tool for agent in AGENTS}
    assert all(agent.source.strip() for agent in AGENTS)
    assert all(vector["source"].strip() for vector in VECTORS)


def test_the_tables_agree_with_themselves() -> None:
    for field in ("emails", "logins", "ids", "branches"):
        marks = [mark for agent in AGENTS for mark in getattr(agent, field)]
        assert len(marks) == len(set(marks)), field
    texts = [
        t for a in AGENTS for t in (*a.names, *a.weak_names, *a.emails, *a.logins, *a.branches)
    ]
    assert [text for text in texts if text != text.lower()] == []
    tools = [agent.tool for agent in AGENTS]
    assert len(tools) == len(set(tools))


def test_agents_and_disclosures_in_a_real_repository(repo: Repo) -> None:
    rabbit = ("coderabbitai[bot]", "136622811+coderabbitai[bot]@users.noreply.github.com")
    repo.commit("x\n\nCo-Authored-By: Oz <oz-agent@warp.dev>", {"b.py": "a\n"})
    repo.commit("Apply fixes", {"c.py": "a\n"}, author=rabbit)
    repo.commit("x\n\nAssisted-by: Google/gemini-3-pro", {"d.py": "a\n"})
    repo.commit("x", {"e.py": "a\n"}, author=("Jane (codex)", "jane@example.org"))
    repo.commit("x", {"f.py": "a\n"}, author=("Kimi", "noreply@ci.example.org"))
    repo.commit("x\n\nAI-assisted: no", {"g.py": "a\n"}, author=("Jules", "jules@example.fr"))

    found = [(a["kind"], a["tool"], a["confidence"]) for a in authors(repo).values()]

    assert found == [
        ("ai", "warp", 0.9),
        ("ai", "coderabbit", 0.9),
        ("ai", None, 0.6),
        ("ai", "codex", 0.6),
        ("ai", "kimi", 0.3),
        ("unknown", None, 0.0),
    ]
