"""One line per finding, as editors find places in it: the real ones, where they are installed."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewbot.core.report import Report
from reviewbot.render.diagnostics import diagnostics
from reviewbot.render.gcc import gcc
from reviewbot.render.ledger import verdict_word
from tests.render.cases import CASES, NAMES
from tests.render.reports import failed, report, scored

# The matcher "$gcc" of VS Code's C/C++ extension: of 2020, as runners' matchers copy it, and later.
MATCHERS = [
    re.compile(r"^(.*):(\d+):(\d+):\s+(?:fatal\s+)?(warning|error):\s+(.*)$"),
    re.compile(r"^(.*?):(\d+):(\d*):?\s+(?:fatal\s+)?(warning|error):\s+(.*)$"),
]
PLAIN = ("dir/caf\u00e9.py", "a(b).py", ".x.py", "a'b`c.py")
ODD_NAMES = ("a b.py", "tool:b.py", "C:x/y.py", "-x.py", "@x.py", "In file included from b.py")
PIECES = st.lists(
    st.sampled_from(
        [":", "1", " ", '"', "|", "(", ")", "a.py", "error", "\n", "::", "##[", "x", ",", "line 3"]
    ),
    min_size=1,
    max_size=12,
).map("".join)
VIM = r"""
set nocompatible encoding=utf-8
cgetfile {errors}
call writefile([json_encode(map(getqflist(), {{_, q -> [q.valid, q.bufnr ? bufname(q.bufnr) : '',
  \ q.lnum, q.col, q.text]}}))], '{out}')
qall!
"""
EMACS = r"""
(require 'compile) (require 'json)
(with-temp-buffer
  (let ((coding-system-for-read 'utf-8)) (insert-file-contents "{errors}"))
  (compilation-mode)
  (compilation--ensure-parse (point-max))
  (let ((found nil) (pos (point-min)))
    (while (< pos (point-max))
      (let ((msg (get-text-property pos 'compilation-message)))
        (when msg
          (let* ((loc (compilation--message->loc msg)) (file (compilation--loc->file-struct loc)))
            (push (list (caar file) (compilation--loc->line loc)) found))))
      (setq pos (save-excursion (goto-char pos) (forward-line 1) (point))))
    (let ((coding-system-for-write 'utf-8))
      (with-temp-file "{out}" (insert (json-encode (vconcat (nreverse found))))))))
"""


def places(made: Report) -> list[tuple[str, int]]:
    """What our own lines say, cut where only we know that they can be cut."""
    lines = gcc(made).splitlines()[:-1]
    ends = [re.search(r"^(.+):(\d+):1: (?:error|warning): [^\n]*\]$", line) for line in lines]
    return [(end[1], int(end[2])) for end in ends if end]


@pytest.mark.parametrize("matcher", MATCHERS, ids=["greedy", "lazy"])
@settings(max_examples=200, deadline=None)
@given(path=PIECES, text=PIECES)
def test_a_matcher_finds_our_place_and_no_other(
    matcher: re.Pattern[str], path: str, text: str
) -> None:
    made = report(scored(7, text, 0.9, path), failed(9, text, path))
    lines = gcc(made).splitlines()
    found = [matcher.match(line) for line in lines]

    assert [match and (int(match[2]), match[3], match[4]) for match in found] == [
        (7, "1", "error"),
        (9, "1", "error"),
        None,
    ]
    assert len(lines) == 3
    assert not [line for line in lines if line.lstrip().startswith("::") or "##[" in line]


@pytest.mark.parametrize("path", PLAIN)
def test_a_path_that_editors_can_read_stays_as_it_is(path: str) -> None:
    assert places(report(scored(7, "x", 0.9, path))) == [(path, 7)]


@pytest.mark.parametrize("path", ODD_NAMES)
def test_a_path_that_could_be_taken_for_words_is_written_from_the_folder(path: str) -> None:
    assert places(report(scored(7, "x", 0.9, path))) == [(f"./{path}", 7)]


@pytest.mark.parametrize("case", CASES)
def test_a_line_per_place_and_the_verdict_as_the_last(case: str) -> None:
    made = CASES[case]
    lines = gcc(made).splitlines()

    assert len(lines) == len(diagnostics(made)) + 1
    assert lines[-1].startswith(f"reviewbot: {verdict_word(made)} (exit ")


def editor(name: str, *argv: str, script: str, text: str, folder: Path) -> list[list[object]]:
    """Let an editor read the text, and return what it found."""
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed here, so it does not read the gcc format")
    errors, out, source = folder / "errors", folder / "out.json", folder / "script"
    errors.write_text(text, encoding="utf-8")
    source.write_text(script.format(errors=errors, out=out), encoding="utf-8")
    subprocess.run([name, *argv, str(source)], check=True, cwd=folder, timeout=60)
    found: list[list[object]] = json.loads(out.read_text(encoding="utf-8"))
    return found


ODD = report(
    *(scored(7, "x", 0.9, path) for path in (*PLAIN, *ODD_NAMES, *NAMES)),
    *(failed(9, f'{name} "q" 5: z.py:1:2: error:') for name in NAMES),
)


@pytest.mark.parametrize("made", [*CASES.values(), ODD], ids=[*CASES, "odd"])
def test_vim_finds_every_place_and_no_other(made: Report, tmp_path: Path) -> None:
    rows = editor(
        "vim", "-u", "NONE", "-i", "NONE", "-n", "-es", "-S", script=VIM, text=gcc(made),
        folder=tmp_path,
    )  # fmt: skip

    found = [(name, line) for valid, name, line, _, _ in rows if valid]
    assert found == places(made)
    assert len(rows) == len(gcc(made).splitlines())


@pytest.mark.parametrize("made", [*CASES.values(), ODD], ids=[*CASES, "odd"])
def test_emacs_finds_every_place_and_no_other(made: Report, tmp_path: Path) -> None:
    found = editor("emacs", "-Q", "--batch", "-l", script=EMACS, text=gcc(made), folder=tmp_path)

    # No path of git's has two slashes in a row; Emacs would make one of them.
    assert [tuple(row) for row in found] == [(p.replace("//", "/"), n) for p, n in places(made)]
