"""What reviewbot posts on a pull request: a comment per finding, and the summary. Bounded, inert.

The marks by which reviewbot recognises its own comments are appended to the rendered template, so
that a template can neither lose nor forge them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reviewbot.errors import UsageError
from reviewbot.escape import visible
from reviewbot.render.evidence import reason_words
from reviewbot.render.expectations import doubt_words
from reviewbot.render.findings import FindingView, finding_views
from reviewbot.render.jinja import markdown_environment, template
from reviewbot.render.ledger import files_not_read, ledger_line, verdict_word
from reviewbot.render.phrasing import (
    in_brackets,
    place_words,
    plural,
    risk_words,
    short_percentile,
    totals_line,
)
from reviewbot.render.untrusted import UntrustedText
from reviewbot.report.acks import Ack
from reviewbot.report.comment_sync import SUMMARY_MARK, finding_id, finding_mark, review_mark
from reviewbot.report.findings import Finding
from reviewbot.report.model import Report
from reviewbot.scoring.feature_evidence import MAX_EXEMPLARS

MAX_FINDING = 6_000  # characters of a comment on a line
MARK_ROOM = 100  # of these, for the mark after the text
MAX_SUMMARY = 60_000  # characters; GitHub accepts 65,536
MAX_ROWS = 100
MAX_ASIDES = 20
NAMES = ("finding.md.j2", "comment.md.j2")


@dataclass(frozen=True, slots=True)
class Pages:
    """The templates in use, by name, as text."""

    texts: Mapping[str, str]

    def render(self, name: str, **words: object) -> str:
        """Render a template. raises UsageError if it is invalid."""
        try:
            return markdown_environment().from_string(self.texts[name]).render(**words)
        except Exception as exc:
            raise UsageError(
                f"nothing was posted: the template {name} cannot be used: {exc}",
                fix="correct it; docs/github.md lists what a template is given",
            ) from exc


def pages(read: Callable[[str], bytes | None] | None = None) -> Pages:
    """Return our templates; `read` returns the user's own text for a name, or None."""
    texts = {}
    for name in NAMES:
        own = read(name) if read else None
        texts[name] = template(name) if own is None else own.decode("utf-8-sig", "replace")
    return Pages(texts)


def finding_comment(finding: Finding, report: Report, pages_: Pages) -> str:
    """Return the comment on a finding; it is the same as long as the finding is the same.

    It has as many examples as fit, so that the limit never cuts through them.
    """
    (view,) = finding_views(report, [finding])
    worst = finding.worst
    for examples in (MAX_EXEMPLARS, 2, 0):
        text = pages_.render(
            "finding.md.j2",
            level=finding.level.value,
            place=place_words(worst, report.recent),
            author=UntrustedText(view.written_by) if view.written_by else None,
            expectations=doubt_words(finding),
            reasons=[
                reason_words(reason, report.evidence_for(reason.feature, worst), examples)
                for reason in finding.reasons
            ],
        )
        if len(text) + MARK_ROOM <= MAX_FINDING:
            break
    return _with_mark(text, finding_mark(finding.fingerprint), MAX_FINDING)


def review_body(head: str, count: int, summary_follows: bool) -> str:
    """Return the text of a review: one line, because GitHub requires one."""
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
    """Return the summary: the verdict, each finding with its state, what was not read.

    inline  path and fingerprint of the findings that have a comment on their line
    acks    by finding id
    origin  where the report comes from, if not from this job
    """
    views = finding_views(report, report.findings[:MAX_ROWS])
    shown = [_row(view, head, inline, acks) for view in views]
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
            return _with_mark(text, SUMMARY_MARK, MAX_SUMMARY)
        shown = shown[: len(shown) // 2]


def _row(
    view: FindingView, head: str, inline: frozenset[tuple[str, str]], acks: Mapping[str, Ack]
) -> dict[str, object]:
    finding = view.finding
    name = finding_id(head, finding)
    state = "commented" if (finding.path, finding.fingerprint) in inline else "here only"
    if ack := acks.get(name):
        state = f"acknowledged by {ack.login}: {ack.reason}"
    return {
        "id": name,
        "where": UntrustedText(f"{visible(finding.path)}:{view.numbers}"),
        "level": f"{view.level}{in_brackets(view.status)}",
        "percentile": short_percentile(finding.worst.own_percentile),
        "risk": risk_words(finding.risk),
        "expectations": doubt_words(finding),
        "author": UntrustedText(view.written_by or "unknown"),
        "state": UntrustedText(state),
    }


def _with_mark(text: str, mark: str, limit: int) -> str:
    """Cut at a line end so that the mark fits; a cut inside a table or a list does no harm."""
    room = limit - len(mark) - 2
    if len(text) > room:
        text = text[:room].rpartition("\n")[0]
    return f"{text.rstrip()}\n\n{mark}"
