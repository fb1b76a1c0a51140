"""`reviewbot serve` as a process: how it ends, who it answers, and with the packaged model."""

import os
import signal
import socket

import pytest

from reviewbot.models.cache import cache_dir, converted_path
from reviewbot.models.registry import MODELS, SMOL_CUT
from reviewbot.models.verify import checkpoint
from tests.cli.test_serve import MAIN, ROOT, Workspace, alone, workspace

__all__ = ["alone", "workspace"]  # the fixtures
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


def test_a_server_killed_in_mid_read_leaves_the_same_report(
    workspace: Workspace, alone: bytes
) -> None:
    with workspace.served(code=DYING) as process:
        served, stderr = workspace.check()

        assert process.wait(10) == -signal.SIGKILL
    assert served == alone
    assert "the server was lost" in stderr
    assert len(workspace.sockets) == 1  # stale: nobody could remove it
    with workspace.served():
        assert workspace.check()[0] == alone


def test_a_stopped_process_is_not_waited_for_for_ever(workspace: Workspace, alone: bytes) -> None:
    with workspace.served() as process:
        process.send_signal(signal.SIGSTOP)
        served, stderr = workspace.check()
        process.send_signal(signal.SIGCONT)

    assert served == alone
    assert "does not fit: timed out" in stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_cleanly(workspace: Workspace, number: int) -> None:
    with workspace.served() as process:
        assert len(workspace.sockets) == 1
        process.send_signal(number)

        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == "exited: stopped\n"
    assert workspace.sockets == []


def test_a_second_server_says_that_one_is_there_and_stop_ends_it(workspace: Workspace) -> None:
    with workspace.served() as process:
        code, _, stderr = workspace.run("serve", *workspace.flags)
        assert (code, stderr) == (0, f"already running: {workspace.sockets[0]}\n")
        code, _, stderr = workspace.run("serve", "--stop")
        assert code == 0
        assert stderr.startswith("stopped: ")
        assert process.wait(10) == 0
    assert workspace.sockets == []
    assert workspace.run("serve", "--stop")[::2] == (0, "no server of yours was running\n")


def test_a_second_server_that_finds_one_of_another_version_is_exit_4(workspace: Workspace) -> None:
    other = (
        "from reviewbot.server import compatibility\ncompatibility.__version__ = '0.0.9'\n" + MAIN
    )
    with workspace.served(code=other):
        code, _, stderr = workspace.run("serve", *workspace.flags)
        _, why = workspace.check()

    assert code == 4
    assert "its reviewbot is 0.0.9" in stderr
    assert len(stderr.splitlines()) == 2
    assert "no server was used: " in why


def test_a_server_that_nobody_asks_ends_with_exit_code_0(workspace: Workspace) -> None:
    quick = "from reviewbot.cli import serve as s\ns.MINUTE = 0.5\n" + MAIN
    with workspace.served("--idle=1", code=quick) as process:
        assert process.wait(10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == "exited: idle\n"
    assert workspace.sockets == []


@pytest.mark.real_model
@pytest.mark.skipif(not CACHED.exists(), reason="the packaged model is not converted in the cache")
def test_the_packaged_model_gives_the_same_bytes_through_a_server(workspace: Workspace) -> None:
    assert MODELS[SMOL_CUT.name].packaged
    real = Workspace(
        ROOT,
        ("--artifact=tiny",),
        workspace.variables | {"REVIEWBOT_CACHE": str(cache_dir(None, os.environ))},
        ("--diff=examples/demo.diff", "--root=examples/demo"),
    )
    direct, _ = real.check()
    with real.served():
        served, stderr = real.check()

    assert "connecting to the server" in stderr
    assert served == direct
