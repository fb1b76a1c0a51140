"""Which files of a fetched archive belong in the corpus. Nothing here fetches or writes.

Archives are a stranger's: they are read with bounds, and never unpacked as a whole.
"""

import hashlib
import lzma
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import IO

from reviewbot.errors import EnvironmentFailure

SUFFIXES = {
    "python": (".py",),
    "typescript": (".ts", ".tsx"),
    "javascript": (".js", ".mjs", ".cjs"),
    "go": (".go",),
    "rust": (".rs",),
    "java": (".java",),
    "c": (".c", ".h"),
    "cpp": (".cc", ".cpp", ".cxx", ".hpp", ".hh", ".h"),
}
MIN_BYTES, MAX_BYTES = 1_000, 100_000  # of one source file
MAX_MEMBERS, MAX_UNPACKED = 100_000, 2 * 1024**3  # of one archive
LONGEST_LINE = 400  # characters; longer lines are data or minified code
TEST_SHARE = 0.1  # of a package's other bytes: tests repeat themselves

_SKIPPED_PARTS = {"vendor", "vendored", "_vendor", "third_party", "thirdparty", "deps"}
_SKIPPED_PARTS |= {"node_modules", "dist", "locale"}
_BROKEN = (EOFError, OSError, ValueError)
_GENERATED = re.compile(r"@generated|do not edit|auto-?\s?generated|generated (by|from|with)", re.I)
_TEST = re.compile(
    r"(^|/)(tests?|testing|__tests__|specs?|testdata|fixtures)/|(^|/)(test_|conftest)[^/]*$"
    r"|(_test|_tests|[.-](test|spec)|Tests?)\.[a-z]+$"
)


@dataclass(frozen=True, slots=True)
class Package:
    """One row of the list; the folder `root` of the archive becomes the package's folder."""

    ecosystem: str  # pypi, npm, deb (binary package) or deb-src (upstream tarball)
    name: str
    version: str
    licence: str  # SPDX; of "A OR B", one must be in LICENCES
    sha256: str  # of the archive, 64 hex digits
    language: str  # one per row; a key of SUFFIXES
    root: str  # "" or a path that ends in "/"
    paths: tuple[str, ...]  # prefixes below root; empty: everything
    max_bytes: int  # of source taken from this package
    platform: str = "any"  # pypi only: the wheel's platform tag

    @property
    def folder(self) -> str:
        return f"{self.name.lstrip('@').replace('/', '-')}-{self.version}"


def members(archive: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yield (path, content) of the wanted regular files of a wheel, tarball or .deb.

    Only files of MIN_BYTES to MAX_BYTES. Links, devices, absolute paths and paths with ".." are
    passed over, and nothing is written.
    Raises EnvironmentFailure when the archive is broken or unpacks to more than the bounds.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel:
                entries = wheel.infolist()
                _within_bounds(archive, len(entries), sum(e.file_size for e in entries))
                for entry in entries:
                    name = entry.filename
                    if not entry.is_dir() and _is_plain(name, entry.file_size) and wanted(name):
                        yield name, wheel.read(entry)
            return
        with archive.open("rb") as file, tarfile.open(fileobj=_tarball(file), mode="r:*") as tar:
            count = size = 0
            for member in tar:
                count, size = count + 1, size + member.size
                _within_bounds(archive, count, size)
                name = member.name.removeprefix("./")
                if member.isreg() and _is_plain(name, member.size) and wanted(name):
                    stream = tar.extractfile(member)
                    yield name, stream.read() if stream else b""
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, *_BROKEN) as exc:
        raise EnvironmentFailure(
            f"no corpus: archive {archive.name} cannot be read: {exc}", fix="fetch it again"
        ) from exc


def _within_bounds(archive: Path, count: int, size: int) -> None:
    if count > MAX_MEMBERS or size > MAX_UNPACKED:
        raise EnvironmentFailure(
            f"no corpus: archive {archive.name} unpacks to too much", fix="take it off the list"
        )


def _is_plain(name: str, size: int) -> bool:
    path = PurePosixPath(name)
    odd = path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name
    return not odd and MIN_BYTES <= size <= MAX_BYTES


def _tarball(file: IO[bytes]) -> IO[bytes]:
    """Return the tarball in `file`: a .deb is an `ar` archive whose data.tar.* member is wanted."""
    if file.read(8) != b"!<arch>\n":
        file.seek(0)
        return file
    while len(header := file.read(60)) == 60:
        name, size = header[:16].decode("ascii").rstrip(" /"), int(header[48:58])
        if name.startswith("data.tar"):
            return BytesIO(file.read(size))
        file.seek(size + size % 2, os.SEEK_CUR)
    raise ValueError("no data.tar in this .deb")


def is_source(text: str) -> bool:
    """False for minified, data-like and generated text."""
    if "\0" in text or _GENERATED.search(text[:1500]):
        return False
    return max(map(len, text.split("\n"))) <= LONGEST_LINE


def _is_wanted(package: Package, name: str) -> bool:
    path = name.removeprefix(package.root)
    return (
        name.startswith(package.root)
        and path.endswith(SUFFIXES[package.language])
        and path.startswith(package.paths or "")
        and not path.endswith((".d.ts", ".min.js"))
        and not _SKIPPED_PARTS & {*path.split("/")[:-1]}
    )


def choose(package: Package, archive: Path, seen: set[str]) -> dict[str, bytes]:
    """Return {path below the package's folder: content} of the files to keep, sorted by path.

    seen  SHA-256 of contents already kept; extended, so that no file comes twice into a corpus

    Files are tried in the order of their path's hash, which mixes a package's parts, until
    `max_bytes`; tests come last and only up to TEST_SHARE of the rest.
    """
    found: list[tuple[bool, str, str, bytes]] = []
    for name, content in members(archive, lambda name: _is_wanted(package, name)):
        path = name.removeprefix(package.root)
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if is_source(text):
            order = hashlib.sha256(path.encode()).hexdigest()
            found.append((bool(_TEST.search(path)), order, path, content))
    kept: dict[str, bytes] = {}
    size = test_size = 0
    for is_test, _, path, content in sorted(found, key=lambda item: item[:3]):
        digest = hashlib.sha256(content).hexdigest()
        too_many_tests = is_test and test_size + len(content) > TEST_SHARE * (size - test_size)
        if digest in seen or too_many_tests or size + len(content) > package.max_bytes:
            continue
        seen.add(digest)
        kept[path] = content
        size, test_size = size + len(content), test_size + len(content) * is_test
    return dict(sorted(kept.items()))
