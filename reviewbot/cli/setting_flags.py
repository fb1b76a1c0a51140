"""The settings as flags: one per row of `settings.RULES`, so that names and defaults live once."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from reviewbot.config.settings import RULES

F = TypeVar("F", bound=Callable[..., Any])
# A shell completes it. What cannot be read is an error where it is read, with its own advice.
PATH = click.Path(readable=False)
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
                    type=PATH if rule.path else str,
                    # Completes, and does not check: `settings_from` does, and suggests a name.
                    shell_complete=click.Choice(rule.choices).shell_complete
                    if rule.choices
                    else None,
                )
            command = flag(command)
        return command

    return add
