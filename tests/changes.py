"""Changes as real git shows them, and the steps of a check run on them with a tiny model."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from reviewbot.app.judge import find, gate_rules, judge
from reviewbot.app.load_change import ChangeSource, LoadedChange, Numstat
from reviewbot.app.score import ScoredChange, score_change
from reviewbot.app.select_lines import Attributes
from reviewbot.config.schema import Settings
from reviewbot.diff import parser
from reviewbot.diff.model import Change
from reviewbot.encoders.encoder import Encoder
from reviewbot.git.changes import ChangeRequest
from reviewbot.git.comparison import parse_numstat
from reviewbot.report.model import Report
from reviewbot.scoring.artifact import Artifact
from reviewbot.scoring.outcomes import Outcome
from tests import tiny

Files = Mapping[str, bytes]
SETTINGS = Settings(max_risk=0.9, max_file_bytes=100_000, max_file_lines=1_000)
REQUEST = ChangeRequest(root=Path(), base="base", head="head", diff="")
CODE = tiny.TEXT.encode()
ODD: Files = {
    "crlf.py": b"a = 1\r\n\r\nb = 2\r\n",
    "unicode.py": "s = 'e\u0301 \u2028 \x0c 👩‍👩‍👧'\nt = 2".encode(),
    "latin.py": b"s = '\xe9\xff'\n# \xc3\n",
    "caf\u00e9 \u2028.py": b"x = 1\n",
    "cr.js": b"a = 1\rb = 2\nc = 3\n",
    "long.go": b"var x = []int{" + b"1, " * 900 + b"}\n",
    "special.py": b"x = '<|endoftext|>'\n",
    "run": "\ufeff#!/usr/bin/env python3\nx = 1\n".encode(),
    "empty.py": b"",
    "blank.py": b"\n\n\n",
    "deep/er/a.rs": b"fn main() {}\n",
}


@dataclass
class Head:
    """Head files from a dict; remembers what was asked for."""

    files: Files
    asked: list[str] = field(default_factory=list)

    def read(self, path: str) -> bytes | None:
        self.asked.append(path)
        return self.files.get(path)


@dataclass
class Made:
    """A change as git tells it."""

    change: Change
    numstat: Numstat
    head: Files


def git(root: Path, *args: str) -> bytes:
    return subprocess.run(["git", *args], cwd=root, capture_output=True, check=True).stdout


def made(root: Path, before: Files, after: Files) -> Made:
    """Let git compare two sets of files."""
    git(root, "init", "-q")
    trees = []
    for files in (before, after):
        git(root, "rm", "-rfq", "--cached", "--ignore-unmatch", ".")
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
            git(root, "-c", "core.autocrlf=false", "add", "--", path)
        trees.append(git(root, "write-tree").decode().strip())
    raw = git(root, "diff", "--find-renames", *trees)
    counts = git(root, "diff", "--find-renames", "--numstat", "-z", *trees)
    return Made(parser.parse(parser.decode(raw)), parse_numstat(counts), after)


@dataclass(frozen=True)
class Check:
    """Scores a change and judges it; a call names what differs."""

    encoder: Encoder
    artifact: Artifact

    def __call__(self, case: Made, **more: Any) -> Report:
        scored = self.score(case, **more)
        rules = gate_rules(scored)
        return judge(scored, rules, find(scored, rules))

    def score(
        self,
        case: Made,
        *,
        settings: Settings = SETTINGS,
        head: Head | None = None,
        artifact: Artifact | None = None,
        encoder: Callable[[], Encoder] | None = None,
        attributes: Attributes = MappingProxyType({}),
        **more: Any,
    ) -> ScoredChange:
        """Score a change without judging it."""
        source = ChangeSource(request=REQUEST, settings=settings, root=Path())
        change = LoadedChange(source=source, change=case.change, head=head or Head(case.head))
        load = encoder or (lambda: self.encoder)
        return score_change(change, artifact or self.artifact, load, attributes, **more)


def outcomes(report: Report) -> list[Outcome]:
    return [line.outcome for file in report.files for line in file.lines]


def never() -> Encoder:
    """An encoder that must not be loaded."""
    raise AssertionError("the model was loaded for nothing")
