"""How far do trailers alone agree with line-level truth? Replays a clone that has git-ai notes.

    python -m research.authorship CLONE [--ref refs/notes/ai] [--most 2000] [--json]

For each commit with a note, newest first: which of the lines it adds do the other detectors call
AI, and what does the note say of them? A line without an entry in the note is untracked: git-ai
does not know, so it counts neither for nor against. Intervals resample whole commits.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from reviewbot.authorship.model import Author, Authors, Commit, Material, Origin
from reviewbot.authorship.resolve import DETECTORS, attribute
from reviewbot.diff.model import Change, head_lines
from reviewbot.diff.parser import decode, parse
from reviewbot.git.files import CommitFiles, FileReader
from reviewbot.git.log import commits
from reviewbot.git.notes import notes
from reviewbot.git.process import git
from reviewbot.git.repository import open_repository
from reviewbot.git.traces import added_traces
from reviewbot.train.bootstrap import interval, ratio, resample
from reviewbot.train.dataset import Scores

TRUTH = "git-ai notes"
AI = (Author.AI, Author.MIXED)
KINDS = tuple(kind.value for kind in Author)
ALONE: Mapping[str, tuple[str, ...]] = {
    "identities": ("identities",),
    "trailers": ("trailers",),
    "footers and links": ("footers",),
    "all of the commit": ("identities", "trailers", "footers"),
    "Agent Trace": ("Agent Trace",),
}
_DIFF = ("diff-tree", "-p", "-U0", "-r", "-M", "--root", "--no-commit-id", "--no-color")
_SAFE = ("--no-ext-diff", "--no-textconv", "--src-prefix=a/", "--dst-prefix=b/")


@dataclass(frozen=True, slots=True)
class Seen:
    """One commit: how many of its lines a detector calls AI or not, by what the note says."""

    commit: str
    lines: Mapping[str, Counter[tuple[str, bool]]]  # detector -> (attested kind, called AI)
    same_tool: Mapping[str, tuple[int, int]]  # detector -> agreeing, of lines where both name one


def noted_commits(root: Path, ref: str, most: int) -> list[str]:
    """Return the commits here that have a note, newest first; merges are left out.

    raises  what `git.process.git` raises
    """
    listed = git(root, "notes", f"--ref={ref}", "list").decode("ascii", "replace").splitlines()
    stdin = "".join(f"{line.split()[1]}\n" for line in listed).encode()
    checked = git(root, "cat-file", "--batch-check=%(objectname) %(objecttype)", stdin=stdin)
    there = [line.split()[0] for line in checked.splitlines() if line.endswith(b" commit")]
    if not there:
        return []
    sorted_ = ("rev-list", "--no-walk=sorted", "--no-merges", f"--max-count={most}", "--stdin")
    return git(root, *sorted_, stdin=b"\n".join(there) + b"\n").decode("ascii").split()


def replay(root: Path, ref: str, names: Sequence[str]) -> Iterator[Seen]:
    """Yield what note and detectors say of each commit that adds lines."""
    repo = open_repository(root, needs_worktree=False)
    texts = notes(repo, names, ref).by_commit
    known, failure = commits(repo, names)
    if failure:
        raise SystemExit(failure)
    for name in names:
        change = parse(decode(git(root, *_DIFF, *_SAFE, name)))
        if not change.added or name not in texts:
            continue
        head = CommitFiles(repo.objects, name)
        yield _seen(name, change, _material(name, change, head, known[name], texts[name]))


def _material(
    name: str, change: Change, head: FileReader, commit: Commit, texts: tuple[bytes, ...]
) -> Material:
    return Material(
        origins={
            file.path: {line.number: Origin(name, file.path, line.number) for line in file.added}
            for file in change.files
        },
        commits={name: commit},
        notes={name: texts},
        traces=added_traces(change, head.read),
        head_lines=lambda path: tuple(head_lines(head.read(path) or b"")),
    )


def _seen(name: str, change: Change, material: Material) -> Seen:
    def asked(detectors: Sequence[str]) -> Authors:
        chosen = {key: DETECTORS[key] for key in detectors}
        return attribute(change, material, detectors=chosen)

    truth = asked([TRUTH])
    lines: dict[str, Counter[tuple[str, bool]]] = {}
    tools: dict[str, tuple[int, int]] = {}
    places = [
        (line.path, line.number)
        for file in change.files
        for line in file.added
        if line.text.strip()
    ]
    for label, detectors in ALONE.items():
        found = asked(detectors)
        counts: Counter[tuple[str, bool]] = Counter()
        same = both = 0
        for place in places:
            said, attested = found.get(*place), truth.get(*place)
            counts[attested.kind.value, said.kind in AI] += 1
            if said.kind in AI and attested.kind is Author.AI and said.tool and attested.tool:
                both += 1
                same += said.tool == attested.tool
        lines[label], tools[label] = counts, (same, both)
    return Seen(name, lines, tools)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a detector alone knows. A share is None where there is nothing to share."""

    precision: float | None  # attested AI among the attested lines that it calls AI
    precision_interval: tuple[float, float] | None  # 95 %, whole commits resampled
    recall: float | None  # those it calls AI among the attested AI lines
    recall_interval: tuple[float, float] | None
    called_ai: Mapping[str, int]  # attested kind ("unknown": untracked) -> lines
    not_called_ai: Mapping[str, int]
    commits: tuple[int, int]  # with attested AI lines it found, of all such
    same_tool: tuple[int, int]  # of the lines that it and the note call AI, both naming a tool


