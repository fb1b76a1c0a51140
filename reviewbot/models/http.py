"""Reads a file over HTTP(S) with a bound on its size and on waiting. Continues where it stopped."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reviewbot.models.progress import Progress, SourceError, within

ANSWER = 5.0  # seconds until the headers are there, name look-up and redirects included
CONNECT, READ = 3.0, 10.0  # seconds to connect; of silence while the body comes
PIECE = 1 << 16  # bytes; what is read of a piece when a connection breaks is lost
TRIES = 5  # connections for one file, as long as each brings bytes


@contextmanager
def _network_errors() -> Iterator[None]:
    """requests' errors are OSErrors; tell them from those of the disk."""
    import requests

    try:
        yield
    except requests.RequestException as exc:
        raise SourceError(_short(exc)) from exc


def _short(exc: Exception) -> str:
    text = str(exc)
    if "NameResolution" in text or "getaddrinfo" in text:
        return "its name cannot be looked up"
    if "refused" in text:
        return "connection refused"
    if "timed out" in text:
        return "timed out"
    return f"{type(exc).__name__}: {text[:200]}"


def _get(url: str, headers: Mapping[str, str]) -> Any:
    """Open `url`; the body is not read yet. Proxies come from the process's environment.

    raises  SourceError if no headers came within `ANSWER` seconds, or the status is not 2xx
    """
    import requests

    def ask() -> Any:
        return requests.get(url, headers=dict(headers), stream=True, timeout=(CONNECT, READ))

    with _network_errors():
        response = within(ANSWER, ask)
    if response.status_code == 416:  # what we have is longer than what it has
        response.close()
        raise RangeRefused("the file there is shorter than what was read before")
    if not 200 <= response.status_code < 300:
        response.close()
        raise SourceError(f"HTTP status {response.status_code}")
    return response


class RangeRefused(SourceError):
    """The server cannot continue where we stopped."""


def fetch(url: str, target: Path, size: int, label: str, progress: Progress) -> None:
    """Bring `target` to exactly `size` bytes; bytes that it already holds are not asked for again.

    The caller compares the hash. `target` stays when this fails, so that the next call continues.
    raises  SourceError if the server gives less or more, OSError if the disk fails
    """
    for _ in range(TRIES):
        before = target.stat().st_size if target.exists() else 0
        if before == size:
            return
        try:
            _continue(url, target, before, size, label, progress)
        except RangeRefused:
            target.unlink(missing_ok=True)
            continue
        except SourceError:
            if not target.exists() or target.stat().st_size <= before:
                raise  # this try brought nothing, so another will not either
    have = target.stat().st_size if target.exists() else 0
    if have != size:
        raise SourceError(f"stopped after {have} of {size} bytes")


def _continue(
    url: str, target: Path, start: int, size: int, label: str, progress: Progress
) -> None:
    # identity: a compressed transfer would make ranges and sizes mean something else
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    response = _get(url, headers)
    try:
        if response.status_code == 206:
            found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
            if found is None or int(found[1]) != start:
                raise RangeRefused("it answered with another range than was asked for")
        else:
            start = 0  # the server knows no ranges and sends everything
        with target.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            done = start
            pieces = response.iter_content(PIECE)
            while True:
                with _network_errors():
                    piece = next(pieces, None)
                if piece is None:
                    break
                done += len(piece)
                if done > size:
                    file.seek(0)
                    file.truncate()
                    raise SourceError(f"it sent more than the {size} bytes of the official file")
                file.write(piece)
                progress(label, done, size)
    finally:
        response.close()
    if done < size:
        raise SourceError(f"stopped after {done} of {size} bytes")
