"""`reviewbot serve` and `check` as processes of their own: the same bytes, and how servers end."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from reviewbot.models.ensure import ensure_model
from reviewbot.scoring.artifact import ArtifactModel
from tests import tiny
from tests.cli.small import environ
from tests.server.running import short_directory

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs Unix sockets")
ROOT = Path(__file__).parents[3]
GROUPS = ("sae_max", "deep_mean", "surprisal", "surface")
CODE = "def f{0}(x):\n    return [x, {0}]\n\n\nclass T{0}:\n    y = {0}\n"
MAIN = "from reviewbot.cli import main\n"
DYING = """
import os, signal
from reviewbot.app import serve
from reviewbot.cli import main
load = serve.load_here
def dying(spec, clock):
    encoder = load(spec, clock)
    states, passes = encoder.states, []
    def once(ids, first=0):
        passes.append(ids)
        if len(passes) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return states(ids, first)
    encoder.states = once
    return encoder
serve.load_here = dying
"""


@dataclass
class Workspace:
    """A folder with a change, and the flags and variables of every process."""

    folder: Path
    flags: tuple[str, ...]
    variables: dict[str, str]
    diff: tuple[str, ...] = ("--diff", "change.diff")

    @property
    def sockets(self) -> list[Path]:
        return sorted(Path(self.variables["XDG_RUNTIME_DIR"]).glob("reviewbot/*.sock"))

    def run(self, *args: str, code: str = MAIN, after: str = "") -> tuple[int, bytes, str]:
        """Run reviewbot to its end: exit code, stdout, stderr."""
        text = f"{code}try: main()\nfinally:\n    pass\n    {after}"
        done = subprocess.run(
            [sys.executable, "-c", text, *args],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr.decode()

    def check(self, *args: str, after: str = "") -> tuple[bytes, str]:
        code, out, err = self.run(
            "check", *self.diff, "--format=json", "--timings", *self.flags, *args, after=after
        )
        assert code in (0, 1), err
        return out, err

    @contextmanager
    def served(self, *args: str, code: str = MAIN) -> Iterator["subprocess.Popen[str]"]:
        """Run a server until the end of the block, from when it is ready."""
        process = subprocess.Popen(
            [sys.executable, "-c", code + "main()", "serve", *self.flags, *args],
            cwd=self.folder,
            env=self.variables,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("ready: ")
            yield process
        finally:
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Workspace]:
    """A model with all that can be read of one: a deep state, the output head's signals."""
    folder = tmp_path_factory.mktemp("serve")
    cache = str(folder / "cache")
    sha256 = ensure_model(str(tiny_model), environ={"REVIEWBOT_CACHE": cache}).sha256
    tiny.tiny_artifact(
        folder / "artifact",
        groups=GROUPS,
        model=ArtifactModel("tiny", sha256, tiny.LAYER, tiny.WIDTH, deep=3, full=True),
    )
    diff = ""
    for number in range(3):
        code = CODE.format(number)
        (folder / f"f{number}.py").write_text(code)
        lines = code.splitlines()
        diff += f"diff --git a/f{number}.py b/f{number}.py\nnew file mode 100644\n"
        diff += f"--- /dev/null\n+++ b/f{number}.py\n@@ -0,0 +1,{len(lines)} @@\n"
        diff += "".join(f"+{line}\n" for line in lines)
    (folder / "change.diff").write_text(diff)
    kept = {name: text for name, text in environ().items() if not name.startswith("REVIEWBOT_")}
    flags = ("--artifact=./artifact", f"--model={tiny_model}", "--threads=1")
    with short_directory() as runtime:
        runtime.mkdir(mode=0o700)
        variables = kept | {"REVIEWBOT_CACHE": cache, "XDG_RUNTIME_DIR": str(runtime)}
        variables["REVIEWBOT_LINE_CACHE"] = "0"  # what was read before would not be asked of anyone
        yield Workspace(folder, flags, variables)


@pytest.fixture(scope="module")
def alone(workspace: Workspace) -> bytes:
    """The report that no server had a part in."""
    report, stderr = workspace.check()
    assert json.loads(report)["ledger"]["scored"] > 9
    assert "and the model\n" in stderr
    assert "server" not in stderr
    return report


def test_a_served_report_has_the_same_bytes_and_the_client_loads_no_torch(
    workspace: Workspace, alone: bytes
) -> None:
    with workspace.served():
        look = "import sys; print([n for n in ('torch', 'transformers') if n in sys.modules])"
        served, stderr = workspace.check(after=look)
        direct, unserved = workspace.check("--server=never")
        other, otherwise = workspace.check("--threads=2")

    assert served == alone + b"[]\n"
    assert direct == alone
    assert "connecting to the server" in stderr
    assert "server" not in unserved + otherwise
    assert json.loads(other)["ledger"] == json.loads(alone)["ledger"]


def test_a_directory_for_sockets_that_others_can_enter_is_exit_4(workspace: Workspace) -> None:
    directory = Path(workspace.variables["XDG_RUNTIME_DIR"]) / "reviewbot"
    directory.mkdir(exist_ok=True)
    directory.chmod(0o755)
    try:
        code, _, stderr = workspace.run("serve", *workspace.flags)
    finally:
        directory.chmod(0o700)

    assert code == 4
    assert "is open to others (mode 0755)" in stderr
    assert len(stderr.splitlines()) == 2


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
    assert "cannot be used: no answer in time" in stderr


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
def test_the_packaged_model_gives_the_same_bytes_through_a_server(workspace: Workspace) -> None:
    real = Workspace(
        ROOT,
        ("--artifact=quick",),
        workspace.variables,
        ("--diff=examples/demo.diff", "--root=examples/demo"),
    )
    direct, _ = real.check()
    with real.served():
        served, stderr = real.check()

    assert "connecting to the server" in stderr
    assert served == direct
