"""Small made-up reports of known days, and a repository in which a finding was fixed."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner, Result

from reviewbot.cli import main
from reviewbot.core.authors import UNKNOWN, Attribution, Author
from reviewbot.core.findings import Outcome
from reviewbot.core.report import ArtifactInfo, ChangeInfo, Report
from reviewbot.core.trend import Digest, Records, digest
from reviewbot.core.weeks import Dated
from reviewbot.render.json_v1 import json_v1
from tests.authorship.repos import Repo
from tests.render.reports import report, scored, skipped

NO_RECORDS = Records({}, (), ())
HUMAN = Attribution(Author.HUMAN, None, None, 0.9, ("a person",))
AI = Attribution(Author.AI, "some-tool", None, 0.9, ("a trailer",))
LINES = (scored(1, "a", 0.9), skipped(2), scored(20, "c", 0.8))
DAY = 86_400
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)  # no test runs by the clock of its machine


def head_of(number: int) -> str:
    """A commit's name that no repository holds."""
    return f"{number:040x}"


def about(
    head: str,
    *outcomes: Outcome,
    author: Attribution = UNKNOWN,
    artifact: str = "tiny",
    base: str | None = "b" * 40,
    **other: Any,
) -> Report:
    """A report about a head."""
    made = report(*outcomes, author=author, **other)
    return replace(made, change=ChangeInfo(base, head), artifact=ArtifactInfo(artifact, "cd" * 32))


def aged(made: Report) -> Report:
    """The same report from before reports said where their lines stand."""
    return replace(
        made,
        files=tuple(
            replace(file, lines=tuple(replace(line, standing=None) for line in file.lines))
            for file in made.files
        ),
    )


def dated(day: str, made: Report, file: str = "") -> Dated:
    """A report as `core.weeks` wants it."""
    return Dated(date.fromisoformat(day), digested(made, file or f"{day}.json"))


def digested(made: Report, file: str = "x.json") -> Digest:
    return digest(made, file, f"bytes of {file}", lambda _path, _author: made.policy.max_risk)


def write(folder: Path, name: str, made: Report) -> Path:
    """Write a report as `check --format json` does."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json_v1(made))
    return path


def record(folder: Path, *records: dict[str, Any]) -> Path:
    """Write outcomes.jsonl."""
    path = folder / "outcomes.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return path


def run(*args: str | Path, now: datetime = NOW) -> Result:
    """Run `reviewbot trend`."""
    with patch("reviewbot.cli.trend.clock", lambda: now):
        return CliRunner().invoke(main, ["trend", *map(str, args)])


def shown(*args: str | Path, now: datetime = NOW) -> Any:
    """The numbers of a run that must succeed."""
    result = run(*args, "--format", "json", now=now)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


class Dates:
    """A repository whose commits have the days that a test gives them, counted from the first."""

    START = 1_767_261_600  # 2026-01-01T10:00:00Z, a Thursday

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True)
        self.repo = Repo(root)
        self.repo.git("init", "-q", "-b", "main")

    def commit(self, day: int, message: str, files: dict[str, str]) -> str:
        self.repo.write(files)
        self.repo.git("add", "-A")
        self.git(day, "commit", "-q", "--allow-empty", "-m", message)
        return self.repo.git("rev-parse", "HEAD")

    def git(self, day: int, *args: str) -> str:
        when = f"{self.START + day * DAY} +0000"
        return self.repo.git(*args, GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)
