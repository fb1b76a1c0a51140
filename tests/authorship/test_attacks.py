"""What a stranger tried so that an agent's line passes unread, or that the bot stops: it holds.

Each was found by attacking an earlier version. "In scope" is what `--scope ai` would read.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reviewbot.authorship.hashes import murmur3
from reviewbot.cli import main
from reviewbot.cli.asked import intake
from reviewbot.cli.authors import scopes_of
from reviewbot.diffs import parse
from reviewbot.settings import Settings
from tests.authorship.repos import CLAUDE, Repo, authors, note_text, repo_at, who

KEY = "s_c9883b05a2487d::t_9f8e7d6c5b4a32"
BASE = "one = 1\ntwo = 2\nthree = 3\n"
AI = f"AI\n\n{CLAUDE}"


def in_scope(repo: Repo, path: str, range_: str = "main..topic") -> list[bool]:
    """Tell for each added line of a file whether `--scope ai` reads it."""
    request = intake(repo.root, range_, staged=False, diff=None)
    change = parse(request.diff)
    scopes = scopes_of(request, change, Settings(scope="ai"), {}, repo.root)
    return [scopes.reads(line) for file in change.files for line in file.added if line.path == path]


def trace(*ranges: Any, path: str = "b.py", kind: str = "ai", **more: Any) -> str:
    conversation = {"contributor": {"type": kind}, "ranges": list(ranges)}
    return json.dumps({"files": [{"path": path, "conversations": [conversation]}], **more}) + "\n"


def lines(first: int, last: int, text: str | None = None) -> dict[str, Any]:
    digest = {} if text is None else {"content_hash": f"murmur3:{murmur3(text.encode())}"}
    return {"start_line": first, "end_line": last, **digest}


# Evidence that is there, and could be lost


def test_an_orphan_commit_of_the_change_is_no_border(repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "side")
    repo.git("rm", "-qrf", ".")
    repo.commit(AI, {"o.py": "a = 1\n"})
    repo.git("checkout", "-q", "topic")
    repo.git("merge", "-q", "--allow-unrelated-histories", "-m", "m", "side")

    assert authors(repo)["o.py", 1]["kind"] == "ai"


def test_lines_older_than_a_shallow_clone_are_in_doubt(repo: Repo, tmp_path: Path) -> None:
    repo.git("checkout", "-q", "-b", "side")
    text = ""
    for n in range(5):
        text += f"line {n}\n"
        repo.commit("x", {"s.py": text})
    repo.git("checkout", "-q", "topic")
    repo.commit("x", {"b.py": "b\n"})
    repo.commit("y", {"c.py": "c\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "m", "side")
    repo.git("clone", "-q", "--depth", "3", f"file://{repo.root}", str(tmp_path / "shallow"))
    shallow = Repo(tmp_path / "shallow")

    found = who(shallow, "HEAD~1..HEAD")

    assert any("the clone is shallow" in note for note in found["notes"])
    assert in_scope(shallow, "s.py", "HEAD~1..HEAD")[0]


@pytest.mark.parametrize(
    "text",
    [
        '{"version":"0.1.0","files":[{"path":"b.py","conv',
        trace(lines(1, 1)).replace('"path"', '"pad": "' + "x" * 1_000_000 + '", "path"'),
    ],
    ids=["cut", "huge"],
)
def test_a_damaged_record_puts_every_line_in_doubt(repo: Repo, text: str) -> None:
    repo.commit("x", {"b.py": "b\n", ".agent-trace/traces.jsonl": text + "\n"})

    assert in_scope(repo, "b.py") == [True]


def test_a_pretty_record_that_a_change_edits_is_read_whole(repo: Repo) -> None:
    digest = lines(1, 1, "b")
    repo.git("checkout", "-q", "main")
    repo.commit("x", {".agent-trace/t.json": json.dumps(json.loads(trace(path="z")), indent=1)})
    repo.git("checkout", "-q", "-B", "topic")
    pretty = json.dumps(json.loads(trace(digest)), indent=1)
    repo.commit("x", {"b.py": "b\n", ".agent-trace/t.json": pretty})

    assert authors(repo)["b.py", 1]["kind"] == "ai"
    assert who(repo, "main..topic")["notes"] == []


def test_more_claims_than_are_read_put_every_line_in_doubt(repo: Repo) -> None:
    many = trace(*[lines(n, n) for n in range(1, 20_001)], path="zz", kind="human") * 6
    repo.commit("x", {"b.py": "b\n", ".agent-trace/traces.jsonl": many + trace(lines(1, 1, "b"))})

    assert in_scope(repo, "b.py") == [True]


def test_bogus_hashes_that_tire_the_search_put_every_line_in_doubt(repo: Repo) -> None:
    text = "".join(f"line {n}\n" for n in range(20))
    bogus = [{**lines(1, 20), "content_hash": f"sha1:{n:040x}"} for n in range(100_000)]
    repo.commit("x", {"b.py": text, ".agent-trace/traces.jsonl": trace(*bogus, kind="human")})

    assert all(in_scope(repo, "b.py"))


@pytest.mark.parametrize(
    "extra",
    [{".gitattributes": ".agent-trace/* -diff\n"}, {".agent-trace/traces.jsonl": "\0\n"}],
    ids=["attribute", "nul"],
)
def test_records_that_git_calls_binary_are_read_all_the_same(
    repo: Repo, extra: dict[str, str]
) -> None:
    name = ".agent-trace/traces.jsonl"
    repo.commit("x", {"b.py": "b\n", **extra, name: trace(lines(1, 1, "b")) + extra.get(name, "")})

    assert in_scope(repo, "b.py") == [True]
    assert authors(repo)["b.py", 1]["kind"] == "ai"


def test_a_note_that_covers_its_own_ai_lines_with_a_human_keeps_them_in_scope(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "a\nb\n"})
    repo.note(commit, note_text(f"b.py\n  {KEY} 1-2\n  h_31dce776f88375 1"))

    assert authors(repo)["b.py", 1]["kind"] == "human"
    assert in_scope(repo, "b.py") == [True, True]


@pytest.mark.parametrize("hashed", [None, "b"])
def test_a_record_that_covers_another_with_a_human_keeps_the_line_in_scope(
    repo: Repo, hashed: str | None
) -> None:
    head: dict[str, Any] = {"vcs": {"revision": repo.git("rev-parse", "HEAD")}}
    text = trace(lines(1, 1, hashed), **head) + trace(lines(1, 1, hashed), kind="human", **head)
    repo.commit("x", {"b.py": "b\n", ".agent-trace/traces.jsonl": text})

    assert authors(repo)["b.py", 1]["kind"] == "human"
    assert in_scope(repo, "b.py") == [True]


def test_our_note_does_not_silence_that_of_a_fork(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "b\n"})
    repo.note(commit, note_text("b.py\n  h_31dce776f88375 1"))
    repo.note(commit, note_text(f"b.py\n  {KEY} 1"), ref="refs/notes/ai-remote/fork")

    assert authors(repo)["b.py", 1]["kind"] == "human"
    assert in_scope(repo, "b.py") == [True]


def test_a_replaced_commit_is_read_as_it_is(repo: Repo) -> None:
    commit = repo.commit(AI, {"b.py": "b\n"})
    other = repo.git("commit-tree", "-p", "main", f"{commit}^{{tree}}", "-m", "human")
    repo.git("replace", commit, other)

    assert authors(repo)["b.py", 1]["kind"] == "ai"


def test_an_agent_that_copies_or_re_indents_anothers_lines_has_them_read(repo: Repo) -> None:
    body = "".join(f"value_{n} = compute({n}, first, second)\n" for n in range(12))
    repo.commit("mine", {"b.py": body + "for x in y:\n        done = 1\n"})
    repo.commit(AI, {"b.py": body + "for x in y:\n    done = 1\ndef copy():\n" + body})

    found = in_scope(repo, "b.py")

    assert found[:13] == [False] * 13
    assert all(found[13:])


def break_ref(repo: Repo, how: str) -> None:
    ref = repo.root / ".git/refs/notes/ai"
    tree = repo.git("rev-parse", "refs/notes/ai^{tree}")
    blob = repo.git("ls-tree", "refs/notes/ai").split()[2]
    match how:
        case "garbage":
            ref.write_text("garbage\n")
        case "no such object":
            ref.write_text("1" * 40 + "\n")
        case "no tree":
            (repo.root / ".git/objects" / tree[:2] / tree[2:]).unlink()
        case "no blob":
            (repo.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
        case "a blob":
            repo.git("update-ref", "refs/notes/ai", blob)


@pytest.mark.parametrize("how", ["garbage", "no such object", "no tree", "no blob", "a blob"])
def test_notes_that_are_damaged_are_told_and_put_the_lines_in_doubt(repo: Repo, how: str) -> None:
    commit = repo.commit("x", {"b.py": "b\n"})
    repo.note(commit, note_text(f"b.py\n  {KEY} 1"))
    break_ref(repo, how)

    assert who(repo, "main..topic")["notes"] != []
    assert in_scope(repo, "b.py") == [True]


def test_more_refs_of_notes_than_are_read_are_told(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "b\n"})
    for n in range(9):
        repo.note(commit, note_text("c.py\n  h_31dce776f88375 1"), ref=f"refs/notes/ai-remote/a{n}")

    assert "more than 8 refs" in who(repo, "main..topic")["notes"][0]
    assert in_scope(repo, "b.py") == [True]


def test_more_trace_files_than_are_read_are_told(repo: Repo) -> None:
    repo.write({f".agent-trace/a{n}.jsonl": "" for n in range(1_001)})
    repo.write({"a.py": BASE + "b\n"})

    assert "only 1000 of its files were read" in who(repo, "main")["notes"][0]
    assert in_scope(repo, "a.py", "main") == [True]


def test_records_behind_a_link_are_told(repo: Repo, tmp_path: Path) -> None:
    (repo.root / ".agent-trace").symlink_to(tmp_path)
    repo.write({"a.py": BASE + "b\n"})

    assert "no regular file" in who(repo, "main")["notes"][0]
    assert in_scope(repo, "a.py", "main") == [True]


@pytest.mark.parametrize(
    "message",
    [
        "x\n\nCo-authored-by:\n Claude <noreply@anthropic.com>",
        "x\n\nCo-authored-by: noreply@anthropic.com",
        "x\n\nCo-authored-by: Bob <b@x.com>, Claude <noreply@anthropic.com>",
        'x\n\nCo-authored-by: "Claude" <noreply@anthropic.com> (AI)',
        "x\n\n* Co-authored-by: Claude <noreply@anthropic.com>",
        "x\n\nAssisted-by: OpenAI o3",
        "x\n\nAssisted-by: Deepseek",
        f"x\n\n{'padding ' * 10_000}\n\n{CLAUDE}",
    ],
)
def test_trailers_in_other_clothes_are_seen(repo: Repo, message: str) -> None:
    repo.commit(message, {"b.py": "b\n"})

    assert authors(repo)["b.py", 1]["kind"] == "ai"


def test_the_middle_of_a_very_long_message_that_is_not_read_is_told(repo: Repo) -> None:
    pad = "padding " * 10_000
    repo.commit(f"x\n\n{pad}\n\n{CLAUDE}\n\n{pad}", {"b.py": "b\n"})

    assert "too long" in who(repo, "main..topic")["notes"][0]
    assert in_scope(repo, "b.py") == [True]


# Accusing nobody


@pytest.mark.parametrize(
    "line",
    [
        "Created by cursor keys being pressed too fast, fix that",
        "Made by Gemini constellation",
        "Written by Claude van Damme",
        "Generated with AI-free tools only",
        "Generated-by: protoc-gen-ai 1.2",
        "Assisted-by: Bob:thanks",
    ],
)
def test_prose_and_generators_make_no_ai(repo: Repo, line: str) -> None:
    repo.commit(f"x\n\n{line}\n", {"b.py": "b\n"})

    assert authors(repo)["b.py", 1]["kind"] == "unknown"


def test_a_submodule_has_no_authors_to_ask_for(repo: Repo) -> None:
    head = repo.git("rev-parse", "HEAD")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    repo.git("commit", "-qm", "sub")

    assert who(repo, "main..topic")["notes"] == []


# Time and memory


def timed(seconds: float, call: Callable[[], Any]) -> Any:
    start = time.perf_counter()
    found = call()
    assert time.perf_counter() - start < seconds
    return found


@pytest.mark.parametrize("line", ["a:b", "ai-assisted:true", "Replit-Commit-Session-Id: 1"])
def test_thousands_of_trailers_take_no_time(repo: Repo, line: str) -> None:
    repo.commit("x\n\n" + f"{line}\n" * 4_000, {"b.py": "b\n" * 15_000})

    timed(5, lambda: authors(repo))


def test_a_quote_that_does_not_end_takes_no_time(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "b\n"})
    repo.note(commit, '"a\n' + "\n" * 1_500_000 + "---\n{}")

    found = timed(3, lambda: who(repo, "main..topic"))

    assert "a quoted path does not end" in found["notes"][0]


def test_thousands_of_ranges_over_a_whole_file_take_no_time(repo: Repo) -> None:
    text = "".join(f"line {n}\n" for n in range(2_000))
    part = {**lines(50_000, 51_999), **lines(1, 1, text.removesuffix("\n"))}
    part |= {"start_line": 50_000, "end_line": 51_999}
    repo.commit("x", {"b.py": text, ".agent-trace/traces.jsonl": trace(*[part] * 5_000) * 4})

    found = timed(5, lambda: authors(repo))

    assert found["b.py", 1]["kind"] == "ai"


def test_records_over_hundreds_of_files_take_no_time(repo: Repo) -> None:
    files = {f"m{n}.py": f"line {n}\n" for n in range(300)}
    text = "".join(trace(lines(9, 9, f"line {n}"), path=f"m{n}.py") for n in range(300)) * 10
    repo.commit("x", {**files, ".agent-trace/traces.jsonl": text})

    found = timed(10, lambda: authors(repo))

    assert {a["kind"] for (p, _), a in found.items() if p.endswith(".py")} == {"ai"}


def test_an_edit_that_stands_everywhere_takes_no_time(repo: Repo) -> None:
    repo.write({"a.py": "a\n" * 900_000})
    event = {"tool_input": {"file_path": "a.py", "old_string": "b", "new_string": "a"}}
    event["cwd"] = str(repo.root)  # type: ignore[assignment]
    args = ["who", "--root", str(repo.root), "--record", "ai", "--tool", "x", "--edit", "-"]

    result = timed(10, lambda: CliRunner().invoke(main, args, input=json.dumps(event).encode()))

    assert result.exit_code == 0


# Names


def test_a_ref_that_is_not_utf_8(repo: Repo) -> None:
    commit = repo.commit("x", {"b.py": "b\n"})
    name = b"refs/notes/ai-remote/\xff"
    (repo.root / ".git/packed-refs").write_bytes(
        b"# pack-refs with: peeled fully-peeled sorted \n" + commit.encode() + b" " + name + b"\n"
    )

    assert authors(repo)["b.py", 1]["kind"] == "unknown"


def test_a_path_that_is_a_pathspec_with_a_record_about_it(repo: Repo) -> None:
    name = ":(x)a.py"
    text = trace(lines(1, 1, "b"), path=name)
    repo.commit("x", {name: "b\n", ".agent-trace/traces.jsonl": text})

    assert authors(repo)[name, 1]["kind"] == "ai"


@pytest.mark.parametrize("name", ["::error::x", "##[error]x", " ::error::x"])
def test_a_path_is_no_workflow_command(repo: Repo, name: str) -> None:
    repo.commit("x", {name: "a = 1\n"})

    out = CliRunner().invoke(main, ["who", "--root", str(repo.root), "main..topic"]).stdout

    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    assert "##[" not in out


def test_rules_behind_a_link_are_refused(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "rules").write_text('[[rule]]\npaths = ["*"]\nauthor = "ai"\n')
    repo.git("checkout", "-q", "main")
    (repo.root / ".reviewbot-authors.toml").symlink_to(tmp_path / "rules")
    repo.commit("x", {})
    repo.git("checkout", "-q", "-B", "topic")
    repo.commit("x", {"b.py": "b\n"})

    for args in (["main..topic"], []):
        assert CliRunner().invoke(main, ["who", "--root", str(repo.root), *args]).exit_code == 2


def test_recording_leaves_nothing_but_the_record(tmp_path: Path) -> None:
    repo = repo_at(tmp_path / "repo")
    repo.write({"b.py": "b\n"})
    repo.git("add", "b.py")

    args = ["who", "--root", str(repo.root), "--record", "ai", "--tool", "x"]
    assert CliRunner().invoke(main, args).exit_code == 0
    assert [path.name for path in (repo.root / ".agent-trace").iterdir()] == ["traces.jsonl"]


def test_any_ci_but_githubs_own_word_leaves_nobody_trusted(repo: Repo) -> None:
    from reviewbot.cli.authors import _is_ours
    from reviewbot.core.history import Material

    assert _is_ours(Material(), {})
    assert not _is_ours(Material(), {"CI": "true"})


def test_claudes_own_diff_of_an_edit_says_which_lines_it_wrote(repo: Repo) -> None:
    from reviewbot.authorship.edits import edit_of, edited

    text = "def f():\n    return None\n\n\ndef g():\n    return None\n"
    event = {
        "tool_input": {
            "file_path": "a.py",
            "old_string": "    pass",
            "new_string": "    return None",
        },
        "tool_response": {
            "structuredPatch": [
                {"newStart": 5, "lines": [" def g():", "-    pass", "+    return None"]}
            ]
        },
    }

    change = edited(edit_of(json.dumps(event).encode()), "a.py", text)

    assert [line.number for line in change.files[0].added] == [6]
