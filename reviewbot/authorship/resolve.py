"""Who wrote each added line: detectors, each in its module, and what they add up to. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby

from reviewbot.authorship.detectors import Detector, Found, of_commits
from reviewbot.authorship.detectors.agent_trace import agenttrace
from reviewbot.authorship.detectors.footers import footers
from reviewbot.authorship.detectors.git_ai import gitai
from reviewbot.authorship.detectors.identities import identities
from reviewbot.authorship.detectors.pull_request import pullrequests
from reviewbot.authorship.detectors.repo_rules import Rule, of_rules
from reviewbot.authorship.detectors.trailers import trailers
from reviewbot.authorship.history import Material, Origin, PlacedLine
from reviewbot.authorship.model import (
    LOW,
    UNKNOWN,
    Attribution,
    Author,
    Authors,
    Evidence,
    Level,
    resolve,
)
from reviewbot.diff.model import Change, FileChange

DETECTORS: Mapping[str, Detector] = {
    "git-ai notes": gitai,
    "Agent Trace": agenttrace,
    "identities": of_commits(identities),
    "trailers": of_commits(trailers),
    "footers": of_commits(footers),
    "pull request": pullrequests,
}
ASSUMED = Evidence(Author.AI, Level.ASSUMED, LOW, "assumed of every line by the settings")
AS_AROUND = "blank, as the lines around it"


def attribute(
    change: Change,
    material: Material,
    *,
    rules: Sequence[Rule] = (),
    assume_ai: bool = False,
    detectors: Mapping[str, Detector] = DETECTORS,
) -> Authors:
    """Say who wrote each line that the change adds.

    material   what the repository and the forge say; what cannot be read is told in the notes
    rules      the repository's own
    assume_ai  a team's knowledge of its own habits: every line counts as AI until more is known
    returns    every added line; a blank one has the author of its neighbours where these agree
    """
    lines = [
        PlacedLine(line, _origin(material, line.path, line.number))
        for file in change.files
        for line in file.added
        if line.text.strip()
    ]
    everything: list[Detector] = [*detectors.values(), partial(of_rules, rules)]
    found = [detect(material, lines) for detect in everything]
    shifted = _shifted(material, lines, everything)
    of: dict[tuple[str, int], Attribution] = {}
    for place, (line, origin) in enumerate(lines):
        evidence = [e for one in found for e in one.evidence.get(place, ())]
        doubts = [doubt for one in found for doubt in one.doubts.get(place, ())]
        doubts += _lost(material, line.path, origin)
        evidence += shifted.get(place, ())
        if assume_ai:
            evidence.append(ASSUMED)
        of[line.path, line.number] = resolve(tuple(evidence), tuple(dict.fromkeys(doubts)))
    for file in change.files:
        of.update(_blank(file, of))
    notes = [note for one in found for note in one.notes]
    lost = [*material.lost, *material.lost_paths.values(), *material.lost_commits.values()]
    return Authors(
        of,
        tuple(dict.fromkeys([*lost, *notes])),
        tuple(one.source for one in found if one.source),
    )


def _shifted(
    material: Material, lines: Sequence[PlacedLine], detectors: Sequence[Detector]
) -> dict[int, list[Evidence]]:
    """Return what says that an AI moved, copied or re-indented a line that another wrote.

    It does not decide who wrote the line, but such a line may not pass unread as another's.
    """
    moved = [
        (place, PlacedLine(line, at))
        for place, (line, _) in enumerate(lines)
        if (at := material.placed.get(line.path, {}).get(line.number)) is not None
    ]
    found: dict[int, list[Evidence]] = defaultdict(list)
    if not moved:
        return found
    for detect in detectors:
        seen = detect(material, [line for _, line in moved])
        for index, evidence in seen.evidence.items():
            ai = [e for e in evidence if e.kind in (Author.AI, Author.MIXED)]
            ai = [e for e in ai if e.level in (Level.COMMIT, Level.LINE)]
            found[moved[index][0]] += [
                replace(
                    e,
                    kind=Author.AI,
                    level=Level.ASSUMED,
                    confidence=LOW,
                    words=f"moved, copied or re-indented: {e.words}",
                )
                for e in ai
            ]
    return found


def _origin(material: Material, path: str, number: int) -> Origin | None:
    return material.origins.get(path, {}).get(number)


def _lost(material: Material, path: str, origin: Origin | None) -> list[str]:
    lost = list(material.lost)
    if path in material.lost_paths:
        lost.append(material.lost_paths[path])
    if origin is not None and origin.commit in material.lost_commits:
        lost.append(material.lost_commits[origin.commit])
    return lost


def _blank(
    file: FileChange, of: Mapping[tuple[str, int], Attribution]
) -> dict[tuple[str, int], Attribution]:
    """Attribute the blank lines of a file: as their neighbours, where both were added and agree."""
    found: dict[tuple[str, int], Attribution] = {}
    for blank, group in groupby(file.added, key=lambda line: not line.text.strip()):
        run = list(group)
        if not blank:
            continue
        for at in _runs([line.number for line in run]):
            before = of.get((file.path, at[0] - 1))
            behind = of.get((file.path, at[-1] + 1))
            said = _agreed(before, behind)
            found.update({(file.path, number): said for number in at})
    return found


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _agreed(before: Attribution | None, behind: Attribution | None) -> Attribution:
    known = [one for one in (before, behind) if one is not None]
    may_be_ai = any(one.may_be_ai for one in known)
    if len(known) < 2 or known[0].kind is not known[1].kind or known[0].kind is Author.UNKNOWN:
        return Attribution(Author.UNKNOWN, may_be_ai=may_be_ai) if may_be_ai else UNKNOWN
    one, other = known
    same_tool = one.tool == other.tool
    return Attribution(
        one.kind,
        one.tool if same_tool else None,
        one.model if same_tool and one.model == other.model else None,
        min(one.confidence, other.confidence),
        (AS_AROUND,),
        may_be_ai,
    )


__all__ = ["DETECTORS", "Detector", "Found", "attribute"]
