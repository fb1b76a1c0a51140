"""`reviewbot serve`: keep the model loaded, so that `check` and `review` need not load it."""

import os
import socket
from pathlib import Path
from typing import Any

import click

from reviewbot.app.failures import worded
from reviewbot.app.inputs import settings_root
from reviewbot.app.warm import MODEL_SETTINGS
from reviewbot.cli.options import GroupedCommand, setting_flags
from reviewbot.config.load import from_files, load_settings
from reviewbot.errors import EnvironmentFailure

MINUTE = 60.0  # seconds


@click.command(cls=GroupedCommand)
@click.option(
    "--idle",
    type=click.IntRange(1, 100_000),
    default=30,
    show_default=True,
    metavar="MINUTES",
    help="Exit after this many minutes without a request.",
)
@click.option("--stop", is_flag=True, help="Stop all your servers and wait until they have exited.")
@setting_flags(*MODEL_SETTINGS)
def serve(idle: int, stop: bool, **flags: Any) -> None:
    """Keep the model loaded, so that `check` and `review` with the same settings start faster.

    Runs until it is idle or stopped; start it in the background with & or a systemd unit. It
    listens on a Unix socket that only you can open. Exits with 0 if a server already runs.
    """
    from reviewbot.app.serve import serve_model, stop_servers

    files = from_files(settings_root(Path(), has_git=True))
    settings = load_settings(os.environ, flags, files)
    if not hasattr(socket, "AF_UNIX"):
        raise EnvironmentFailure(
            "nothing is served: this system has no Unix sockets", fix="use `reviewbot check` alone"
        )
    if stop:
        stop_servers(settings)
        return
    with worded("nothing is served"):
        serve_model(settings, idle * MINUTE)
