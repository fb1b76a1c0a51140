"""From a name to a directory: converted once, never used damaged; untrusted ones are refused."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reviewbot.cli.model import model as group
from reviewbot.errors import EnvironmentFailure, ModelUnavailable, ReviewbotError, UsageError
from reviewbot.models.cache import cache_dir, converted_path, official_path
from reviewbot.models.ensure import ReadyModel, ensure_model
from reviewbot.models.inventory import inventory
from reviewbot.models.registry import ModelSpec
from reviewbot.models.verify import MANIFEST, EngineOutputs
from tests.models.tiny import LAYERS, WIDTH
from tests.tiny import edit_json

TAPS = {"torch": None, "onnx": (2, None)}


@pytest.fixture
def found(environ: dict[str, str]) -> ReadyModel:
    return ensure_model("tiny", environ=environ)


@pytest.fixture
def engine(environ: dict[str, str]) -> ReadyModel:
    return ensure_model("tiny", taps=TAPS["onnx"], environ=environ)


def run(*arguments: str, cache: Path | str) -> Result:
    return CliRunner().invoke(group, [*arguments, "--cache-dir", str(cache)])


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("torch", "tiny: converting 2 layers, once (some seconds)"),
        ("onnx", "tiny: converting 2 layers to int8, once (under a minute)"),
    ],
)
def test_each_depth_is_converted_once_and_then_only_looked_at(
    environ: dict[str, str], tiny: ModelSpec, kind: str, line: str
) -> None:
    lines: list[str] = []
    wanted: dict[str, Any] = {"taps": TAPS[kind], "environ": environ, "say": lines.append}
    first = ensure_model("tiny", **wanted)

    assert ensure_model("tiny", **wanted) == first
    assert lines[0] == line
    assert len(lines) == (1 if kind == "torch" else 2)  # the second: the official file was removed
    assert (first.engine, first.sha256, first.layers) == (kind, tiny.sha256, 2)
    assert (first.width, first.full) == (WIDTH, False)
    whole = ensure_model("tiny", full=True, **wanted)
    assert (whole.directory != first.directory, whole.layers, whole.full) == (True, LAYERS, True)
    if kind == "torch":  # an engine's depth is that of its taps
        one = ensure_model("tiny", 1, **wanted)
        assert (one.directory not in (first.directory, whole.directory), one.layers) == (True, 1)


def flip(name: str) -> Callable[[Path], object]:
    """Change a byte of a file, as if nothing had happened."""

    def change(directory: Path) -> None:
        path = directory / name
        status = path.stat()
        with path.open("r+b") as file:
            file.seek(-2, os.SEEK_END)
            file.write(b"\xff")
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    return change


def cut(name: str) -> Callable[[Path], object]:
    return lambda at: (at / name).write_bytes((at / name).read_bytes()[:-9])


DAMAGES: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "weights changed": ("torch", flip("model.safetensors"), "model.safetensors has SHA-256"),
    "config changed": ("torch", flip("config.json"), "config.json has SHA-256"),
    "tokenizer changed": ("torch", flip("tokenizer.json"), "tokenizer.json has SHA-256"),
    "a file added": ("torch", lambda at: (at / "adapter.json").write_text("{}"), "adapter.json"),
    "a file missing": ("torch", lambda at: (at / "tokenizer.json").unlink(), "json is missing"),
    "graph cut off": ("onnx", cut("trunk.onnx"), "trunk.onnx"),
    "embedding cut off": ("onnx", cut("embedding.safetensors"), "embedding.safetensors"),
    "manifest cut off": ("onnx", cut(MANIFEST), MANIFEST),
    "no states": ("onnx", lambda at: edit_json(at / MANIFEST, taps=[]), "something else"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_conversion_is_never_used_and_verify_removes_it(
    environ: dict[str, str], damage: str
) -> None:
    kind, change, why = DAMAGES[damage]
    cache = environ["REVIEWBOT_CACHE"]
    wanted: dict[str, Any] = {"taps": TAPS[kind], "environ": environ}
    found = ensure_model("tiny", **wanted)
    assert f"{found.directory}: every file as" in run("verify", "tiny", cache=cache).stdout
    change(found.directory)

    with pytest.raises(ModelUnavailable, match=why) as failure:
        ensure_model("tiny", **wanted)
    assert "reviewbot model verify" in failure.value.fix
    removed = run("verify", "tiny", cache=cache).exception
    assert isinstance(removed, ModelUnavailable)
    assert (removed.exit_code, "and was removed" in removed.what) == (4, True)
    assert not found.directory.exists()
    missing = run("path", "tiny", f"--engine={kind}", cache=cache).exception
    assert isinstance(missing, ReviewbotError)
    assert missing.exit_code == 4
    assert ensure_model("tiny", **wanted) == found
    assert run("verify", "tiny", cache=cache).exit_code == 0


def test_an_engine_under_another_s_name_is_removed_and_another_exporter_s_is_not(
    environ: dict[str, str], tiny: ModelSpec, engine: ReadyModel
) -> None:
    cache = Path(environ["REVIEWBOT_CACHE"])
    wanted = EngineOutputs.of(3, None, full=False)
    other = converted_path(cache, wanted.engine(tiny.sha256).key)
    shutil.copytree(engine.directory, other)
    error = run("verify", "tiny", cache=cache).exception

    assert isinstance(error, ModelUnavailable)
    assert "does not hold what its name says" in error.what
    assert (engine.directory.exists(), other.exists()) == (True, False)
    old = engine.directory.with_name(engine.directory.name.rpartition("-v")[0] + "-v0")
    engine.directory.rename(old)
    result = run("verify", "tiny", cache=cache)
    assert (result.exit_code, old.exists()) == (0, True)
    assert f"{old}: made by another version of the converter, not used" in result.stdout


def test_an_untouched_checkpoint_is_not_hashed_again(
    environ: dict[str, str], found: ReadyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> str:
        raise AssertionError(f"{path} was hashed")

    monkeypatch.setattr("reviewbot.models.verify.sha256_of", refuse)
    ensure_model("tiny", environ=environ)
    (found.directory / ".verified.json").unlink()
    with pytest.raises(AssertionError, match="was hashed"):
        ensure_model("tiny", environ=environ)


def test_a_damaged_official_file_is_not_converted(
    environ: dict[str, str], tiny: ModelSpec, tmp_path: Path
) -> None:
    with official_path(tmp_path / "c", tiny).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\xff")
    with pytest.raises(ModelUnavailable, match="not the official one"):
        ensure_model("tiny", environ=environ)


def test_a_directory_is_used_in_place_and_known_by_its_content(
    environ: dict[str, str], found: ReadyModel, tmp_path: Path
) -> None:
    copy = tmp_path / "mine"
    shutil.copytree(found.directory, copy)
    first = ensure_model(str(copy), environ=environ)
    assert (first.directory, first.layers, first.stored_layers, first.width) == (copy, 1, 2, WIDTH)
    assert ensure_model(str(found.directory), environ=environ).sha256 == first.sha256
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "rms_norm_eps": 0.1}))
    assert ensure_model(str(copy), environ=environ).sha256 != first.sha256


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda at: (at / "model.safetensors").rename(at / "pytorch_model.bin"), "can hold code"),
        (lambda at: (at / "tokenizer.json").unlink(), "no tokenizer.json"),
        (lambda at: (at / "config.json").write_text('{"auto_map": {}}'), "code of its own"),
        (lambda at: (at / "tokenizer_config.json").write_text('{"auto_map": {}}'), "code of its"),
        (lambda at: (at / "config.json").write_text("[" * 100_000), "config.json cannot be read"),
        (lambda at: (at / "config.json").write_text("{}"), "num_hidden_layers"),
    ],
)
def test_a_directory_that_could_run_code_or_is_incomplete_is_refused(
    environ: dict[str, str], tmp_path: Path, change: Callable[[Path], object], reason: str
) -> None:
    at = tmp_path / "theirs"
    at.mkdir()
    (at / "model.safetensors").write_bytes(b"")
    (at / "config.json").write_text('{"num_hidden_layers": 4, "hidden_size": 8}')
    (at / "tokenizer.json").write_text("{}")
    (at / "tokenizer_config.json").write_text("{}")
    assert ensure_model(str(at), environ=environ).layers == 1
    change(at)
    with pytest.raises(ModelUnavailable, match=reason) as failure:
        ensure_model(str(at), environ=environ)
    assert len(str(failure.value).splitlines()) == 2


def test_a_folder_of_the_code_under_review_cannot_stand_in_for_a_hub_model(
    environ: dict[str, str], found: ReadyModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(found.directory, tmp_path / "head" / "someone" / "model")
    monkeypatch.chdir(tmp_path / "head")
    with pytest.raises(ModelUnavailable, match="HF_HUB_OFFLINE"):
        ensure_model("someone/model", environ=environ)
    assert ensure_model("./someone/model", environ=environ).width == WIDTH


@pytest.mark.parametrize(
    ("name", "layers", "fix"),
    [
        ("tinny", None, "did you mean 'tiny'?"),
        ("tiny", 0, "use 1 layer or more"),
        ("tiny", LAYERS + 1, f"use at most {LAYERS} layers"),
    ],
)
def test_an_unknown_model_or_depth_is_wrong_usage(
    environ: dict[str, str], name: str, layers: int | None, fix: str
) -> None:
    with pytest.raises(UsageError) as failure:
        ensure_model(name, layers, environ=environ)
    assert fix in failure.value.fix


def test_the_cache_directory_is_chosen_in_the_documented_order() -> None:
    everything = {"REVIEWBOT_CACHE": "/own", "XDG_CACHE_HOME": "/xdg", "HOME": "/home/me"}
    assert cache_dir(Path("/flag"), everything) == Path("/flag")
    assert cache_dir(None, everything) == Path("/own")
    assert cache_dir(None, {**everything, "REVIEWBOT_CACHE": ""}) == Path("/xdg/reviewbot")
    home = Path("/home/me/.cache/reviewbot")
    assert cache_dir(None, {"XDG_CACHE_HOME": "relative", "HOME": "/home/me"}) == home


def test_pull_takes_a_path_and_prints_the_directory(
    tmp_path: Path, tiny: ModelSpec, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for engine, file in (("torch", "model.safetensors"), ("onnx", "trunk.onnx")):
        cache, wanted = tmp_path / engine, ("tiny", f"--engine={engine}")
        result = run("pull", *wanted, "--from", str(tiny_gguf), cache=cache)
        assert (Path(result.stdout.strip()) / file).exists()
        assert f"asking {tiny_gguf}" in result.stderr
        assert run("path", *wanted, cache=cache).stdout == result.stdout


def test_an_engine_needs_the_official_file_no_more_and_torch_fetches_it_again(
    environ: dict[str, str], tiny: ModelSpec, tmp_path: Path
) -> None:
    cache, official, lines = tmp_path / "c", official_path(tmp_path / "c", tiny), list[str]()
    engine: dict[str, Any] = {"taps": TAPS["onnx"], "environ": environ}
    ensure_model("tiny", **engine, keep_official=True, say=lines.append)
    assert official.exists()
    shutil.rmtree(cache / "converted")
    ensure_model("tiny", **engine, say=lines.append)

    assert not official.parent.exists()
    assert [line for line in lines if "removed the official file" in line] == lines[-1:]
    row = next(row for row in inventory(cache) if row.spec == tiny)
    assert (row.state, row.cached) == ("ready", 0)
    assert run("verify", "tiny", cache=cache).exit_code == 0
    result = run("pull", "tiny", "--engine=onnx", cache=cache)
    assert (result.exit_code, result.stderr) == (0, "")  # nothing is fetched for it
    assert not official.exists()
    ensure_model("tiny", environ=environ)
    assert official.exists()


def test_list_reports_sizes_and_states(
    environ: dict[str, str], tiny: ModelSpec, tmp_path: Path
) -> None:
    cache = tmp_path / "c"
    assert {row.spec.name: row.state for row in inventory(cache)}["tiny"] == "cached"
    ensure_model("tiny", environ=environ)
    row = next(row for row in inventory(cache) if row.spec.name == "tiny")
    assert (row.state, row.cached) == ("ready", tiny.size)
    table = run("list", cache=cache).stdout
    assert "tiny" in table
    assert "Apache-2.0" in table
    assert "absent" in run("list", cache=tmp_path / "nothing-here").stdout


def test_an_unreadable_cache_is_an_environment_failure(environ: dict[str, str]) -> None:
    Path(environ["REVIEWBOT_CACHE"], "converted").write_text("a file where a directory should be")
    with pytest.raises(EnvironmentFailure) as failure:
        ensure_model("tiny", environ=environ)
    assert len(str(failure.value).splitlines()) == 2
