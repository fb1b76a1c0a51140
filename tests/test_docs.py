"""A document that can rot is checked: the paths it names exist, help texts are the real ones."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from reviewbot.cli import main

ROOT = Path(__file__).parents[1]
DOCS = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("examples/*.md"),
        *ROOT.glob("research/**/*.md"),
    ]
)
LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?\)")
# `research/small.sh`, `reviewbot/core/` look like paths of this repository; `reviewbot/1` is not.
NAMED = re.compile(
    r"`((?!reviewbot/\d)(?:reviewbot|action|docs|examples|research|templates|tests|\.ci)/[\w./-]*)`"
)
HEAD = """# All commands

Made from the commands themselves: `python -m pytest tests/test_docs.py --update-golden`.
"""


def prose(path: Path) -> str:
    """The text of a document without its fenced blocks."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"^(`{3,}|~{3,}).*?^\1", "", text, flags=re.M | re.S)


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives a document's headings."""
    found = re.findall(r"^#+ +(.+?) *$", prose(path), re.M)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in found]
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_a_document_names_exists(path: Path) -> None:
    text = prose(path)
    broken = [name for name in NAMED.findall(text) if not (ROOT / name).exists()]
    for target in LINK.findall(text):
        name, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        there = (path.parent / name).resolve() if name else path
        found = there.exists() and there.is_relative_to(ROOT)
        if not found or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            broken.append(target)

    assert broken == []


def test_a_broken_path_would_be_seen() -> None:
    assert LINK.findall("see [a](docs/x.md#y), [b](<z.md>)") == ["docs/x.md#y", "z.md"]
    assert NAMED.findall("`reviewbot/core/x.py` `reviewbot/1` `python -m x` `docs/a.md`") == [
        "reviewbot/core/x.py",
        "docs/a.md",
    ]


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    """Yield each command's full name and its help, a group before its parts."""
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            assert part, name
            yield from walk(part, within(part, name, context))


def within(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    """A context whose help is as wide as in a wide terminal, and shows no setting of this one."""
    wide = {**command.context_settings, "terminal_width": 100, "max_content_width": 100}
    return click.Context(command, parent, name, **wide)


def test_docs_cli_holds_the_help_of_every_command(golden: Callable[[Path, str], None]) -> None:
    parts = [
        f"\n## {name}\n\n```text\n{text.rstrip()}\n```\n"
        for name, text in walk(main, within(main, "reviewbot", None))
    ]

    golden(ROOT / "docs" / "cli.md", HEAD + "".join(parts))
