"""Downloads a file over HTTP(S), bounded in size and waiting time; resumes broken downloads."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

ANSWER_SECONDS = 5.0  # until the headers are there, name lookup and redirects included
CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0  # to connect; of silence during the body
PIECE = 1 << 16  # bytes; a broken connection loses at most one piece
TRIES = 5  # connections for one file, as long as each brings bytes
Progress = Callable[[str, int, int], None]  # what is being read, bytes so far, bytes in all

T = TypeVar("T")


class SourceError(Exception):
    """One source could not give the bytes; the next one is tried. The text is the reason."""


class RangeRefused(SourceError):
    """The server cannot resume the download."""


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what `call` returns, or raise SourceError if it takes longer than `seconds`.

    A connect timeout does not bound the name lookup, which can hang for half a minute behind a
    firewall. An abandoned call continues in a daemon thread and delays nobody.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as exc:  # noqa: BLE001 - raised again in the caller's thread
            errors.append(exc)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if results:
        return results[0]
    if errors:
        raise errors[0]
    raise SourceError(f"no answer within {seconds:g} s")


def fetch(url: str, target: Path, size: int, label: str, progress: Progress) -> None:
    """Bring `target` to exactly `size` bytes; bytes that it already holds are not requested again.

    The caller compares the hash. On failure `target` stays, so that the next call can resume.
    raises  SourceError if the server gives less or more, OSError if the disk fails
    """
    for _ in range(TRIES):
        before = _size(target)
        if before == size:
            return
        try:
            _resume(url, target, before, size, label, progress)
        except RangeRefused:
            target.unlink(missing_ok=True)
        except SourceError:
            if _size(target) <= before:
                raise  # this try brought nothing, so another will not either
    if _size(target) != size:
        raise SourceError(f"stopped after {_size(target)} of {size} bytes")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _resume(url: str, target: Path, start: int, size: int, label: str, progress: Progress) -> None:
    with closing(_get(url, start)) as response:
        if response.status_code == 206:
            begin = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
            if begin is None or int(begin[1]) != start:
                raise RangeRefused("it answered with another range than was asked for")
        else:
            start = 0  # a server without ranges sends everything
        with target.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            done, pieces = start, response.iter_content(PIECE)
            while piece := _next(pieces):
                done += len(piece)
                if done > size:
                    file.truncate(0)
                    raise SourceError(f"it sent more than the {size} bytes of the official file")
                file.write(piece)
                progress(label, done, size)
    if done < size:
        raise SourceError(f"stopped after {done} of {size} bytes")


def _get(url: str, start: int) -> Any:
    """Request `url` from byte `start` on, without reading the body. Proxies: the environment's.

    raises  SourceError if no headers came within `ANSWER_SECONDS`, or the status is not 2xx
    """
    import requests

    # identity: with compression, ranges and sizes would count other bytes
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    with _network_errors():
        response = within(
            ANSWER_SECONDS,
            lambda: requests.get(url, headers=headers, stream=True, timeout=timeout),
        )
    if 200 <= response.status_code < 300:
        return response
    response.close()
    if response.status_code == 416:
        raise RangeRefused("the file there is shorter than what was read before")
    raise SourceError(f"HTTP status {response.status_code}")


def _next(pieces: Iterator[bytes]) -> bytes | None:
    with _network_errors():
        return next(pieces, None)


@contextmanager
def _network_errors() -> Iterator[None]:
    """Turn requests' errors, which are OSErrors, into SourceErrors: disk errors stay OSErrors."""
    import requests

    try:
        yield
    except requests.RequestException as exc:
        text = str(exc)
        why = next(
            (words for sign, words in _NETWORK_ERRORS.items() if sign in text),
            f"{type(exc).__name__}: {text[:200]}",
        )
        raise SourceError(why) from exc


_NETWORK_ERRORS = {
    "NameResolution": "its name cannot be looked up",
    "getaddrinfo": "its name cannot be looked up",
    "refused": "connection refused",
    "timed out": "timed out",
}
