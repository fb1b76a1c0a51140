"""Agent Trace records against the change: by content first, by line number where that is sound.

A record is written while the agent edits. Its line numbers are those of that moment, and its
`revision` is the commit that was HEAD then: the parent of the commit that will hold the lines. So a
number counts only for lines of a commit with that revision or that parent, and less than a hash.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from reviewbot.authorship.detectors import Found, overruled
from reviewbot.authorship.history import UNCOMMITTED, Material, PlacedLine
from reviewbot.authorship.line_hashes import Finder
from reviewbot.authorship.line_ranges import LineRange, last_wins
from reviewbot.authorship.model import HIGH, MEDIUM, Author, Evidence, Level
from reviewbot.authorship.trace_records import MAX_CLAIMS, Claim, claims_in

MAX_PARTS = 50  # of an absolute path
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
    by_content: dict[str, list[tuple[LineRange, Claim]]] = defaultdict(list)
    by_number: dict[tuple[str, str], list[tuple[LineRange, Claim]]] = defaultdict(list)
    finder = Finder(material.head_lines)
    # File by file, as each is read once; within a file the records keep their order.
    ours = [(_ours(claim, places), claim) for claim in claims]
    for path, claim in sorted(ours, key=lambda item: item[0] or ""):
        at = path and finder.find(claim.hash, path, claim.range, places[path])
        if path and at:
            by_content[path].append((at, claim))
        elif claim.revision and not claim.absolute:
            by_number[claim.revision, claim.path].append((claim.range, claim))
    if finder.tired:
        found.notes.append("too much code to find every Agent Trace range again by its content")
    for path, held in by_content.items():
        where = {number: [place] for number, place in places[path].items()}
        _say(found, held, where, "by content")
    made_on = _made_on(material, lines) if by_number else {}
    for key, held in by_number.items():
        if key in made_on:
            _say(found, held, made_on[key], "by line number")
    if found.notes:  # whatever could not be read might have said "AI" of any line
        for place in range(len(lines)):
            found.doubts[place].append("some Agent Trace records could not be read")
    return found


def _say(
    found: Found,
    claims: Sequence[tuple[LineRange, Claim]],
    places: Mapping[int, Sequence[int]],
    how: str,
) -> None:
    """Add the last claim on each line and, where that is not AI, that an earlier one was."""
    where = sorted(places)
    ai = [(lines, claim) for lines, claim in claims if claim.kind in (Author.AI, Author.MIXED)]
    once = last_wins(ai, where)
    for number, claim in last_wins(claims, where).items():
        other = once.get(number)
        for place in places[number]:
            found.evidence[place].append(_evidence(claim, how))
            if other is not None and claim.kind is Author.HUMAN:
                found.evidence[place].append(overruled(_evidence(other, how)))


def _claims(material: Material, found: Found) -> list[Claim]:
    claims: list[Claim] = []
    for file in material.traces:
        for claim in claims_in(file, found.notes):
            if len(claims) >= MAX_CLAIMS:
                found.notes.append(TOO_MANY)
                return claims
            claims.append(claim)
    return claims


def _ours(claim: Claim, places: Mapping[str, object]) -> str | None:
    """Return the changed file that a claim is about; None for any other."""
    if not claim.absolute:
        return claim.path if claim.path in places else None
    parts = claim.path.split("/")[-MAX_PARTS:]
    ends = ("/".join(parts[at:]) for at in range(1, len(parts)))
    return next((end for end in ends if end in places), None)


def _made_on(
    material: Material, lines: Sequence[PlacedLine]
) -> dict[tuple[str, str], dict[int, list[int]]]:
    """Return which lines a record can be about: its revision and path -> number -> places."""
    found: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, (_, origin) in enumerate(lines):
        if origin is not None:
            for revision in _revisions(material, origin.commit):
                found[revision, origin.path][origin.number].append(place)
    return found


def _revisions(material: Material, commit: str) -> Sequence[str]:
    if commit == UNCOMMITTED:
        return (material.head,) if material.head else ()
    known = material.commits.get(commit)
    return (commit, *known.parents) if known else (commit,)


def _evidence(claim: Claim, how: str) -> Evidence:
    words = f"Agent Trace, {how}: {claim.kind.value}"
    confidence = HIGH if how == "by content" else MEDIUM
    return Evidence(claim.kind, Level.LINE, confidence, words, claim.tool, claim.model)
