"""Writes what `records` reads: an Agent Trace record for the lines that a change adds."""

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from reviewbot.authorship.hashes import murmur3
from reviewbot.core.authors import Author
from reviewbot.core.change import Change, ChangedLine

VERSION = "0.1.0"
PROVIDERS = (  # what a model's name starts with -> its provider, as models.dev has them
    ("claude-", "anthropic"),
    ("gpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("codex", "openai"),
    ("gemini-", "google"),
    ("grok-", "xai"),
    ("qwen", "alibaba"),
    ("deepseek", "deepseek"),
    ("mistral", "mistral"),
    ("codestral", "mistral"),
)


def trace_record(
    change: Change,
    *,
    kind: Author,
    tool: str | None,
    model: str | None,
    revision: str | None,
    id_: str,
    timestamp: str,
    apart: str,
) -> str | None:
    """Return the record as one line of JSON; None where the change adds no line.

    revision   HEAD, the parent of the commit that will hold the lines
    id_        UUID
    timestamp  RFC 3339
    apart      folder whose own lines are left out: the records themselves
    """
    contributor: dict[str, Any] = {"type": kind.value}
    if model:
        contributor["model_id"] = model_id(model)
    files = [
        {
            "path": file.path,
            "conversations": [{"contributor": contributor, "ranges": _ranges(file.added)}],
        }
        for file in change.files
        if file.added and not file.path.startswith(f"{apart}/")
    ]
    if not files:
        return None
    record: dict[str, Any] = {"version": VERSION, "id": id_, "timestamp": timestamp}
    if revision:
        record["vcs"] = {"type": "git", "revision": revision}
    if tool:
        record["tool"] = {"name": tool}
    return json.dumps({**record, "files": files}, separators=(",", ":"))


def model_id(model: str) -> str:
    """Return "provider/model", as Agent Trace asks for, where the provider can be told."""
    plain = model.strip()[:250]
    if "/" in plain:
        return plain
    found = (maker for start, maker in PROVIDERS if plain.lower().startswith(start))
    return f"{maker}/{plain}" if (maker := next(found, None)) else plain


def _ranges(added: Sequence[ChangedLine]) -> list[dict[str, Any]]:
    found = []
    for _, group in groupby(enumerate(added), key=lambda item: item[1].number - item[0]):
        lines = [line for _, line in group]
        text = "\n".join(line.text for line in lines).encode("utf-8", "surrogatepass")
        found.append(
            {
                "start_line": lines[0].number,
                "end_line": lines[-1].number,
                "content_hash": f"murmur3:{murmur3(text)}",
            }
        )
    return found
