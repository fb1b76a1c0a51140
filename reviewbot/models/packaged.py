"""Model files that lie inside this package, so that a first start needs no download at all.

importlib.resources is imported inside the functions: it takes time, and only a first start uses it.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.errors import ModelUnavailable, UsageError
from reviewbot.models.cache import disk_errors, sha256_of
from reviewbot.models.registry import MODELS, ModelSpec

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

REINSTALL = "install reviewbot again, with all its files"


def folder() -> "Traversable":
    """Where the packaged files lie: a directory, or a folder of a zip file."""
    from importlib.resources import files

    return files("reviewbot") / "_models"


def holds(spec: ModelSpec) -> bool:
    """Whether the package holds the file of `spec`. Its bytes are not looked at."""
    return spec.packaged and (folder() / spec.filename).is_file()


@contextmanager
def packaged_file(spec: ModelSpec) -> Iterator[Path]:
    """Yield the packaged file of `spec` on a disk, its hash compared.

    From an installed directory it is used in place and only read. Where the package is a zip file,
    it is a temporary copy, gone afterwards.
    raises  ModelUnavailable if it is missing or has another SHA-256, EnvironmentFailure if it
            cannot be read or copied
    """
    from importlib.resources import as_file

    if not holds(spec):
        raise ModelUnavailable(
            f"nothing was loaded: the package does not hold {spec.filename} of {spec.name}",
            fix=REINSTALL,
        )
    with ExitStack() as held:
        with disk_errors(f"{spec.name} was not loaded"):
            path = held.enter_context(as_file(folder() / spec.filename))
            found = sha256_of(path)
        if found != spec.sha256:
            raise ModelUnavailable(
                f"nothing was loaded: {spec.filename} in the package has SHA-256 {found}, not "
                f"{spec.sha256}",
                fix=REINSTALL,
            )
        yield path


def refuse_full(spec: ModelSpec) -> None:
    """Raise UsageError if the file of `spec` was cut: all layers and the head are not in it."""
    if spec.stored < spec.layers:
        whole = [name for name, other in MODELS.items() if other.stored == other.layers]
        raise UsageError(
            f"nothing was loaded: {spec.name} holds the first {spec.stored} of {spec.layers} "
            "layers and no output head, so it cannot be read in full",
            fix=f"leave --full or --depth full out, or use one of {', '.join(whole)}",
        )
