"""What the cache holds of each model, its sizes, and whether it is still what it was."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from reviewbot.errors import ModelUnavailable
from reviewbot.models.cache import disk_errors, official_path, sha256_of, size_on_disk
from reviewbot.models.checkpoint import CONVERTER, MANIFEST, check
from reviewbot.models.download import locked
from reviewbot.models.engine import EXPORTER, Wanted, check_engine, wanted_of
from reviewbot.models.local import read_json
from reviewbot.models.packaged import REINSTALL, holds, packaged_file
from reviewbot.models.progress import Say
from reviewbot.models.registry import MODELS, ModelSpec


@dataclass(frozen=True, slots=True)
class Row:
    """One model of the table and what the cache holds of it. Sizes in bytes."""

    spec: ModelSpec
    cached: int  # of the official file; 0 when it is not there
    partial: int  # of an interrupted pull
    converted: int  # of all checkpoints made from it
    packaged: bool = False  # the package holds it; that file is no part of the cache

    @property
    def state(self) -> str:
        """One word: ready (starts at once), packaged, cached (convert first), partial or absent."""
        if self.converted:
            return "ready"
        if self.packaged:
            return "packaged"
        if self.cached:
            return "cached"
        return "partial" if self.partial else "absent"


def checkpoints(cache: Path, spec: ModelSpec) -> list[Path]:
    """The directories converted from this model's official file, sorted by name."""
    return sorted((cache / "converted").glob(f"{spec.sha256[:32]}-*"))


def inventory(cache: Path) -> list[Row]:
    """Every model of the table. Reads sizes, not contents; an empty cache is no error.

    raises  EnvironmentFailure if the cache cannot be read
    """
    with disk_errors("nothing was listed"):
        return [
            Row(
                spec,
                size_on_disk(official_path(cache, spec)),
                size_on_disk(cache / "models" / ".partial" / spec.sha256),
                sum(size_on_disk(path) for path in checkpoints(cache, spec)),
                holds(spec),
            )
            for spec in MODELS.values()
        ]


def verify(cache: Path, spec: ModelSpec, say: Say) -> None:
    """Hash everything that the cache holds of one model, and remove what is damaged.

    A file in the package is hashed too; it is never removed.
    raises  ModelUnavailable if something was damaged or nothing is there, EnvironmentFailure if it
            cannot be read
    """
    official = official_path(cache, spec)
    bad: list[str] = []
    lost = False  # the file in the package, which no pull can mend
    with disk_errors(f"{spec.name} was not verified"):
        there = official.exists()
        found = checkpoints(cache, spec)
    if not there and not found and not spec.packaged:
        raise ModelUnavailable(
            f"{spec.name} was not verified: {cache} does not hold it",
            fix=f"run `reviewbot model pull {spec.name}`",
        )
    with locked(cache, spec.sha256, spec.name, say), disk_errors(f"{spec.name} was not verified"):
        if spec.packaged:
            try:
                with packaged_file(spec) as path:
                    say(f"{path}: SHA-256 {spec.sha256}, as the table says")
            except ModelUnavailable as exc:
                lost = True
                bad.append(exc.what.removeprefix("nothing was loaded: "))
        if there:
            sha256 = sha256_of(official)
            if sha256 == spec.sha256:
                say(f"{official}: SHA-256 {sha256}, the official one")
            else:
                official.unlink()
                bad.append(f"{official} had SHA-256 {sha256} and was removed")
        for directory in found:
            current = f"-onnx-v{EXPORTER}" if "-onnx-" in directory.name else f"-v{CONVERTER}"
            if not directory.name.endswith(current):
                say(f"{directory}: made by another version of the converter, not used")
                continue
            try:
                _check(directory, spec)
            except ModelUnavailable as exc:
                shutil.rmtree(directory)
                bad.append(f"{exc.what.removeprefix('nothing was loaded: ')}, and was removed")
            else:
                say(f"{directory}: every file as it was converted")
    if bad:
        raise ModelUnavailable(
            f"{spec.name} is damaged: {'; '.join(bad)}",
            fix=REINSTALL if lost else f"run `reviewbot model pull {spec.name}`",
        )


def _check(directory: Path, spec: ModelSpec) -> None:
    if "-onnx-" in directory.name:
        try:
            wanted = wanted_of(directory)
        except (OSError, ValueError):
            wanted = Wanted(taps=(), head=False)  # which is no engine's name
        if wanted.key(spec.sha256) != directory.name:
            raise ModelUnavailable(
                f"nothing was loaded: {directory} does not hold the engine that its name says",
                fix=f"run `reviewbot model pull {spec.name}`",
            )
        check_engine(directory, spec.sha256, wanted, again=True)
        return
    try:
        says = read_json(directory / MANIFEST)
        layers, head = int(says["layers"]), bool(says["head"])
    except (OSError, ValueError, KeyError, TypeError):
        layers, head = 0, False  # `check` then says what is wrong with the manifest
    check(directory, spec, layers, head=head, again=True)
