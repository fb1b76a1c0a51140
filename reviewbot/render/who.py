"""`WhoReport` -> text: for the terminal, for other programs, and as Markdown."""

import json
from collections.abc import Callable, Iterable

from rich.text import Text

from reviewbot.authorship.model import Attribution, Author
from reviewbot.authorship.who import Stretch, WhoReport, stretches
from reviewbot.escape import valid, visible
from reviewbot.render.authors import totals_line
from reviewbot.render.terminal_text import fitting, one_line, printed
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
    """Return a table of stretches per file, what was looked at, and the totals."""
    width = fitting(width)
    return printed((one_line(text, width) for text in _lines(report)), width=width, color=color)


def _lines(report: WhoReport) -> Iterable[Text]:
    for file in report.files:
        yield Text(visible(file.path), "bold")
        rows = stretches(file.lines)
        places = [_place(row) for row in rows]
        names = [_name(row.author) for row in rows]
        first, second = max(map(len, places)), max(map(len, names))
        for row, place, name in zip(rows, places, names, strict=True):
            text = Text(f"  {place:>{first}}  ").append(
                f"{name:<{second}}", STYLES.get(row.author.kind, "")
            )
            sure = f"{row.author.confidence:.1f}" if row.author.confidence else "-"
            yield text.append(f"  {sure:>3}  {_evidence(row.author)}", "dim")
        yield Text()
    for source in report.sources:
        yield Text(f"looked at {visible(source)}", "dim")
    for note in report.notes:
        yield Text(f"note: {visible(note)}", "dim")
    yield Text(totals_line(report.authors))


def _place(row: Stretch) -> str:
    return f"{row.first}" if row.first == row.last else f"{row.first}-{row.last}"


def _name(author: Attribution) -> str:
    named = ", ".join(visible(part) for part in (author.tool, author.model) if part)
    return f"{author.kind.value} ({named})" if named else author.kind.value


def _evidence(author: Attribution) -> str:
    return visible("; ".join(author.evidence))


def who_markdown(report: WhoReport) -> str:
    """Return the report as Markdown tables; `templates/who.md.j2` lays them out."""
    from reviewbot.render.untrusted import UntrustedText, environment, template

    left = MAX_ROWS
    files = []
    for file in report.files:
        rows = stretches(file.lines)[:left]
        left -= len(rows)
        cells = [
            {
                "place": _place(row),
                "name": UntrustedText(_name(row.author)),
                "confidence": f"{row.author.confidence:.1f}" if row.author.confidence else "-",
                "evidence": UntrustedText(_evidence(row.author) or "none"),
            }
            for row in rows
        ]
        if cells:
            files.append({"path": UntrustedText(visible(file.path)), "rows": cells})
    hidden = sum(len(stretches(file.lines)) for file in report.files) - (MAX_ROWS - left)
    page = environment().from_string(template("who.md.j2"))
    return page.render(
        totals=UntrustedText(totals_line(report.authors)),
        files=files,
        hidden=hidden,
        asides=[
            UntrustedText(text)
            for text in [
                *(f"looked at {source}" for source in report.sources[:20]),
                *(f"note: {note}" for note in report.notes[:20]),
            ]
        ],
    )


WHO_RENDERERS: dict[str, Callable[..., str]] = {
    "terminal": who_terminal,
    "json": who_json,
    "markdown": who_markdown,
}
