"""Runs the detectors, and weighs their evidence into one author per line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import groupby
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from reviewbot.authorship.model import (
    LOW,
    MAX_EVIDENCE,
    UNKNOWN,
    Attribution,
    Author,
    Authors,
    Commit,
    Detector,
    Evidence,
    Level,
    Material,
    Origin,
    PlacedLine,
    overruled,
)
from reviewbot.diff.model import Change, ChangedLine, FileChange

if TYPE_CHECKING:
    from reviewbot.authorship.detectors.repo_rules import Rule

# Name -> the part of the material that it reads, and the function in `detectors`. One whose part is
# empty does not run.
DETECTORS: Mapping[str, tuple[str, str]] = {
    "git-ai notes": ("notes", "git_ai:detect"),
    "Agent Trace": ("traces", "agent_trace:detect"),
    "identities": ("commits", "commits:detect_identities"),
    "trailers": ("commits", "commits:detect_trailers"),
    "footers": ("commits", "commits:detect_footers"),
    "pull request": ("pull_request", "pull_request:detect"),
}
NO_NOTES = (
    "git-ai notes: this clone has none (a clone does not fetch them:"
    " git fetch origin +refs/notes/ai:refs/notes/ai)"
)
ASSUMED = Evidence(Author.AI, Level.ASSUMED, LOW, "assumed of every line by the settings")
BLANK_LINE = "blank, as the lines around it"


def attribute(
    change: Change,
    material: Material,
    *,
    rules: "Sequence[Rule]" = (),
    assume_ai: bool = False,
    detectors: Mapping[str, tuple[str, str]] = DETECTORS,
) -> Authors:
    """Return who wrote each line that the change adds.

    rules      the repository's own
    assume_ai  every line without better evidence counts as AI
    returns    every added line; a blank one has the author of its neighbours if these agree. The
               notes name what could not be read
    """
    lines = [
        PlacedLine(line, material.origins.get(line.path, {}).get(line.number))
        for file in change.files
        for line in file.added
        if line.text.strip()
    ]
    functions = [name for part, name in detectors.values() if getattr(material, part)]
    run: list[Detector] = [resolve_name(f"{__package__}.detectors.{name}") for name in functions]
    if rules:
        run.append(partial(resolve_name(f"{__package__}.detectors.repo_rules:detect"), rules))
    results = [detect(material, lines) for detect in run]
    moved = _moved_by_ai(material, lines, run)
    of: dict[tuple[str, int], Attribution] = {}
    for index, (line, origin) in enumerate(lines):
        evidence = [e for result in results for e in result.evidence.get(index, ())]
        evidence += moved.get(index, ())
        if assume_ai:
            evidence.append(ASSUMED)
        doubts = [doubt for result in results for doubt in result.doubts.get(index, ())]
        doubts += _unread(material, line.path, origin)
        of[line.path, line.number] = resolve(tuple(evidence), tuple(dict.fromkeys(doubts)))
    for file in change.files:
        of.update(dict(_blank_lines(file, of)))
    unread = [*material.lost, *material.lost_paths.values(), *material.lost_commits.values()]
    notes = dict.fromkeys([*unread, *(note for result in results for note in result.notes)])
    sources = [] if material.has_notes else [NO_NOTES]
    sources += [result.source for result in results if result.source]
    return Authors(of, tuple(notes), tuple(sources))


def author_of(commit: Commit) -> Attribution:
    """Return who wrote a commit, by its own identities and message alone.

    Notes, traces and pull requests are not looked at: they speak of lines, or of a whole change.
    """
    material = Material(commits={commit.hash: commit})
    line = PlacedLine(ChangedLine("", 1, "x"), Origin(commit.hash, "", 1))
    names = [name for part, name in DETECTORS.values() if part == "commits"]
    detectors: list[Detector] = [resolve_name(f"{__package__}.detectors.{name}") for name in names]
    evidence = (detect(material, [line]).evidence.get(0, ()) for detect in detectors)
    return resolve(tuple(piece for pieces in evidence for piece in pieces))


@lru_cache(maxsize=4096)
def resolve(evidence: tuple[Evidence, ...], doubts: tuple[str, ...] = ()) -> Attribution:
    """Weigh the evidence for one line.

    The highest level decides; within it AI and human together are `mixed`. The tool is that of the
    surest deciding evidence, None if equally sure ones disagree.

    doubts  what could not be read, and may have named an AI
    """
    if not evidence:
        return Attribution(Author.UNKNOWN, evidence=doubts[:1], may_be_ai=bool(doubts))
    ordered = sorted(evidence, key=lambda e: (-e.level, -e.confidence))
    top = [e for e in ordered if e.level is ordered[0].level]
    kind = _kind({e.kind for e in top})
    deciding = [e for e in top if kind is Author.MIXED or e.kind is kind]
    words = tuple(dict.fromkeys(e.words for e in ordered))
    tool, model = _tool([e for e in deciding if e.kind is not Author.HUMAN])
    return Attribution(
        kind,
        tool,
        model,
        max(e.confidence for e in deciding),
        (*words[:MAX_EVIDENCE], *doubts[:1]),
        may_be_ai=bool(doubts) or any(e.kind.is_ai for e in evidence),
    )


def _kind(kinds: set[Author]) -> Author:
    if {Author.AI, Author.HUMAN} <= kinds:
        return Author.MIXED
    order = (Author.MIXED, Author.AI, Author.HUMAN, Author.AUTOMATION, Author.UNKNOWN)
    return next(kind for kind in order if kind in kinds)


def _tool(deciding: Sequence[Evidence]) -> tuple[str | None, str | None]:
    named = [e for e in deciding if e.tool]
    if not named:
        return None, next((e.model for e in deciding if e.model), None)
    best = max(e.confidence for e in named)
    tool, *others = {e.tool for e in named if e.confidence == best}
    if others:
        return None, None
    models = {e.model for e in named if e.tool == tool and e.model}
    return tool, models.pop() if len(models) == 1 else None


def _moved_by_ai(
    material: Material, lines: Sequence[PlacedLine], detectors: Sequence[Detector]
) -> dict[int, list[Evidence]]:
    """Return evidence that an AI moved, copied or re-indented a line of another author.

    It does not decide who wrote the line, but puts it into every scope.
    """
    indices, moved = [], []
    for index, (line, _) in enumerate(lines):
        if (mover := material.moved.get(line.path, {}).get(line.number)) is not None:
            indices.append(index)
            moved.append(PlacedLine(line, mover))
    evidence: dict[int, list[Evidence]] = {index: [] for index in indices}
    for detect in detectors if moved else ():
        for at, pieces in detect(material, moved).evidence.items():
            for e in pieces:
                if e.kind.is_ai and e.level in (Level.COMMIT, Level.LINE):
                    words = f"moved, copied or re-indented: {e.words}"
                    e = replace(overruled(e), kind=Author.AI, words=words)
                    evidence[indices[at]].append(e)
    return evidence


def _unread(material: Material, path: str, origin: Origin | None) -> Iterator[str]:
    yield from material.lost
    if path in material.lost_paths:
        yield material.lost_paths[path]
    if origin is not None and origin.commit in material.lost_commits:
        yield material.lost_commits[origin.commit]


def _blank_lines(
    file: FileChange, of: Mapping[tuple[str, int], Attribution]
) -> Iterator[tuple[tuple[str, int], Attribution]]:
    """Yield blank lines with the author of the lines around them, if both were added and agree."""
    blank = [line.number for line in file.added if not line.text.strip()]
    for _, run in groupby(enumerate(blank), key=lambda pair: pair[1] - pair[0]):
        numbers = [number for _, number in run]
        ends = (of.get((file.path, numbers[0] - 1)), of.get((file.path, numbers[-1] + 1)))
        author = _common([end for end in ends if end is not None])
        yield from (((file.path, number), author) for number in numbers)


def _common(neighbours: Sequence[Attribution]) -> Attribution:
    may_be_ai = any(author.may_be_ai for author in neighbours)
    kinds = [author.kind for author in neighbours]
    if len(kinds) < 2 or kinds[0] is not kinds[1] or kinds[0] is Author.UNKNOWN:
        return replace(UNKNOWN, may_be_ai=may_be_ai)
    before, after = neighbours
    same_tool = before.tool == after.tool
    return Attribution(
        before.kind,
        before.tool if same_tool else None,
        before.model if same_tool and before.model == after.model else None,
        min(before.confidence, after.confidence),
        (BLANK_LINE,),
        may_be_ai,
    )
