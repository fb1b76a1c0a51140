"""`reviewbot completion`: the script that lets a shell complete our commands."""

import click
from click.shell_completion import get_completion_class

from reviewbot.cli.console import emit

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script for a SHELL.

    bash: source <(reviewbot completion bash). zsh: the same, with zsh, after compinit. fish:
    reviewbot completion fish | source.
    """
    from reviewbot.cli import COMPLETE_VAR, NAME, main

    found = get_completion_class(shell)
    if found is None:
        raise RuntimeError(f"click completes nothing for {shell}")
    made = found(main, {}, NAME, COMPLETE_VAR)
    emit(made.source_template % made.source_vars() + "\n")
