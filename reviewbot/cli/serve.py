"""`reviewbot serve`: keep the model warm, so that `check` and `review` need not load it."""

import os
import signal
import socket
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.inputs import settings_root
from reviewbot.app.progress import Clock, say, timed
from reviewbot.app.served import ask, sockets
from reviewbot.app.warm import DECIDING
from reviewbot.cli.setting_flags import setting_flags
from reviewbot.config.settings import Settings, from_environ, from_files, from_flags, settings_from
from reviewbot.errors import EngineUnfit, EnvironmentFailure

if TYPE_CHECKING:
    from reviewbot.encoders.encoder import EncoderSpec
    from reviewbot.server.client import NotServed, RemoteEncoder
    from reviewbot.server.service import Server

MINUTE = 60.0  # seconds


@click.command()
@click.option(
    "--idle",
    type=click.IntRange(1, 100_000),
    default=30,
    show_default=True,
    metavar="MINUTES",
    help="End after so long without a question.",
)
@click.option(
    "--stop", "ending", is_flag=True, help="End all your servers, and wait until they have."
)
@setting_flags(*DECIDING)
def serve(idle: int, ending: bool, **flags: Any) -> None:
    """Keep the model warm: `check` and `review` with the same settings then need not load it.

    Runs until it is idle, or stopped; put it into the background with & or a systemd unit. It
    listens on a Unix socket that only you can open. Exit code 0 if it is there already.
    """
    files = from_files(settings_root(Path(), has_git=True))
    settings = settings_from(*files, from_environ(os.environ), from_flags(flags))
    if not hasattr(socket, "AF_UNIX"):
        raise EnvironmentFailure(
            "nothing is served: this system has no Unix sockets", fix="use `reviewbot check` alone"
        )
    if ending:
        _end(settings)
        return
    with timed(False) as clock:
        _serve(settings, idle * MINUTE, clock)


def _serve(settings: Settings, idle: float, clock: Clock) -> None:
    """Serve with the first engine that serves here, as a check would take it."""
    from reviewbot.app.load import artifact_for, specs

    ready = specs(settings, artifact_for(settings))
    spec, sha256 = next(ready)
    while True:
        try:
            return _serve_one(settings, spec, sha256, idle, clock)
        except EngineUnfit as exc:
            spec, sha256 = ready.throw(exc)


def _serve_one(
    settings: Settings, spec: "EncoderSpec", sha256: str, idle: float, clock: Clock
) -> None:
    from reviewbot.app.load import load_here
    from reviewbot.server.compatibility import all_terms, socket_name, spec_terms
    from reviewbot.server.listener import alone, listening, prepare
    from reviewbot.server.service import Server

    named = spec_terms(spec, sha256)
    terms = all_terms(named, os.environ)
    where = sockets(settings) / socket_name(named)
    prepare(where)
    with alone(where) as ours:
        if not ours:
            _say_already(where, ask(settings, spec, sha256, clock, partial(load_here, clock=clock)))
            return
        encoder = load_here(spec, clock)
        with listening(where) as listener:
            server = Server(encoder, terms, listener, idle)
            _heed_signals(server)
            say(f"ready: {where}")
            why = server.run()
    server.close()  # behind the socket and the lock: who waits for the end may start the next one
    say(f"ended: {why}")


def _heed_signals(server: "Server") -> None:
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        # What the shell has us ignore stays ignored: `nohup`, an interrupt of the foreground.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: server.stop())


def _say_already(where: Path, found: "RemoteEncoder | NotServed | None") -> None:
    """Say that another server has the lock. raises EnvironmentFailure where it is of no use"""
    from reviewbot.server.client import NotServed

    if isinstance(found, NotServed):
        raise EnvironmentFailure(
            f"nothing is served: another server runs that `check` cannot use: {found.why}",
            fix="run `reviewbot serve --stop`, then this again",
        )
    say(f"already there: {where}" if found else f"already starting: {where}")


def _end(settings: Settings) -> None:
    from reviewbot.server.client import stop

    ended = []
    for where in sorted(sockets(settings).glob("*.sock")):
        try:
            if stop(where):
                ended.append(where)
                say(f"ended: {where}")
        except TimeoutError as exc:
            raise EnvironmentFailure(
                f"the server at {where} does not end", fix="end its process"
            ) from exc
    if not ended:
        say("no server of yours was there")
