"""What is posted follows from what is found and what stands there: twice is once."""

from hypothesis import given
from hypothesis import strategies as st

from reviewbot.diff.model import ChangedLine
from reviewbot.report.acks import Ack, acks_in
from reviewbot.report.anchors import Anchor, Shown, anchor
from reviewbot.report.comment_sync import (
    Posted,
    SyncPlan,
    finding_id,
    finding_mark,
    marked_finding,
    marked_review,
    plan_sync,
    review_mark,
)
from reviewbot.report.findings import Finding
from reviewbot.scoring.outcomes import LineScore


def finding(path: str, name: str, start: int = 1, end: int | None = None) -> Finding:
    numbers = range(start, (end or start) + 1)
    lines = tuple(LineScore(ChangedLine(path, n, "x"), 0.9, 99.0, ()) for n in numbers)
    return Finding(path, start, end or start, 0.9, lines, name)


def posted(path: str, name: str, *, answered: bool = False, body: str | None = None) -> Posted:
    text = f"says\n\n{finding_mark(name)}" if body is None else body
    return Posted(hash((path, name)), "N", path, name, text, answered)


def body_of(one: Finding) -> str:
    return f"says\n\n{finding_mark(one.fingerprint)}"


HUNKS = {path: (Shown(1, 100),) for path in ("a", "b", "c")}


def planned(findings: list[Finding], there: list[Posted], most: int = 10) -> SyncPlan:
    return plan_sync(findings, there, HUNKS, body_of, max_comments=most)


PATHS = st.sampled_from(["a", "b", "c", "elsewhere"])
NAMES = st.sampled_from(["1:1", "2:1", "3:1", "4:1"])
FINDINGS = st.lists(
    st.builds(finding, PATHS, NAMES, st.integers(1, 120)),
    unique_by=lambda f: (f.path, f.fingerprint),
    max_size=8,
)
POSTED = st.lists(
    st.builds(posted, PATHS, NAMES, answered=st.booleans()),
    unique_by=lambda p: (p.path, p.fingerprint),
    max_size=8,
)


@given(FINDINGS, POSTED, st.integers(0, 10))
def test_planning_again_after_all_is_done_asks_for_nothing(
    findings: list[Finding], there: list[Posted], most: int
) -> None:
    first = planned(findings, there, most)
    gone = {id(p) for p in first.delete}
    edited = {id(p): body for p, body in first.edit}
    stands = [
        Posted(p.id, p.node_id, p.path, p.fingerprint, edited.get(id(p), p.body), p.answered)
        for p in there
        if id(p) not in gone
    ]
    stands += [
        Posted(1000 + n, "N", c.anchor.path, c.finding.fingerprint, c.body, False)
        for n, c in enumerate(first.create)
    ]

    second = planned(findings, stands, most)

    assert (second.create, second.edit, second.delete) == ((), (), ())


@given(FINDINGS, POSTED, st.integers(0, 10))
def test_no_more_is_created_than_may_stand_and_every_anchor_is_shown(
    findings: list[Finding], there: list[Posted], most: int
) -> None:
    found = planned(findings, there, most)

    assert len(found.create) <= most
    for comment in found.create:
        first = comment.anchor.start_line or comment.anchor.line
        assert 1 <= first <= comment.anchor.line <= 100


def test_a_comment_in_a_file_that_was_not_read_stays() -> None:
    old = posted("a", "1:1")

    assert plan_sync([], [old], HUNKS, body_of, max_comments=9, unread={"a"}) == SyncPlan()
    assert plan_sync([], [old], HUNKS, body_of, max_comments=9).delete == (old,)


def test_a_finding_whose_file_was_renamed_keeps_its_comment() -> None:
    old = posted("gone", "1:1")

    assert planned([finding("b", "1:1")], [old]) == SyncPlan(inline={("b", "1:1"): old.id})
    assert planned([finding("b", "1:1")], [posted("a", "1:1")]).delete != ()


def test_anchors_are_cut_to_the_hunk_of_the_riskiest_line() -> None:
    hunks = {"a": (Shown(1, 5), Shown(8, 20))}

    assert anchor(finding("a", "1:1", 3, 9), hunks) == Anchor("a", 5, 3)
    assert anchor(finding("a", "1:1", 9), hunks) == Anchor("a", 9, None)
    assert anchor(finding("a", "1:1", 6), hunks) is None
    assert anchor(finding("b", "1:1", 6), hunks) is None


def test_marks_are_read_at_the_end_of_a_text_only() -> None:
    assert marked_finding(f"x\n{finding_mark('ab1:2')}\n") == "ab1:2"
    assert marked_finding(f"{finding_mark('ab1:2')}\nmore") is None
    assert marked_finding(finding_mark("not hex:1")) is None
    assert marked_review(f"x\n\n{review_mark('a' * 40)}") == "a" * 40
    assert marked_review(review_mark("a" * 39)) is None


def test_the_name_of_a_finding_changes_with_the_head_the_path_and_the_lines() -> None:
    names = {
        finding_id(head, finding(path, name))
        for head in ("1" * 40, "2" * 40)
        for path in ("a", "b")
        for name in ("1:1", "1:2")
    }

    assert len(names) == 8
    assert all(len(name) == 20 for name in names)


def test_acknowledgements_need_a_line_of_their_own_and_a_reason() -> None:
    one, two = "0123456789" * 2, "abcdef0123" * 2
    text = f"hi\n/reviewbot ack {one} it  is\tfine\n  /reviewbot  ack `{two}` ok\n"
    none = f"> /reviewbot ack {one} x\n/reviewbot ack {one}\n/reviewbot ack {one[1:]} x"

    assert acks_in(text, "jane") == [Ack(one, "it is fine", "jane"), Ack(two, "ok", "jane")]
    assert acks_in(none, "jane") == []
