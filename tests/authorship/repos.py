"""Real git repositories for the tests, and what `reviewbot who` says of them."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
from click.testing import CliRunner

from reviewbot.cli import main

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "reviewbot/schemas/who_v1.json").read_text())
CLAUDE = "Co-Authored-By: Claude <noreply@anthropic.com>"
DEV = ("Dev", "dev@example.com")
SESSION = {"agent_id": {"tool": "claude", "id": "c", "model": "claude-sonnet-5"}}


@dataclass
class Repo:
    """A repository whose default branch is main."""

    root: Path

    def git(self, *args: str, stdin: bytes | None = None, **env: str) -> str:
        set_ = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        people = {"GIT_AUTHOR_NAME": DEV[0], "GIT_AUTHOR_EMAIL": DEV[1]}
        people |= {"GIT_COMMITTER_NAME": DEV[0], "GIT_COMMITTER_EMAIL": DEV[1]}
        done = subprocess.run(
            ["git", *args],
            cwd=self.root,
            input=stdin,
            capture_output=True,
            check=False,
            env={**os.environ, **set_, **people, **env},
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(
        self,
        message: str | bytes,
        files: Mapping[str, str | bytes],
        author: tuple[str, str] = DEV,
        committer: tuple[str, str] = DEV,
    ) -> str:
        self.write(files)
        self.git("add", "-A")
        self.git(
            *("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "-"),
            stdin=message.encode() if isinstance(message, str) else message,
            GIT_AUTHOR_NAME=author[0],
            GIT_AUTHOR_EMAIL=author[1],
            GIT_COMMITTER_NAME=committer[0],
            GIT_COMMITTER_EMAIL=committer[1],
        )
        return self.git("rev-parse", "HEAD")

    def note(self, commit: str, text: str | bytes, ref: str = "ai") -> None:
        raw = text.encode() if isinstance(text, str) else text
        blob = self.git("hash-object", "-w", "--stdin", stdin=raw)
        self.git("notes", f"--ref={ref}", "add", "-f", "-C", blob, commit)


def repo_at(where: Path) -> Repo:
    """Make a repository with one commit, a branch `topic` checked out on it."""
    shutil.copytree(_template().name, where)
    return Repo(where)


@cache
def _template() -> TemporaryDirectory[str]:
    """Make what `repo_at` copies, once per process: git takes ten times as long as a copy."""
    folder = TemporaryDirectory()
    repo = Repo(Path(folder.name))
    repo.git("init", "-q", "-b", "main")
    repo.commit("base", {"a.py": "one = 1\ntwo = 2\nthree = 3\n"})
    repo.git("checkout", "-q", "-b", "topic")
    return folder


def note_text(lines: str, **records: Any) -> str:
    """A git-ai note: its attestation lines, the divider, and its records."""
    value = {"schema_version": "authorship/3.0.0", "base_commit_sha": "0" * 40, "prompts": {}}
    return f"{lines}\n---\n{json.dumps(value | records)}"


def who(repo: Repo, *args: str, valid: bool = True) -> Any:
    """Run `reviewbot who` in the repository; its JSON, which keeps its schema.

    valid  False leaves that unchecked: of many lines it takes longer than the command
    """
    result = CliRunner().invoke(main, ["who", "--root", str(repo.root), "--format", "json", *args])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    if valid:
        jsonschema.validate(found, SCHEMA)
    return found


def authors(repo: Repo, *args: str) -> dict[tuple[str, int], Any]:
    """Who wrote each added line, by path and number."""
    found = who(repo, *(args or ("main..topic",)))
    return {
        (file["path"], line["number"]): line["author"]
        for file in found["files"]
        for line in file["lines"]
    }


def kinds(repo: Repo, *args: str) -> list[str]:
    """The kinds of all added lines, in order."""
    return [author["kind"] for author in authors(repo, *args).values()]
