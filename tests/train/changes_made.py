"""Label rows of both kinds, and the changes that are read from them."""

import json
from pathlib import Path
from typing import Any

from reviewbot.train.changes import LabelledChange
from reviewbot.train.label_files import read_files

Row = dict[str, Any]

HEAD = "def last(items):\n    # the last one\n\n    return items[len(items)]\n"
FIX = "    return items[len(items) - 1]"


def piece(name: str = "a/1", *lines: str, **fields: Any) -> Row:
    """A row for a piece of code in a group of its own; its second line is wrong."""
    code = list(lines) or ["x = 1", "y = 2"]
    row = {"id": name, "set": "mine", "lang": "python", "group": name, "lines": code, "risky": [1]}
    return row | fields


def whole(name: str = "a/1", **fields: Any) -> Row:
    """A row for a change that adds one file; its last line is wrong, and its fix is known."""
    row = {
        "id": name,
        "set": "ours",
        "group": "org/repo",
        "message": "Add last",
        "status": "faulty",
    }
    file = {"path": "src/last.py", "base": None, "head": HEAD}
    label = {"path": "src/last.py", "line": 4, "verdict": "wrong", "becomes": FIX}
    return row | {"files": [file], "faulty": [label]} | fields


def file(path: str, head: str, base: str | None = None, base_path: str | None = None) -> Row:
    return {"path": path, "head": head, "base": base, "base_path": base_path}


def label(line: int, verdict: str | None = None, path: str = "src/last.py", **fields: Any) -> Row:
    return {"path": path, "line": line, "verdict": verdict, **fields}


def read(directory: Path, *rows: Row) -> list[LabelledChange]:
    """Write a label file and read it."""
    path = directory / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_files([str(path)])