def figures(seen: Sequence[Seen], label: str) -> Figures:
    """Return what a detector alone knows."""
    commit_I = np.array([one.commit for one in seen])
    draws = resample(commit_I)

    def column(kind: str, called: bool) -> Scores:
        return np.array([one.lines[label][kind, called] for one in seen], np.float64)

    hit, missed, wrong = column("ai", True), column("ai", False), column("human", True)
    return Figures(
        _share(hit, hit + wrong),
        interval(draws, ratio(draws, commit_I, hit, hit + wrong)),
        _share(hit, hit + missed),
        interval(draws, ratio(draws, commit_I, hit, hit + missed)),
        {kind: int(column(kind, True).sum()) for kind in KINDS},
        {kind: int(column(kind, False).sum()) for kind in KINDS},
        (int((hit > 0).sum()), int((hit + missed > 0).sum())),
        (
            sum(one.same_tool[label][0] for one in seen),
            sum(one.same_tool[label][1] for one in seen),
        ),
    )


def _share(above: Scores, below: Scores) -> float | None:
    return float(above.sum() / below.sum()) if below.sum() else None


def table(found: Mapping[str, Figures], count: int) -> str:
    """Return the figures as a Markdown table."""
    rows = [
        f"{count} commits with a note that add lines\n",
        "| detector | precision | recall | called AI: attested AI, human, untracked"
        " | commits found | same tool |",
        "|---|---|---|---|---|---|",
    ]
    for label, row in found.items():
        called = ", ".join(str(row.called_ai[kind]) for kind in ("ai", "human", "unknown"))
        precision = _text(row.precision, row.precision_interval)
        recall = _text(row.recall, row.recall_interval)
        rows.append(
            f"| {label} | {precision} | {recall} | {called} |"
            f" {row.commits[0]} of {row.commits[1]} | {row.same_tool[0]} of {row.same_tool[1]} |"
        )
    return "\n".join(rows)


def _text(value: float | None, bounds: tuple[float, float] | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" + (f" ({bounds[0]:.3f} to {bounds[1]:.3f})" if bounds else "")


def main(argv: Sequence[str] | None = None) -> int:
    """Replay a clone and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m research.authorship")
    parser.add_argument("clone", type=Path)
    parser.add_argument("--ref", default="refs/notes/ai")
    parser.add_argument("--most", type=int, default=2_000, help="commits at most, newest first")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(argv)
    names = noted_commits(asked.clone, asked.ref, asked.most)
    seen = list(replay(asked.clone, asked.ref, names))
    if not seen:
        print(f"no commit with a note in {asked.ref} adds a line", file=sys.stderr)  # noqa: T201
        return 2
    found = {label: figures(seen, label) for label in ALONE}
    value = {"commits": len(seen), "detectors": {k: asdict(row) for k, row in found.items()}}
    print(json.dumps(value, indent=1) if asked.json else table(found, len(seen)))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
