"""A document that can rot is checked: the paths it names exist, and every command has help."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from reviewbot import __version__
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
# `research/quick.sh`, `reviewbot/diff/` look like paths of this repository; `reviewbot/1` is not.
NAMED = re.compile(
    r"`((?!reviewbot/\d)(?:reviewbot|action|docs|examples|research|templates|tests|\.ci)/[\w./-]*)`"
)


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


def test_every_document_that_code_and_help_name_exists() -> None:
    folders = ("reviewbot", "research", "action", "tests", "examples/agent_hooks")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*")]
    files += [ROOT / "action.yml", ROOT / ".pre-commit-hooks.yaml", ROOT / "pyproject.toml"]
    texts = [path for path in files if path.suffix in {".py", ".sh", ".json", ".yml", ".toml"}]
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in texts
        if path != Path(__file__)
        for name in re.findall(r"\b(?:docs|research)/[a-z-]+\.md\b", path.read_text("utf-8"))
    }

    assert ("action.yml", "docs/settings.md") in named
    assert [(path, name) for path, name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_changelog_begins_with_the_version_of_the_package() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (\S+) - (?:unreleased|\d{4}-\d\d-\d\d)$", text, re.M)

    assert headings[0] == __version__


def test_a_broken_path_would_be_seen() -> None:
    assert LINK.findall("see [a](docs/x.md#y), [b](<z.md>)") == ["docs/x.md#y", "z.md"]
    assert NAMED.findall("`reviewbot/diff/x.py` `reviewbot/1` `python -m x` `docs/a.md`") == [
        "reviewbot/diff/x.py",
        "docs/a.md",
    ]


def commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its full name, a group before its parts."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for part in command.list_commands(context):
            inner = command.get_command(context, part)
            assert inner, part
            yield from commands(f"{name} {part}", inner)


def test_every_command_has_help_so_that_the_docs_can_point_there() -> None:
    found = dict(commands("reviewbot", main))

    assert [name for name, command in found.items() if not command.help] == []
    assert {"reviewbot check", "reviewbot train sae", "reviewbot hook install"} <= set(found)


EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text("utf-8"), re.S)


def test_contributing_has_an_example_of_a_detector_a_renderer_and_an_encoder() -> None:
    assert len(EXAMPLES) == 3
    assert max(len(code.splitlines()) for code in EXAMPLES) < 40


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_tests_of_the_examples_in_contributing_pass(code: str) -> None:
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - a page of our own
    tests = [value for name, value in names.items() if name.startswith("test_")]

    assert tests
    for test in tests:
        test()
