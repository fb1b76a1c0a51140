"""The gcc format as Vim and Emacs read it, where they are installed."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from reviewbot.render.gcc import gcc
from reviewbot.report.model import Report
from tests.render.examples import CASES
from tests.render.test_gcc import ODD, places

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
