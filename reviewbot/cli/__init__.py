"""The command line. A command's module is only imported when that command is called."""

import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from reviewbot import __version__
from reviewbot.cli.console import drop, flush, report_failure, require_stdout
from reviewbot.errors import MAX_CHARS, UsageError, did_you_mean

NAME = "reviewbot"  # whatever the script is called
COMPLETE_VAR = "_REVIEWBOT_COMPLETE"  # a shell sets it to ask for completions
GROUPS = {  # heading in the help -> name -> where the command is, and its line in the help
    "Check a change": {
        "check": ("reviewbot.cli.check:check", "Score the lines that a change adds, and gate."),
        "review": ("reviewbot.cli.review:review", "Check a pull request, comment, and gate."),
        "explain": ("reviewbot.cli.explain:explain", "Explain the risk of a line, or features."),
        "who": ("reviewbot.cli.who:who", "Show who wrote the lines that a change adds."),
    },
    "Your repository": {
        "ack": ("reviewbot.cli.ack:ack", "Acknowledge a finding, so that it does not block."),
        "init": ("reviewbot.cli.init:init", "Set up settings, a workflow and hooks."),
        "calibrate": (
            "reviewbot.cli.calibrate:calibrate",
            "Propose thresholds from your own merged changes.",
        ),
        "stats": ("reviewbot.cli.stats:stats", "Count what became of past findings."),
        "hook": ("reviewbot.cli.hook:hook", "Check before git pushes or commits."),
    },
    "Tools": {
        "lsp": ("reviewbot.cli.lsp:lsp", "Show risky uncommitted lines in an editor."),
        "serve": ("reviewbot.cli.serve:serve", "Keep the model loaded for hooks and editors."),
        "map": ("reviewbot.cli.map_changes:map_changes", "Score changes of many repositories."),
        "model": ("reviewbot.cli.model:model", "Download, list and verify models."),
        "train": ("reviewbot.cli.train:train", "Train, fit and evaluate your own weights."),
        "completion": ("reviewbot.cli.completion:completion", "Print a shell completion script."),
    },
}
COMMANDS = {name: row for rows in GROUPS.values() for name, row in rows.items()}


class Group(click.Group):
    """A click group that suggests commands, also those that are not imported yet."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names. raises UsageError"""
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing:  # no option, no completion
            known = self.list_commands(ctx)
            if name not in known:
                shown = name if len(name) <= MAX_CHARS else name[:MAX_CHARS] + "..."
                raise UsageError(
                    f"nothing was done: no command is named {shown!r}",
                    fix=f"{did_you_mean(name, known)}see `{ctx.command_path} --help`",
                )
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a failure to parse its words names the command."""
        try:
            return super().invoke(ctx)
        except click.UsageError as exc:
            if exc.ctx is None and ctx.invoked_subcommand:
                command = self.get_command(ctx, ctx.invoked_subcommand)
                if command:
                    exc.ctx = click.Context(command, ctx, ctx.invoked_subcommand)
            raise


class LazyGroup(Group):
    """The commands of `GROUPS`; every failure ends in our words and with our exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command. Return None if the table has no such name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = pkgutil.resolve_name(COMMANDS[cmd_name][0])
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
        """Complete the commands from the table; import nothing."""
        items = [CompletionItem(name, help=line) for name, (_, line) in COMMANDS.items()]
        return [
            *(item for item in items if item.value.startswith(incomplete)),
            *click.Command.shell_complete(self, ctx, incomplete),
        ]

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands from the table, in groups; import nothing."""
        widest = max(map(len, COMMANDS))
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                rows = [(name.ljust(widest), line) for name, (_, line) in commands.items()]
                formatter.write_dl(rows)

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002
        **extra: Any,
    ) -> NoReturn:
        """Run, and raise SystemExit with the exit code, whatever happened."""
        if COMPLETE_VAR in os.environ:
            super().main(args, NAME, complete_var=COMPLETE_VAR)
        extra.pop("standalone_mode", None)
        sys.exit(self._run(list(sys.argv[1:] if args is None else args), extra))

    def _run(self, args: list[str], extra: dict[str, Any]) -> int:
        try:
            require_stdout()
            try:
                with self.make_context(NAME, args, **extra) as ctx:
                    self.invoke(ctx)
                code = 0
            except click.exceptions.Exit as exc:
                code = exc.exit_code
            except SystemExit as exc:
                if exc.code is not None and not isinstance(exc.code, int):
                    raise RuntimeError(exc.code) from exc  # Python would end with 1: "blocked"
                code = exc.code or 0
            flush()
        except (Exception, KeyboardInterrupt) as exc:  # noqa: BLE001 - the one place that may
            if isinstance(exc, OSError):
                drop(sys.stdout)
            return report_failure(exc)
        return code


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="reviewbot")
def main() -> None:
    """Show which changed lines nobody should merge unread.

    Exit codes: 0 pass, 1 the gate blocks, 2 wrong usage or configuration, 3 coverage incomplete,
    4 the environment failed, 5 an item of `map` failed, 70 a bug in reviewbot, 130 stopped.
    """


def run() -> NoReturn:
    """Run `reviewbot` or `python -m reviewbot`.

    The process ends at once, because unloading torch takes a second. `main` has flushed all output
    by then, or reported that it could not.
    """
    code = 0
    try:
        main()
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    os._exit(code)
