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


EDITORS = {
    "vim": ("-u", "NONE", "-i", "NONE", "-n", "-es", "-S"),
    "emacs": ("-Q", "--batch", "-l"),
}


@pytest.mark.parametrize("name", EDITORS)
@pytest.mark.parametrize("report", [*CASES.values(), ODD], ids=[*CASES, "odd"])
def test_an_editor_finds_every_place_and_no_other(
    report: Report, name: str, tmp_path: Path
) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed here, so it does not read the gcc format")
    errors, out, source = tmp_path / "errors", tmp_path / "out.json", tmp_path / "script"
    errors.write_text(gcc(report), encoding="utf-8")
    script = VIM if name == "vim" else EMACS
    source.write_text(script.format(errors=errors, out=out), encoding="utf-8")
    command = [name, *EDITORS[name], str(source)]
    subprocess.run(command, check=True, cwd=tmp_path, timeout=60)
    rows = json.loads(out.read_text(encoding="utf-8"))

    if name == "vim":
        assert len(rows) == len(gcc(report).splitlines())
        assert [(path, line) for valid, path, line, _, _ in rows if valid] == places(report)
    else:
        # No path of git's has two slashes in a row; Emacs would make one of them.
        expected = [(path.replace("//", "/"), line) for path, line in places(report)]
        assert [tuple(row) for row in rows] == expected
