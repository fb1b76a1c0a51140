"""`reviewbot map` with the packaged model, in the processes that a company would start."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.small import environ
from tests.cli.test_map import CHANGES, _grown
from tests.git.test_changes import copy_of

DOCS = Path(__file__).parents[3] / "docs" / "map.md"
REPOS = 4


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for n in range(REPOS):
        copy_of(_grown, tmp_path / f"r{n}")
    lines = [{"repo": f"r{n}"} for n in range(REPOS)]
    (tmp_path / "items.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    return tmp_path


def run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, env=environ())


def command(out: str, *args: str) -> list[str]:
    return [sys.executable, "-m", "reviewbot", "map", "items.jsonl", "--out", out, *args]


def files(out: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(out).iterdir()}


def runs(process: str) -> bool:
    """Return True unless a process has ended, also where nobody collects its exit code."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes() != b""
    except OSError:
        return False


def test_workers_that_are_killed_with_their_parent_stop_and_another_run_completes_the_same_bytes(
    root: Path,
) -> None:
    whole = run(command("whole"))
    assert (whole.returncode, whole.stdout) == (
        0,
        f"done {REPOS * CHANGES}, skipped 0, failed 0\n",
    )
    with subprocess.Popen(command("killed", "--workers=2"), env=environ()) as parent:
        while not list(Path("killed").glob("*.json")):
            time.sleep(0.01)
            assert parent.poll() is None
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
        os.kill(parent.pid, signal.SIGKILL)
    assert len(children) >= 2
    for _ in range(3_000):
        if not any(map(runs, children)):
            break
        time.sleep(0.01)
    else:
        pytest.fail("a worker goes on without its parent")
    assert len(files("killed")) < REPOS * CHANGES

    done = run(command("killed", "--workers=2"))

    assert done.returncode == 0, done.stderr
    assert files("killed") == files("whole")


def test_the_torchrun_command_of_the_docs_does_all_items_although_one_fails(root: Path) -> None:
    pytest.importorskip("torch")
    with Path("items.jsonl").open("a") as file:
        file.write('{"repo": "gone"}\n')
    (line,) = re.findall("^torchrun .*$", DOCS.read_text("utf-8"), re.M)

    done = run(["sh", "-c", line.replace("--nproc-per-node 8", "--standalone --nproc-per-node 2")])

    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"^worker [12] of 2: done [1-9]", done.stdout, re.M)) == 2
    again = run(command("results"))
    assert again.returncode == 5
    assert again.stdout.startswith(f"done 0, skipped {REPOS * CHANGES}, failed 1\n")


RAY = """
import json, sys
import ray
ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False)
exec(sys.argv[1])
rows = ray.data.read_parquet(sys.argv[2]).take_all()
json.dump([[row["repo"], row["range"], row["report"], row["error"]] for row in rows], sys.stdout)
"""


def test_the_ray_program_of_the_docs_gives_the_reports_of_map(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="needs the extra ray")
    monkeypatch.setenv("HOME", str(root))  # where ray writes a token
    with Path("items.jsonl").open("a") as file:
        file.write('{"repo": "r0", "range": "HEAD~3..HEAD"}\n{"repo": "gone"}\n')
    (program,) = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.S)
    program = program.replace("/srv/mirrors", str(root)).replace("size=8", "size=2")
    program = program.replace("/srv/reports", str(root / "reports"))

    done = run([sys.executable, "-c", RAY, program, str(root / "reports")])

    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout[done.stdout.index("[[") :])
    assert run(command("out")).returncode == 5
    wanted = [json.loads(raw) for name, raw in files("out").items() if ".error." not in name]
    assert len(wanted) == REPOS * CHANGES + 1
    assert sorted((row[0], row[1], json.loads(row[2])["findings"]) for row in rows if row[2]) == (
        sorted((o["item"]["repo"], o["item"]["range"], o["report"]["findings"]) for o in wanted)
    )
    assert [(row[0], row[2], bool(row[3])) for row in rows if not row[2]] == [("gone", "", True)]
