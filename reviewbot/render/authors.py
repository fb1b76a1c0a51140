"""Authors in words, for every report that a person reads."""

from collections.abc import Iterable

from reviewbot.authorship.model import Attribution, Author, totals
from reviewbot.escape import visible
from reviewbot.render.phrasing import plural

_WORDS = {Author.AI: "AI"}
MAX_TOOLS = 8


def totals_line(attributions: Iterable[Attribution]) -> str:
    """Return "312 added lines: 190 AI (claude 120, cursor 70), 80 human, 42 unknown"."""
    counts = totals(attributions)
    parts = []
    for kind, tools in counts.items():
        named = sorted((item for item in tools.items() if item[0]), key=lambda i: (-i[1], i[0]))
        shown = [f"{visible(tool)} {count}" for tool, count in named[:MAX_TOOLS]]
        rest = sum(tools.values()) - sum(count for _, count in named[:MAX_TOOLS])
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
