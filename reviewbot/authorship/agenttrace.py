"""Agent Trace records against the change: by content first, by line number where that is sound.

A record is written while the agent edits. Its line numbers are those of that moment, and its
`revision` is the commit that was HEAD then: the parent of the commit that will hold the lines. So a
number counts only for lines of a commit with that revision or that parent, and less than a hash.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reviewbot.authorship.detect import Found
from reviewbot.authorship.hashes import Finder
from reviewbot.authorship.ranges import LineRange, last_wins
from reviewbot.authorship.records import MOST_CLAIMS, Claim, claims_in
from reviewbot.core.authors import HIGH, MEDIUM, Evidence, Level
from reviewbot.core.history import UNCOMMITTED, Material, PlacedLine

TOO_MANY = "the Agent Trace records of this change are too many: the rest was not read"


def agenttrace(material: Material, lines: Sequence[PlacedLine]) -> Found:
    """Say of each line what the records say of it."""
    found = Found()
    if not material.traces:
        return found
    places: dict[str, dict[int, int]] = defaultdict(dict)  # path -> number -> place in `lines`
    for place, (line, _) in enumerate(lines):
        places[line.path][line.number] = place
    claims = _claims(material, found)
    found.source = f"Agent Trace: {len(claims)} recorded ranges in {len(material.traces)} files"
    by_number: dict[tuple[str, str], list[tuple[LineRange, Claim]]] = defaultdict(list)
    finder = Finder(material.head_lines)
    for claim in claims:
        path = _ours(claim, places)
        if path is None:
            pass
        elif (at := finder.find(claim.hash, path, claim.range, places[path])) is not None:
            for number in range(at.first, at.last + 1):
                if number in places[path]:
                    found.evidence[places[path][number]].append(_evidence(claim, "by content"))
            continue
        if claim.revision and not claim.absolute:
            by_number[claim.revision, claim.path].append((claim.range, claim))
    if finder.tired:
        found.notes.append("too much code to find every Agent Trace range again by its content")
    for place, claim in _by_number(material, lines, by_number):
        found.evidence[place].append(_evidence(claim, "by line number"))
    if any(not file.complete for file in material.traces):
        for place in range(len(lines)):
            found.doubts[place].append("some Agent Trace records could not be read")
    return found


def _claims(material: Material, found: Found) -> list[Claim]:
    claims: list[Claim] = []
    for file in material.traces:
        for claim in claims_in(file, found.notes):
            if len(claims) >= MOST_CLAIMS:
                found.notes.append(TOO_MANY)
                return claims
            claims.append(claim)
    return claims


def _ours(claim: Claim, places: Mapping[str, object]) -> str | None:
    """Return the changed file that a claim is about; None for any other."""
    if not claim.absolute:
        return claim.path if claim.path in places else None
    parts = claim.path.split("/")
    ends = ("/".join(parts[at:]) for at in range(1, len(parts)))
    return next((end for end in ends if end in places), None)


def _by_number(
    material: Material,
    lines: Sequence[PlacedLine],
    claims: Mapping[tuple[str, str], list[tuple[LineRange, Claim]]],
) -> Iterator[tuple[int, Claim]]:
    wanted: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, (_, origin) in enumerate(lines):
        if origin is None:
            continue
        for revision in _revisions(material, origin.commit):
            if (revision, origin.path) in claims:
                wanted[revision, origin.path][origin.number].append(place)
    for key, numbers in wanted.items():
        for number, claim in last_wins(claims[key], sorted(numbers)).items():
            for place in numbers[number]:
                yield place, claim


def _revisions(material: Material, commit: str) -> Sequence[str]:
    if commit == UNCOMMITTED:
        return (material.head,) if material.head else ()
    known = material.commits.get(commit)
    return (commit, *known.parents) if known else (commit,)


def _evidence(claim: Claim, how: str) -> Evidence:
    words = f"Agent Trace, {how}: {claim.kind.value}"
    confidence = HIGH if how == "by content" else MEDIUM
    return Evidence(claim.kind, Level.LINE, confidence, words, claim.tool, claim.model)
