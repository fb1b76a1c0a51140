"""Run the server that keeps a model loaded, and stop all servers of this user."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.artifact import artifacts_for
from reviewbot.app.load import connect_server, load_here, socket_directory, specs
from reviewbot.app.progress import say, untimed
from reviewbot.config.schema import Settings
from reviewbot.errors import EngineUnfit, EnvironmentFailure

if TYPE_CHECKING:
    from reviewbot.encoders.encoder import EncoderSpec
    from reviewbot.server.server import Server


def serve_model(settings: Settings, idle: float) -> None:
    """Serve the model with the first engine that works, as a check would choose it.

    With `auto` that is the model of `deep`; the small one of `quick` is loaded by each check.
    idle    seconds without a request after which the server exits
    raises  EnvironmentFailure if another server runs that cannot be used, or the socket cannot be
            created; what loading the model raises
    """
    artifacts = artifacts_for(settings)
    candidates = specs(settings, artifacts.deep or artifacts.first)
    spec, sha256 = next(candidates)
    while True:
        try:
            return _serve(settings, spec, sha256, idle)
        except EngineUnfit as exc:
            spec, sha256 = candidates.throw(exc)


def _serve(settings: Settings, spec: "EncoderSpec", sha256: str, idle: float) -> None:
    from reviewbot.server.compatibility import all_terms, socket_name, spec_terms
    from reviewbot.server.server import Server
    from reviewbot.server.socket_path import lock, make_directory

    model_terms = spec_terms(spec, sha256)
    terms = all_terms(model_terms, os.environ)  # before a framework is imported
    path = socket_directory(settings) / socket_name(model_terms)
    make_directory(path)
    with lock(path) as is_ours:
        if not is_ours:
            _report_other(settings, spec, sha256, path)
            return
        server = Server(load_here(replace(spec, one_by_one=True), untimed), terms, path, idle)
        _stop_on_signals(server)
        say(f"ready: {path}")
        reason = server.run()
    server.close()  # after the lock: a client that waits for this may start the next server
    say(f"exited: {reason}")


def _report_other(settings: Settings, spec: "EncoderSpec", sha256: str, path: Path) -> None:
    from reviewbot.server.client import ServerUnusable

    try:
        running = connect_server(settings, spec, sha256, untimed)
    except ServerUnusable as exc:
        raise EnvironmentFailure(
            f"nothing is served: another server runs that `check` cannot use: {exc}",
            fix="run `reviewbot serve --stop`, then this again",
        ) from exc
    say(f"already running: {path}" if running else f"already starting: {path}")


def _stop_on_signals(server: "Server") -> None:
    for name in ("SIGTERM", "SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        # A signal that the shell has us ignore stays ignored: nohup, or a job in the background.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: server.stop())


def stop_servers(settings: Settings) -> None:
    """Stop all servers of this user and wait until they have exited.

    raises  EnvironmentFailure if one does not exit
    """
    from reviewbot.server.client import stop

    stopped = False
    for path in sorted(socket_directory(settings).glob("*.sock")):
        try:
            if stop(path):
                stopped = True
                say(f"stopped: {path}")
        except TimeoutError as exc:
            raise EnvironmentFailure(
                f"the server at {path} does not exit", fix="end its process"
            ) from exc
    if not stopped:
        say("no server of yours was running")
