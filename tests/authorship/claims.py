"""Agent Trace records that claim lines, and what is then in scope."""

import json
from typing import Any

from reviewbot.app.attribute import attribute_change
from reviewbot.app.inputs import intake
from reviewbot.app.load_change import ChangeSource, load_change
from reviewbot.authorship.line_ranges import murmur3
from reviewbot.authorship.model import Scope
from reviewbot.config.schema import Settings
from tests.authorship.repos import CLAUDE, Repo

KEY = "s_c9883b05a2487d::t_9f8e7d6c5b4a32"
BASE = "one = 1\ntwo = 2\nthree = 3\n"
AI = f"AI\n\n{CLAUDE}"


def in_scope(repo: Repo, path: str, range_: str = "main..topic") -> list[bool]:
    """Return for each added line of a file whether `--scope ai` reads it."""
    request = intake(repo.root, range_, staged=False, diff=None)
    source = ChangeSource(request=request, settings=Settings(), root=repo.root)
    change = attribute_change(load_change(source), {})
    lines = [line for file in change.change.files for line in file.added if line.path == path]
    return [change.in_scope(Scope.AI, line) for line in lines]


def trace(*ranges: Any, path: str = "b.py", kind: str = "ai", **more: Any) -> str:
    conversation = {"contributor": {"type": kind}, "ranges": list(ranges)}
    return json.dumps({"files": [{"path": path, "conversations": [conversation]}], **more}) + "\n"


def lines(first: int, last: int, text: str | None = None) -> dict[str, Any]:
    digest = {} if text is None else {"content_hash": f"murmur3:{murmur3(text.encode())}"}
    return {"start_line": first, "end_line": last, **digest}
