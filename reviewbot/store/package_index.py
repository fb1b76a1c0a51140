"""Fetches one wheel from the package index that pip is set up for, without installing anything."""

import errno
import html
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from reviewbot.store import web
from reviewbot.store.cache import size_on_disk
from reviewbot.store.progress import SourceError

LARGEST_WHEEL = 512 << 20  # bytes; the largest carrier has under 100 MiB
LARGEST_PAGE = 8 << 20  # bytes of an index page


def fetch_wheel(
    requirement: str, directory: Path, told: Callable[[int], None], environ: Mapping[str, str]
) -> Path:
    """Fetch the wheel of `requirement` ("name==version") into the empty `directory`.

    pip is asked where there is one, so that its settings hold (PIP_*, pip.conf); else the index's
    simple API, with PIP_INDEX_URL and PIP_CERT.
    raises  SourceError with the reason, OSError if the disk is full
    """
    if importlib.util.find_spec("pip") is not None:
        return _with_pip(requirement, directory, told, environ)
    return _with_simple_api(requirement, directory, told, environ)


def _with_pip(
    requirement: str, directory: Path, told: Callable[[int], None], environ: Mapping[str, str]
) -> Path:
    unpacked = directory / "tmp"
    unpacked.mkdir(exist_ok=True)
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--quiet"]
    # -P, and a directory of our own: `-m pip` would otherwise import a pip.py of the code we review
    command = [sys.executable, "-P", "-m", "pip", "download", *options, "-d", str(directory)]
    log = directory / "pip.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*command, requirement],
            cwd=directory,
            env={**environ, "TMPDIR": str(unpacked), "PIP_NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        try:
            while True:
                try:
                    status = process.wait(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    told(_growing(unpacked))
        finally:
            process.kill()  # does nothing to one that ended
            process.wait()
    said = log.read_text(encoding="utf-8", errors="replace")
    log.unlink()
    shutil.rmtree(unpacked, ignore_errors=True)
    wheels = sorted(directory.glob("*.whl"))
    if status == 0 and len(wheels) == 1:
        return wheels[0]
    for wheel in wheels:
        wheel.unlink()
    if os.strerror(errno.ENOSPC) in said:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(directory))
    lines = [line.strip() for line in said.splitlines() if line.startswith("ERROR")]
    why = lines[-1].removeprefix("ERROR: ")[:200] if lines else f"pip ended with status {status}"
    raise SourceError(f"{requirement}: {why}")


def _growing(directory: Path) -> int:
    try:
        return size_on_disk(directory)
    except OSError:  # pip moved a file while we looked
        return 0


def _with_simple_api(
    requirement: str, directory: Path, told: Callable[[int], None], environ: Mapping[str, str]
) -> Path:
    name, version = requirement.split("==")
    if not environ.get("PIP_INDEX_URL"):
        raise SourceError("this environment has no pip, and PIP_INDEX_URL names no index")
    index = environ["PIP_INDEX_URL"].rstrip("/") + "/"
    cert = environ.get("PIP_CERT") or None
    page_url = urljoin(index, re.sub(r"[-_.]+", "-", name).lower() + "/")
    accept = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"
    response = web.get(page_url, {"Accept": accept}, cert=cert)
    kind = response.headers.get("Content-Type", "")
    page = web.body(response, LARGEST_PAGE).decode("utf-8", "replace")
    start = f"{name.replace('-', '_')}-{version}-"
    for filename, address in _links(page, kind):
        if filename.startswith(start) and filename.endswith(".whl"):
            url = urljoin(response.url, address).split("#")[0]
            if urlsplit(url).scheme not in ("http", "https"):
                continue
            return _download(url, directory / Path(filename).name, told, cert)
    raise SourceError(f"the index at {urlsplit(index).hostname} has no wheel of {requirement}")


def _links(page: str, kind: str) -> list[tuple[str, str]]:
    """File names and addresses on a simple API page (PEP 503 and PEP 691)."""
    if "json" in kind:
        try:
            return [(str(file["filename"]), str(file["url"])) for file in json.loads(page)["files"]]
        except (ValueError, KeyError, TypeError) as exc:
            raise SourceError(f"the index's answer is not understood: {exc}") from exc
    found = re.findall(r"""<a\b[^>]*?href=["']([^"']+)["'][^>]*>([^<]+)</a>""", page, re.IGNORECASE)
    return [(html.unescape(text).strip(), html.unescape(href)) for href, text in found]


def _download(url: str, target: Path, told: Callable[[int], None], cert: str | None) -> Path:
    response = web.get(url, {"Accept-Encoding": "identity"}, cert=cert)
    length = response.headers.get("Content-Length", "")
    response.close()
    if not length.isdigit() or int(length) > LARGEST_WHEEL:
        raise SourceError(f"{target.name} has an unknown or too large size")
    web.fetch(url, target, int(length), target.name, lambda _, done, __: told(done), cert=cert)
    return target
