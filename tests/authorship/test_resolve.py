"""Evidence adds up to one author; what policy asks of it can only grow with more evidence."""

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.authorship.model import (
    HIGH,
    LOW,
    MEDIUM,
    UNKNOWN,
    Attribution,
    Author,
    Evidence,
    Level,
    Scope,
    in_scope,
    totals,
)
from reviewbot.authorship.resolve import resolve


def piece(
    kind: Author,
    level: Level = Level.COMMIT,
    confidence: float = HIGH,
    tool: str | None = None,
    model: str | None = None,
) -> Evidence:
    return Evidence(kind, level, confidence, f"{kind} at {level}", tool, model)


ANY = st.builds(
    piece,
    st.sampled_from([a for a in Author if a is not Author.UNKNOWN]),
    st.sampled_from(Level),
    st.sampled_from([LOW, MEDIUM, HIGH]),
    st.sampled_from([None, "claude", "cursor"]),
)


def test_without_evidence_the_author_is_unknown_and_never_human() -> None:
    assert resolve(()) == UNKNOWN


def test_evidence_of_a_line_beats_the_commits_and_the_commits_beats_the_pull_requests() -> None:
    line, commit = piece(Author.HUMAN, Level.LINE), piece(Author.AI)

    assert resolve((commit, line)).kind is Author.HUMAN
    assert resolve((piece(Author.AI, Level.CHANGE), piece(Author.AUTOMATION))).kind is (
        Author.AUTOMATION
    )


def test_within_a_level_ai_and_human_are_mixed() -> None:
    assert resolve((piece(Author.AI), piece(Author.HUMAN))).kind is Author.MIXED
    assert resolve((piece(Author.AI), piece(Author.AUTOMATION))).kind is Author.AI


def test_the_surest_evidence_names_the_tool_unless_equal_evidence_disagrees() -> None:
    sure, unsure = piece(Author.AI, tool="claude"), piece(Author.AI, confidence=LOW, tool="cursor")

    assert resolve((unsure, sure)).tool == "claude"
    assert resolve((piece(Author.AI, tool="cursor"), sure)).tool is None


def test_a_model_is_kept_where_the_evidence_for_the_tool_agrees_on_one() -> None:
    named = piece(Author.AI, tool="claude", model="opus")

    assert resolve((named, piece(Author.AI, tool="claude"))).model == "opus"
    assert resolve((named, piece(Author.AI, tool="claude", model="haiku"))).model is None


def test_what_could_not_be_read_leaves_the_line_unknown_and_in_every_scope() -> None:
    found = resolve((), ("a note could not be read",))

    assert (found.kind, found.evidence) == (Author.UNKNOWN, ("a note could not be read",))
    assert in_scope(Scope.AI, found)


def test_a_doubt_is_reported_even_beside_much_evidence() -> None:
    much = tuple(Evidence(Author.AI, Level.COMMIT, HIGH, f"word {n}") for n in range(20))

    found = resolve(much, ("a note could not be read",))

    assert found.evidence[-1] == "a note could not be read"
    assert len(found.evidence) == 9


def test_totals_count_lines_by_kind_and_tool_in_a_fixed_order() -> None:
    lines = [Attribution(Author.HUMAN), Attribution(Author.AI, "claude"), Attribution(Author.AI)]

    found = totals([*lines, Attribution(Author.AI, "claude")])

    assert list(found) == [Author.AI, Author.HUMAN]
    assert found[Author.AI] == {"claude": 2, "": 1}


@given(st.lists(ANY, max_size=5), st.lists(ANY, max_size=5), st.sampled_from(Scope), st.booleans())
def test_more_evidence_never_takes_a_line_out_of_scope_on_an_untrusted_change(
    some: list[Evidence], more: list[Evidence], scope: Scope, unknown_as_ai: bool
) -> None:
    before = in_scope(scope, resolve(tuple(some)), unknown_as_ai=unknown_as_ai)
    after = in_scope(scope, resolve((*some, *more)), unknown_as_ai=unknown_as_ai)

    assert after or not before


@given(st.lists(ANY, min_size=1, max_size=6), st.sampled_from(Scope), st.booleans())
def test_a_line_that_any_evidence_calls_ai_is_in_every_scope_even_on_a_trusted_change(
    evidence: list[Evidence], scope: Scope, trusted: bool
) -> None:
    evidence.append(piece(Author.AI, Level.ASSUMED, LOW))

    assert in_scope(scope, resolve(tuple(evidence)), trusted=trusted)


def test_scopes() -> None:
    human, unknown = resolve((piece(Author.HUMAN),)), resolve(())

    assert not in_scope(Scope.AI, unknown)
    assert in_scope(Scope.AI, unknown, unknown_as_ai=True)
    assert in_scope(Scope.AI_UNKNOWN, unknown)
    assert in_scope(Scope.AI_UNKNOWN, human)
    assert in_scope(Scope.AI, human, unknown_as_ai=True)
    assert not in_scope(Scope.AI_UNKNOWN, human, trusted=True)
    assert not in_scope(Scope.AI, human, unknown_as_ai=True, trusted=True)
    assert in_scope(Scope.ALL, human, trusted=True)
