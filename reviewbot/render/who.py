"""`WhoReport` -> text: for the terminal, for other programs, and as Markdown."""

import json
from collections.abc import Callable, Iterable

from rich.text import Text

from reviewbot.authorship.model import Attribution, Author
from reviewbot.authorship.who import WhoReport, stretches
from reviewbot.escape import valid, visible
from reviewbot.render.phrasing import author_kind, in_brackets, numbers, totals_line
from reviewbot.render.terminal_text import fitting, one_line, printed, wrapped
from reviewbot.report.json_values import author_json, totals_json

SCHEMA = "reviewbot-who/1"
MAX_ROWS = 500  # of the Markdown table
STYLES = {Author.AI: "magenta", Author.MIXED: "yellow", Author.HUMAN: "green"}


def who_json(report: WhoReport) -> str:
    """Return the report as JSON, ASCII only: same report, same bytes; see docs/formats.md."""
    value = {
        "schema": SCHEMA,
        "change": {"base": report.base, "head": report.head},
        "files": [
            {
                "path": valid(file.path),
                "lines": [
                    {"number": line.number, "author": author_json(line.author)}
                    for line in file.lines
                ],
            }
            for file in report.files
        ],
        "totals": totals_json(report.authors),
        "sources": [valid(text) for text in report.sources],
        "notes": [valid(text) for text in report.notes],
    }
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def who_terminal(report: WhoReport, *, width: int, color: bool) -> str:
    """Return a table of line ranges per file, the sources that were read, and the totals."""
    width = fitting(width)
    return printed(_lines(report, width), width=width, color=color)


def _lines(report: WhoReport, width: int) -> Iterable[Text]:
    for file in report.files:
        yield one_line(Text(visible(file.path), "bold"), width)
        rows = [(numbers(row.first, row.last), row.author) for row in stretches(file.lines)]
        first = max(len(lines) for lines, _ in rows)
        second = max(len(_name(author)) for _, author in rows)
        for lines, author in rows:
            text = Text(f"  {lines:>{first}}  ")
            text.append(f"{_name(author):<{second}}", STYLES.get(author.kind, ""))
            text.append(f"  {_confidence(author):>3}  {_evidence(author)}", "dim")
            yield one_line(text, width)
        yield Text()
    for remark in _remarks(report):  # never cut: it may hold a command
        yield from wrapped(visible(remark), width, 0, "dim")
    yield from wrapped(totals_line(report.authors), width, 0)


def who_markdown(report: WhoReport) -> str:
    """Return the report as Markdown tables; templates/who.md.j2 lays them out."""
    from reviewbot.render.jinja import markdown_environment, template
    from reviewbot.render.untrusted import UntrustedText

    left = MAX_ROWS
    hidden = 0
    files = []
    for file in report.files:
        every = stretches(file.lines)
        rows = [
            {
                "place": numbers(row.first, row.last),
                "name": UntrustedText(_name(row.author)),
                "confidence": _confidence(row.author),
                "evidence": UntrustedText(_evidence(row.author) or "none"),
            }
            for row in every[:left]
        ]
        left -= len(rows)
        hidden += len(every) - len(rows)
        if rows:
            files.append({"path": UntrustedText(visible(file.path)), "rows": rows})
    page = markdown_environment().from_string(template("who.md.j2"))
    return page.render(
        totals=UntrustedText(totals_line(report.authors)),
        files=files,
        hidden=hidden,
        asides=[UntrustedText(text) for text in _remarks(report, 20)],
    )


def _name(author: Attribution) -> str:
    named = ", ".join(visible(part) for part in (author.tool, author.model) if part)
    return f"{author_kind(author.kind)}{in_brackets(named)}"


def _confidence(author: Attribution) -> str:
    return f"{author.confidence:.1f}" if author.confidence else "-"


def _evidence(author: Attribution) -> str:
    return visible("; ".join(author.evidence))


def _remarks(report: WhoReport, most: int | None = None) -> list[str]:
    sources = [f"read {source}" for source in report.sources[:most]]
    return [*sources, *(f"note: {note}" for note in report.notes[:most])]


WHO_RENDERERS: dict[str, Callable[[WhoReport], str]] = {
    "json": who_json,
    "markdown": who_markdown,
}
