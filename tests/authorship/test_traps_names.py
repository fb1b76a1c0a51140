"""Names, trailers and marks that peers misread, each on a real git repository."""

from tests.authorship.repos import CLAUDE, Repo, authors, kinds


def test_trailers_behind_full_width_colons_and_zero_width_letters(repo: Repo) -> None:
    repo.commit("x\n\nCo-Authored-By\uff1aClaude <noreply@anthropic.com>", {"b.py": "a\n"})
    repo.commit("y\n\nCo-Authored-By: Cla\u200bude <noreply@anthropic.com>", {"c.py": "a\n"})

    assert kinds(repo) == ["ai", "ai"]


def test_a_person_named_claude(repo: Repo) -> None:
    repo.commit("x", {"b.py": "a\n"}, author=("Claude", "claude@example.fr"))
    repo.commit("y\n\nCo-Authored-By: Claude Martin <c@x.fr>", {"c.py": "a\n"})

    assert kinds(repo) == ["unknown", "unknown"]


def test_copilots_commit_whose_co_author_is_the_human(repo: Repo) -> None:
    copilot = ("copilot-swe-agent[bot]", "198982749+Copilot@users.noreply.github.com")
    repo.commit("x\n\nCo-authored-by: Jane <jane@example.org>", {"b.py": "a\n"}, author=copilot)

    (found,) = authors(repo).values()

    assert (found["kind"], found["tool"]) == ("ai", "copilot")


def test_aider_as_committer_only(repo: Repo) -> None:
    aider = ("Dev (aider)", "dev@example.com")
    repo.commit("typed by a person", {"b.py": "a\n"}, committer=aider)
    repo.commit("by aider", {"c.py": "a\n"}, author=aider, committer=aider)

    assert kinds(repo) == ["unknown", "ai"]


def test_replit_deployment(repo: Repo) -> None:
    repo.commit("x\n\nReplit-Commit-Author: Deployment", {"b.py": "a\n"})
    repo.commit("y\n\nReplit-Commit-Author: Agent", {"c.py": "a\n"})

    assert kinds(repo) == ["unknown", "ai"]


def test_entires_trailer_on_a_humans_commit_is_ai_but_not_for_sure(repo: Repo) -> None:
    repo.commit("x\n\nEntire-Checkpoint: a3b2c4d5e6f7", {"b.py": "a\n"})

    (found,) = authors(repo).values()

    assert (found["kind"], found["confidence"]) == ("ai", 0.6)


def test_blank_lines_are_as_their_neighbours_where_both_were_added_and_agree(repo: Repo) -> None:
    repo.commit(f"AI\n\n{CLAUDE}", {"b.py": "\na\n\nb\n"})
    repo.commit("mine", {"b.py": "\na\n\nb\n\t\nc\n\n"})

    found = authors(repo)

    assert [a["kind"] for a in found.values()] == [
        "unknown",
        "ai",
        "ai",
        "ai",
        "unknown",
        "unknown",
        "unknown",
    ]
    assert found["b.py", 3]["evidence"] == ["blank, as the lines around it"]


def test_the_mailmap_of_a_change_cannot_make_a_person_of_an_agent(repo: Repo) -> None:
    agent = ("Claude", "noreply@anthropic.com")
    mailmap = "Jane <jane@example.org> <noreply@anthropic.com>\n"
    repo.commit("x", {"b.py": "a\n", ".mailmap": mailmap}, author=agent)

    assert kinds(repo) == ["ai", "ai"]


def test_a_change_cannot_have_its_own_commits_passed_over(repo: Repo) -> None:
    commit = repo.commit(f"AI\n\n{CLAUDE}", {"a.py": "ONE = 1\ntwo = 2\nthree = 3\n"})
    repo.commit("x", {".git-blame-ignore-revs": f"{commit}\n"})
    repo.git("config", "blame.ignoreRevsFile", ".git-blame-ignore-revs")

    assert authors(repo)["a.py", 1]["kind"] == "ai"


def test_a_changes_attributes_run_nothing_and_hide_nothing(repo: Repo) -> None:
    repo.git("config", "diff.evil.textconv", "touch ran; echo x #")
    repo.commit(f"AI\n\n{CLAUDE}", {"b.py": "a\n", ".gitattributes": "*.py diff=evil\n"})

    assert authors(repo)["b.py", 1]["kind"] == "ai"
    assert not (repo.root / "ran").exists()
