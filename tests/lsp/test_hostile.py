"""What an untrusted file, name or repository cannot do to an editor."""

import os
import sys
from pathlib import Path

import pytest

from reviewbot.lsp.server import file_of
from tests.authorship.repos import Repo
from tests.lsp.client import rows
from tests.lsp.conftest import OLD, RISKY, Start


@pytest.mark.parametrize(
    ("first", "column"),
    [
        ("\U0001f469\u200d\U0001f467 = '\x0c\u2028\x85' + 'a long string'", 31),
        ("x = '\x1b]0;title\x07 \u202e a long string'", 32),
        ("\t\tvalue = '<script>alert(1)</script>'", 37),
    ],
)
def test_odd_letters_are_counted_as_the_editor_counts_them(
    start: Start, repo: Repo, first: str, column: int
) -> None:
    editor = start()
    (found,) = editor.diagnostics(editor.open(repo.root / "a.py", OLD + first + "\n"))

    assert found["range"]["start"]["line"] == found["range"]["end"]["line"] == 3
    assert found["range"]["end"]["character"] == column == len(first.encode("utf-16-le")) // 2


def test_lone_surrogates_nul_and_long_lines_end_nothing(start: Start, repo: Repo) -> None:
    editor = start()
    uri = editor.open(repo.root / "a.py", OLD + RISKY + "x = '\ud800'\n")
    assert rows(editor.diagnostics(uri))[0][:2] == (3, 3)
    for version, text in enumerate((OLD + "\0" * 99, "x" * 300_000, "", "\r\r\r", OLD), start=2):
        editor.change(uri, text, version)
        editor.save(uri)
        found = editor.diagnostics(uri, version)

    assert found == []
    assert editor.end() == 0


def test_hostile_names_are_files_like_others(start: Start, repo: Repo) -> None:
    names = ["-rf.py", ":(top)x.py", "*.py", "a b\n[x](y)`.py", "caf\u00e9\u202e.py", "'$(id)'.py"]
    if sys.platform == "linux":
        names.append(os.fsdecode(b"\xff\xfe.py"))
    editor = start()
    for name in names:
        assert editor.show(repo.root / name, RISKY) == [(0, 0, 2)], name
    repo.commit("all", dict.fromkeys(names, RISKY))
    for name in names:
        editor.close((repo.root / name).as_uri())
        uri = editor.open(repo.root / name, RISKY)
        while editor.diagnostics(uri, 1):
            pass


def test_a_link_counts_as_the_file_it_leads_to(start: Start, repo: Repo, tmp_path: Path) -> None:
    (repo.root / "link.py").symlink_to("a.py")
    (tmp_path / "other").symlink_to(repo.root)
    editor = start()

    for place in (repo.root / "link.py", tmp_path / "other" / "a.py"):
        assert editor.show(place, OLD + RISKY) == [(3, 3, 2)]


def test_nothing_in_the_repository_is_run_when_a_file_is_opened(
    start: Start, repo: Repo, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    trap = f"touch {ran}"
    repo.commit("traps", {".gitattributes": "*.py diff=trap filter=trap\n"})
    for key in ("diff.external", "diff.trap.command", "diff.trap.textconv", "core.fsmonitor"):
        repo.git("config", key, trap)
    for key in ("core.pager", "core.editor", "filter.trap.clean", "filter.trap.smudge"):
        repo.git("config", key, trap)

    assert start().show(repo.root / "b.py", RISKY) == [(0, 0, 2)]
    assert not ran.exists()


def test_what_names_no_local_file_is_none() -> None:
    for uri in ("", "a.py", "http://x/a.py", "file://host/a.py", "file:///a%00b", "file:///", "x:"):
        assert file_of(uri) is None
    assert file_of("file://[") is None


def test_the_bytes_of_a_name_are_kept() -> None:
    assert file_of("file:///a%20%FF%2B%23.py") == Path(os.fsdecode(b"/a \xff+#.py"))
    assert file_of("file://localhost/a.py") == Path("/a.py")


def test_rubbish_on_stdin_is_no_end(start: Start, repo: Repo) -> None:
    editor = start()
    assert editor.process.stdin is not None
    editor.process.stdin.write(b"Content-Length: 5\r\n\r\n{nop}Content-Length: 2\r\n\r\n[]")
    editor.say("textDocument/didChange", {"textDocument": {"uri": "file:///x", "version": 1}})
    editor.say("textDocument/didSave", {"textDocument": {"uri": "file:///nobody.py"}})
    editor.close("file:///nobody.py")

    assert editor.show(repo.root / "a.py", OLD + RISKY) == [(3, 3, 2)]
