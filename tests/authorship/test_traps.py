"""What peers get wrong, each on a real git repository, from the repository to the report."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.authorship.claims import BASE, KEY, lines, trace
from tests.authorship.repos import CLAUDE, SESSION, Repo, authors, kinds, note_text, who


def ai_note(text: str) -> str:
    return note_text(text, sessions={"s_c9883b05a2487d": SESSION})


def test_a_later_human_edit_of_an_ai_line_is_no_longer_ai(repo: Repo) -> None:
    repo.commit(f"AI\n\n{CLAUDE}", {"a.py": BASE + "four = 4\nfive = 5\n"})
    repo.commit("mine", {"a.py": BASE + "four = 4\nfive = 55\n"})

    assert kinds(repo) == ["ai", "unknown"]


def test_ai_lines_that_others_shift_indent_or_move_stay_ai(repo: Repo) -> None:
    body = "def f():\n    alpha = compute(1, 2)\n    beta = compute(3, 4)\n"
    repo.commit(f"AI\n\n{CLAUDE}", {"a.py": BASE + body})
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    repo.commit("mine", {"a.py": f"zero = 0\nif zero:\n{indented}{BASE}"})

    found = authors(repo)

    assert [found["a.py", n]["kind"] for n in range(1, 6)] == ["unknown", "unknown", *["ai"] * 3]


def test_base_lines_that_an_agent_only_re_indents_are_the_agents_as_lines_of_this_change(
    repo: Repo,
) -> None:
    indented = "".join(f"    {line}\n" for line in BASE.splitlines())
    repo.commit(f"AI\n\n{CLAUDE}", {"a.py": f"if True:\n{indented}"})

    assert kinds(repo) == ["ai"] * 4


def test_a_squash_loses_the_note_and_keeps_the_trailers(repo: Repo) -> None:
    first = repo.commit(f"AI\n\n{CLAUDE}", {"a.py": BASE + "four = 4\n"})
    repo.note(first, ai_note(f"a.py\n  {KEY} 4"))
    repo.commit("mine", {"a.py": BASE + "four = 4\nfive = 5\n"})
    before = authors(repo)
    repo.git("reset", "-q", "--soft", "main")
    repo.commit(f"Squash (#1)\n\n* AI\n\n{CLAUDE}\n\n* mine", {})

    found = authors(repo)

    assert [a["kind"] for a in before.values()] == ["ai", "unknown"]
    assert before["a.py", 4]["evidence"][0].startswith("git-ai note")
    assert [a["kind"] for a in found.values()] == ["ai", "ai"]
    assert found["a.py", 4]["evidence"][0].startswith("trailer Co-Authored-By")


def test_a_rebase_loses_the_note_and_keeps_the_trailers(repo: Repo) -> None:
    first = repo.commit(f"AI\n\n{CLAUDE}", {"a.py": BASE + "four = 4\n"})
    repo.note(first, ai_note(f"a.py\n  {KEY} 4"))
    repo.git("checkout", "-q", "main")
    repo.commit("on main", {"b.py": "b = 1\n"})
    repo.git("checkout", "-q", "topic")
    repo.git("rebase", "-q", "main")

    (found,) = authors(repo).values()

    assert found["kind"] == "ai"
    assert not any("git-ai" in words for words in found["evidence"])


def test_what_a_merge_from_the_base_brings_in_is_no_part_of_the_change(repo: Repo) -> None:
    repo.commit("mine", {"a.py": BASE + "four = 4\n"})
    repo.git("checkout", "-q", "main")
    repo.commit(f"AI\n\n{CLAUDE}", {"b.py": "b = 1\n"})
    repo.git("checkout", "-q", "topic")
    repo.git("merge", "-q", "--no-edit", "main")
    repo.commit("more", {"c.py": "c = 1\n"})

    assert list(authors(repo)) == [("a.py", 4), ("c.py", 1)]
    assert kinds(repo) == ["unknown", "unknown"]


def test_a_renamed_file_keeps_the_authors_of_its_lines(repo: Repo) -> None:
    first = repo.commit("one", {"a.py": BASE + "four = 4\n"})
    repo.note(first, ai_note(f"a.py\n  {KEY} 4"))
    repo.git("mv", "a.py", "renamed.py")
    repo.commit("rename", {})

    assert {key: a["kind"] for key, a in authors(repo).items()} == {("renamed.py", 4): "ai"}


@pytest.mark.parametrize(
    "name",
    ["my file.py", "tab\there.py", "new\nline.py", "caf\u00e9.py", 'quo"te.py', "-w.py", ":(top)x"],
)
def test_paths_that_git_or_git_ai_quotes(repo: Repo, name: str) -> None:
    quoted = f'"{name}"' if set(name) & set(" \t\n") else name
    commit = repo.commit("x", {name: "x = 1\n"})
    repo.note(commit, ai_note(f"{quoted}\n  {KEY} 1"))

    assert kinds(repo) == ["ai"]


def test_a_note_on_a_merge_commit_speaks_of_the_lines_that_the_merge_made(repo: Repo) -> None:
    repo.commit("mine", {"a.py": "ONE = 1\ntwo = 2\nthree = 3\n"})
    repo.git("checkout", "-q", "-b", "side", "main")
    repo.commit("side", {"a.py": "uno = 1\ntwo = 2\nthree = 3\n"})
    repo.git("checkout", "-q", "topic")
    repo.git("merge", "-q", "-s", "ours", "--no-commit", "side")
    merge = repo.commit("merge", {"a.py": "resolved = 1\ntwo = 2\nthree = 3\n"})
    repo.note(merge, ai_note(f"a.py\n  {KEY} 1-3"))

    found = authors(repo)

    assert {key: a["kind"] for key, a in found.items()} == {("a.py", 1): "ai"}


@pytest.mark.parametrize("depth", [1, 2])
def test_a_tree_of_notes_that_is_fanned_out(repo: Repo, depth: int) -> None:
    commit = repo.commit("x", {"b.py": "a\n"})
    blob = repo.git("hash-object", "-w", "--stdin", stdin=ai_note(f"b.py\n  {KEY} 1").encode())
    parts = [commit[2 * at : 2 * at + 2] for at in range(depth)]
    path = "/".join([*parts, commit[2 * depth :]])
    repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", GIT_INDEX_FILE="i")
    tree = repo.git("write-tree", GIT_INDEX_FILE="i")
    made = repo.git("commit-tree", tree, "-m", "notes")
    repo.git("update-ref", "refs/notes/ai", made)

    assert kinds(repo) == ["ai"]


def test_a_repository_without_the_ref_says_so_and_how_to_get_it(repo: Repo) -> None:
    repo.commit("x", {"b.py": "a\n"})

    found = who(repo, "main..topic")

    assert found["notes"] == []
    assert "refs/notes/ai" in found["sources"][0]


def test_a_fork_with_its_own_notes_is_read_where_ours_says_nothing(repo: Repo) -> None:
    one = repo.commit("x", {"b.py": "a\n"})
    two = repo.commit("y", {"c.py": "a\n"})
    repo.note(one, ai_note(f"b.py\n  {KEY} 1"), ref="refs/notes/ai-remote/fork")
    repo.note(two, ai_note(f"c.py\n  {KEY} 1"), ref="refs/notes/ai")
    repo.note(two, note_text("c.py\n  h_31dce776f88375 1"), ref="refs/notes/ai-remote/fork")

    assert kinds(repo) == ["ai", "ai"]


def test_uncommitted_lines_are_unknown_unless_a_hook_said_otherwise(repo: Repo) -> None:
    repo.commit(f"AI\n\n{CLAUDE}", {"a.py": BASE + "four = 4\n"})
    repo.write({"a.py": BASE + "four = 4\nfive = 5\nsix = 6\n"})
    head: dict[str, Any] = {"vcs": {"type": "git", "revision": repo.git("rev-parse", "HEAD")}}
    records = trace(lines(1, 9), path=".sessions") + trace(
        {"url": "file:///home/jane/private.jsonl", **lines(6, 6)}, path="a.py", **head
    )
    repo.write({".agent-trace/traces.jsonl": records})

    found = who(repo, "main")

    kinds_ = [line["author"]["kind"] for line in found["files"][0]["lines"]]
    assert kinds_ == ["ai", "unknown", "ai"]
    assert "private" not in json.dumps(found)


def test_staged_lines_of_a_first_commit_have_no_past(tmp_path: Path) -> None:
    root = tmp_path / "new"
    root.mkdir()
    repo = Repo(root)
    repo.git("init", "-q", "-b", "main")
    repo.write({"a.py": "x = 1\n"})
    repo.git("add", ".")

    assert kinds(repo, "--staged") == ["unknown"]


def test_blank_lines_are_as_their_neighbours_where_both_were_added_and_agree(repo: Repo) -> None:
    repo.commit(f"AI\n\n{CLAUDE}", {"b.py": "\na\n\nb\n"})
    repo.commit("mine", {"b.py": "\na\n\nb\n\t\nc\n\n"})

    found = authors(repo)

    expected = ["unknown", "ai", "ai", "ai", "unknown", "unknown", "unknown"]
    assert [a["kind"] for a in found.values()] == expected
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
