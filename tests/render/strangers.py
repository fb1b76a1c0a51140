"""A report in which strangers have the word wherever they can."""

from dataclasses import replace

from reviewbot.authorship.model import UNKNOWN, Attribution, Author
from reviewbot.diff.model import ChangedLine, FileKind
from reviewbot.report.model import ChangeInfo, FileReport, ModelInfo, Report
from reviewbot.scoring.feature_evidence import Exemplar, FeatureEvidence, Tally
from reviewbot.scoring.outcomes import ArtifactInfo, Failed, Outcome, Reason, Skipped
from tests.render import pages


def hostile(text: str) -> Report:
    """A report in which a stranger says `text` wherever somebody else than we has the word."""
    who = Attribution(Author.AI, text, text, 0.9, (text, text), may_be_ai=True)
    reasons = (Reason("sae:1", text, 1.0, 0.5), Reason(text, "", 0.5, None))
    example = Exemplar(text, text, text, 3, text, text, (text, text), (0.0, 0.9))
    known = FeatureEvidence(
        "sae:1",
        text,
        0.8,
        3.0,
        0.1,
        Tally(9, 4, 90, 9, 1.0),
        ((text, 0.9),),
        text,
        0.5,
        (example,) * 5,
        (example,) * 2,
    )
    path = f"{text}/a"
    lines: list[tuple[Outcome, Attribution]] = [
        (pages.scored(path, 1, text, 0.95, *reasons), who),
        (pages.scored(path, 2, text, 0.2, *reasons), who),
        (Skipped(ChangedLine(path, 3, text), text), who),
        (Failed(ChangedLine(path, 9, text), text), UNKNOWN),
    ]
    alone = FileReport(f"{text}/b", f"{text}/c", FileKind.RENAMED, text, text, 0, ())
    made = pages.report({path: lines}, alone, features=(known,), notes=(text, text))
    return replace(
        made,
        model=ModelInfo(text, text, 6, text),
        artifact=ArtifactInfo(text, text),
        change=ChangeInfo(text, text),
        verdict=replace(made.verdict, reasons=(text, text)),
    )
