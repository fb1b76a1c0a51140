"""A pull request on a served GitHub, and `reviewbot review` run on it with a small model."""

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
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

RISKY = "value_{} = compute(first, second, third) + other(fourth, fifth)\n"


def risky(*numbers: int) -> str:
    """Lines far above the gate's limit, each different; the model expects "*" instead of "+"."""
    return "".join(RISKY.format(n) for n in numbers)


UNEXPLAINED = "value = compute(first, second, third, other, fourth, fifth, sixth)\n"  # and risky
ONE_RISKY = {"b.py": risky(1)}
SAFE = {"b.py": "x = 1\n"}


@dataclass
class World:
    """A repository with a pull request on GitHub."""

    repo: Repo
    github: FakeGitHub
    environ: dict[str, str]
    folder: Path

    @property
    def pull(self) -> Pull:
        return self.github.pulls[1]

    def push(self, files: Mapping[str, str] = ONE_RISKY, message: str = "push") -> str:
        """Commit on the pull request's branch; GitHub knows the new head."""
        self.pull.head = self.repo.commit(message, files)
        return self.pull.head

    def base(self, files: Mapping[str, str], fork: str | None = None) -> str:
        """Commit on main, and start the pull request's branch again there or at `fork`."""
        self.repo.git("checkout", "-q", "main")
        self.pull.base = self.repo.commit("base", files)
        self.repo.git("checkout", "-q", "-B", "topic", fork or self.pull.base)
        return self.pull.base

    def empty_folder(self) -> Path:
        """Return a folder that is no checkout."""
        folder = self.folder / "elsewhere"
        folder.mkdir(exist_ok=True)
        return folder

    def event(self, name: str = "pull_request", **more: Any) -> None:
        """Write the event of a workflow."""
        answer = self.pull.answer("", 0)
        names = ("number", "head", "base", "user", "labels")
        value = {"pull_request": {key: answer[key] for key in names}} | more
        path = self.folder / "event.json"
        path.write_text(json.dumps(value))
        self.environ |= {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)}

    def ack(self, text: str, login: str = "jane", permission: str = "write") -> None:
        """Let somebody comment; the comment is the event."""
        self.github.permissions[login] = permission
        self.github.say(login, text)
        self.event("issue_comment", issue={"number": 1, "pull_request": {"url": "x"}})

    def queue(self, base: str) -> str:
        """Put the pull request into the merge queue; return the commit that the queue made."""
        self.repo.git("checkout", "-q", "-B", "queue", base)
        self.repo.git("merge", "-q", "--no-ff", "-m", "queued", "topic")
        head = self.repo.git("rev-parse", "HEAD")
        ref = f"refs/heads/gh-readonly-queue/main/pr-1-{base}"
        group = {"head_sha": head, "base_sha": base, "head_ref": ref}
        self.event("merge_group", merge_group=group, pull_request=None)
        return head

    def pushed(self, before: str, after: str, ref: str | None = None, **more: Any) -> None:
        """Write the event of a push."""
        repository = {"default_branch": "main"} if ref else {}
        more |= {"ref": ref, "repository": repository, "pull_request": None}
        self.event("push", before=before, after=after, **more)

    def workflow_run(self, **more: Any) -> None:
        """Write the event of a second workflow."""
        run = {
            "head_sha": self.pull.head,
            "head_branch": self.pull.branch,
            "head_repository": {"owner": {"login": (self.pull.head_repo or "/").split("/")[0]}},
            "pull_requests": [],  # as for a fork
        }
        self.event("workflow_run", workflow_run=run | more, pull_request=None)

    def stage_one(self) -> Path:
        """Write what the first workflow leaves: a report, made without a token."""
        path = self.folder / "report.json"
        span = f"{self.pull.base}...{self.pull.head}"
        token = self.environ.pop("GITHUB_TOKEN")
        args = ("--root", str(self.repo.root), "--format", "json", "--output", str(path))
        result = self.call("check", span, *args)
        self.environ["GITHUB_TOKEN"] = token
        assert result.exit_code in (0, 1), result.stderr
        return path

    def review(self, *args: str, root: Path | None = None) -> Result:
        """Run `reviewbot review` as a workflow would, on the pull request's event."""
        if self.environ.get("GITHUB_EVENT_NAME", "pull_request") == "pull_request":
            self.event()
        return self.call("review", "--root", str(root or self.repo.root), *args)

    def post(self, report: Path) -> Result:
        """Post a report as the second stage does."""
        return self.call("review", "--from-report", str(report))

    def call(self, *args: str) -> Result:
        return CliRunner().invoke(main, list(args), env=self.environ)

    @property
    def bodies(self) -> list[str]:
        """The texts of the comments on lines."""
        return [comment["body"] for comment in self.github.comments]

    @property
    def summary(self) -> str:
        """The text of the only summary; "" if there is none."""
        bodies = [c["body"] for c in self.github.issue_comments]
        summaries = [body for body in bodies if "reviewbot:summary" in body]
        assert len(summaries) < 2
        return "".join(summaries)

    @property
    def ids(self) -> list[str]:
        """The names of the open findings, as the summary shows them."""
        return re.findall(r", `([0-9a-f]{20})` \|$", self.summary, re.M)


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
    monkeypatch.setattr("reviewbot.app.check.load_model", lambda *_: ByteEncoder(head=True))
    monkeypatch.setattr(retry, "SPACING", 0.0)
    repo = repo_at(tmp_path / "repo")
    base = repo.git("rev-parse", "main")
    github = FakeGitHub(repo.root, pulls={1: Pull(1, base, base)})
    with serving(github):
        environ = {
            "REVIEWBOT_ARTIFACT": str(write_artifact(tmp_path / "artifact", margin=3.0)),
            "REVIEWBOT_FAIL_ON": "critical",
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
