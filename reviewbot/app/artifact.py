"""The artifacts that the settings name, and what the cache holds: line features and risks."""

import errno
import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.app.inputs import read_regular
from reviewbot.config.choices import Depth
from reviewbot.config.schema import Settings
from reviewbot.errors import ReviewbotError, UsageError, did_you_mean
from reviewbot.scoring.calibration import Calibration, calibration_from_json

if TYPE_CHECKING:
    from reviewbot.git.changes import ChangeRequest
    from reviewbot.git.repository import Repository
    from reviewbot.scoring.artifact import Artifact
    from reviewbot.scoring.feature_cache import DiskCache

AUTO = "auto"  # `quick` scores every line, `deep` the riskiest ones again
MAX_BYTES = 2_000_000  # of a calibration file
MEBI = 1 << 20
OUTDATED = (
    "the stored calibration of this repository is out of date and was not used: {}; make it again:"
    " reviewbot calibrate"
)
MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG)


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What scores a change: one artifact, and with `auto` a deeper one for the riskiest lines."""

    first: "Artifact"
    deep: "Artifact | None" = None
    budget: int = 0  # tokens that `deep` may read of a change

    @property
    def identity(self) -> str:
        """What decides a risk: risks of other identities do not compare.

        The SHA-256 of the manifest, and with `auto` one of both and the budget.
        """
        if self.deep is None:
            return self.first.info.sha256
        parts = f"{self.first.info.sha256} {self.deep.info.sha256} {self.budget}"
        return hashlib.sha256(parts.encode()).hexdigest()


def find_artifacts(name: str, base: Path = Path()) -> tuple[Path, ...]:
    """Return the directories of what the setting `artifact` names: two for `auto`.

    raises  as `find_artifact`
    """
    from reviewbot.scoring.artifact import PRESETS

    if name == AUTO:
        return PRESETS["quick"], PRESETS["deep"]
    return (find_artifact(name, base, (*PRESETS, AUTO)),)


def find_artifact(name: str, base: Path = Path(), names: Iterable[str] = ()) -> Path:
    """Return the directory of one artifact.

    name    a preset, or a path, relative to `base`
    names   that an error proposes; by default the presets
    raises  UsageError if it is neither, or the directory has no manifest; for `auto`
    """
    from reviewbot.scoring.artifact import PRESETS

    if name == AUTO:
        raise UsageError(
            "nothing was scored: auto is two artifacts, and here one is needed",
            fix="give --artifact quick or deep, or an artifact's directory",
        )
    if name in PRESETS:
        return PRESETS[name]
    where = base / os.path.expanduser(name)  # noqa: PTH111 - Path's raises for an unknown user
    try:
        (where / "manifest.json").stat()
    except OSError as exc:
        if exc.errno in MISSING:  # `load_artifact` reports every other error
            shown = repr(name[:200])
            why = f"no artifact is named {shown}, and there is no such directory"
            if where.is_dir():
                why = f"the directory {shown} holds no artifact (manifest.json is missing)"
            names = tuple(names or PRESETS)
            near = did_you_mean(where.name, names)
            raise UsageError(
                f"nothing was scored: {why}",
                fix=f"{near}give {', '.join(names)}, or an artifact's directory",
            ) from exc
    return where


def artifacts_for(settings: Settings) -> Artifacts:
    """Load the artifacts that the settings name.

    raises  UsageError if no artifact has that name, ArtifactError if one is damaged
    """
    from reviewbot.scoring.artifact import load_artifact

    first, *others = map(load_artifact, find_artifacts(settings.artifact))
    return Artifacts(first, others[0], settings.deep_tokens) if others else Artifacts(first)


def artifact_for(settings: Settings) -> "Artifact":
    """Load the one artifact that the settings name. raises as `artifacts_for`, and for `auto`"""
    from reviewbot.scoring.artifact import load_artifact

    return load_artifact(find_artifact(settings.artifact))


def reads_head(settings: Settings, artifact: "Artifact") -> bool:
    """Return True if the whole model is run, with its output head."""
    return artifact.model.full or settings.depth is Depth.FULL


def cache_directory(settings: Settings) -> Path:
    """Return the cache directory that the settings or the environment name."""
    from reviewbot.models.cache import cache_dir

    return cache_dir(Path(settings.cache_dir) if settings.cache_dir else None, os.environ)


def line_cache(settings: Settings, artifact: "Artifact") -> "DiskCache | None":
    """Return the cache of line features; None if the settings turn it off."""
    if settings.line_cache == 0:
        return None
    from reviewbot.models.verify import CONVERTER, EXPORTER
    from reviewbot.scoring.feature_cache import DiskCache
    from reviewbot.server.compatibility import kernel_variables

    model = artifact.model
    depth = (model.layer, model.deep, reads_head(settings, artifact))
    # What the engine's name leaves out: numpy, which pools, and the variables.
    others = (version("numpy"), sorted(kernel_variables(os.environ).items()))
    converters = (CONVERTER, EXPORTER)
    scope = f"{artifact.info.sha256} {model.sha256} {depth} {converters} {others}"
    return DiskCache(cache_directory(settings), scope, settings.line_cache * MEBI)


def calibration_path(settings: Settings, repo: "Repository") -> Path:
    """Return where a repository's calibration by the artifact that is set is stored.

    All work trees of the repository share it. Another version of the artifact has the same place,
    so that its calibration is found to be out of date.
    """
    from reviewbot.scoring.artifact import PRESETS

    artifact = settings.artifact
    if artifact not in (*PRESETS, AUTO):
        artifact = os.path.realpath(os.path.expanduser(artifact))  # noqa: PTH111 - as it is read
    place = os.path.realpath(repo.common_dir)
    name = hashlib.sha256(os.fsencode(f"{place}\0{artifact}")).hexdigest()
    return cache_directory(settings) / "calibration" / f"{name}.json"


def calibration_for(
    settings: Settings, request: "ChangeRequest | None", artifacts: Artifacts
) -> tuple[Calibration | None, list[str]]:
    """Return the calibration to compare a change with, and a note if a stored one cannot serve.

    request  the change, if it is in a repository
    raises   UsageError if the setting names a file that cannot be used
    """
    name = settings.calibration
    if name == "off":
        return None, []
    if name != "auto":
        if not Path(name).exists():
            raise UsageError(
                f"nothing was scored: there is no calibration file {name[:200]!r}",
                fix=f"{did_you_mean(name, ('auto', 'off'))}give auto, off, or a file that"
                " `reviewbot calibrate --output FILE` has written",
            )
        raw = read_regular(name, MAX_BYTES, doing="nothing was scored", what="a calibration")
        try:
            return _checked(raw, artifacts), []
        except ValueError as exc:
            raise UsageError(
                f"nothing was scored: {name} cannot be used: {exc}",
                fix="make it again: reviewbot calibrate",
            ) from exc
    if request is None or not (cache_directory(settings) / "calibration").is_dir():
        return None, []
    try:
        path = calibration_path(settings, request.repo)
        return (_checked(path.read_bytes(), artifacts) if path.is_file() else None), []
    except (ReviewbotError, OSError, ValueError) as exc:  # a comparison must not stop a check
        return None, [OUTDATED.format(str(exc).splitlines()[0])]


def _checked(raw: bytes, artifacts: Artifacts) -> Calibration:
    """Read a calibration. raises ValueError if it cannot be read or another artifact made it"""
    calibration = calibration_from_json(raw[: MAX_BYTES + 1])
    if calibration.artifact != artifacts.identity:
        used = "auto with this budget" if artifacts.deep else repr(artifacts.first.info.name)
        raise ValueError(f"it was made by another artifact than {used} of this version")
    return calibration
