"""Models inside this package: int8 engines of `models.engine`, read in place.

The package is as trusted as its code: a start compares its manifest and its sizes with the table,
`model verify` every byte.
"""

from pathlib import Path

from reviewbot.errors import ModelUnavailable
from reviewbot.models.cache import disk_errors, sha256_of
from reviewbot.models.registry import ModelSpec
from reviewbot.models.verify import MANIFEST, identity, read_json

FOLDER = Path(__file__).parents[1] / "_models"
REINSTALL = "install reviewbot again with pip, with all its files; not as a zip file"


def packaged_engine(spec: ModelSpec, *, again: bool = False) -> Path:
    """Return the engine directory of a packaged model. It gives the states behind `spec.layer`.

    again   hash every file
    raises  ModelUnavailable if a file is missing or differs, EnvironmentFailure if one cannot be
            read
    """
    directory = FOLDER / spec.name
    with disk_errors(f"{spec.name} was not loaded"):
        try:
            wrong = _difference(directory, spec, again=again)
        except (FileNotFoundError, NotADirectoryError) as exc:
            wrong = f"{Path(str(exc.filename)).name} is missing"
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            wrong = f"{MANIFEST}: {exc}"
    if wrong:
        raise ModelUnavailable(
            f"nothing was loaded: {spec.name} in the package is damaged: {wrong}", fix=REINSTALL
        )
    return directory


def _difference(directory: Path, spec: ModelSpec, *, again: bool) -> str | None:
    files = read_json(directory / MANIFEST)["files"]
    if identity(files) != spec.sha256:
        return f"{MANIFEST} describes something else"
    size = sum((directory / name).stat().st_size for name in files)
    if size != spec.size:
        return f"its files have {size} bytes, not {spec.size}"
    sums = {name: sha256_of(directory / name) for name in files} if again else files
    return next(
        (
            f"{name} has SHA-256 {sums[name]}, not {files[name]}"
            for name in sorted(files)
            if sums[name] != files[name]
        ),
        None,
    )
