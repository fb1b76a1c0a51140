"""`reviewbot who` as a person calls it: its tables, its errors, its speed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewbot.authorship.model import Attribution, Author
from reviewbot.authorship.who import LineAuthor, WhoFile, WhoReport, stretches
from reviewbot.cli import main
from reviewbot.render.who import who_json, who_markdown, who_terminal
from tests.authorship.claims import lines, trace
from tests.authorship.repos import CLAUDE, DEV, SESSION, Repo, authors, kinds, note_text, repo_at
from tests.cli.small import environ
from tests.cpu import cpu_seconds

HOSTILE = "a|b ``` <img src=x> @octocat #1 [l](http://e.vil)\n::error::x \x1b[2J\u202e \udcff"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    for name in list(os.environ):
        if name.startswith(("REVIEWBOT_", "GITHUB_")) or name == "CI":
            monkeypatch.delenv(name)
    return repo_at(tmp_path / "repo")


def call(repo: Repo, *args: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["who", "--root", str(repo.root), *args], input=stdin)


def test_the_table_joins_lines_of_one_author_and_ends_with_totals(repo: Repo) -> None:
    repo.commit(f"AI\n\n{CLAUDE}", {"b.py": "a\nb\nc\n"})
    repo.commit("mine", {"b.py": "a\nb\nc\nd\n"})

    result = call(repo, "main..topic")

    rows = result.stdout.splitlines()
    assert result.exit_code == 0
    assert rows[0] == "b.py"
    assert rows[1].startswith("  1-3  AI (claude)  0.9  trailer Co-Authored-By of ")
    assert rows[2] == "    4  unknown        -"
    assert rows[-1] == "4 added lines: 3 AI (claude 3), 1 unknown"


def test_a_change_of_nothing(repo: Repo) -> None:
    said = "note: nothing to check: main and topic are the same commit"
    assert call(repo, "main..topic").stdout == f"{said}\n0 added lines\n"


def test_a_bare_diff_has_no_past_but_may_be_assumed_ai(repo: Repo) -> None:
    diff = b"--- a/a.py\n+++ b/a.py\n@@ -3 +3,2 @@\n three = 3\n+four = 4\n"

    plain = call(repo, "--diff", "-", stdin=diff).stdout
    assumed = call(repo, "--diff", "-", "--assume", "ai", stdin=diff).stdout

    assert plain.endswith("1 added line: 1 unknown\n")
    assert assumed.endswith("1 added line: 1 AI\n")


def hostile() -> WhoReport:
    author = Attribution(Author.AI, HOSTILE, HOSTILE, 0.9, (HOSTILE,))
    lines = (LineAuthor(1, author), LineAuthor(2, author), LineAuthor(9, author))
    return WhoReport(None, "worktree", (WhoFile(HOSTILE, lines),), (HOSTILE,), (HOSTILE,))


def test_strangers_text_is_inert_in_every_format() -> None:
    markdown = who_markdown(hostile())
    terminal = who_terminal(hostile(), width=200, color=False)

    assert who_json(hostile()).isascii()
    assert json.loads(who_json(hostile()))["files"][0]["lines"][2]["number"] == 9
    for text in (markdown, terminal):
        text.encode()
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert not any(line.startswith("::") for line in (markdown + terminal).splitlines())
    rows = [line for line in markdown.splitlines() if line.startswith("| 1-2 ")]
    assert len(rows) == 1
    assert "<img" not in rows[0]
    assert "@" not in rows[0]


def test_markdown_is_bounded_and_counts_what_it_leaves_out() -> None:
    lines = tuple(
        LineAuthor(n, Attribution(Author.AI, f"tool{n}", None, 0.9, ("word " * 100,)))
        for n in range(1, 1_000)
    )
    text = who_markdown(WhoReport(None, "worktree", (WhoFile("a.py", lines),), (), ()))

    assert len(text.encode()) < 1_000_000
    assert "499 more rows are not shown here" in text


def test_stretches_join_only_neighbours_with_the_same_evidence() -> None:
    one, other = Attribution(Author.AI, "a"), Attribution(Author.AI, "b")
    lines = [LineAuthor(1, one), LineAuthor(2, one), LineAuthor(3, other), LineAuthor(5, other)]

    assert [(s.first, s.last) for s in stretches(lines)] == [(1, 2), (3, 3), (5, 5)]


def test_a_record_beside_staged_lines_counts_in_the_commit_and_after_lines_have_moved(
    repo: Repo,
) -> None:
    ranges = [lines(2, 3, "new = 1\nnewer = 2"), lines(6, 6, "last = 4")]
    record = trace(*ranges, path="a.py", tool={"name": "claude"})
    repo.write({"a.py": "one = 1\nnew = 1\nnewer = 2\ntwo = 2\nthree = 3\nlast = 4\n"})
    repo.write({".agent-trace/traces.jsonl": record})
    repo.git("add", ".")

    assert kinds(repo, "--staged")[-3:] == ["ai", "ai", "ai"]

    repo.commit("all of it", {})
    after = "zero = 0\none = 1\nnew = 1\nnewer = 2\ntwo = 2\nthree = 3\nlast = 44\n"
    repo.commit("a human's edit", {"a.py": after})
    found = authors(repo)

    code = {number: author["kind"] for (path, number), author in found.items() if path == "a.py"}
    assert code == {1: "unknown", 3: "ai", 4: "ai", 7: "unknown"}
    assert found["a.py", 3]["tool"] == "claude"


def test_no_model_library_is_loaded_and_a_thousand_lines_take_less_than_a_second(
    repo: Repo,
) -> None:
    repo.commit(f"AI\n\n{CLAUDE}", {f"m{n}.py": "x = 1\n" * 100 for n in range(10)})
    code = (
        "import sys; from reviewbot.cli import main\n"
        "try: main(['who', 'main..topic', '--root', sys.argv[1]])\n"
        "finally: print(sorted({'torch', 'transformers', 'numpy', 'github'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(repo.root)]
    times = []
    for _ in range(3):
        start = cpu_seconds()
        done = subprocess.run(command, env=environ(), capture_output=True, text=True, check=True)
        times.append(cpu_seconds() - start)

    assert done.stdout.splitlines()[-2:] == ["1000 added lines: 1000 AI (claude 1000)", "[]"]
    assert min(times) < 1


def test_five_thousand_lines_over_two_hundred_commits_take_less_than_three_seconds(
    repo: Repo,
) -> None:
    session = {"s_c9883b05a2487d": SESSION}
    files = {f"src/m{n}.py": [f"base_{n}_{at} = {at}" for at in range(100)] for n in range(40)}
    stream = [fast_commit(1, "base", files, list(files), None)]
    for n in range(200):
        path = f"src/m{n % 40}.py"
        files[path][n % 90 : n % 90] = [f"new_{n}_{at} = call({at})" for at in range(25)]
        message = f"change\n\n{CLAUDE}" if n % 2 else "change"
        stream.append(fast_commit(n + 2, message, files, [path], n + 1))
    repo.git("fast-import", "--quiet", stdin=b"".join(stream))
    for commit in repo.git("rev-list", "--max-count=40", "big").split()[::2]:
        repo.note(
            commit, note_text("src/m0.py\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1", sessions=session)
        )
    start = cpu_seconds()

    result = call(repo, "big~200..big")

    assert cpu_seconds() - start < 3
    assert result.stdout.splitlines()[-1].startswith("5000 added lines: 2500 AI (claude 2500), ")


def fast_commit(
    mark: int, message: str, files: dict[str, list[str]], paths: list[str], parent: int | None
) -> bytes:
    """One commit for `git fast-import`."""
    text = message.encode()
    who = f"{DEV[0]} <{DEV[1]}> {1_700_000_000 + mark} +0000"
    head = f"commit refs/heads/big\nmark :{mark}\nauthor {who}\ncommitter {who}\n"
    parts = [f"{head}data {len(text)}\n".encode() + text + b"\n"]
    parts += [f"from :{parent}\n".encode()] if parent else []
    for path in paths:
        content = ("\n".join(files[path]) + "\n").encode()
        parts.append(f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n")
    return b"".join(parts)
