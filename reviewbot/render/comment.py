"""What stands on a pull request: the comment on a finding, and the summary. Bounded and inert.

The marks by which we know our own comments again are added behind what the template gives, so that
a template can neither lose nor forge them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reviewbot.authorship.model import Attribution
from reviewbot.errors import UsageError
from reviewbot.escape import visible
from reviewbot.render.authors import totals_line, written_by
from reviewbot.render.ledger import files_not_read, ledger_line, verdict_word
from reviewbot.render.phrasing import in_brackets, place_words, plural, risk_words
from reviewbot.render.severity import standing_words
from reviewbot.render.untrusted import UntrustedText, environment, reason_words, template
from reviewbot.report.acks import Ack
from reviewbot.report.comment_sync import SUMMARY_MARK, finding_id, finding_mark, review_mark
from reviewbot.report.findings import Finding
from reviewbot.report.model import Report, authors_of
from reviewbot.scoring.feature_evidence import MAX_EXEMPLARS

MAX_FINDING = 6_000  # characters of a comment on a line
MARK_ROOM = 100  # of these, for the mark behind the text
MAX_SUMMARY = 60_000  # characters; GitHub takes 65,536
MAX_ROWS = 100
MAX_ASIDES = 20
NAMES = ("finding.md.j2", "comment.md.j2")


@dataclass(frozen=True, slots=True)
class Pages:
    """The templates in use, by name, as text."""

    texts: Mapping[str, str]

    def render(self, name: str, **words: object) -> str:
        """Lay a page out. raises UsageError where the template is no good."""
        try:
            return environment().from_string(self.texts[name]).render(**words)
        except Exception as exc:
            raise UsageError(
                f"nothing was posted: the template {name} cannot be used: {exc}",
                fix="correct it; docs/github.md lists what a template is given",
            ) from exc


def pages(read: Callable[[str], bytes | None] | None = None) -> Pages:
    """Return our templates, or those of them that `read` gives instead."""
    texts = {}
    for name in NAMES:
        own = read(name) if read else None
        texts[name] = template(name) if own is None else own.decode("utf-8-sig", "replace")
    return Pages(texts)


def finding_comment(finding: Finding, report: Report, pages_: Pages) -> str:
    """Return the comment on a finding; the same as long as the finding stays the same.

    Of the examples as many are shown as there is room for: a cut must not fall among them.
    """
    by = written_by(authors_of(report)(finding))
    for most in (MAX_EXEMPLARS, 2, 0):
        text = _finding_text(finding, by, report, pages_, most)
        if len(text) + MARK_ROOM <= MAX_FINDING:
            break
    return _ending(text, finding_mark(finding.fingerprint), MAX_FINDING)


def _finding_text(finding: Finding, by: str, report: Report, pages_: Pages, most: int) -> str:
    worst = finding.worst
    return pages_.render(
        "finding.md.j2",
        risk=risk_words(finding.risk),
        percentile=place_words(worst, report.recent),
        author=UntrustedText(by) if by else None,
        reasons=[
            reason_words(reason, report.evidence_for(reason.feature), most)
            for reason in worst.reasons[:3]
        ],
    )


def review_body(head: str, count: int, summary_follows: bool) -> str:
    """Return the text of a review: one line, since GitHub wants one."""
    more = " The summary below has the rest." if summary_follows else ""
    return f"reviewbot: {plural(count, 'place')} to look at first.{more}\n\n{review_mark(head)}"


def summary_comment(
    report: Report,
    pages_: Pages,
    *,
    head: str,
    inline: frozenset[tuple[str, str]],
    acks: Mapping[str, Ack],
    origin: str = "",
) -> str:
    """Return the summary: the verdict, the findings with what became of each, what was not read.

    inline  path and fingerprint of the findings that have a comment on their line
    acks    by finding id
    origin  where the report comes from, where that is not this job
    """
    author, standing = authors_of(report), standing_words(report)
    shown = [
        _row(finding, author(finding), standing(finding), head, inline, acks)
        for finding in report.findings[:MAX_ROWS]
    ]
    count = len(report.findings)
    asides = [*files_not_read(report.files), *(f"note: {note}" for note in report.notes)]
    authors = totals_line(line.author for file in report.files for line in file.lines)
    while True:
        text = pages_.render(
            "comment.md.j2",
            verdict=verdict_word(report).upper(),
            reasons=[UntrustedText(reason) for reason in report.verdict.reasons[:MAX_ASIDES]],
            ledger=UntrustedText(ledger_line(report)),
            authors=UntrustedText(authors) if report.ledger.added else None,
            rows=shown,
            count=count,
            hidden=count - len(shown),
            can_ack=any(finding_id(head, finding) not in acks for finding in report.findings),
            asides=[UntrustedText(aside) for aside in asides[:MAX_ASIDES]],
            head=head[:10],
            model=UntrustedText(report.model.name),
            artifact=UntrustedText(report.artifact.name),
            origin=origin,
        )
        if len(text) + len(SUMMARY_MARK) + 2 <= MAX_SUMMARY or not shown:
            return _ending(text, SUMMARY_MARK, MAX_SUMMARY)
        shown = shown[: len(shown) // 2]


def _row(
    finding: Finding,
    author: Attribution | None,
    gate_status: str,
    head: str,
    inline: frozenset[tuple[str, str]],
    acks: Mapping[str, Ack],
) -> dict[str, object]:
    name = finding_id(head, finding)
    risk = risk_words(finding.risk)
    where = f"{finding.start}" if finding.start == finding.end else f"{finding.start}-{finding.end}"
    state = "commented" if (finding.path, finding.fingerprint) in inline else "here only"
    if ack := acks.get(name):
        state = f"acknowledged by {ack.login}: {ack.reason}"
    return {
        "id": name,
        "where": UntrustedText(f"{visible(finding.path)}:{where}"),
        "risk": f"{risk}{in_brackets(gate_status)}",
        "author": UntrustedText(written_by(author) or "unknown"),
        "state": UntrustedText(state),
    }


def _ending(text: str, mark: str, limit: int) -> str:
    """Cut at a line end so that the mark fits behind; a cut inside a table or a list harms none."""
    room = limit - len(mark) - 2
    if len(text) > room:
        text = text[:room].rpartition("\n")[0]
    return f"{text.rstrip()}\n\n{mark}"
