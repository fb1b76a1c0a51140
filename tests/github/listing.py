"""What GitHub lists of a pull request, taken from a real repository by git."""

import re
import subprocess
from pathlib import Path
from typing import Any

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_STATUS = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "C": "copied"}


def listed(root: Path, base: str, head: str) -> list[dict[str, Any]]:
    """Return the files between the merge base and the head, with their patches."""
    start = git(root, "merge-base", base, head)
    options = ("-c", "core.quotePath=false", "diff", "--find-renames")
    raw = iter(git(root, *options, "--raw", "--no-abbrev", "-z", start, head).split("\0"))
    texts = re.split("^diff --git ", git(root, *options, "-U3", start, head), flags=re.M)[1:]
    files = []
    for text in texts:
        _, _, _, blob, letter = next(raw).split()
        name, old = next(raw), None
        if letter[0] in "RC":
            name, old = next(raw), name
        patch = text[text.index("\n@@") + 1 :].removesuffix("\n") if "\n@@" in text else ""
        lines = patch.split("\n")
        file = {
            "sha": blob,
            "filename": name,
            "status": _STATUS[letter[0]],
            "additions": sum(line.startswith("+") for line in lines),
            "deletions": sum(line.startswith("-") for line in lines),
            "changes": 0,
        }
        given = {"previous_filename": old, "patch": patch}
        files.append(file | {key: text for key, text in given.items() if text})
    return files


def hunks(patch: str) -> list[tuple[range, range]]:
    """Return the lines of each hunk, left and right, that a comment may stand on."""
    found = []
    for old, count, new, more in _HUNK.findall(patch):
        left, right = int(old), int(new)
        found.append((range(left, left + int(count or 1)), range(right, right + int(more or 1))))
    return found


def blob(root: Path, path: str, ref: str) -> bytes | None:
    """Return a file as a commit has it."""
    command = ["git", "cat-file", "blob", f"{ref}:{path}"]
    done = subprocess.run(command, cwd=root, capture_output=True)
    return None if done.returncode else done.stdout


def git(root: Path, *args: str) -> str:
    """Return what git says."""
    done = subprocess.run(["git", *args], cwd=root, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace").removesuffix("\n")
