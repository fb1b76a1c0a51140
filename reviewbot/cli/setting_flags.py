"""The settings as options of a command, and help that lists options in groups."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from reviewbot.config.choices import OptionGroup
from reviewbot.config.schema import SETTINGS, Setting

F = TypeVar("F", bound=Callable[..., Any])
# A shell completes it. A path that cannot be read is reported where it is read.
PATH = click.Path(readable=False)


class GroupedOption(click.Option):
    """An option that help lists under the heading of its group."""

    def __init__(self, *args: Any, group: OptionGroup = OptionGroup.MAIN, **more: Any) -> None:
        """Take what click.Option takes, and the group."""
        super().__init__(*args, **more)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help lists its options in groups, in the order of `OptionGroup`."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each group that has options."""
        rows: dict[OptionGroup, list[tuple[str, str]]] = {group: [] for group in OptionGroup}
        for option in self.get_params(ctx):
            row = option.get_help_record(ctx)
            if row and isinstance(option, click.Option):
                rows[getattr(option, "group", OptionGroup.MAIN)].append(row)
        for group, lines in rows.items():
            if lines:
                with formatter.section(group):
                    formatter.write_dl(lines)


def setting_flags(*names: str) -> Callable[[F], F]:
    """Return a decorator that adds an option for each setting.

    Values arrive as text, which `config.load` converts and checks, a bool, or a tuple of texts;
    None or () if the option is not given.
    """

    def add(command: F) -> F:
        for setting in reversed([SETTINGS[name] for name in SETTINGS if name in names]):
            switch = f"/--no-{setting.name}" if setting.type is bool else ""
            command = click.option(
                f"--{setting.name}{switch}",
                setting.field,
                cls=GroupedOption,
                group=setting.group,
                default=None,
                multiple=setting.type is tuple,
                metavar=setting.metavar or None,
                help=f"{setting.help}  {values(setting)}",
                type=None if switch else PATH if setting.path or setting.metavar == "DIR" else str,
                # Completes without a check: `config.load` checks, and suggests a choice.
                shell_complete=click.Choice(setting.choices).shell_complete
                if setting.choices
                else None,
            )(command)
        return command

    return add


def values(setting: Setting, several: str = "repeatable") -> str:
    """Return the choices and the default in brackets, as click writes them; "" if there are none.

    several  how more than one value is given for a list
    """
    parts = [", ".join(setting.choices)] if setting.choices else []
    if setting.type is tuple:
        parts.append(several)
    elif setting.default not in (None, "default"):
        default = "off" if setting.default is False else str(setting.default).removesuffix(".0")
        parts.append(f"default: {default}")
    return f"[{'; '.join(parts)}]" if parts else ""
