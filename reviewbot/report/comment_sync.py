"""What to post, given what stands there: pure, so that posting twice equals posting once.

A finding is known by its fingerprint, which does not change when lines move. What was said and is
still true is not said again; what moved or reads differently is edited; what is gone is deleted
where nobody answered, and minimised where somebody did.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from reviewbot.report.anchors import Anchor, Shown, anchor
from reviewbot.report.findings import Finding

SUMMARY_MARK = "<!-- reviewbot:summary -->"
GONE = "This finding is gone, or acknowledged: the summary says which."
MAX_CHARS = 10_000  # of a line that names it: a report that comes back has no more
_FINDING_MARK = re.compile(r"<!-- reviewbot:finding ([0-9a-f]{1,16}:\d{1,9}) -->\s*\Z")
_REVIEW_MARK = re.compile(r"<!-- reviewbot:review ([0-9a-f]{40,64}) -->\s*\Z")


def finding_mark(fingerprint: str) -> str:
    """Return the line that ends the comment on a finding."""
    return f"<!-- reviewbot:finding {fingerprint} -->"


def review_mark(head: str) -> str:
    """Return the line that ends the body of the review of a commit."""
    return f"<!-- reviewbot:review {head} -->"


def gone_body(posted: "Posted") -> str:
    """Return what a folded comment says: it is known by its mark, and not folded again."""
    said = posted.body.replace(finding_mark(posted.fingerprint), "").rstrip()
    return f"{said}\n\n{GONE}\n\n{finding_mark(posted.fingerprint)}"


def is_folded(posted: "Posted") -> bool:
    """Return True if a comment has the text that `gone_body` gives."""
    return f"\n{GONE}\n" in posted.body


def marked_finding(body: str) -> str | None:
    """Return the fingerprint that a comment of ours carries; None for any other comment."""
    found = _FINDING_MARK.search(body)
    return found[1] if found else None


def marked_review(body: str) -> str | None:
    """Return the commit that a review of ours is about; None for any other review."""
    found = _REVIEW_MARK.search(body)
    return found[1] if found else None


def finding_id(head: str, finding: Finding) -> str:
    """Return the name by which a person acknowledges a finding: for this head and these lines only.

    A finding that has grown by a line is another one. So long that nobody can make two heads whose
    findings share a name.

    returns  20 hexadecimal digits
    """
    texts = [" ".join(score.line.text[:MAX_CHARS].split()) for score in finding.lines]
    key = "\0".join([head, finding.path, finding.fingerprint, *texts])
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Posted:
    """A comment of ours on a line."""

    id: int
    node_id: str
    path: str
    fingerprint: str
    body: str
    answered: bool  # somebody reacted or replied


@dataclass(frozen=True, slots=True)
class NewComment:
    """A comment to make."""

    finding: Finding
    anchor: Anchor
    body: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about the comments on lines."""

    create: tuple[NewComment, ...]
    edit: tuple[tuple[Posted, str], ...]  # with the new body
    delete: tuple[Posted, ...]
    minimise: tuple[Posted, ...]
    restore: tuple[Posted, ...]  # what was minimised and holds again; its text is among the edits
    inline: frozenset[tuple[str, str]]  # path and fingerprint of what stands on a line afterwards

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.create or self.edit or self.delete or self.minimise)


def plan(
    findings: Sequence[Finding],
    posted: Sequence[Posted],
    hunks: Mapping[str, Sequence[Shown]],
    body_of: Callable[[Finding], str],
    *,
    most: int,
    unread: Collection[str] = (),
) -> Plan:
    """Compare findings with what is posted.

    findings  riskiest first; acknowledged ones are left out
    hunks     what the forge's diff shows; a finding outside gets no comment of its own
    most      comments that may stand on lines at the same time
    unread    paths of which a line could not be read now: what was said of them stays
    """
    left = list(posted)
    kept: list[tuple[Finding, Posted]] = []
    new: list[Finding] = []
    paths = {finding.path for finding in findings} | set(hunks)
    for finding in findings:
        same = _match(finding, left, paths)
        if same is None:
            new.append(finding)
        else:
            left.remove(same)
            kept.append((finding, same))
    create: list[NewComment] = []
    for finding in new:
        at = anchor(finding, hunks)
        if at is not None and len(kept) + len(create) < most:
            create.append(NewComment(finding, at, body_of(finding)))
    edit = [(old, body) for f, old in kept if (body := body_of(f)).strip() != old.body.strip()]
    gone = [old for old in left if old.path not in unread]
    return Plan(
        tuple(create),
        tuple(edit),
        tuple(old for old in gone if not old.answered),
        tuple(old for old in gone if old.answered and not is_folded(old)),
        tuple(old for _, old in kept if is_folded(old)),
        frozenset(
            (finding.path, finding.fingerprint)
            for finding in (*(f for f, _ in kept), *(c.finding for c in create))
        ),
    )


def _match(finding: Finding, posted: Sequence[Posted], paths: Collection[str]) -> Posted | None:
    """Return the comment on the same finding: in its file, else in one that is renamed away."""
    same = [one for one in posted if one.fingerprint == finding.fingerprint]
    here = [one for one in same if one.path == finding.path]
    moved = [one for one in same if one.path not in paths]
    return next(iter([*here, *moved]), None)
