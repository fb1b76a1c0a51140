"""Which comments to create, edit and delete. Pure: posting twice equals posting once.

A fingerprint identifies a finding; it does not change when lines move. A comment that is still true
stays, and one that reads differently is edited. A comment whose finding is gone is deleted, or
minimised if somebody answered it.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from reviewbot.report.anchors import Anchor, Shown, anchor
from reviewbot.report.findings import Finding

SUMMARY_MARK = "<!-- reviewbot:summary -->"
LOCAL = ""  # in place of the head: a local commit is amended often, and its lines stay the same
GONE = "This finding is gone, or acknowledged: the summary says which."
MAX_CHARS = 10_000  # of a line; a JSON report has no more
Key = tuple[str, str]  # a finding's path and fingerprint
_FINDING_MARK = re.compile(r"<!-- reviewbot:finding ([0-9a-f]{1,16}:\d{1,9}) -->\s*\Z")
_REVIEW_MARK = re.compile(r"<!-- reviewbot:review ([0-9a-f]{40,64}) -->\s*\Z")


def finding_mark(fingerprint: str) -> str:
    """Return the line that ends the comment on a finding."""
    return f"<!-- reviewbot:finding {fingerprint} -->"


def review_mark(head: str) -> str:
    """Return the line that ends the body of the review of a commit."""
    return f"<!-- reviewbot:review {head} -->"


def gone_body(posted: "Posted") -> str:
    """Return the text of a folded comment, by which it is not folded again."""
    text = posted.body.replace(finding_mark(posted.fingerprint), "").rstrip()
    return f"{text}\n\n{GONE}\n\n{finding_mark(posted.fingerprint)}"


def is_folded(posted: "Posted") -> bool:
    """Return True if a comment has the text that `gone_body` gives."""
    return f"\n{GONE}\n" in posted.body


def marked_finding(body: str) -> str | None:
    """Return the fingerprint that a comment of ours carries; None for any other comment."""
    match = _FINDING_MARK.search(body)
    return match[1] if match else None


def marked_review(body: str) -> str | None:
    """Return the commit that a review of ours is about; None for any other review."""
    match = _REVIEW_MARK.search(body)
    return match[1] if match else None


def finding_id(head: str, finding: Finding) -> str:
    """Return the identifier for an acknowledgement: it holds for this head and these lines only.

    head     the commit, or LOCAL for one that holds in this repository, whatever the commit
    returns  20 hexadecimal digits: too many for an author to make two findings that share them
    """
    texts = [" ".join(score.line.text[:MAX_CHARS].split()) for score in finding.lines]
    key = "\0".join([head, finding.path, finding.fingerprint, *texts])
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()[:20]


def key_of(finding: Finding) -> Key:
    """Return what tells a finding from the others of a report."""
    return finding.path, finding.fingerprint


def by_id(head: str, findings: Sequence[Finding]) -> dict[str, Finding]:
    """Return the findings by identifier, without those that share one: one name, one finding."""
    names = [finding_id(head, finding) for finding in findings]
    counts = Counter(names)
    pairs = zip(names, findings, strict=True)
    return {name: finding for name, finding in pairs if counts[name] == 1}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPlan:
    """What to do about the comments on lines."""

    create: tuple[NewComment, ...] = ()
    edit: tuple[tuple[Posted, str], ...] = ()  # with the new body
    delete: tuple[Posted, ...] = ()
    minimise: tuple[Posted, ...] = ()
    restore: tuple[Posted, ...] = ()  # minimised, but the finding is back; also among the edits
    # Findings with a comment on their line, and its id; None: the comment is among `create`.
    inline: Mapping[Key, int | None] = field(default_factory=dict)


def plan_sync(
    findings: Sequence[Finding],
    posted: Sequence[Posted],
    hunks: Mapping[str, Sequence[Shown]],
    body_of: Callable[[Finding], str],
    *,
    max_comments: int,
    unread: Collection[str] = (),
) -> SyncPlan:
    """Compare findings with the posted comments.

    findings  riskiest first, without acknowledged ones
    hunks     what the forge's diff shows; a finding outside gets no comment of its own
    unread    paths with a line that could not be read now: their comments stay
    """
    left = list(posted)
    matched: list[tuple[Finding, Posted]] = []
    unmatched: list[Finding] = []
    paths = {finding.path for finding in findings} | set(hunks)
    for finding in findings:
        same = _match(finding, left, paths)
        if same is None:
            unmatched.append(finding)
        else:
            left.remove(same)
            matched.append((finding, same))
    create: list[NewComment] = []
    for finding in unmatched:
        place = anchor(finding, hunks)
        if place is not None and len(matched) + len(create) < max_comments:
            create.append(NewComment(finding, place, body_of(finding)))
    bodies = [(old, body_of(finding)) for finding, old in matched]
    gone = [old for old in left if old.path not in unread]
    inline: dict[Key, int | None] = {key_of(finding): old.id for finding, old in matched}
    inline |= {key_of(new.finding): None for new in create}
    return SyncPlan(
        create=tuple(create),
        edit=tuple((old, body) for old, body in bodies if body.strip() != old.body.strip()),
        delete=tuple(old for old in gone if not old.answered),
        minimise=tuple(old for old in gone if old.answered and not is_folded(old)),
        restore=tuple(old for _, old in matched if is_folded(old)),
        inline=inline,
    )


def _match(finding: Finding, posted: Sequence[Posted], paths: Collection[str]) -> Posted | None:
    """Return the comment on the same finding: in its file, else in one that is renamed away."""
    same = [comment for comment in posted if comment.fingerprint == finding.fingerprint]
    here = [comment for comment in same if comment.path == finding.path]
    renamed = [comment for comment in same if comment.path not in paths]
    return next(iter([*here, *renamed]), None)
