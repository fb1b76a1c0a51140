"""Model files inside this package, for a first start without a download.

importlib.resources is imported inside the functions: it is slow, and only a first start uses it.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from reviewbot.errors import ModelUnavailable
from reviewbot.models.cache import disk_errors, sha256_of
from reviewbot.models.registry import ModelSpec

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

REINSTALL = "install reviewbot again, with all its files"


def folder() -> "Traversable":
    """Return where the packaged files are: a directory, or a folder of a zip file."""
    from importlib.resources import files

    return files("reviewbot") / "_models"


def holds(spec: ModelSpec) -> bool:
    """Return True if the package holds the file of `spec`, without reading it."""
    return spec.packaged and (folder() / spec.filename).is_file()


@contextmanager
def packaged_file(spec: ModelSpec) -> Iterator[Path]:
    """Yield the packaged file of `spec` on a disk after comparing its hash.

    An installed directory is read in place. If the package is a zip file, the path is a temporary
    copy that is removed afterwards.
    raises  ModelUnavailable if it is missing or has another SHA-256, EnvironmentFailure if it
            cannot be read or copied
    """
    from importlib.resources import as_file

    if not holds(spec):
        raise ModelUnavailable(
            f"nothing was loaded: the package does not hold {spec.filename} of {spec.name}",
            fix=REINSTALL,
        )
    with ExitStack() as stack:
        with disk_errors(f"{spec.name} was not loaded"):
            path = stack.enter_context(as_file(folder() / spec.filename))
            sha256 = sha256_of(path)
        if sha256 != spec.sha256:
            raise ModelUnavailable(
                f"nothing was loaded: {spec.filename} in the package has SHA-256 {sha256}, not "
                f"{spec.sha256}",
                fix=REINSTALL,
            )
        yield path
