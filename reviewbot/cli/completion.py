"""`reviewbot completion`: print the script with which a shell completes our commands."""

import click
from click.shell_completion import get_completion_class

from reviewbot.cli.console import emit

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", metavar="SHELL", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script for a SHELL.

    bash: source <(reviewbot completion bash). zsh: the same, with zsh, after compinit. fish:
    reviewbot completion fish | source.
    """
    from reviewbot.cli import COMPLETE_VAR, NAME, main

    shell_class = get_completion_class(shell)
    if shell_class is None:
        raise RuntimeError(f"click does not know the shell {shell}")
    script = shell_class(main, {}, NAME, COMPLETE_VAR)
    emit(script.source_template % script.source_vars() + "\n")
