"""Where a line of the corpus comes from: a package of an archive, or a commit of one's own code."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reviewbot.diff.languages import language_of
from reviewbot.errors import UsageError
from reviewbot.git.process import git, status


@dataclass(frozen=True, slots=True)
class Origin:
    """The source that an exemplar names."""

    source: str
    revision: str
    licence: str  # "" for one's own code
    path: str


Origins = Callable[[str], Origin]  # of a path below the corpus directory


@dataclass(frozen=True, slots=True)
class Provenance:
    """The files of a directory that may be shown, and where they come from."""

    origin: Origins  # raises UsageError for a file of unknown origin
    names: frozenset[str] | None  # files that equal their commit; None: a manifest, no commit
    left_out: int  # source files that differ from the commit


def provenance(directory: Path) -> Provenance:
    """Return the origins of a directory's files.

    The directory is either what `research/corpus.py` wrote (manifest.jsonl names package, version,
    archive and licence), or a git checkout of one's own code. In a checkout only files that equal
    the commit byte for byte count: ignored or untracked files may be secret or from others, and an
    edited file is not in the commit.

    raises  UsageError where it is neither, or the manifest cannot be read: code of unknown origin
            is not shown; EnvironmentFailure where git fails
    """
    manifest = directory / "manifest.jsonl"
    if manifest.is_file():
        return Provenance(_packages(manifest), None, 0)
    code, out, _ = status(directory, "rev-parse", "--show-prefix", "HEAD")
    if code != 0:
        raise UsageError(
            f"{str(directory)!r} is no git checkout and has no manifest.jsonl, nothing was read: "
            "an example needs path, commit and licence",
            fix="name the top of a checkout, or what research/corpus.py wrote, as --corpus",
        )
    prefix, _, commit = os.fsdecode(out).removesuffix("\n").rpartition("\n")
    blobs = _blobs(directory, commit)
    present = [path for path in directory.rglob("*") if path.is_file() and not path.is_symlink()]
    sources = {name: path for path in present if language_of(name := _below(directory, path))}
    held = frozenset(name for name, path in sources.items() if _holds(blobs.get(name), path))
    source = directory.resolve().name
    return Provenance(
        lambda path: Origin(source, commit, "", prefix + path), held, len(sources) - len(held)
    )


def _below(directory: Path, path: Path) -> str:
    return path.relative_to(directory).as_posix()


def _blobs(directory: Path, commit: str) -> dict[str, str]:
    """Return the object of each regular file of a commit, by its path below a directory."""
    blobs = {}
    for row in filter(None, git(directory, "ls-tree", "-r", "-z", commit).split(b"\0")):
        about, _, name = row.partition(b"\t")
        mode, _, blob = about.decode("ascii").split(" ")
        if mode.startswith("100"):  # neither a symbolic link nor a submodule
            blobs[os.fsdecode(name)] = blob
    return blobs


def _holds(blob: str | None, path: Path) -> bool:
    """Return True if a file is the object `blob`. Computed here, because git would run filters."""
    if blob is None:
        return False
    data = path.read_bytes()
    # An object's name is its hash, SHA-256 in repositories that chose it.
    digest = hashlib.sha1 if len(blob) == 40 else hashlib.sha256
    return digest(b"blob %d\0" % len(data) + data).hexdigest() == blob


def _packages(manifest: Path) -> Origins:
    packages: dict[str, tuple[str, str, str]] = {}
    for number, line in enumerate(manifest.read_bytes().splitlines(), 1):
        try:
            row = json.loads(line)
            if not row["licence"]:  # "" means one's own code
                raise ValueError("no licence")
            folder = f"{row['name'].lstrip('@').replace('/', '-')}-{row['version']}"
            packages[f"{row['language']}/{folder}"] = (
                f"{row['name']} {row['version']}",
                f"sha256:{row['archive_sha256']}",
                row["licence"],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise UsageError(
                f"line {number} of {str(manifest)!r} is no row of a manifest, nothing was read: "
                f"{type(exc).__name__}: {exc}",
                fix="write the corpus again with research/corpus.py",
            ) from exc

    def origin(path: str) -> Origin:
        package = "/".join(path.split("/", 2)[:2])
        if package not in packages or path.count("/") < 2:
            raise UsageError(
                f"{path!r} is of no package in {str(manifest)!r}, nothing was read: an example "
                "needs version, archive and licence",
                fix="take it out of the corpus, or write the corpus again with research/corpus.py",
            )
        return Origin(*packages[package], path.split("/", 2)[2])

    return origin
