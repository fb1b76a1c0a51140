"""The settings as flags: one per row of `settings.RULES`, so that names and defaults live once."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from reviewbot.settings import FORMATS, RULES

_PLAIN = re.compile(r"\w[\w./@+-]{0,199}", re.ASCII)
F = TypeVar("F", bound=Callable[..., Any])
_METAVARS = {int: "N", float: "NUMBER", tuple: "GLOB"}


def setting_flags(*keys: str) -> Callable[[F], F]:
    """Return what adds a flag per setting; without `keys` for every one.

    Values arrive as text (`settings.from_flags` reads them), a bool, or a tuple of texts; None or
    () where the flag was not given.
    """

    def add(command: F) -> F:
        for key, rule in reversed([(k, r) for k, r in RULES.items() if not keys or k in keys]):
            name = key.replace("-", "_")
            if rule.kind is bool:
                flag = click.option(f"--{key}/--no-{key}", name, default=None, help=rule.help)
            else:
                flag = click.option(
                    f"--{key}",
                    name,
                    default=None,
                    multiple=rule.kind is tuple,
                    metavar=_METAVARS.get(rule.kind, "PATH" if key.endswith("-dir") else "NAME"),
                    help=rule.help,
                    shell_complete=values_of(key),
                )
            command = flag(command)
        return command

    return add


Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]


def a_path(kind: str) -> Completer:
    """Return what lets the shell complete a path itself. kind: "file" or "dir"."""
    return lambda _ctx, _param, incomplete: [CompletionItem(incomplete, type=kind)]


def a_format(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[Any]:
    """Complete the format of FORMAT=FILE."""
    return [CompletionItem(f"{name}=") for name in FORMATS if name.startswith(incomplete)]


def a_range(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[Any]:
    """Complete a branch or a tag, also behind the dots of A..B.

    A name is a stranger's, and a shell inserts it as it is: only plain ones are offered.
    """
    from reviewbot.core.errors import ReviewbotError
    from reviewbot.forges.git import status

    kinds = ("refs/heads", "refs/tags", "refs/remotes")
    command = ("for-each-ref", "--count=1000", "--format=%(refname:short)", *kinds)
    try:
        _, out, _ = status(Path(), *command, timeout=2)
    except (ReviewbotError, OSError):
        return []
    names = [name for name in out.decode("ascii", "replace").splitlines() if _PLAIN.fullmatch(name)]
    end = incomplete.rfind("..") + 2 if ".." in incomplete else 0
    before, begun = incomplete[:end], incomplete[end:]
    return [CompletionItem(before + name) for name in names if name.startswith(begun)]


def values_of(key: str) -> Completer:
    """Return what offers a shell the values of a setting: those its rule names in quotes."""
    rule = RULES[key]

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[Any]:
        found = [CompletionItem(value) for value in rule.values if value.startswith(incomplete)]
        folders = "directory" in rule.says and not found
        return [CompletionItem(incomplete, type="dir")] if folders else found

    return complete
