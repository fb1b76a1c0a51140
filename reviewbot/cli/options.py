"""The options that commands share: those that name a change, and one for each setting."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from reviewbot.app.failures import asked_by
from reviewbot.config.choices import OptionGroup
from reviewbot.config.schema import SETTINGS, Setting
from reviewbot.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])
# A shell completes it. A path that cannot be read is reported where it is read.
PATH = click.Path(readable=False)


MAX_CHOICES = 5  # that the first screen of help lists
_ALL = f"{__name__}.all"  # in the context: every group is shown


class GroupedOption(click.Option):
    """An option that help lists under the heading of its group."""

    def __init__(
        self, *args: Any, group: OptionGroup = OptionGroup.MAIN, brief: str = "", **more: Any
    ) -> None:
        """Take what click.Option takes, the group, and a shorter help for the first screen."""
        super().__init__(*args, **more)
        self.group = group
        self.brief = brief


class GroupedCommand(click.Command):
    """A command with two helps: --help fits one screen, --help-all lists every option in groups."""

    def __init__(self, *args: Any, **more: Any) -> None:
        """Take what click.Command takes, and add --help-all."""
        super().__init__(*args, **more)
        self.params.append(
            click.Option(
                ["--help-all"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_show_all,
                help="Show all options, in groups, and exit.",
            )
        )

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options most people need, or a section for each group of `OptionGroup`."""
        every = ctx.meta.get(_ALL, False)
        rows: dict[OptionGroup, list[tuple[str, str]]] = {group: [] for group in OptionGroup}
        for option in self.get_params(ctx):
            row = option.get_help_record(ctx)
            if row and isinstance(option, click.Option):
                brief = getattr(option, "brief", "")
                if brief and not every:
                    row = row[0].partition(" / ")[0], brief  # without its --no- form
                rows[getattr(option, "group", OptionGroup.MAIN)].append(row)
        for group in OptionGroup if every else (OptionGroup.MAIN,):
            if rows[group]:
                with formatter.section(group):
                    formatter.write_dl(rows[group])


def _show_all(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        ctx.meta[_ALL] = True
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


root_option = click.option(
    "--root",
    metavar="DIR",
    type=PATH,
    default=".",
    show_default=True,
    help="Directory that contains the code.",
)
output_option = click.option(
    "--output",
    metavar="FILE",
    type=PATH,
    help="Write the report to this file instead of stdout.",
)
also_option = click.option(
    "--also",
    cls=GroupedOption,
    group=OptionGroup.REPORT,
    multiple=True,
    metavar="FORMAT=FILE",
    help="Also write the report in this format.  [repeatable]",
)
timings_option = click.option(
    "--timings",
    cls=GroupedOption,
    group=OptionGroup.REPORT,
    is_flag=True,
    help="Print the duration of each step to stderr.",
)
DIFF = "Read a diff from a file or stdin (-); needs no git."


def change_arguments(command: F) -> F:
    """Add the arguments that name a change, and the file for the report."""
    for add in (
        output_option,
        root_option,
        click.option("--diff", metavar="FILE", type=PATH, help=DIFF),
        click.option("--staged", is_flag=True, help="Check what is staged, compared with HEAD."),
        click.argument("range_", metavar="[RANGE]", nargs=-1, callback=one_range),
    ):
        command = add(command)
    return command


def pull_request_options(command: F) -> F:
    """Add the options that name a pull request."""
    for add in (
        click.option(
            "--repository",
            cls=GroupedOption,
            group=OptionGroup.PULL_REQUEST,
            metavar="OWNER/NAME",
            help="Default: GITHUB_REPOSITORY.",
        ),
        click.option(
            "--pr", "number", type=int, metavar="N", help="Pull request; default: the event's."
        ),
    ):
        command = add(command)
    return command


def one_range(ctx: click.Context, _param: click.Parameter, words: tuple[str, ...]) -> str | None:
    """Return the range, if any. More words are probably files, which other tools take."""
    if len(words) > 1:
        from reviewbot.git.repository import PATHS

        with asked_by(ctx.info_name or ""):
            raise UsageError(
                f"nothing was checked: expected one RANGE (A, A..B or A...B), got {len(words)} "
                "arguments; files are not arguments",
                fix=PATHS,
            )
    return words[0] if words else None


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
                brief=brief(setting),
                type=None if switch else PATH if setting.path or setting.metavar == "DIR" else str,
                # Completes without a check: `config.load` checks, and suggests a choice.
                shell_complete=click.Choice(setting.choices).shell_complete
                if setting.choices
                else None,
            )(command)
        return command

    return add


def brief(setting: Setting) -> str:
    """Return the help for the first screen: the first clause, and some of the choices."""
    effect = f"{setting.help.partition(';')[0].rstrip('.')}."
    return effect if setting.type is bool else f"{effect}  {values(setting, most=MAX_CHOICES)}"


def values(setting: Setting, several: str = "repeatable", most: int | None = None) -> str:
    """Return the choices and the default in brackets, as click writes them; "" if there are none.

    several  how more than one value is given for a list
    most     how many choices are listed; None: all
    """
    listed = setting.choices[:most]
    more = ("...",) if len(listed) < len(setting.choices) else ()
    parts = [", ".join((*listed, *more))] if listed else []
    if setting.type is tuple:
        parts.append(several)
    elif setting.default not in (None, "default"):
        default = "off" if setting.default is False else str(setting.default).removesuffix(".0")
        parts.append(f"default: {default}")
    return f"[{'; '.join(parts)}]" if parts else ""
