"""Small reports for the renderers' tests."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from reviewbot.authorship.model import UNKNOWN, Attribution, Author
from reviewbot.diff.model import ChangedLine, FileKind
from reviewbot.report.findings import group
from reviewbot.report.gate import GateRules, Policy, count, decide
from reviewbot.report.model import ChangeInfo, FileReport, LineReport, ModelInfo, Report
from reviewbot.scoring.outcomes import ArtifactInfo, Failed, LineScore, Outcome, Reason, Skipped

BY_AI = Attribution(Author.AI, "some-tool", None, 0.9, ("trailer Co-Authored-By",))
REASONS = (
    Reason("sae:417", "", 1.23456, 0.83),
    Reason("surface:line length", "line length", 0.5, None),
)


def scored(number: int, text: str, risk: float, path: str = "src/app.py") -> LineScore:
    """A scored line whose percentile is its risk in percent."""
    return LineScore(ChangedLine(path, number, text), risk, risk * 100, REASONS)


def skipped(number: int, why: str = "blank", path: str = "src/app.py") -> Skipped:
    """A line passed over on purpose."""
    return Skipped(ChangedLine(path, number, ""), why)


def failed(number: int, why: str = "not in the head file", path: str = "src/app.py") -> Failed:
    """A line that should have been scored."""
    return Failed(ChangedLine(path, number, "lost()"), why)


def report(
    *outcomes: Outcome,
    max_risk: float = 0.5,
    min_coverage: float = 1.0,
    informational: bool = False,
    notes: tuple[str, ...] = (),
    note: str | None = None,
    author: Attribution = UNKNOWN,
    report_threshold: float | None = None,
    counts: Callable[[ChangedLine], bool] = lambda _line: True,
    max_risk_for: Mapping[str, float] = MappingProxyType({}),
) -> Report:
    """A report about these lines, made as the pipeline makes one; files in order of appearance.

    max_risk_for  the limit of a path
    """
    texts = tuple(f"{path}={most}" for path, most in max_risk_for.items())
    policy = Policy(
        max_risk=max_risk,
        min_coverage=min_coverage,
        informational=informational,
        max_risk_for=texts,
    )
    rules = GateRules(policy=policy, can_block=counts)
    least = (
        min((max_risk, *max_risk_for.values())) if report_threshold is None else report_threshold
    )
    scores = [outcome for outcome in outcomes if isinstance(outcome, LineScore)]
    paths = dict.fromkeys(outcome.line.path for outcome in outcomes)
    files = [
        FileReport(
            path,
            None,
            FileKind.MODIFIED,
            "python",
            None,
            0,
            tuple(line_report(o, author, rules) for o in outcomes if o.line.path == path),
        )
        for path in paths
    ]
    if note is not None:
        files.append(FileReport("logo.png", None, FileKind.ADDED, None, note, 0, ()))
    return Report(
        ModelInfo("coder", "ab" * 32, 6, "fp32"),
        ArtifactInfo("tiny", "cd" * 32),
        ChangeInfo("1" * 40, "worktree"),
        policy,
        least,
        decide(rules, count(outcomes), map(rules.status, scores)),
        count(outcomes),
        tuple(files),
        group(scores, least, None, rules.status),
        notes,
    )


def line_report(outcome: Outcome, author: Attribution, rules: GateRules) -> LineReport:
    """A line with the gate status that the rules give."""
    status = rules.status(outcome) if isinstance(outcome, LineScore) else None
    return LineReport(outcome, author, status)
