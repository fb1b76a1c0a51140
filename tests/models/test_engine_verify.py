"""`model verify` knows engines: it says which are whole, and removes those that are not."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewbot.cli.model import model as group
from reviewbot.errors import ModelUnavailable
from reviewbot.models.cache import converted_path
from reviewbot.models.ensure import ReadyModel, ensure_model
from reviewbot.models.inventory import inventory
from reviewbot.models.registry import ModelSpec
from reviewbot.models.verify import MANIFEST, EngineOutputs
from tests.models.tiny import LAYERS, WIDTH
from tests.tiny import edit_json


@pytest.fixture
def made(environ: dict[str, str]) -> ReadyModel:
    return ensure_model("tiny", taps=(2, None), environ=environ)


def verify(environ: dict[str, str]) -> Result:
    return CliRunner().invoke(group, ["verify", "tiny", "--cache-dir", environ["REVIEWBOT_CACHE"]])


def test_an_engine_is_made_once_of_an_official_file(
    environ: dict[str, str], tiny: ModelSpec
) -> None:
    lines: list[str] = []
    first = ensure_model("tiny", taps=(2, None), environ=environ, say=lines.append)

    assert lines == ["tiny: converting 2 layers to int8, once (under a minute)"]
    assert ensure_model("tiny", taps=(2, None), environ=environ, say=lines.append) == first
    assert len(lines) == 1
    assert (first.engine, first.sha256, first.width) == ("onnx", tiny.sha256, WIDTH)
    whole = ensure_model("tiny", taps=(2, 3), full=True, environ=environ)
    assert (whole.directory != first.directory, whole.layers) == (True, LAYERS)
    result = verify(environ)
    assert result.exit_code == 0
    assert f"{first.directory}: every file as it was converted" in result.stdout
    assert [row.state for row in inventory(Path(environ["REVIEWBOT_CACHE"]))][-1] == "ready"


@pytest.mark.parametrize("name", ["trunk.onnx", "embedding.safetensors", MANIFEST, "taps"])
def test_a_damaged_engine_is_removed_and_made_again(
    name: str, environ: dict[str, str], made: ReadyModel
) -> None:
    if name == "taps":  # a manifest that names no states
        edit_json(made.directory / MANIFEST, taps=[])
    else:
        path = made.directory / name
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ModelUnavailable, match="is damaged") as failure:
        ensure_model("tiny", taps=(2, None), environ=environ)
    assert "remove that directory" in failure.value.fix
    error = verify(environ).exception

    assert isinstance(error, ModelUnavailable)
    assert "and was removed" in error.what
    assert not made.directory.exists()
    assert ensure_model("tiny", taps=(2, None), environ=environ) == made
    assert verify(environ).exit_code == 0


def test_an_engine_under_another_s_name_is_removed(
    environ: dict[str, str], tiny: ModelSpec, made: ReadyModel
) -> None:
    wanted = EngineOutputs.of(3, None, full=False)
    other = converted_path(Path(environ["REVIEWBOT_CACHE"]), wanted.engine(tiny.sha256).key)
    shutil.copytree(made.directory, other)
    error = verify(environ).exception

    assert isinstance(error, ModelUnavailable)
    assert "does not hold what its name says" in error.what
    assert (made.directory.exists(), other.exists()) == (True, False)


def test_the_engine_of_another_exporter_is_left_alone(
    environ: dict[str, str], made: ReadyModel
) -> None:
    old = made.directory.with_name(made.directory.name.rpartition("-v")[0] + "-v0")
    made.directory.rename(old)
    result = verify(environ)

    assert result.exit_code == 0
    assert f"{old}: made by another version of the converter, not used" in result.stdout
    assert old.exists()
