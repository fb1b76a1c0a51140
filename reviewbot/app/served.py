"""Use the server that keeps our model warm, where one runs."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.progress import Clock
from reviewbot.config.settings import Settings

if TYPE_CHECKING:
    from reviewbot.encoders.encoder import Encoder, EncoderSpec
    from reviewbot.server.client import NotServed, RemoteEncoder

    Load = Callable[[EncoderSpec], Encoder]


def sockets(settings: Settings) -> Path:
    """Return the directory where servers listen; nothing is created."""
    from reviewbot.models.cache import cache_dir
    from reviewbot.server.socket_path import run_dir

    own = Path(settings.cache_dir) if settings.cache_dir else None
    return run_dir(os.environ, cache_dir(own, os.environ))


def ask(
    settings: Settings, spec: "EncoderSpec", sha256: str, clock: Clock, load: "Load"
) -> "RemoteEncoder | NotServed | None":
    """Connect to the server for a spec; None where there is none.

    load  loads the model here, should the server be lost
    """
    from reviewbot.server.client import connect

    return connect(
        sockets(settings),
        spec,
        sha256,
        os.environ,
        load=load,
        tell=clock,
    )


def served(
    settings: Settings, spec: "EncoderSpec", sha256: str, clock: Clock, load: "Load"
) -> "Encoder | None":
    """Return the encoder of a server; None where none may be used, and the clock hears why."""
    from reviewbot.server.client import NotServed

    found = None if settings.server == "never" else ask(settings, spec, sha256, clock, load)
    if isinstance(found, NotServed):
        clock(f"no server was used: {found.why}")
        return None
    if found:
        clock("connecting to the server")
    return found
