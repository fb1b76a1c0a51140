"""Pre-training in several processes: gloo, torchrun, and what happens when one of them fails."""

import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from reviewbot.errors import ReviewbotError
from reviewbot.train.ranks import join
from reviewbot.train.sae_model import SaeConfig
from reviewbot.train.states import States
from tests.train.test_sae import CONFIG, MANY_DIE, SHARDS, TOKENS, WIDTH, shard, train

# Dead features, the hinge from 40 % on, a last buffer that is cut, and shards that are read twice.
RUN = replace(MANY_DIE, tokens=SHARDS * TOKENS + 500)
FORK = multiprocessing.get_context("fork")


def in_processes(world: int, work: Callable[..., None], *args: Any) -> list[int]:
    """Run `work(rank, *args)` in forked processes that can join; return their exit codes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    def start(rank: int) -> None:
        torch.set_num_threads(1)
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(world)}
        os.environ |= {"LOCAL_WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1"}
        os.environ["MASTER_PORT"] = str(port)
        work(rank, *args)

    processes = [FORK.Process(target=start, args=(rank,)) for rank in range(world)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    return [code if (code := process.exitcode) is not None else 999 for process in processes]


def train_and_stop(_rank: int, config: SaeConfig, checkpoint: Path, stop: int) -> None:
    """Train; every process is killed once `stop` tokens were trained on."""

    def plug(done: int, _of: int, _text: str) -> None:
        if done >= stop:
            os.kill(os.getpid(), signal.SIGKILL)

    with join("cpu") as ranks:
        train(config, checkpoint, ranks, plug)


NEVER = 10**9


def assert_close(one: Path, other: Path) -> None:
    ours, theirs = load_file(one), load_file(other)
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        np.testing.assert_allclose(values, theirs[name], atol=1e-5, rtol=0, err_msg=name)


@pytest.mark.parametrize("world", [2, 3])  # a buffer has two shards: a third process reads none
@pytest.mark.parametrize("tied", [False, True])
def test_several_processes_end_with_the_weights_of_one(
    tmp_path: Path, world: int, tied: bool
) -> None:
    config = replace(RUN, tied=tied)
    texts: list[str] = []
    one, several = tmp_path / "one", tmp_path / "several"
    train(config, one, progress=lambda _done, _of, text: texts.append(text))

    assert in_processes(world, train_and_stop, config, several, NEVER) == [0] * world
    assert not texts[-1].endswith(" dead 0")
    assert "hinge 0.000" not in texts[-1]
    assert_close(one, several)


def test_a_run_killed_at_any_step_goes_on_with_any_number_of_processes(tmp_path: Path) -> None:
    steps: list[int] = []
    whole = tmp_path / "whole"
    train(RUN, whole, progress=lambda done, _of, _text: steps.append(done))

    for stop in steps[1:]:
        checkpoint = tmp_path / str(stop)
        codes = in_processes(2, train_and_stop, RUN, checkpoint, stop)
        assert codes[0] == -signal.SIGKILL
        assert in_processes(1, train_and_stop, RUN, checkpoint, NEVER) == [0]
        assert_close(checkpoint, whole)


def fail_in_second(rank: int, directory: Path) -> None:
    """Let the second process find a shard that it cannot read; write down what each one says."""

    def read(number: int, visit: int) -> States:
        if number == 1:
            raise ReviewbotError("shard 1 is damaged", fix="mend it")
        return shard(number, visit)

    from reviewbot.train.sae_fit import fit

    with join("cpu") as ranks:
        try:
            fit(read, SHARDS, CONFIG, directory / "run", width=WIDTH, run="", ranks=ranks)
        except ReviewbotError as exc:
            (directory / f"said-{rank}").write_text(str(exc))


def test_a_shard_that_one_process_cannot_read_stops_all_of_them(tmp_path: Path) -> None:
    assert in_processes(2, fail_in_second, tmp_path) == [0, 0]
    assert "another process could not read" in (tmp_path / "said-0").read_text()
    assert "shard 1 is damaged" in (tmp_path / "said-1").read_text()
    assert not (tmp_path / "run").exists()


def leave_one_alone(rank: int, directory: Path) -> None:
    """Let the second process end after some steps, as the kernel would end it."""

    def plug(done: int, _of: int, _text: str) -> None:
        if rank == 1 and done > TOKENS:
            os.kill(os.getpid(), signal.SIGKILL)

    with join("cpu") as ranks:
        try:
            train(CONFIG, directory / "run", ranks, plug)
        except ReviewbotError as exc:
            (directory / "said").write_text(str(exc))


def test_a_process_whose_peer_was_killed_says_so_and_does_not_hang(tmp_path: Path) -> None:
    codes = in_processes(2, leave_one_alone, tmp_path)

    assert codes[1] == -signal.SIGKILL
    assert "another process of the run ended" in (tmp_path / "said").read_text()


# From here on: the command, as a user runs it.


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus").mkdir()
    for i in range(145):
        text = "".join(f"def work_{i}_{j}(left):\n    return left + {j}\n\n" for j in range(3))
        (tmp_path / "corpus" / f"part{i}.py").write_text(text, encoding="utf-8")
    return tmp_path


def command(model: Path, processes: int, work: str, *more: str) -> list[str]:
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    start = [sys.executable, *launcher, *more, "-m", "reviewbot.train.sae"]
    size = ["--features", "24", "--k", "4", "--epochs", "2", "--buffer", "2", "--tokens", "7000"]
    reading = ["--model", str(model), "--layer", "2", "--engine", "torch", "--threads", "1"]
    return [*start, "--corpus", "corpus", "--work", work, "--out", f"{work}-out", *size, *reading]


def run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)


def cursor(checkpoint: Path) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(checkpoint, "np") as file:
        found: dict[str, Any] = json.loads(file.metadata()["checkpoint"])["cursor"]
    return found


def test_torchrun_with_two_processes_ends_with_the_weights_of_one(
    corpus: Path, tiny_model: Path
) -> None:
    for processes in (1, 2):
        done = run(command(tiny_model, processes, f"work{processes}"))
        assert done.returncode == 0, done.stderr

    assert re.search(r"time: .*communication \d", done.stderr)
    assert done.stderr.count("wrote work2-out") == 1
    assert_close(*(Path(f"work{n}", "checkpoint.safetensors") for n in (1, 2)))
    figures = [
        json.loads(Path(f"work{n}-out", "sae", "cfg.json").read_text())["metadata"]["reviewbot"]
        for n in (1, 2)
    ]
    assert [one["processes"] for one in figures] == [1, 2]
    assert figures[0]["figures"] == pytest.approx(figures[1]["figures"], rel=1e-3)


def workers(launcher: int) -> list[int]:
    """Return the processes that a launcher started."""
    children = Path(f"/proc/{launcher}/task/{launcher}/children").read_text()
    return [int(child) for child in children.split()]


def test_torchrun_starts_again_after_a_kill_and_ends_with_the_same_bytes(
    corpus: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(command(tiny_model, 2, "whole")).returncode == 0
    checkpoint = Path("killed", "checkpoint.safetensors")
    argv = command(tiny_model, 2, "killed", "--max-restarts", "1")
    monkeypatch.setenv("TORCH_DISABLE_SHARE_RDZV_TCP_STORE", "1")  # see docs/training.md
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as launcher:
        while launcher.poll() is None and not checkpoint.exists():
            time.sleep(0.01)
        os.kill(workers(launcher.pid)[1], signal.SIGKILL)
        _, errors = launcher.communicate(timeout=300)

    assert launcher.returncode == 0, errors
    assert ", resumed, " in errors
    assert checkpoint.read_bytes() == Path("whole", "checkpoint.safetensors").read_bytes()


def test_states_that_are_not_finite_stop_all_processes_and_leave_the_checkpoint(
    corpus: Path, tiny_model: Path
) -> None:
    from tests import tiny

    whole = run(command(tiny_model, 2, "whole"))
    assert whole.returncode == 0, whole.stderr
    # One byte's embedding overflows; only a file of the third shard has it.
    model = tiny.write_model(corpus / "model")
    weights = load_file(model / "model.safetensors")
    number = tiny.tokenizer().encode("§", add_special_tokens=False).ids[0]
    weights["model.embed_tokens.weight"][number] = np.inf
    save_file(weights, model / "model.safetensors", metadata={"format": "pt"})
    third = sorted(Path("whole", "text").glob("00002-*.jsonl"))[0]
    path = json.loads(third.read_text().splitlines()[0])["path"]
    Path("corpus", path).write_text("s = '§'\n")
    done = run(command(model, 2, "work"))
    name = sorted(Path("work", "text").glob("00002-*.jsonl"))[0].name

    assert done.returncode != 0
    assert f"error: the model's states of '{path}' in the text shard '{name}'" in done.stderr
    assert "another process could not read its shards" in done.stderr
    assert cursor(Path("work", "checkpoint.safetensors"))["shards"] == 2
    assert not Path("work-out").exists()


def test_a_full_disk_stops_all_processes_and_leaves_the_checkpoint(
    corpus: Path, tiny_model: Path
) -> None:
    assert run(command(tiny_model, 2, "work")).returncode == 0
    checkpoint = Path("work", "checkpoint.safetensors")
    before = checkpoint.read_bytes()
    # A longer run, whose checkpoint does not fit.
    longer = [*command(tiny_model, 2, "work2"), "--features", "96"]
    done = run(["bash", "-c", 'ulimit -f 60; exec "$@"', "-", *longer])

    assert done.returncode != 0
    assert "checkpoint.safetensors was not written, so the run stopped" in done.stderr
    assert [path.name for path in Path("work2").iterdir()] == ["text"]
    assert checkpoint.read_bytes() == before
