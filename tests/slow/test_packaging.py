"""What people install: the wheel holds everything the code reads, and nothing too large."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from reviewbot.models.packaged import FOLDER
from reviewbot.models.registry import SMOL_CUT

ROOT = Path(__file__).parents[2]
MAX_BYTES = 30_000_000
MAX_WHEEL = 75_000_000  # the Python package index refuses files over 100 MB


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of what git would commit, without the network."""
    missing = [name for name in ("build", "hatchling") if find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (pip install -e '.[dev]')")
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # else it was deleted, and that is not committed yet
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, source / name)
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)],
        cwd=source,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = out.glob("*.whl")
    return made


def test_the_wheel_holds_all_data_that_the_package_reads_and_all_its_modules(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    wanted = {"reviewbot/py.typed", "reviewbot/__main__.py", "reviewbot/train/fix_filter.json"}
    wanted |= {f"reviewbot/_templates/{path.name}" for path in (ROOT / "templates").iterdir()}
    wanted.add("reviewbot/_templates/pull-request.yml")  # from docs/workflows
    for folder in ("reviewbot/schemas", "reviewbot/_artifacts", "reviewbot/_models"):
        files = (path for path in (ROOT / folder).rglob("*") if path.is_file())
        wanted |= {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    assert "reviewbot/_templates/summary.md.j2" in wanted
    assert "reviewbot/schemas/report_v1.json" in wanted
    assert "reviewbot/_models/smollm2-135m-8/trunk.onnx" in wanted
    assert wanted <= names
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "reviewbot").rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == modules


def test_beside_the_packaged_model_no_file_is_over_30_megabytes_nor_all_together(
    wheel: Path,
) -> None:
    assert wheel.stat().st_size <= MAX_WHEEL
    sizes = {info.filename: info.file_size for info in zipfile.ZipFile(wheel).infolist()}
    at = f"reviewbot/_models/{SMOL_CUT.name}/"
    model = {path.name: path.stat().st_size for path in (FOLDER / SMOL_CUT.name).iterdir()}

    assert {name: sizes.pop(f"{at}{name}") for name in model} == model
    assert max(sizes.values()) <= MAX_BYTES
    assert sum(sizes.values()) <= MAX_BYTES + 3_000_000


def test_the_installed_package_finds_its_templates_and_its_schema(
    wheel: Path, tmp_path: Path
) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import reviewbot; from reviewbot.render import jinja\n"
        "from reviewbot.report import json_v1\n"
        "print(reviewbot.__file__, json_v1.schema()['title'], jinja.template('summary.md.j2'))\n"
        "print(jinja.template('pull-request.yml'))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "reviewbot"))
    assert (ROOT / "templates" / "summary.md.j2").read_text() in done.stdout
    assert (ROOT / "docs" / "workflows" / "pull-request.yml").read_text() in done.stdout


def test_the_wheel_has_both_commands_and_our_name(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    info = wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"
    commands = archive.read(f"{info}/entry_points.txt").decode()

    assert wheel.name.startswith("reviewbot_risk-")
    assert "reviewbot = reviewbot.cli:run" in commands
    assert "reviewbot-risk = reviewbot.cli:run" in commands
