"""The model inside the package: its engine is used in place, and never if it is damaged."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from reviewbot.cli.model import model as group
from reviewbot.encoders.encoder import EncoderSpec, load_encoder
from reviewbot.errors import ModelUnavailable, ReviewbotError, UsageError
from reviewbot.models import packaged
from reviewbot.models.engine import export
from reviewbot.models.ensure import ensure_model
from reviewbot.models.inventory import inventory
from reviewbot.models.packaged import packaged_engine
from reviewbot.models.registry import MODELS, SMOL, SMOL_CUT, ModelSpec
from reviewbot.models.sources import gguf_source
from reviewbot.models.verify import MANIFEST, STAMP, EngineOutputs, identity, read_json
from tests.models.tiny import VOCABULARY
from tests.models.trunks import cosines, encoder
from tests.tiny import edit_json

IDS = [int(one) for one in np.random.default_rng(0).integers(0, len(VOCABULARY), 200)]
Damage = Callable[[Path], object]


def run(*arguments: str, cache: Path) -> Result:
    return CliRunner().invoke(group, [*arguments, "--cache-dir", str(cache)])


@pytest.fixture
def tiny_cut(
    tiny: ModelSpec, tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModelSpec:
    """The first 3 of the tiny model's 4 blocks, in a package folder of its own."""
    directory = tmp_path / "package" / "tiny-3"
    export(gguf_source(tiny_gguf, tiny), EngineOutputs.of(3, None, full=False), directory)
    (directory / STAMP).unlink()
    files = read_json(directory / MANIFEST)["files"]
    spec = replace(
        tiny,
        name="tiny-3",
        size=sum((directory / name).stat().st_size for name in files),
        sha256=identity(files),
        packaged=True,
        stored=3,
        layer=3,
    )
    monkeypatch.setitem(MODELS, spec.name, spec)
    monkeypatch.setattr(packaged, "FOLDER", directory.parent)
    return spec


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An empty cache. Whatever happens, nothing is written into the package: it may be read-only.

    root may write everywhere, so permissions would show nothing here; the listing does.
    """
    yield {"REVIEWBOT_CACHE": str(tmp_path / "c")}
    known = {*EngineOutputs.of(3, None, full=False).engine("").files, MANIFEST}
    assert {path.name for path in (tmp_path / "package" / "tiny-3").iterdir()} <= known


def test_the_files_in_the_package_are_those_of_the_table_and_of_this_exporter() -> None:
    directory = packaged_engine(SMOL_CUT, again=True)
    manifest = read_json(directory / MANIFEST)
    wanted = EngineOutputs.of(SMOL_CUT.layer, None, full=False).engine(SMOL.sha256)

    assert {key: manifest[key] for key in wanted.facts} == wanted.facts
    assert manifest["files"].keys() == wanted.files
    assert {path.name for path in directory.iterdir()} == {*wanted.files, MANIFEST}


def test_its_engine_is_used_in_place_without_a_cache_and_without_hashing(
    tiny_cut: ModelSpec, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packaged, "sha256_of", lambda path: pytest.fail(f"hashed {path}"))
    found = ensure_model("tiny-3", taps=(3, None), environ=environ)

    assert found.directory == tmp_path / "package" / "tiny-3"
    assert (found.sha256, found.engine, found.layers) == (tiny_cut.sha256, "onnx", 3)
    assert run("path", "tiny-3", cache=tmp_path / "c").stdout == f"{found.directory}\n"
    assert not (tmp_path / "c").exists()


def test_torch_and_other_layers_read_what_the_engine_reads(
    tiny_cut: ModelSpec, environ: dict[str, str]
) -> None:
    found = ensure_model("tiny-3", taps=(3, None), environ=environ)
    engine = encoder(found.directory, 3)
    made = ensure_model("tiny-3", environ=environ)
    torch = load_encoder(EncoderSpec(directory=made.directory, layer=3, threads=1))
    right_TD = torch.states(IDS).values_TD
    other = ensure_model("tiny-3", 2, taps=(2, 3), environ=environ)
    states = encoder(other.directory, 2, 3).states(IDS)

    assert cosines(engine.states(IDS).values_TD, right_TD).min() > 0.99
    assert states.deep_TD is not None
    assert cosines(states.deep_TD, right_TD).min() > 0.99
    assert cosines(states.values_TD, right_TD).min() < 0.95  # the layers differ
    assert engine.tokenize("def a").ids == torch.tokenize("def a").ids


DAMAGES: dict[str, tuple[Damage, str]] = {
    "a file missing": (lambda at: (at / "trunk.onnx").unlink(), "trunk.onnx is missing"),
    "no manifest": (lambda at: (at / MANIFEST).unlink(), f"{MANIFEST} is missing"),
    "a package that is a zip file": (
        lambda at: packaged.__dict__.update(FOLDER=at / "trunk.onnx" / "_models"),
        f"{MANIFEST} is missing",
    ),
    "a file cut short": (lambda at: (at / "trunk.onnx").write_bytes(b"half"), "its files have"),
    "a manifest of something else": (
        lambda at: edit_json(at / MANIFEST, files={"trunk.onnx": "0" * 64}),
        "describes something else",
    ),
    "a manifest without files": (lambda at: edit_json(at / MANIFEST, files=None), MANIFEST),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_or_missing_files_are_refused_in_two_lines(
    name: str, tiny_cut: ModelSpec, environ: dict[str, str], tmp_path: Path
) -> None:
    damage, why = DAMAGES[name]
    damage(tmp_path / "package" / "tiny-3")

    for taps in (None, (3, None)):
        with pytest.raises(ModelUnavailable, match=why) as failure:
            ensure_model("tiny-3", taps=taps, environ=environ)
        assert len(str(failure.value).splitlines()) == 2
        assert failure.value.fix == packaged.REINSTALL


def test_more_than_it_holds_is_wrong_usage(tiny_cut: ModelSpec, environ: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="which has 3"):
        ensure_model("tiny-3", 4, environ=environ)
    with pytest.raises(UsageError, match="the first 3 of 4 layers and no output head") as failure:
        ensure_model("tiny-3", full=True, environ=environ)
    assert len(str(failure.value).splitlines()) == 2
    assert "tiny-3" not in failure.value.fix
    cache = Path(environ["REVIEWBOT_CACHE"])
    assert isinstance(run("path", "tiny-3", "--full", cache=cache).exception, UsageError)
    error = run("pull", "tiny-3", "--from", "x", cache=cache).exception
    assert isinstance(error, UsageError)
    assert "--from does not apply" in error.what


def test_list_and_verify_know_that_it_is_in_the_package(
    tiny_cut: ModelSpec, environ: dict[str, str], tmp_path: Path
) -> None:
    cache = tmp_path / "c"

    assert "packaged" in [row.state for row in inventory(cache) if row.spec == tiny_cut]
    assert "every file as it was packaged" in run("verify", "tiny-3", cache=cache).stdout
    path = tmp_path / "package" / "tiny-3" / "trunk.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    ensure_model("tiny-3", taps=(3, None), environ=environ)  # a start compares sizes only
    error = run("verify", "tiny-3", cache=cache).exception
    assert isinstance(error, ReviewbotError)
    assert (error.exit_code, error.fix) == (4, packaged.REINSTALL)
    assert "trunk.onnx has SHA-256" in error.what
    assert path.exists()
