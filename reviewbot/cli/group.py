"""A group of commands that suggests a name for a wrong one."""

import click

from reviewbot.errors import MAX_CHARS, did_you_mean


class Group(click.Group):
    """A click group that suggests commands, also those that are not imported yet."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names. raises click.UsageError"""
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing:  # no option, no completion
            known = self.list_commands(ctx)
            if name not in known:
                shown = name if len(name) <= MAX_CHARS else name[:MAX_CHARS] + "..."
                hint = did_you_mean(name, known).capitalize()
                raise click.UsageError(f"No such command {shown!r}. {hint}".rstrip(), ctx)
        return super().resolve_command(ctx, args)
