"""Authors in words, for every report that a person reads."""

from collections.abc import Iterable
from typing import Any

from reviewbot.core.authors import Attribution, Author, totals
from reviewbot.render.escape import valid, visible
from reviewbot.render.words import plural

_WORDS = {Author.AI: "AI"}
MOST_TOOLS = 8
MOST_NAME, MOST_WORDS = 1_000, 20_000  # characters, as in the schemas


def totals_line(attributions: Iterable[Attribution]) -> str:
    """Return "312 added lines: 190 AI (claude 120, cursor 70), 80 human, 42 unknown"."""
    counts = totals(attributions)
    parts = []
    for kind, tools in counts.items():
        named = sorted((item for item in tools.items() if item[0]), key=lambda i: (-i[1], i[0]))
        shown = [f"{visible(tool)} {count}" for tool, count in named[:MOST_TOOLS]]
        rest = sum(tools.values()) - sum(count for _, count in named[:MOST_TOOLS])
        if shown and rest:
            shown.append(f"other {rest}")
        inside = f" ({', '.join(shown)})" if shown else ""
        parts.append(f"{sum(tools.values())} {_WORDS.get(kind, kind.value)}{inside}")
    count = sum(tools.total() for tools in counts.values())
    return f"{plural(count, 'added line')}{': ' if parts else ''}{', '.join(parts)}"


def written_by(author: Attribution | None) -> str:
    """Return "ai (claude)"; "" where nobody is known."""
    if author is None or author.kind is Author.UNKNOWN:
        return ""
    tool = f" ({visible(author.tool)})" if author.tool else ""
    return f"{author.kind.value}{tool}"


def author_json(author: Attribution) -> dict[str, Any]:
    """Return an attribution as every JSON report has it."""
    return {
        "kind": author.kind.value,
        "tool": author.tool and valid(author.tool)[:MOST_NAME],
        "model": author.model and valid(author.model)[:MOST_NAME],
        "confidence": round(author.confidence, 4),
        "evidence": [valid(words)[:MOST_WORDS] for words in author.evidence],
    }


def totals_json(attributions: Iterable[Attribution]) -> dict[str, Any]:
    """Return how many lines each kind of author has, and of these how many each tool."""
    counts = totals(attributions)
    return {
        kind.value: {
            "lines": sum(counts.get(kind, {}).values()),
            "tools": {
                valid(tool): count for tool, count in sorted(counts.get(kind, {}).items()) if tool
            },
        }
        for kind in Author
    }
