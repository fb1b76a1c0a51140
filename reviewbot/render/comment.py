"""What reviewbot posts on a pull request: a comment per finding, and the summary. Bounded, inert.

The marks by which reviewbot recognises its own comments are appended to the rendered template, so
that a template can neither lose nor forge them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reviewbot.errors import UsageError
from reviewbot.escape import visible
from reviewbot.render.evidence import feature_name
from reviewbot.render.expectations import doubt_words
from reviewbot.render.findings import FindingView, finding_views
from reviewbot.render.jinja import markdown_environment, template
from reviewbot.render.ledger import deep_line, files_not_read, ledger_line, verdict_word
from reviewbot.render.links import line_url
from reviewbot.render.phrasing import (
    artifact_names,
    in_brackets,
    levels_by,
    plural,
    riskier_than,
    sentence,
    short_percentile,
    totals_line,
)
from reviewbot.render.untrusted import UntrustedText
from reviewbot.report.acks import Ack
from reviewbot.report.change_level import change_words
from reviewbot.report.comment_sync import (
    SUMMARY_MARK,
    Key,
    finding_id,
    finding_mark,
    key_of,
    review_mark,
)
from reviewbot.report.findings import Finding
from reviewbot.report.model import Report, top_places

MAX_FINDING = 6_000  # characters of a comment on a line
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


def finding_comment(finding: Finding, report: Report, pages_: Pages, head: str) -> str:
    """Return the comment on a finding; it depends on no other finding.

    head  the commit that the acknowledgement in it is for
    """
    (view,) = finding_views(report, [finding])
    text = pages_.render(
        "finding.md.j2",
        level=finding.level.value,
        percentile=riskier_than(finding.worst, report.recent),
        author=UntrustedText(view.written_by) if view.written_by else None,
        expectations=doubt_words(finding),
        ack=f"/reviewbot ack {finding_id(head, finding)} reason",
    )
    return _with_mark(text, finding_mark(finding.fingerprint), MAX_FINDING)


def review_body(head: str, count: int, summary_follows: bool) -> str:
    """Return the text of a review: one line, because GitHub requires one."""
    more = " The summary below has the rest." if summary_follows else ""
    return f"reviewbot: {plural(count, 'place')} to look at first.{more}\n\n{review_mark(head)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a summary says beside the report: where it stands, and what is there already."""

    head: str  # the commit that was read
    comments: Mapping[Key, str] = field(default_factory=dict)  # on lines: address, "" if unknown
    acks: Mapping[str, Ack] = field(default_factory=dict)  # by finding id
    web: str = ""  # the repository's page; "": places are no links
    top: int = 5  # places in the first table
    origin: str = ""  # where the report comes from, if not from this job


def summary_comment(report: Report, pages_: Pages, place: Place) -> str:
    """Return the summary: the verdict, the places to read first, each finding with its state."""
    first = top_places(report, min(place.top, MAX_ROWS))
    rest = [finding for finding in report.findings if finding not in first]
    views = finding_views(report, [*first, *rest][:MAX_ROWS])
    rows = [_row(view, report, place) for view in views]
    asides = [*files_not_read(report.files), *(f"note: {note}" for note in report.notes)]
    authors = totals_line(line.author for file in report.files for line in file.lines)
    while True:
        further = rows[len(first) :]
        text = pages_.render(
            "comment.md.j2",
            verdict=verdict_word(report).upper(),
            reasons=[UntrustedText(reason) for reason in report.verdict.reasons[:MAX_ASIDES]],
            ledger=UntrustedText(ledger_line(report)),
            authors=UntrustedText(authors) if report.ledger.added else None,
            top=rows[: len(first)],
            further=further,
            hidden=max(0, len(report.findings) - len(rows)),
            can_ack=any(finding_id(place.head, one) not in place.acks for one in report.findings),
            asides=[UntrustedText(aside) for aside in asides[:MAX_ASIDES]],
            head=place.head[:10],
            model=UntrustedText(report.model.name),
            artifact=UntrustedText(artifact_names(report)),
            levels=levels_by(report),
            change=sentence(change_words(report.change.level)) if report.change.level else "",
            deep=UntrustedText(deep_line(report)) if report.deep else None,
            origin=place.origin,
        )
        if len(text) + len(SUMMARY_MARK) + 2 <= MAX_SUMMARY or not rows:
            return _with_mark(text, SUMMARY_MARK, MAX_SUMMARY)
        rows = rows[: len(rows) // 2]


def _row(view: FindingView, report: Report, place: Place) -> dict[str, object]:
    """Return what a table says of a finding, or of a place that is none."""
    finding, worst = view.finding, view.finding.worst
    is_finding = finding in report.findings
    name, key = finding_id(place.head, finding), key_of(finding)
    ack = place.acks.get(name) if is_finding else None
    if ack:
        state = f"acknowledged by {ack.login}: {ack.reason}"
    elif not is_finding:
        state = "not a finding"
    else:
        state = "commented" if key in place.comments else "no comment"
    reason = next(iter(worst.reasons), None)
    return {
        "id": name if is_finding and not ack else "",
        "where": UntrustedText(f"{visible(finding.path)}:{view.numbers}"),
        "url": line_url(place.web, place.head, finding.path, finding.start, finding.end),
        # Together, because GitHub makes this column as narrow as its longest word.
        "level": f"{view.level},&nbsp;{short_percentile(worst.own_percentile)}&nbsp;%"
        + in_brackets(view.status),
        "expectations": doubt_words(finding),
        "reason": UntrustedText(feature_name(reason.feature, reason.label)) if reason else None,
        "author": UntrustedText(view.written_by or "unknown"),
        "comment": "" if ack or not is_finding else place.comments.get(key, ""),
        "state": UntrustedText(state),
    }


def _with_mark(text: str, mark: str, limit: int) -> str:
    """Cut at a line end so that the mark fits; a cut inside a table or a list does no harm."""
    room = limit - len(mark) - 2
    if len(text) > room:
        text = text[:room].rpartition("\n")[0]
    return f"{text.rstrip()}\n\n{mark}"
