"""Real editors, with the very lines that docs/editors.md tells people to copy."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.authorship.repos import Repo
from tests.lsp.conftest import RISKY, SMALL

ROOT = Path(__file__).parents[3]
DOC = ROOT / "docs" / "editors.md"
PACKAGES = Path("/usr/share/emacs/site-lisp/elpa")  # where Debian puts Emacs' packages
PATIENCE = 120

DRIVE_NVIM = """
local function wait(done) assert(vim.wait(60000, done, 50), "nothing came") end
vim.cmd.edit("a.py")
vim.api.nvim_buf_set_lines(0, -1, -1, false, { RISKY })
wait(function() return #vim.diagnostic.get(0) > 0 end)
for _, d in ipairs(vim.diagnostic.get(0)) do
  print(("found %d-%d %d %s %s\\n"):format(d.lnum, d.end_lnum, d.severity, d.code, d.source))
end
vim.cmd.undo()
wait(function() return #vim.diagnostic.get(0) == 0 end)
print("cleared\\n")
vim.cmd("qa!")
"""
# Without a terminal no idle timer fires, so that edits are sent by hand.
DRIVE_EGLOT = """
(package-initialize)
(require 'flymake)
(require 'eglot)
(setq eglot-sync-connect 30)
(defun wait-for (done)
  (let ((left 600))
    (while (and (not (funcall done)) (> left 0))
      (flymake-start)
      (accept-process-output nil 0.1)
      (setq left (1- left)))
    (unless (funcall done) (error "nothing came"))))
(find-file "a.py")
(call-interactively #'eglot)
(goto-char (point-max))
(insert RISKY "\\n")
(eglot--signal-textDocument/didChange)
(wait-for (lambda () (flymake-diagnostics)))
(dolist (found (flymake-diagnostics))
  (message "found %d %s %s" (line-number-at-pos (flymake-diagnostic-beg found))
           (flymake-diagnostic-type found) (flymake-diagnostic-text found)))
(delete-region (save-excursion (goto-char (point-max)) (forward-line -1) (point)) (point-max))
(eglot--signal-textDocument/didChange)
(wait-for (lambda () (not (flymake-diagnostics))))
(message "cleared")
(kill-emacs 0)
"""


def why_no_nvim() -> str:
    """Say what is missing for the Lua of the document; "" if nothing is."""
    if (found := shutil.which("nvim")) is None:
        return "nvim is not installed"
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    version = re.match(r"NVIM v(\d+)\.(\d+)", told.stdout)
    if version is None or (int(version[1]), int(version[2])) < (0, 11):
        return f"nvim is older than 0.11: {told.stdout[:20]!r}"
    return ""


def why_no_eglot() -> str:
    """Say what is missing for the Emacs Lisp of the document; "" if nothing is."""
    if (found := shutil.which("emacs")) is None:
        return "emacs is not installed"
    code = f'(progn (setq package-directory-list (list "{PACKAGES}")) (package-initialize)'
    code += ' (kill-emacs (if (locate-library "eglot") 0 9)))'
    done = subprocess.run(
        [found, "-q", "--batch", "--eval", code], capture_output=True, check=False
    )
    return "eglot is not installed" if done.returncode else ""


def block(language: str) -> str:
    """Return the first block of code in a language that the document has."""
    found = re.search(rf"^```{language}\n(.*?)^```", DOC.read_text(encoding="utf-8"), re.M | re.S)
    assert found
    return found[1]


def run(
    command: list[str], repo: Repo, variables: dict[str, str], tmp_path: Path
) -> subprocess.CompletedProcess[str]:
    """Run an editor that finds a `reviewbot` on its path."""
    program = tmp_path / "bin" / "reviewbot"
    program.parent.mkdir()
    inner = shlex.join([sys.executable, "-c", SMALL + "main()"])
    program.write_text(f'#!/bin/sh\nexec {inner} "$@"\n')
    program.chmod(0o755)
    home = {"HOME": str(tmp_path / "home"), "TERM": "dumb", "XDG_CONFIG_HOME": str(tmp_path / "x")}
    return subprocess.run(
        command,
        cwd=repo.root,
        env=variables | home | {"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.skipif(bool(why_no_nvim()), reason=why_no_nvim())
def test_neovim_shows_an_unsaved_line_and_clears_it_with_undo(
    repo: Repo, variables: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "init.lua").write_text(block("lua"))
    (tmp_path / "drive.lua").write_text(DRIVE_NVIM.replace("RISKY", f'"{RISKY.rstrip()}"'))
    drive = f"luafile {tmp_path / 'drive.lua'}"
    command = ["nvim", "--headless", "--clean", "-u", str(tmp_path / "init.lua"), "-c", drive]

    done = run([*command, "-c", "cquit"], repo, variables, tmp_path)

    assert "found 3-3 2 risky-line reviewbot" in done.stderr, done.stderr
    assert "cleared" in done.stderr
    assert done.returncode == 0


@pytest.mark.skipif(bool(why_no_eglot()), reason=why_no_eglot())
def test_emacs_shows_an_unsaved_line_and_clears_it_when_it_goes(
    repo: Repo, variables: dict[str, str], tmp_path: Path
) -> None:
    first = f'(setq package-directory-list (list "{PACKAGES}"))\n(require \'package)\n'
    drive = DRIVE_EGLOT.replace("RISKY", f'"{RISKY.rstrip()}"')
    (tmp_path / "drive.el").write_text(first + block("elisp") + drive)

    done = run(
        ["emacs", "-q", "--batch", "-l", str(tmp_path / "drive.el")], repo, variables, tmp_path
    )

    found = "found 4 eglot-warning reviewbot [risky-line]: critical: riskier"
    assert found in done.stderr, done.stderr
    assert "\ncleared\n" in done.stderr
    assert done.returncode == 0
