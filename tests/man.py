"""The man pages, written from the commands themselves: roff for man(7), without a date."""

import re
from collections.abc import Iterator

import click

from reviewbot.cli import COMMANDS, NAME, main

FILES = """\
.TP
.I pyproject.toml, .reviewbot.toml
Settings, at the top of the checkout.
.TP
.I .reviewbot-authors.toml
The repository's own rules about who wrote what.
"""
EXIT = (
    ("0", "pass"),
    ("1", "the gate blocks"),
    ("2", "wrong usage or configuration"),
    ("3", "coverage incomplete: a line that should have been read was not"),
    ("4", "the environment failed: model, network, disk, memory"),
    ("70", "a bug in reviewbot"),
    ("130", "stopped"),
)


def pages() -> dict[str, str]:
    """Return the page of the program and one per command, by file name."""
    context = within(main, NAME, None)
    found = {f"{NAME}.1": _program(context)}
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command, name
        found[f"{NAME}-{name}.1"] = _command(command, within(command, name, context))
    return found


def within(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    """A context whose words do not depend on this terminal."""
    wide = {**command.context_settings, "terminal_width": 1_000, "max_content_width": 1_000}
    return click.Context(command, parent, name, **wide)


def _program(context: click.Context) -> str:
    rows = "".join(
        f".TP\n.BR {escape(NAME)}\\-{escape(name)} (1)\n{text(words)}\n"
        for name, (_, words) in COMMANDS.items()
    )
    exits = "".join(f".TP\n.B {code}\n{text(words)}\n" for code, words in EXIT)
    about = (main.help or "").split("\n\n")[0]
    return (
        _head(NAME, about)
        + f".SH SYNOPSIS\n.B {NAME}\n[OPTIONS] COMMAND [ARGS]...\n"
        + f".SH DESCRIPTION\n{text(about)}\n"
        + f".SH COMMANDS\n{rows}"
        + f".SH OPTIONS\n{_options(main, context)}"
        + f".SH EXIT STATUS\n{exits}"
        + f".SH FILES\n{FILES}"
    )


def _command(command: click.Command, context: click.Context) -> str:
    name = context.command_path.replace(" ", "-")
    (about, *_) = (command.help or "").split("\n\n")
    parts = "".join(
        f".SS {escape(part_context.command_path)}\n{_body(part, part_context)}"
        for part, part_context in _parts(command, context)
    )
    return (
        _head(name, about)
        + f".SH SYNOPSIS\n{_usage(command, context)}"
        + f".SH DESCRIPTION\n{_paragraphs(command)}"
        + (f".SH OPTIONS\n{_options(command, context)}" if not parts else f".SH COMMANDS\n{parts}")
        + f".SH SEE ALSO\n.BR {NAME} (1)\n"
    )


def _parts(
    command: click.Command, context: click.Context
) -> Iterator[tuple[click.Command, click.Context]]:
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            assert part, name
            inner = within(part, name, context)
            yield part, inner
            yield from _parts(part, inner)


def _body(command: click.Command, context: click.Context) -> str:
    return f"{_usage(command, context)}.PP\n{_paragraphs(command)}{_options(command, context)}"


def _head(name: str, about: str) -> str:
    title = f'.TH "{escape(name.upper())}" "1" "" "reviewbot" "reviewbot"\n'
    short = " ".join(about.split()).rstrip(".")
    return (
        '.\\" Made from the commands: python -m pytest tests/test_man.py --update-golden\n'
        f"{title}.SH NAME\n{escape(name)} \\- {escape(short[:1].lower() + short[1:])}\n"
    )


def _usage(command: click.Command, context: click.Context) -> str:
    pieces = " ".join(command.collect_usage_pieces(context))
    return f".B {escape(context.command_path)}\n{text(pieces)}\n"


def _paragraphs(command: click.Command) -> str:
    parts = (command.help or "").split("\n\n")
    return ".PP\n".join(f"{text(part)}\n" for part in parts)


def _options(command: click.Command, context: click.Context) -> str:
    options = (row for row in command.get_params(context) if isinstance(row, click.Option))
    rows = [option.get_help_record(context) for option in options]
    return "".join(f".TP\n.B {escape(row[0])}\n{text(row[1]) or '.br'}\n" for row in rows if row)


def escape(words: str) -> str:
    """Make words plain for roff: no escape of theirs works, and a hyphen stays one to copy."""
    return words.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")


def text(words: str) -> str:
    """Return a paragraph on one line, which is no request whatever it begins with."""
    line = escape(re.sub(r"\s+", " ", words).strip())
    return f"\\&{line}" if line.startswith((".", "\\(aq")) else line
