"""Agent Trace records: matched by content first, by line number where that is sound.

A record is written while the agent edits. Its line numbers are those of that moment, and its
`revision` is the commit that was HEAD then: the parent of the commit that will contain the lines.
So a number counts only for lines of a commit with that revision or that parent, and less than a
hash.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from reviewbot.authorship.detectors import Detected, overruled
from reviewbot.authorship.history import UNCOMMITTED, Material, PlacedLine
from reviewbot.authorship.line_hashes import RangeFinder
from reviewbot.authorship.line_ranges import LineRange, last_wins
from reviewbot.authorship.model import HIGH, MEDIUM, Author, Evidence, Level
from reviewbot.authorship.trace_records import MAX_CLAIMS, Claim, claims_in

MAX_PARTS = 50  # of an absolute path
TOO_MANY = "the Agent Trace records of this change are too many: the rest was not read"
Ranges = list[tuple[LineRange, Claim]]


def detect(material: Material, lines: Sequence[PlacedLine]) -> Detected:
    """Return the evidence of the records about each line."""
    detected = Detected()
    if not material.traces:
        return detected
    added: dict[str, dict[int, int]] = defaultdict(dict)  # path -> number -> index of the line
    for index, (line, _) in enumerate(lines):
        added[line.path][line.number] = index
    claims = _claims(material, detected.notes)
    detected.source = f"Agent Trace: {len(claims)} recorded ranges in {len(material.traces)} files"
    by_content: dict[str, Ranges] = defaultdict(list)
    by_number: dict[tuple[str, str], Ranges] = defaultdict(list)
    finder = RangeFinder(material.head_lines)
    # File by file, because each is read once; within a file the records keep their order.
    named = [(_changed_path(claim, added), claim) for claim in claims]
    for path, claim in sorted(named, key=lambda pair: pair[0] or ""):
        place = path and finder.find(claim.hash, path, claim.range, added[path])
        if path and place:
            by_content[path].append((place, claim))
        elif claim.revision and not claim.absolute:
            by_number[claim.revision, claim.path].append((claim.range, claim))
    if finder.exhausted:
        detected.notes.append("too much code to find every Agent Trace range by its content")
    for path, ranges in by_content.items():
        _add(detected, ranges, added[path].items(), "by content")
    origins = _origins(material, lines) if by_number else {}
    for key, ranges in by_number.items():
        _add(detected, ranges, origins.get(key, ()), "by line number")
    if detected.notes:  # what could not be read may name an AI for any line
        for index in range(len(lines)):
            detected.doubts[index].append("some Agent Trace records could not be read")
    return detected


def _add(detected: Detected, ranges: Ranges, lines: Collection[tuple[int, int]], how: str) -> None:
    """Add the last claim on each line; if a human's, also an AI's that it covers.

    lines  number and index
    """
    numbers = sorted({number for number, _ in lines})
    last = last_wins(ranges, numbers)
    last_ai = last_wins([(place, claim) for place, claim in ranges if claim.kind.is_ai], numbers)
    for number, index in lines:
        if number in last:
            detected.evidence[index].append(_evidence(last[number], how))
            if last[number].kind is Author.HUMAN and number in last_ai:
                detected.evidence[index].append(overruled(_evidence(last_ai[number], how)))


def _claims(material: Material, notes: list[str]) -> list[Claim]:
    claims: list[Claim] = []
    for file in material.traces:
        for claim in claims_in(file, notes):
            if len(claims) >= MAX_CLAIMS:
                notes.append(TOO_MANY)
                return claims
            claims.append(claim)
    return claims


def _changed_path(claim: Claim, paths: Collection[str]) -> str | None:
    """Return the changed file that a claim is about; None for any other."""
    if not claim.absolute:
        return claim.path if claim.path in paths else None
    parts = claim.path.split("/")[-MAX_PARTS:]
    ends = ("/".join(parts[at:]) for at in range(1, len(parts)))
    return next((end for end in ends if end in paths), None)


def _origins(
    material: Material, lines: Sequence[PlacedLine]
) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Return number and index of the lines that a record can be about, by revision and path."""
    origins: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for index, (_, origin) in enumerate(lines):
        if origin is not None:
            for revision in _revisions(material, origin.commit):
                origins[revision, origin.path].append((origin.number, index))
    return origins


def _revisions(material: Material, commit: str) -> Iterable[str]:
    if commit == UNCOMMITTED:
        return (material.head,) if material.head else ()
    known = material.commits.get(commit)
    return (commit, *known.parents) if known else (commit,)


def _evidence(claim: Claim, how: str) -> Evidence:
    words = f"Agent Trace, {how}: {claim.kind.value}"
    confidence = HIGH if how == "by content" else MEDIUM
    return Evidence(claim.kind, Level.LINE, confidence, words, claim.tool, claim.model)
