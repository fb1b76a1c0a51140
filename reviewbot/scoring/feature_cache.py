"""What was read of lines before, by content: a second push only reads what it changed.

    <cache>/lines/v1/<two digits>/<name>    32 bytes of SHA-256, then safetensors

A name is a hash over everything that the features depend on, so an entry is right or not there.
Entries appear whole or not at all (a temporary name, then a rename), and any number of processes
may read and write at the same time. One that is damaged counts as not there. The directory may be
lost at any time; it costs nothing but time. Whoever can write there decides what a line is scored
by: it is as much to be trusted as the model beside it.
"""

import hashlib
import math
import os
import stat
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from reviewbot.arrays import Array

VERSION = 1  # raise it when reading or pooling changes what an entry would hold
DIGEST = hashlib.sha256().digest_size
MAX_BYTES = 64 << 20  # of one entry
MAX_NUMBERS = 1 << 28  # of one group: a window has some thousand lines at most
DENSE = 0.3  # a group with fewer numbers that are not 0 is kept by their places
STALE = 3600.0  # seconds after which a temporary file was left by a crash
KEPT_SHARE = 0.8  # of the bound: what is left when entries have to go
FRESH = 600.0  # seconds in which an entry's time of use is not written again


class LineCache:
    """Line features on disk: name -> group -> (L, columns). No error ever comes from here."""

    def __init__(self, cache: Path, scope: str, most: int) -> None:
        """Make nothing yet.

        cache  the cache directory
        scope  what all names depend on: the artifact, the model, how much of it is read
        most   bytes that all entries may take, those of other scopes included
        """
        self._root = cache / "lines" / f"v{VERSION}"
        self._scope, self._most = scope, most
        self._written = 0
        self.hits = self.misses = 0

    def get(self, name: str) -> dict[str, Array] | None:
        """Return what was kept under a name, every bit as it was; None where there is nothing."""
        path = self._path(name)
        try:
            found = _unpacked(_bytes(path))
        except (OSError, SafetensorError, ValueError, LookupError, TypeError, MemoryError):
            self.misses += 1
            return None
        self.hits += 1
        _used(path)
        return found

    def put(self, name: str, groups: Mapping[str, Array]) -> None:
        """Keep the features of a window's lines."""
        data = _packed(groups)
        if len(data) > min(MAX_BYTES, self._most):
            return
        path = self._path(name)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(path)
            self._written += len(data)
        except OSError:  # full, or not ours to write: then it is read again next time
            _remove(temporary)

    def close(self) -> None:
        """Remove the entries that were not used for longest, where all take more than they may."""
        if not self._written:
            return
        from filelock import FileLock, Timeout

        try:
            with FileLock(self._root / ".lock", timeout=0):
                self._shrink()
        except (Timeout, OSError, NotImplementedError):  # somebody else does it, or nobody can
            return

    def _shrink(self) -> None:
        entries, total, now = [], 0, time.time()
        for path in self._root.glob("??/*"):
            try:
                status = path.stat()
            except OSError:
                continue
            if path.name.startswith("."):
                if now - status.st_mtime > STALE:
                    _remove(path)
                continue
            entries.append((status.st_mtime_ns, status.st_size, path))
            total += status.st_size
        if total <= self._most:
            return
        for _, size, path in sorted(entries):
            if total <= KEPT_SHARE * self._most:
                break
            _remove(path)
            total -= size

    def _path(self, name: str) -> Path:
        key = hashlib.sha256(f"{self._scope}\0{name}".encode()).hexdigest()
        return self._root / key[:2] / key


def kept_before(cache: Path) -> bool:
    """Return True if any line was ever kept in a cache directory."""
    return (cache / "lines" / f"v{VERSION}").exists()


def _bytes(path: Path) -> bytes:
    """Read an entry; of a pipe or a device nothing is waited for."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("no regular file")
        return file.read(MAX_BYTES + 1)


def _used(path: Path) -> None:
    """Note that an entry was used just now: the oldest go first."""
    try:
        if time.time() - path.stat().st_mtime > FRESH:
            os.utime(path)
    except OSError:  # a cache that we may only read
        return


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def _packed(groups: Mapping[str, Array]) -> bytes:
    """Return the bytes of an entry; most features of a line are 0, and those are left out."""
    tensors: dict[str, Any] = {}
    for name, part_LN in groups.items():
        flat = np.ascontiguousarray(part_LN, np.float32).reshape(-1)
        places = np.flatnonzero(flat.view(np.uint32))  # by bits: -0.0 comes back as -0.0
        if len(places) < DENSE * flat.size:
            tensors[f"{name}/shape"] = np.array(part_LN.shape, np.int64)
            tensors[f"{name}/places"] = places.astype(np.uint32)
            tensors[f"{name}/values"] = flat[places]
        else:
            tensors[f"{name}/whole"] = np.ascontiguousarray(part_LN, np.float32)
    payload: bytes = save(tensors)
    return hashlib.sha256(payload).digest() + bytes(payload)


def _unpacked(data: bytes) -> dict[str, Array]:
    """Read an entry. raises ValueError, LookupError or SafetensorError where it is damaged."""
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
