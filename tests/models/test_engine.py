"""An engine on disk: whole or not at all, byte for byte what was made, made once."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from reviewbot.errors import EngineUnfit, EnvironmentFailure, ModelUnavailable
from reviewbot.models import engine
from reviewbot.models.cache import sha256_of
from reviewbot.models.ensure import ensure_model
from reviewbot.models.verify import EXPORTER, MANIFEST, STAMP, EngineOutputs, check
from tests.cli.small import environ
from tests.models.trunks import encoder, write_engine, write_trunk
from tests.tiny import edit_json

WANTED = EngineOutputs(taps=(1, 3), head=True)
FILES = {
    *("trunk.onnx", "head.onnx", "embedding.safetensors", "tokenizer.json", "probe.safetensors"),
    *(MANIFEST, STAMP),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_trunk(tmp_path_factory.mktemp("engine") / "model", "llama")


@pytest.fixture(scope="module")
def made(model: Path) -> Path:
    return write_engine(model, model.parent / "made", *WANTED.taps, head=True)


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """One to damage."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


def source_of(made: Path) -> str:
    return str(json.loads((made / MANIFEST).read_text())["source_sha256"])


def wrong(directory: Path, made: Path, *, again: bool = False) -> str:
    with pytest.raises(ModelUnavailable, match="is damaged") as failure:
        check(directory, WANTED.engine(source_of(made)), again=again)
    assert (failure.value.exit_code, len(str(failure.value).splitlines())) == (4, 2)
    assert not isinstance(failure.value, EngineUnfit)
    return failure.value.what


def test_it_holds_what_it_says_and_nothing_else_and_the_same_bytes_when_made_again(
    model: Path, made: Path, tmp_path: Path
) -> None:
    check(made, WANTED.engine(source_of(made)), again=True)
    other = write_engine(model, tmp_path / "again", *WANTED.taps, head=True)

    assert {path.name for path in made.iterdir()} == FILES
    for name in FILES - {STAMP}:
        assert sha256_of(made / name) == sha256_of(other / name), name


def test_a_change_that_looks_like_none_is_found_when_everything_is_hashed_again(
    copy: Path, made: Path
) -> None:
    check(copy, WANTED.engine(source_of(made)))
    path = copy / "trunk.onnx"
    stamp = json.loads((copy / STAMP).read_text())
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    now = path.stat()
    stamp["trunk.onnx"]["state"] = [now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino]
    (copy / STAMP).write_text(json.dumps(stamp))  # as a disk that rots leaves it

    check(copy, WANTED.engine(source_of(made)))
    assert "trunk.onnx has SHA-256" in wrong(copy, made, again=True)


MANIFESTS: dict[str, Callable[[Path], object]] = {
    "is missing": lambda path: path.unlink(),
    "is no JSON": lambda path: path.write_text("{"),
    "is a list": lambda path: path.write_text("[]"),
    "is of another model": lambda path: edit_json(path, source_sha256="0" * 64),
    "is of another exporter": lambda path: edit_json(path, exporter=EXPORTER + 1),
    "gives other states": lambda path: edit_json(path, taps=[1, 2]),
    "gives no head": lambda path: edit_json(path, head=False),
    "lacks the files": lambda path: edit_json(path, files={}),
    "has files of no kind": lambda path: edit_json(path, files=None),
    "says more": lambda path: edit_json(path, more=1),
}


@pytest.mark.parametrize("how", MANIFESTS)
def test_a_manifest_that_says_something_else_is_refused(how: str, copy: Path, made: Path) -> None:
    MANIFESTS[how](copy / MANIFEST)

    assert MANIFEST in wrong(copy, made)


@pytest.mark.parametrize("where", ["_write_embedding", "_write_probe", "write_manifest"])
@pytest.mark.parametrize("full", [True, False])
def test_stopped_in_the_middle_it_leaves_nothing(
    where: str, full: bool, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "trunk.onnx")
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, where, stop)
    with pytest.raises((EnvironmentFailure, KeyboardInterrupt)) as failure:
        write_engine(model, tmp_path / "engine", 2, head=True)

    assert list(tmp_path.iterdir()) == []
    if isinstance(failure.value, EnvironmentFailure):
        assert "random was not converted" in failure.value.what
        assert "free some disk space" in failure.value.fix


def test_what_a_crash_left_is_replaced(model: Path, tmp_path: Path) -> None:
    (tmp_path / ".tmp-engine").mkdir()
    (tmp_path / ".tmp-engine" / "trunk.onnx").write_bytes(b"half of")
    write_engine(model, tmp_path / "engine", 2)

    assert [path.name for path in tmp_path.iterdir()] == ["engine"]
    assert {path.name for path in (tmp_path / "engine").iterdir()} == FILES - {"head.onnx"}
    assert encoder(tmp_path / "engine", 2).states([1, 2, 3]).values_TD.shape == (3, 64)


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("state_3", lambda state_TD: state_TD[:, ::-1].copy(), r"mean cosine -?0\.\d+, lowest"),
        ("final", lambda state_TD: np.full_like(state_TD, np.nan), "mean cosine nan"),
    ],
)
def test_a_processor_that_computes_something_else_is_unfit(
    name: str, change: Callable[[np.ndarray], np.ndarray], why: str, copy: Path
) -> None:
    probe = load_file(copy / "probe.safetensors")
    encoder(copy, 1)
    save_file({**probe, name: change(probe[name])}, copy / "probe.safetensors")

    with pytest.raises(EngineUnfit, match=f"{name}: {why}") as failure:
        encoder(copy, 1)
    assert failure.value.fix == "use --engine torch"


def test_two_processes_at_once_make_it_once(model: Path, tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from reviewbot.models.ensure import ensure_model\n"
        "made = ensure_model(sys.argv[1], 2, taps=(2, None), environ=os.environ, say=print)\n"
        "print(made.directory, made.engine)"
    )
    command = [sys.executable, "-c", code, str(model)]
    env = environ() | {"REVIEWBOT_CACHE": str(tmp_path)}
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) for _ in "ab"]
    said = [process.communicate(timeout=120)[0].splitlines() for process in both]

    assert [process.returncode for process in both] == [0, 0]
    assert said[0][-1] == said[1][-1]
    assert sum("converting 2 layers to int8, once" in line for lines in said for line in lines) == 1
    (only,) = (tmp_path / "converted").iterdir()
    assert said[0][-1] == f"{only} onnx"
    found = ensure_model(str(model), 2, taps=(2, None), environ={"REVIEWBOT_CACHE": str(tmp_path)})
    assert found.directory == only


def test_engines_of_other_depths_are_other_engines() -> None:
    sha256 = "ab" * 32
    keys = {
        EngineOutputs.of(layer, deep, full=full).engine(sha256).key
        for layer in (1, 2)
        for deep in (None, 3)
        for full in (False, True)
    }

    assert len(keys) == 8
    assert EngineOutputs.of(2, 2, full=True) == EngineOutputs.of(2, None, full=True)
    assert EngineOutputs.of(3, 1, full=False).taps == (1, 3)
