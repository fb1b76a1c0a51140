"""The corpus as immutable text shards, which the processes of a training run share out."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from reviewbot.errors import ArtifactError, UsageError
from reviewbot.train.corpus import SourceFile
from reviewbot.train.export import write_whole

FILES_PER_SHARD = 20
MANIFEST = "manifest.jsonl"


@dataclass(frozen=True, slots=True)
class TextShard:
    """One row of the manifest."""

    name: str  # of the file beside the manifest
    sha256: str  # of its bytes
    files: int
    licences: tuple[str, ...]  # SPDX, sorted; "" is one's own code


def pack(sources: Iterable[SourceFile], directory: Path) -> list[TextShard]:
    """Write text shards, one JSON object per file, and the manifest; equal shards stay.

    raises  EnvironmentFailure where they cannot be written
    """
    stream, shards = iter(sources), list[TextShard]()
    while batch := list(islice(stream, FILES_PER_SHARD)):
        data = b"".join(json.dumps(asdict(source)).encode() + b"\n" for source in batch)
        digest = hashlib.sha256(data).hexdigest()
        path = directory / f"{len(shards):05d}-{digest[:16]}.jsonl"
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            write_whole(path, partial(Path.write_bytes, data=data))
        licences = tuple(sorted({source.licence for source in batch}))
        shards.append(TextShard(path.name, digest, len(batch), licences))
    rows = "".join(json.dumps(asdict(shard)) + "\n" for shard in shards)
    write_whole(directory / MANIFEST, partial(Path.write_bytes, data=rows.encode()))
    return shards


def read_manifest(directory: Path) -> list[TextShard]:
    """Read what `pack` wrote last. raises ArtifactError"""
    try:
        rows = map(json.loads, (directory / MANIFEST).read_bytes().splitlines())
        return [TextShard(**{**row, "licences": tuple(row["licences"])}) for row in rows]
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise ArtifactError(
            f"the manifest of text shards in {str(directory)!r} cannot be read, nothing was "
            f"trained: {type(exc).__name__} {exc}",
            fix="give all processes the same --work, on a disk that they share",
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
    try:
        data = (directory / shard.name).read_bytes()
        why = "" if hashlib.sha256(data).hexdigest() == shard.sha256 else "its SHA-256 differs"
    except OSError as exc:
        data, why = b"", exc.strerror or str(exc)
    if why:
        raise ArtifactError(
            f"the text shard {shard.name!r} is damaged, training stopped: {why}",
            fix="check the disk, then run the same command again: it writes the shard anew and "
            "resumes",
        )
    return [SourceFile(**json.loads(line)) for line in data.splitlines()]
