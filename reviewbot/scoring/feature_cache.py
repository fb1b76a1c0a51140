"""Line features of earlier runs, by content: a second push only reads what it changed.

    <cache>/lines/v2/<two digits>/<name>    32 bytes of SHA-256, then safetensors

A name is a hash over everything that the features depend on, so an entry never goes stale. Entries
appear whole or not at all (a temporary name, then a rename), and any number of processes may read
and write at once. A damaged entry counts as a miss. Deleting the directory only costs time. Whoever
can write there decides how a line is scored: trust it as much as the model beside it.
"""

import hashlib
import math
import os
import stat
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from reviewbot.arrays import Array

VERSION = 2  # raise it when reading or pooling changes what an entry would hold
DIGEST = hashlib.sha256().digest_size
MAX_BYTES = 64 << 20  # of one entry
MAX_NUMBERS = 1 << 28  # of one group: a window has some thousand lines at most
DENSE = 0.3  # a group with a smaller share of nonzero numbers is stored sparsely
STALE = 3600.0  # seconds after which a temporary file must come from a crash
SHRINK_TO = 0.8  # share of the bound that is left after pruning
FRESH = 600.0  # seconds in which an entry's time of use is not written again
DAMAGE = (OSError, SafetensorError, ValueError, LookupError, TypeError, MemoryError)
Groups = Mapping[str, Array]  # feature group -> (L, columns)


class FeatureCache(Protocol):
    """Line features of earlier runs, by name. Neither method ever fails."""

    def get(self, name: str) -> Groups | None:
        """Return what was stored under a name, bit for bit; None on a miss."""

    def put(self, name: str, groups: Groups) -> None:
        """Store the features of a window's lines, or do not."""


class NullCache:
    """Stores nothing."""

    def get(self, name: str) -> Groups | None:  # noqa: ARG002
        """Return None."""
        return None

    def put(self, name: str, groups: Groups) -> None:
        """Do nothing."""


class DiskCache:
    """Line features on disk. No method ever fails."""

    def __init__(self, cache: Path, scope: str, max_bytes: int) -> None:
        """Write nothing yet.

        cache      the cache directory
        scope      what all names depend on: the artifact, the model, how much of it is read
        max_bytes  of all entries together, those of other scopes included
        """
        self._root = _root(cache)
        self._scope, self._max_bytes = scope, max_bytes
        self._written = 0
        self.hits = self.misses = 0

    def get(self, name: str) -> dict[str, Array] | None:
        """Return what was stored under a name, bit for bit; None on a miss."""
        path = self._path(name)
        try:
            groups = _unpacked(_bytes(path))
        except DAMAGE:
            self.misses += 1
            return None
        self.hits += 1
        with suppress(OSError):  # a cache that we may only read
            if time.time() - path.stat().st_mtime > FRESH:
                os.utime(path)  # pruning removes the least recently used
        return groups

    def put(self, name: str, groups: Groups) -> None:
        """Store the features of a window's lines."""
        data = _packed(groups)
        if len(data) > min(MAX_BYTES, self._max_bytes):
            return
        path = self._path(name)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(path)
            self._written += len(data)
        except OSError:  # full or not writable: these lines are read again next time
            _remove(temporary)

    def close(self) -> None:
        """Remove the least recently used entries if all together exceed the bound."""
        if not self._written:
            return
        from filelock import FileLock, Timeout

        with (
            suppress(Timeout, OSError, NotImplementedError),  # another process prunes
            FileLock(self._root / ".lock", timeout=0),
        ):
            self._shrink()

    def _shrink(self) -> None:
        entries, now = [], time.time()
        for path in self._root.glob("??/*"):
            with suppress(OSError):
                status = path.stat()
                if not path.name.startswith("."):
                    entries.append((status.st_mtime_ns, status.st_size, path))
                elif now - status.st_mtime > STALE:
                    _remove(path)
        total = sum(size for _, size, _ in entries)
        if total <= self._max_bytes:
            return
        for _, size, path in sorted(entries):
            if total <= SHRINK_TO * self._max_bytes:
                break
            _remove(path)
            total -= size

    def _path(self, name: str) -> Path:
        key = hashlib.sha256(f"{self._scope}\0{name}".encode()).hexdigest()
        return self._root / key[:2] / key


def has_entries(cache: Path) -> bool:
    """Return True if a cache directory may hold line features."""
    return _root(cache).exists()


def _root(cache: Path) -> Path:
    return cache / "lines" / f"v{VERSION}"


def _bytes(path: Path) -> bytes:
    """Read an entry without blocking on a pipe or a device."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("no regular file")
        return file.read(MAX_BYTES + 1)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _packed(groups: Groups) -> bytes:
    """Return the bytes of an entry. Most features of a line are 0: sparse groups omit zeros."""
    tensors: dict[str, Any] = {}
    for name, part_LN in groups.items():
        whole_LN = np.ascontiguousarray(part_LN, np.float32)
        flat = whole_LN.reshape(-1)
        places = np.flatnonzero(flat.view(np.uint32))  # by bits: -0.0 comes back as -0.0
        if len(places) < DENSE * flat.size:
            tensors[f"{name}/shape"] = np.array(part_LN.shape, np.int64)
            tensors[f"{name}/places"] = places.astype(np.uint32)
            tensors[f"{name}/values"] = flat[places]
        else:
            tensors[f"{name}/whole"] = whole_LN
    payload: bytes = save(tensors)
    return hashlib.sha256(payload).digest() + bytes(payload)


def _unpacked(data: bytes) -> dict[str, Array]:
    """Read an entry. raises ValueError, LookupError or SafetensorError if it is damaged."""
    if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
        raise ValueError("damaged")
    tensors = load(data[DIGEST:])
    groups: dict[str, Array] = {}
    for key in tensors:
        name, slash, part = key.rpartition("/")
        if not slash:
            raise ValueError("written by another version")
        if part == "whole":
            groups[name] = tensors[key]
        elif part == "shape":
            shape = tuple(int(size) for size in tensors[key])
            if not 0 <= math.prod(shape) <= MAX_NUMBERS:
                raise ValueError("larger than any window")
            groups[name] = np.zeros(shape, np.float32)
            groups[name].reshape(-1)[tensors[f"{name}/places"]] = tensors[f"{name}/values"]
    return groups
