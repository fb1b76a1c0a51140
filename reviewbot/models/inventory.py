"""What the cache holds of each model, its sizes, and whether it is undamaged."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from reviewbot.errors import ModelUnavailable
from reviewbot.models.cache import Say, disk_errors, locked, official_path, sha256_of, size_on_disk
from reviewbot.models.packaged import packaged_engine
from reviewbot.models.registry import MODELS, ModelSpec
from reviewbot.models.verify import check, is_current, recorded


@dataclass(frozen=True, slots=True)
class Row:
    """One model of the table and what the cache holds of it. Sizes in bytes."""

    spec: ModelSpec
    cached: int  # of the official file; 0 if it is not there
    partial: int  # of an interrupted pull
    converted: int  # of everything converted from it

    @property
    def state(self) -> str:
        """One word: packaged or ready (start at once), cached (convert first), partial, absent."""
        states = {
            "packaged": self.spec.packaged,
            "ready": self.converted,
            "cached": self.cached,
            "partial": self.partial,
        }
        return next((state for state, there in states.items() if there), "absent")


def conversions(cache: Path, spec: ModelSpec) -> list[Path]:
    """Return the directories converted from this model's official file, sorted by name."""
    return sorted((cache / "converted").glob(f"{spec.sha256[:32]}-*"))


def inventory(cache: Path) -> list[Row]:
    """Return a row for every model of the table. Reads sizes, not contents.

    raises  EnvironmentFailure if the cache cannot be read
    """
    with disk_errors("nothing was listed"):
        return [
            Row(
                spec,
                size_on_disk(official_path(cache, spec)),
                size_on_disk(cache / "models" / ".partial" / spec.sha256),
                sum(map(size_on_disk, conversions(cache, spec))),
            )
            for spec in MODELS.values()
        ]


def verify(cache: Path, spec: ModelSpec, say: Say) -> None:
    """Hash everything that the cache holds of one model, and remove what is damaged.

    The files in the package are hashed too, but never removed.
    raises  ModelUnavailable if something was damaged or nothing is there, EnvironmentFailure if it
            cannot be read
    """
    official, doing = official_path(cache, spec), f"{spec.name} was not verified"
    pull = f"run `reviewbot model pull {spec.name}`"
    with disk_errors(doing):
        there, directories = official.exists(), conversions(cache, spec)
    if not there and not directories and not spec.packaged:
        raise ModelUnavailable(f"{doing}: {cache} does not hold it", fix=pull)
    bad: list[str] = []
    fix = pull
    with locked(cache, spec.sha256, spec.name, say), disk_errors(doing):
        if spec.packaged:
            try:
                say(f"{packaged_engine(spec, again=True)}: every file as it was packaged")
            except ModelUnavailable as exc:
                fix = exc.fix  # no pull can repair the package
                bad.append(_damage(exc))
        if there and (sha256 := sha256_of(official)) != spec.sha256:
            official.unlink()
            bad.append(f"{official} had SHA-256 {sha256} and was removed")
        elif there:
            say(f"{official}: SHA-256 {spec.sha256}, the official one")
        for directory in directories:
            if not is_current(directory):
                say(f"{directory}: made by another version of the converter, not used")
                continue
            try:
                check(directory, recorded(directory, spec), again=True)
            except ModelUnavailable as exc:
                shutil.rmtree(directory)
                bad.append(f"{_damage(exc)}, and was removed")
            else:
                say(f"{directory}: every file as it was converted")
    if bad:
        raise ModelUnavailable(f"{spec.name} is damaged: {'; '.join(bad)}", fix=fix)


def _damage(exc: ModelUnavailable) -> str:
    return exc.what.removeprefix("nothing was loaded: ")
