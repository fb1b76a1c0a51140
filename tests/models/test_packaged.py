"""The model inside the package: ready with no network and an empty cache, never used damaged."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import reviewbot
from research.cut_gguf import cut
from reviewbot.cli.model import model as group
from reviewbot.errors import ModelUnavailable, ReviewbotError, UsageError
from reviewbot.models import packaged
from reviewbot.models.cache import sha256_of
from reviewbot.models.ensure import ensure_model
from reviewbot.models.inventory import inventory
from reviewbot.models.registry import MODELS, SMOL_CUT, ModelSpec

PACKAGE = Path(reviewbot.__file__).parent


def run(*arguments: str, cache: Path) -> Result:
    return CliRunner().invoke(group, [*arguments, "--cache-dir", str(cache)])


@pytest.fixture
def tiny_cut(
    tiny: ModelSpec, tiny_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModelSpec:
    """The first 3 of the tiny model's 4 blocks, in a package folder of its own."""
    path = tmp_path / "package" / "tiny-3.gguf"
    path.parent.mkdir()
    cut(tiny_gguf, path, tiny, 3)
    spec = replace(
        tiny,
        name="tiny-3",
        filename=path.name,
        size=path.stat().st_size,
        sha256=sha256_of(path),
        packaged=True,
        stored=3,
    )
    monkeypatch.setitem(MODELS, spec.name, spec)
    monkeypatch.setattr(packaged, "folder", lambda: path.parent)
    return spec


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An empty cache. Whatever happens, nothing is written into the package: it may be read-only.

    root may write everywhere, so permissions would show nothing here; the listing does.
    """
    yield {"REVIEWBOT_CACHE": str(tmp_path / "c")}
    assert [path.name for path in (tmp_path / "package").iterdir()] in ([], ["tiny-3.gguf"])


def damage(tmp_path: Path) -> Path:
    path = tmp_path / "package" / "tiny-3.gguf"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    return path


def test_the_file_in_the_package_is_the_one_in_the_table() -> None:
    path = PACKAGE / "_models" / SMOL_CUT.filename

    assert (path.stat().st_size, sha256_of(path)) == (SMOL_CUT.size, SMOL_CUT.sha256)


def test_a_damaged_or_missing_packaged_file_is_refused_in_two_lines(
    tiny_cut: ModelSpec, environ: dict[str, str], tmp_path: Path
) -> None:
    damage(tmp_path)
    with pytest.raises(ModelUnavailable, match=f"not {tiny_cut.sha256}") as failure:
        ensure_model("tiny-3", environ=environ)

    assert len(str(failure.value).splitlines()) == 2
    assert "install reviewbot again" in failure.value.fix
    assert not Path(environ["REVIEWBOT_CACHE"], "converted").exists()
    (tmp_path / "package" / "tiny-3.gguf").unlink()
    with pytest.raises(ModelUnavailable, match=r"does not hold tiny-3\.gguf"):
        ensure_model("tiny-3", environ=environ)


def test_more_than_it_holds_is_wrong_usage(tiny_cut: ModelSpec, environ: dict[str, str]) -> None:
    assert ensure_model("tiny-3", 3, environ=environ).layers == 3
    assert not Path(environ["REVIEWBOT_CACHE"], "models").exists()  # nothing was fetched
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


def test_list_and_verify_know_that_it_lies_in_the_package(
    tiny_cut: ModelSpec, environ: dict[str, str], tmp_path: Path
) -> None:
    cache = tmp_path / "c"

    def row() -> str:
        return next(row.state for row in inventory(cache) if row.spec == tiny_cut)

    assert row() == "packaged"
    assert "as the table says" in run("verify", "tiny-3", cache=cache).stdout
    ensure_model("tiny-3", environ=environ)
    assert row() == "ready"
    path = damage(tmp_path)
    error = run("verify", "tiny-3", cache=cache).exception
    assert isinstance(error, ReviewbotError)
    assert (error.exit_code, error.fix) == (4, packaged.REINSTALL)
    assert path.exists()


def test_it_is_found_in_a_package_that_is_a_zip_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for path in [*PACKAGE.rglob("*.py"), PACKAGE / "_models" / SMOL_CUT.filename]:
            archive.write(path, path.relative_to(PACKAGE.parent))
    code = (
        "from reviewbot.models.registry import SMOL_CUT\n"
        "from reviewbot.models.packaged import folder, packaged_file\n"
        "with packaged_file(SMOL_CUT) as path: print(folder(), path.stat().st_size)\n"
        "assert not path.exists()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "app.zip")},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert "app.zip" in done.stdout
    assert done.stdout.split()[-1] == str(SMOL_CUT.size)
