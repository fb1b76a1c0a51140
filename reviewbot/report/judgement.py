"""What the settings make of lines with an outcome and an author: gate status and verdict. Pure.

`app.judge` judges a change so, and `app.post` judges the lines of an untrusted report again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace

from reviewbot.authorship.model import Authors
from reviewbot.config.schema import Settings
from reviewbot.diff.model import ChangedLine
from reviewbot.report.change_level import ChangeLevel
from reviewbot.report.findings import Finding, riskiest_places
from reviewbot.report.gate import GateRules, Policy, Verdict, decide
from reviewbot.report.ledger import Ledger
from reviewbot.report.model import FileReport, LineReport
from reviewbot.scoring.outcomes import LineScore


def rules_of(
    settings: Settings,
    authors: Authors,
    scores: Sequence[LineScore],
    can_block: Callable[[ChangedLine], bool],
) -> GateRules:
    """Return the rules that settings make for the scored lines of a change.

    can_block   of a line: whether its author is in `gate-scope`
    """
    return GateRules(
        policy=Policy(**{field.name: getattr(settings, field.name) for field in fields(Policy)}),
        authors=authors,
        can_block=can_block,
        places=riskiest_places(scores, settings.ack_top, can_block),
    )


def excusing(rules: GateRules, acknowledged: Iterable[Finding]) -> GateRules:
    """Return the rules by which the lines of these findings cannot block."""
    excused = {(f.path, score.line.number) for f in acknowledged for score in f.lines}
    return replace(rules, acknowledged=frozenset(excused))


def judge_lines(
    files: Iterable[FileReport], rules: GateRules, ledger: Ledger, level: ChangeLevel | None
) -> tuple[tuple[FileReport, ...], Verdict]:
    """Return the files with the gate status of each line, and the verdict.

    level   of the change as a whole; None if no line was scored
    """
    lines = []

    def judged(line: LineReport) -> LineReport:
        if not isinstance(line.outcome, LineScore):
            return line
        status = rules.status(line.outcome)
        lines.append((line.outcome.level, status))
        return replace(line, gate_status=status)

    found = tuple(replace(file, lines=tuple(map(judged, file.lines))) for file in files)
    return found, decide(rules, ledger, lines, level)
