"""A pull request on a served GitHub, and `reviewbot review` run on it with a small model."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reviewbot.cli import main
from reviewbot.github import retry
from tests.authorship.repos import Repo, repo_at
from tests.cli.small import ByteEncoder, write_artifact
from tests.github.fake import FakeGitHub
from tests.github.fake_parts import Pull
from tests.github.server import serving

RISKY = "value_{} = compute(first, second, third) + other(fourth, fifth)"
SAFE = "x = 1"


def risky(*numbers: int) -> str:
    """Lines far above the gate's limit, each different."""
    return "".join(f"{RISKY.format(n)}\n" for n in numbers)


@dataclass
class World:
    """A repository with a pull request on GitHub."""

    repo: Repo
    github: FakeGitHub
    environ: dict[str, str]
    folder: Path

    def push(self, files: dict[str, str], message: str = "push") -> str:
        """Commit on the pull request's branch; GitHub knows the new head."""
        head = self.repo.commit(message, files)
        self.github.pulls[1].head = head
        return head

    def base(self, files: dict[str, str]) -> str:
        """Commit on main, and start the pull request's branch again from there."""
        self.repo.git("checkout", "-q", "main")
        base = self.repo.commit("base", files)
        self.repo.git("checkout", "-q", "-B", "topic")
        self.github.pulls[1].base = base
        return base

    def empty_folder(self) -> Path:
        """Return a folder that is no checkout."""
        folder = self.folder / "elsewhere"
        folder.mkdir(exist_ok=True)
        return folder

    def event(self, name: str = "pull_request", **more: Any) -> None:
        """Write the event of a workflow."""
        pull = self.github.pulls[1]
        value = {
            "pull_request": {
                "number": 1,
                "head": {
                    "sha": pull.head,
                    "ref": pull.branch,
                    "repo": pull.head_repo and {"full_name": pull.head_repo},
                },
                "base": {"sha": pull.base, "ref": "main", "repo": {"full_name": "o/r"}},
                "user": {"login": pull.login},
                "labels": [],
            }
        } | more
        path = self.folder / "event.json"
        path.write_text(json.dumps(value))
        self.environ |= {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)}

    def review(self, *args: str, root: Path | None = None) -> Result:
        """Run `reviewbot review` as a workflow would, on the pull request's event."""
        if "GITHUB_EVENT_PATH" not in self.environ or "pull_request" in self.environ.get(
            "GITHUB_EVENT_NAME", "pull_request"
        ):
            self.event(self.environ.get("GITHUB_EVENT_NAME", "pull_request"))
        return self.call("review", "--root", str(root or self.repo.root), *args)

    def call(self, *args: str) -> Result:
        return CliRunner().invoke(main, list(args), env=self.environ)

    @property
    def bodies(self) -> list[str]:
        """The texts of the comments on lines."""
        return [comment["body"] for comment in self.github.comments]

    @property
    def summary(self) -> str:
        """The text of the only summary."""
        (found,) = [c for c in self.github.issue_comments if "reviewbot:summary" in c["body"]]
        return str(found["body"])


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the code would have waited; it does not."""
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pauses: list[float]) -> Iterator[World]:
    for name in list(os.environ):
        if name.startswith(("REVIEWBOT_", "GITHUB_")) or name in ("CI", "GH_TOKEN"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("reviewbot.app.check.load_model", lambda *_: ByteEncoder())
    monkeypatch.setattr(retry, "SPACING", 0.0)
    repo = repo_at(tmp_path / "repo")
    base = repo.git("rev-parse", "main")
    github = FakeGitHub(repo.root, pulls={1: Pull(1, base, base)})
    with serving(github):
        environ = {
            "REVIEWBOT_ARTIFACT": str(write_artifact(tmp_path / "artifact")),
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": github.url,
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_TOKEN": github.token,
        }
        yield World(repo, github, environ, tmp_path)
    assert github.faults == []


def two_lines(text: str) -> bool:
    lines = text.splitlines()
    return len(lines) == 2 and lines[0].startswith("error: ") and lines[1].startswith("  fix: ")
