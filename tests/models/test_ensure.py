"""From a model's name to a directory: conversion once, damage never used, strangers refused."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewbot.cli.model import model as group
from reviewbot.errors import EnvironmentFailure, ModelUnavailable, ReviewbotError, UsageError
from reviewbot.models.cache import cache_dir, official_path
from reviewbot.models.ensure import ReadyModel, ensure_model
from reviewbot.models.inventory import inventory
from reviewbot.models.registry import ModelSpec
from tests.models.tiny import LAYERS, WIDTH


@pytest.fixture
def found(environ: dict[str, str]) -> ReadyModel:
    return ensure_model("tiny", environ=environ)


def run(*arguments: str, cache: Path | str) -> Result:
    return CliRunner().invoke(group, [*arguments, "--cache-dir", str(cache)])


def test_the_first_start_converts_and_the_second_only_looks(
    environ: dict[str, str], tiny: ModelSpec
) -> None:
    said: list[str] = []
    first = ensure_model("tiny", environ=environ, say=said.append)
    assert any("converting 2 layers" in line for line in said)
    said.clear()
    assert ensure_model("tiny", environ=environ, say=said.append) == first
    assert said == []
    assert (first.sha256, first.layers, first.width) == (tiny.sha256, 2, WIDTH)


def test_each_depth_has_its_own_checkpoint(environ: dict[str, str], found: ReadyModel) -> None:
    one = ensure_model("tiny", 1, environ=environ)
    whole = ensure_model("tiny", full=True, environ=environ)
    assert len({found.directory, one.directory, whole.directory}) == 3
    assert (one.layers, whole.layers, whole.full) == (1, LAYERS, True)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_changed_byte_is_never_used(
    environ: dict[str, str], found: ReadyModel, name: str
) -> None:
    path = found.directory / name
    status = path.stat()
    with path.open("r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(b"\xff")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # as if nothing had happened
    with pytest.raises(ModelUnavailable, match=name) as failure:
        ensure_model("tiny", environ=environ)
    assert "reviewbot model verify" in failure.value.fix


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda at: (at / "adapter_config.json").write_text("{}"), "adapter_config"),
        (lambda at: (at / "tokenizer.json").unlink(), r"tokenizer\.json is missing"),
    ],
)
def test_a_missing_or_an_added_file_is_never_used(
    environ: dict[str, str], found: ReadyModel, change: Callable[[Path], object], why: str
) -> None:
    change(found.directory)
    with pytest.raises(ModelUnavailable, match=why):
        ensure_model("tiny", environ=environ)


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


def test_verify_removes_what_is_damaged_and_fails(found: ReadyModel, tmp_path: Path) -> None:
    cache = tmp_path / "c"
    assert "as it was converted" in run("verify", "tiny", cache=cache).stdout
    weights = found.directory / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\xff")
    damaged = run("verify", "tiny", cache=cache).exception
    assert isinstance(damaged, ModelUnavailable)
    assert damaged.exit_code == 4
    assert not found.directory.exists()
    missing = run("path", "tiny", cache=cache).exception
    assert isinstance(missing, ReviewbotError)
    assert missing.exit_code == 4


def test_an_unreadable_cache_is_an_environment_failure(environ: dict[str, str]) -> None:
    Path(environ["REVIEWBOT_CACHE"], "converted").write_text("a file where a directory should be")
    with pytest.raises(EnvironmentFailure) as failure:
        ensure_model("tiny", environ=environ)
    assert len(str(failure.value).splitlines()) == 2
