"""A corpus as immutable text shards.

`train corpus` writes them; the processes of a training run share them out.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from reviewbot.errors import ArtifactError, UsageError
from reviewbot.train.export import write_whole

FILES_PER_SHARD = 20
MANIFEST = "shards.jsonl"  # a directory that holds it is a packed corpus


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the corpus, and one line of a shard."""

    path: str  # below its corpus directory
    language: str
    text: str
    licence: str = ""  # SPDX; "" for one's own code


@dataclass(frozen=True, slots=True)
class TextShard:
    """One row of the manifest."""

    name: str  # of the file beside the manifest
    sha256: str  # of its bytes
    files: int
    licences: tuple[str, ...]  # SPDX, sorted; "" is one's own code


def pack(
    sources: Iterable[SourceFile], directory: Path, max_bytes: int | None = None
) -> list[TextShard]:
    """Write text shards, one JSON object per file, and the manifest; equal shards stay.

    max_bytes  of a shard, unless it holds a single file; None: FILES_PER_SHARD files
    raises     EnvironmentFailure where they cannot be written
    """
    shards = list[TextShard]()
    for rows, licences in _batches(sources, max_bytes):
        data = b"".join(rows)
        digest = hashlib.sha256(data).hexdigest()
        path = directory / f"{len(shards):05d}-{digest[:16]}.jsonl"
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            write_whole(path, partial(Path.write_bytes, data=data))
        shards.append(TextShard(path.name, digest, len(rows), tuple(sorted(licences))))
    manifest = "".join(json.dumps(asdict(shard)) + "\n" for shard in shards)
    write_whole(directory / MANIFEST, partial(Path.write_bytes, data=manifest.encode()))
    return shards


def _batches(
    sources: Iterable[SourceFile], max_bytes: int | None
) -> Iterator[tuple[list[bytes], set[str]]]:
    rows, licences, size = list[bytes](), set[str](), 0
    for source in sources:
        row = json.dumps(asdict(source)).encode() + b"\n"
        full = len(rows) == FILES_PER_SHARD if max_bytes is None else size + len(row) > max_bytes
        if rows and full:
            yield rows, licences
            rows, licences, size = [], set(), 0
        rows.append(row)
        licences.add(source.licence)
        size += len(row)
    if rows:
        yield rows, licences


def read_manifest(directory: Path) -> list[TextShard]:
    """Read what `pack` wrote last. raises ArtifactError"""
    try:
        rows = map(json.loads, (directory / MANIFEST).read_bytes().splitlines())
        return [TextShard(**{**row, "licences": tuple(row["licences"])}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise ArtifactError(
            f"the manifest of text shards in {str(directory)!r} cannot be read, nothing was "
            f"trained: {type(exc).__name__} {exc}",
            fix="give all processes the same --work, on a disk that they share; write a packed "
            "--corpus again",
        ) from exc


def training_shards(shards: Sequence[TextShard], held_back: int) -> int:
    """Return how many shards there are without the last `held_back`. raises UsageError for none"""
    if len(shards) <= held_back:
        files = sum(shard.files for shard in shards)
        raise UsageError(
            f"{files} source files are too few to hold {held_back * FILES_PER_SHARD} back, nothing "
            "was trained",
            fix="name a larger --corpus",
        )
    return len(shards) - held_back


def read_text(directory: Path, shard: TextShard) -> list[SourceFile]:
    """Read the files of a shard.

    raises  ArtifactError where it is missing, or its bytes are not those that the manifest names
    """
    fix = "check the disk, then run the same command again: it writes the shard again and resumes"
    return [SourceFile(**json.loads(line)) for line in _checked(directory, shard, fix)]


def rows(directory: Path) -> Iterator[tuple[Path, int]]:
    """Yield shard and offset of each file of a packed corpus, for `read_row`.

    raises  ArtifactError as `read_manifest` and `read_text`, before anything of a shard is yielded
    """
    for shard in read_manifest(directory):
        offset = 0
        for line in _checked(directory, shard, "write the corpus again: reviewbot train corpus"):
            yield directory / shard.name, offset
            offset += len(line)


def read_row(path: Path, offset: int) -> SourceFile:
    """Read the file that begins at `offset`, in bytes, of a shard."""
    with path.open("rb") as stream:
        stream.seek(offset)
        return SourceFile(**json.loads(stream.readline()))


def _checked(directory: Path, shard: TextShard, fix: str) -> list[bytes]:
    """Return the lines of a shard, with their line ends."""
    try:
        data = (directory / shard.name).read_bytes()
        why = "" if hashlib.sha256(data).hexdigest() == shard.sha256 else "its SHA-256 differs"
    except OSError as exc:
        data, why = b"", exc.strerror or str(exc)
    if why:
        raise ArtifactError(
            f"the text shard {shard.name!r} is damaged, training stopped: {why}",
            fix=fix,
        )
    return data.splitlines(keepends=True)
