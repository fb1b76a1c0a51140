"""What peers get wrong, each on a real git repository, from the repository to the report."""

import json
from pathlib import Path

import pytest

from tests.authorship.repos import CLAUDE, SESSION, Repo, authors, kinds, note_text, who

BASE = "one = 1\ntwo = 2\nthree = 3\n"


KEY = "s_c9883b05a2487d::t_9f8e7d6c5b4a32"


def ai_note(lines: str) -> str:
    return note_text(lines, sessions={"s_c9883b05a2487d": SESSION})


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
    [
        "my file.py",
        "tab\there.py",
        "new\nline.py",
        "caf\u00e9.py",
        'quo"te.py',
        "-w.py",
        ":(top)x.py",
    ],
)
def test_paths_that_git_or_git_ai_quotes(repo: Repo, name: str) -> None:
    quoted = f'"{name}"' if set(name) & set(" \t\n") else name
    commit = repo.commit("x", {name: "x = 1\n"})
    repo.note(commit, ai_note(f"{quoted}\n  {KEY} 1"))

    assert kinds(repo) == ["ai"]


def test_a_note_with_sessions_humans_and_legacy_keys(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "a\nb\nc\nd\n"})
    text = f"b.py\n  {KEY} 1\n  abcd1234abcd1234 2\n  h_31dce776f88375 3"
    repo.note(
        commit,
        note_text(
            text,
            sessions={"s_c9883b05a2487d": SESSION},
            prompts={"abcd1234abcd1234": {"agent_id": {"tool": "cursor", "id": "", "model": "m"}}},
            humans={"h_31dce776f88375": {"author": "Dev <dev@example.com>"}},
        ),
    )

    found = list(authors(repo).values())

    assert [a["kind"] for a in found] == ["ai", "ai", "human", "unknown"]
    assert [a["tool"] for a in found] == ["claude", "cursor", None, None]


def test_a_note_longer_than_the_file_and_lines_beyond_it(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "a\nb\n"})
    repo.note(commit, ai_note(f"b.py\n  {KEY} 1-5000"))

    assert kinds(repo) == ["ai", "ai"]


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
    record = {
        "version": "1.0",
        "vcs": {"type": "git", "revision": repo.git("rev-parse", "HEAD")},
        "tool": {"name": "cursor"},
        "files": [
            {
                "path": ".sessions",
                "conversations": [{"ranges": [{"start_line": 1, "end_line": 9}]}],
            },
            {
                "path": "a.py",
                "conversations": [
                    {
                        "url": "file:///home/jane/private.jsonl",
                        "contributor": {"type": "ai"},
                        "ranges": [{"start_line": 6, "end_line": 6}],
                    }
                ],
            },
        ],
    }
    repo.write({".agent-trace/traces.jsonl": json.dumps(record) + "\n"})

    found = who(repo, "main")

    assert [line["author"]["kind"] for line in found["files"][0]["lines"]] == [
        "ai",
        "unknown",
        "ai",
    ]
    assert "private" not in json.dumps(found)


def test_staged_lines_of_a_first_commit_have_no_past(tmp_path: Path) -> None:
    root = tmp_path / "new"
    root.mkdir()
    repo = Repo(root)
    repo.git("init", "-q", "-b", "main")
    repo.write({"a.py": "x = 1\n"})
    repo.git("add", ".")

    assert kinds(repo, "--staged") == ["unknown"]
