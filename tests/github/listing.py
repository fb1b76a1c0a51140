"""What GitHub lists of a pull request, taken from a real repository by git."""

import re
import subprocess
from pathlib import Path
from typing import Any

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def listed(root: Path, base: str, head: str) -> list[dict[str, Any]]:
    """Return the files between the merge base and the head, with their patches."""
    start = git(root, "merge-base", base, head)
    options = ("-c", "core.quotePath=false", "diff", "--find-renames")
    listed = git(root, *options, "--name-status", "-z", start, head).split("\0")
    whole = git(root, *options, "-U3", start, head)
    texts = iter(re.split("^diff --git ", whole, flags=re.M)[1:])
    tree = git(root, "ls-tree", "-r", "-z", head).split("\0")
    blobs = {line.partition("\t")[2]: line.split()[2] for line in tree if line}
    found, at = [], 0
    words = {"A": "added", "M": "modified", "D": "removed", "R": "renamed", "C": "copied"}
    while at + 1 < len(listed):
        status = words[listed[at][0]]
        old = listed[at + 1] if status in ("renamed", "copied") else None
        name = listed[at + 2] if old else listed[at + 1]
        at += 3 if old else 2
        text = next(texts).removesuffix("\n")
        patch = text[text.index("\n@@") + 1 :] if "\n@@" in text else None
        lines = patch.split("\n") if patch else []
        file = {
            "sha": blobs.get(name, "0" * 40),
            "filename": name,
            "status": status,
            "additions": sum(line.startswith("+") for line in lines),
            "deletions": sum(line.startswith("-") for line in lines),
            "changes": 0,
        }
        if old:
            file["previous_filename"] = old
        if patch:
            file["patch"] = patch
        found.append(file)
    return found


def hunks(patch: str) -> list[tuple[range, range]]:
    """Return the lines of each hunk, left and right, that a comment may stand on."""
    found = []
    for old, count, new, more in _HUNK.findall(patch):
        left, right = int(old), int(new)
        found.append((range(left, left + int(count or 1)), range(right, right + int(more or 1))))
    return found


def blob(root: Path, path: str, ref: str) -> bytes | None:
    """Return a file as a commit has it."""
    done = subprocess.run(
        ["git", "cat-file", "blob", f"{ref}:{path}"], cwd=root, capture_output=True
    )
    return None if done.returncode else done.stdout


def git(root: Path, *args: str) -> str:
    """Return what git says."""
    done = subprocess.run(["git", *args], cwd=root, capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace").removesuffix("\n")
