"""What the jobs of docs/gitlab.md and docs/jenkins.md run in: a checkout, stand-ins, a server."""

import json
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.changes import git

ROOT = Path(__file__).parents[1]
TOKEN = "of project 21"  # noqa: S105 - no password
ME, OTHER, LIMIT = 7, 8, 1_000_000  # GitLab's limit of a note, in characters
API = "/api/v4"
NOTES = "/projects/21/merge_requests/5/notes"
# Keeps its arguments, writes the reports where the real one does, ends as it is told to.
STAND_IN = r"""#!/bin/sh
printf '%s\n' "$@" >"$ARGS"
case $CODE in [013])
    for arg; do case $arg in *=*.*) cp "$REPORT" "${arg#*=}" ;; esac; done ;;
esac
exit "$CODE"
"""


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@dataclass(frozen=True)
class Checkout:
    """A repository in which `topic` and `main` each went on by one commit, and a stand-in."""

    top: Path
    base: str  # the commit that both came from
    head: str  # of topic; checked out, detached
    merged: str  # topic merged into main
    bin: Path  # first on PATH; holds `reviewbot`
    environ: dict[str, str]

    def run(self, shell: str, script: str, **more: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [shell],
            input=script,
            cwd=self.top,
            env={**os.environ, **self.environ, "PATH": path, **more},
            capture_output=True,
            text=True,
            timeout=300,
        )

    @property
    def given(self) -> list[str]:
        """The arguments that the stand-in was given."""
        return Path(self.environ["ARGS"]).read_text().splitlines()

    def clean(self, report: str) -> None:
        """Forget earlier runs, and let the stand-in write `report` from now on."""
        git(self.top, "clean", "-qfdx")
        Path(self.environ["REPORT"]).write_text(report, encoding="utf-8")

    @property
    def checked(self) -> list[str]:
        """The files of the range that the stand-in was given."""
        assert self.given[0] == "check"
        return git(self.top, "diff", "--no-renames", "--name-only", self.given[1]).decode().split()


def checkout(tmp_path: Path) -> Checkout:
    """Make a checkout; its stand-in exits with `CODE`, here 1."""
    top = tmp_path / "checkout"
    top.mkdir()
    git(top, "init", "-b", "main")

    def commit(name: str) -> str:
        (top / name).write_text("x = 1\n")
        git(top, "add", ".")
        git(top, "commit", "-m", name)
        return git(top, "rev-parse", "HEAD").decode().strip()

    base = commit("base.py")
    git(top, "checkout", "-b", "topic")
    head = commit("topic.py")
    git(top, "checkout", "main")
    commit("later.py")
    git(top, "checkout", "--detach")
    git(top, "merge", "--no-ff", "-m", "merged result", "topic")
    merged = git(top, "rev-parse", "HEAD").decode().strip()
    git(top, "checkout", "--detach", head)
    executable(tmp_path / "bin" / "reviewbot", STAND_IN)
    environ = {"CODE": "1", "REPORT": str(tmp_path / "report"), "ARGS": str(tmp_path / "args")}
    return Checkout(top, base, head, merged, tmp_path / "bin", environ)


@dataclass
class FakeGitLab:
    """The notes of one merge request, as GitLab's API shows and takes them; a page has two."""

    notes: list[dict[str, Any]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)  # counted in a page, but left out of it
    refuses: dict[str, int] = field(default_factory=dict)  # method to status (302: moved), once
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def add(self, author: int, body: str) -> dict[str, Any]:
        note = {"id": 100 + len(self.notes), "author": {"id": author}, "body": body}
        self.notes.append(note)
        return note

    def answer(self, method: str, url: str, body: str, token: str) -> tuple[int, Any, str]:
        """Return status, value, and the number of the next page."""
        split = urlsplit(url)
        path = split.path.removeprefix(API)
        page = int(parse_qs(split.query).get("page", ["1"])[0])
        self.asked.append(f"{method} {path}" + (f" page {page}" if split.query else ""))
        if token != TOKEN:
            return 401, {"message": "401 Unauthorized"}, ""
        if method in self.refuses:
            return self.refuses.pop(method), {"message": "403 Forbidden"}, ""
        if body and not 0 < len(body) <= LIMIT:
            return 400, {"message": "note is too long (maximum is 1000000 characters)"}, ""
        match method, path.partition(NOTES):
            case "GET", ("/user", "", ""):
                return 200, {"id": ME}, ""
            case "GET", ("", _, ""):
                part = [
                    n for n in self.notes[2 * page - 2 : 2 * page] if n["id"] not in self.hidden
                ]
                return 200, part, str(page + 1) if len(self.notes) > 2 * page else ""
            case "POST", ("", _, ""):
                return 201, self.add(ME, body), ""
            case "PUT", ("", _, name):
                note = next(n for n in self.notes if f"/{n['id']}" == name)
                if note["author"]["id"] != ME:
                    return 403, {"message": "403 Forbidden"}, ""
                note["body"] = body
                return 200, note, ""
        return 404, {"message": "404 Not Found"}, ""


@contextmanager
def serving(fake: FakeGitLab) -> Iterator[FakeGitLab]:
    """Serve on a port of this machine until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(raw)["body"] if raw else ""
            token = self.headers.get("PRIVATE-TOKEN", "")
            status, value, page = fake.answer(self.command, self.path, body, token)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("X-Next-Page", page)
            if status == HTTPStatus.FOUND:
                self.send_header("Location", f"{fake.url}{NOTES}?page=1")
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        do_GET = do_POST = do_PUT = do_DELETE = _do

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}{API}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
