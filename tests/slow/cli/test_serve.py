"""`reviewbot serve` as a process: how it ends, who it answers, and with the packaged model."""

import os
import signal
import socket

import pytest

from reviewbot.models.cache import cache_dir, converted_path
from reviewbot.models.registry import MODELS, SMOL_CUT
from reviewbot.models.verify import checkpoint
from tests.cli.test_serve import MAIN, ROOT, Place, alone, place

__all__ = ["alone", "place"]  # the fixtures
pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")
CACHED = converted_path(
    cache_dir(None, os.environ), checkpoint(SMOL_CUT, SMOL_CUT.layer, head=False).key
)
DYING = """
import os, signal
from reviewbot.app import serve
from reviewbot.cli import main
load = serve.load_here
def dying(spec, clock):
    encoder = load(spec, clock)
    states, passes = encoder.states, []
    def once(ids):
        passes.append(ids)
        if len(passes) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return states(ids)
    encoder.states = once
    return encoder
serve.load_here = dying
"""


def test_a_server_killed_in_mid_read_leaves_the_same_report(place: Place, alone: bytes) -> None:
    with place.served(code=DYING) as process:
        served, said = place.check()

        assert process.wait(10) == -signal.SIGKILL
    assert served == alone
    assert "the server was lost" in said
    assert len(place.sockets) == 1  # stale: nobody could remove it
    with place.served():
        assert place.check()[0] == alone


def test_a_stopped_process_is_not_waited_for_for_ever(place: Place, alone: bytes) -> None:
    with place.served() as process:
        process.send_signal(signal.SIGSTOP)
        served, said = place.check()
        process.send_signal(signal.SIGCONT)

    assert served == alone
    assert "does not fit: timed out" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_cleanly(place: Place, number: int) -> None:
    with place.served() as process:
        assert len(place.sockets) == 1
        process.send_signal(number)

        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == "exited: stopped\n"
    assert place.sockets == []


def test_a_second_server_says_that_one_is_there_and_stop_ends_it(place: Place) -> None:
    with place.served() as process:
        code, _, said = place.run("serve", *place.flags)
        assert (code, said) == (0, f"already running: {place.sockets[0]}\n")
        code, _, said = place.run("serve", "--stop")
        assert code == 0
        assert said.startswith("stopped: ")
        assert process.wait(10) == 0
    assert place.sockets == []
    assert place.run("serve", "--stop")[::2] == (0, "no server of yours was running\n")


def test_a_second_server_that_finds_one_of_another_version_is_exit_4(place: Place) -> None:
    other = (
        "from reviewbot.server import compatibility\ncompatibility.__version__ = '0.0.9'\n" + MAIN
    )
    with place.served(code=other):
        code, _, said = place.run("serve", *place.flags)
        _, why = place.check()

    assert code == 4
    assert "its reviewbot is 0.0.9" in said
    assert len(said.splitlines()) == 2
    assert "no server was used: " in why


def test_a_server_that_nobody_asks_ends_with_exit_code_0(place: Place) -> None:
    quick = "from reviewbot.cli import serve as s\ns.MINUTE = 0.5\n" + MAIN
    with place.served("--idle=1", code=quick) as process:
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == "exited: idle\n"
    assert place.sockets == []


@pytest.mark.real_model
@pytest.mark.skipif(not CACHED.exists(), reason="the packaged model is not converted in the cache")
def test_the_packaged_model_gives_the_same_bytes_through_a_server(place: Place) -> None:
    assert MODELS[SMOL_CUT.name].packaged
    real = Place(
        ROOT,
        ("--artifact=tiny",),
        place.variables | {"REVIEWBOT_CACHE": str(cache_dir(None, os.environ))},
        ("--diff=examples/demo.diff", "--root=examples/demo"),
    )
    direct, _ = real.check()
    with real.served():
        served, said = real.check()

    assert "connecting to the server" in said
    assert served == direct
