"""Reports for the browser: one that has everything, one that failed, a large one, an empty one."""

from dataclasses import replace
from math import log

from reviewbot.authorship.model import UNKNOWN, Attribution, Author
from reviewbot.diff.model import ChangedLine, FileKind
from reviewbot.report.findings import group
from reviewbot.report.gate import GateRules, Policy, count, decide
from reviewbot.report.model import ChangeInfo, FileReport, LineReport, ModelInfo, Report
from reviewbot.scoring.feature_evidence import Exemplar, FeatureEvidence, Tally
from reviewbot.scoring.outcomes import ArtifactInfo, Failed, LineScore, Outcome, Reason, Skipped
from reviewbot.scoring.recent_risks import RecentInfo

SHOW = 0.5
AI = Attribution(Author.AI, "claude", "opus", 0.9, ("trailer Co-Authored-By",), may_be_ai=True)
HUMAN = Attribution(Author.HUMAN, None, None, 0.6, ("a git-ai note",))
MIXED = Attribution(Author.MIXED, "cursor", None, 0.6, ("two notes disagree",), may_be_ai=True)
BOT = Attribution(Author.AUTOMATION, "renovate", None, 0.9, ("the committer",))

CODE = (
    "def refund(invoice, amount):",
    "    if amount > invoice.total:",
    '        raise ValueError("more than was paid")',
    "    for attempt in range(invoice.retries + 1):",
    "        sent = gateway.send(invoice.account, -amount)",
    "",
    "        if sent or attempt == invoice.retries - 1:",
    "            break",
    "    invoice.total -= amount",
    "    return sent",
)
RISKS = (0.05, 0.62, 0.11, 0.34, 0.71, 0.0, 0.93, 0.08, 0.41, 0.02)
PEOPLE = (AI, AI, HUMAN, AI, AI, UNKNOWN, AI, MIXED, HUMAN, BOT)
RECENT = RecentInfo("3" * 40, "4" * 40, 5_000)


def scored(path: str, number: int, text: str, risk: float, *reasons: Reason) -> LineScore:
    """A scored line whose percentile is its risk in percent, and whose parts make its risk."""
    rest = log(risk / (1 - risk)) - sum(reason.contribution for reason in reasons)
    line = ChangedLine(path, number, text)
    return LineScore(line, risk, risk * 100, reasons, None, rest, max(0.0, risk * 100 - 4))


def report(
    files: dict[str, list[tuple[Outcome, Attribution]]],
    *more: FileReport,
    max_risk: float = 0.9,
    **fields: object,
) -> Report:
    """A report about these lines, made as the pipeline makes one."""
    policy = Policy(max_risk=max_risk)
    rules = GateRules(policy=policy)
    made = [
        FileReport(
            path,
            None,
            FileKind.MODIFIED,
            "python",
            None,
            3,
            tuple(LineReport(*line) for line in lines),
        )
        for path, lines in files.items()
    ]
    outcomes = [line.outcome for file in made for line in file.lines]
    scores = [outcome for outcome in outcomes if isinstance(outcome, LineScore)]
    whole = Report(
        ModelInfo("coder", "ab" * 32, 6, "fp32"),
        ArtifactInfo("small", "cd" * 32),
        ChangeInfo("1" * 40, "2" * 40),
        policy,
        SHOW,
        decide(rules, count(outcomes), map(rules.status, scores)),
        count(outcomes),
        (*made, *more),
        group(scores, SHOW),
        recent=RECENT,
    )
    return replace(whole, **fields)  # type: ignore[arg-type]


def evidence(feature: str, label: str, detects: str | None = None) -> FeatureEvidence:
    """What could be known of a feature."""
    return FeatureEvidence(
        feature,
        label,
        0.83 if label else None,
        12.5,
        0.002,
        Tally(41, 9, 5_210, 14, 2.8),
        (("python", 0.7), ("go", 0.2)),
        detects,
        0.21,
        tuple(_exemplar(n, 1.0 - n / 6) for n in range(5)),
        tuple(_exemplar(10 + n, 0.0) for n in range(2)),
    )


def _exemplar(n: int, strength: float) -> Exemplar:
    return Exemplar(
        "requests 2.34.2",
        "5" * 40,
        "requests/sessions.py",
        100 + n,
        "Apache-2.0",
        "python",
        ("    ", "for", " attempt", " in range(", "retries", " + 1", "):"),
        (0.0, 0.0, 0.0, 0.0, strength, strength / 3, 0.0),
    )


REASONS = (
    Reason("sae:417", "bounds of a loop", 1.234, 0.83),
    Reason("sae:893", "", 0.61, 0.4),
    Reason("surface:comparisons", "comparisons", 0.2, None),
)
KNOWN = (evidence("sae:417", "bounds of a loop"), evidence("sae:893", "", "python"))


def lines(path: str, start: int = 40) -> list[tuple[Outcome, Attribution]]:
    """Ten lines, one of them blank, of five kinds of author, with a gap before the last two."""
    found: list[tuple[Outcome, Attribution]] = []
    for at, (text, risk, who) in enumerate(zip(CODE, RISKS, PEOPLE, strict=True)):
        number = start + at + (20 if at >= 8 else 0)
        if text:
            found.append((scored(path, number, text, risk, *REASONS), who))
        else:
            found.append((Skipped(ChangedLine(path, number, text), "blank"), who))
    return found


def rich() -> Report:
    """A change with findings, five kinds of author, a skipped file and two that were not read."""
    generated = [
        (Skipped(ChangedLine("gen/api.py", n, f"call({n})"), "generated"), UNKNOWN)
        for n in range(1, 30)
    ]
    logo = FileReport("logo.png", None, FileKind.ADDED, None, "binary", 0, ())
    moved = FileReport("new/name.py", "old/name.py", FileKind.RENAMED, "python", None, 0, ())
    calm = [(scored("src/calm.py", n, f"x = {n}", 0.03 * n), HUMAN) for n in range(1, 6)]
    return report(
        {
            "src/billing/refund.py": lines("src/billing/refund.py"),
            "src/calm.py": list(calm),
            "gen/api.py": list(generated),
        },
        logo,
        moved,
        features=KNOWN,
        notes=("1 untracked file is not part of the change",),
    )


def failed() -> Report:
    """A change of which not everything was read: the verdict is incomplete."""
    path = "src/billing/refund.py"
    lost: list[tuple[Outcome, Attribution]] = [
        (Failed(ChangedLine(path, n, f"lost({n})"), "not in the head file"), AI)
        for n in range(100, 104)
    ]
    large: list[tuple[Outcome, Attribution]] = [
        (Skipped(ChangedLine("big.py", n, "x"), "file too large", counts_as_unread=True), HUMAN)
        for n in range(1, 4)
    ]
    return report({path: lines(path) + lost, "big.py": large}, features=KNOWN)


def large(count: int = 5_000, files: int = 20) -> Report:
    """A change of many lines, some of them in hundred findings."""
    made: dict[str, list[tuple[Outcome, Attribution]]] = {}
    for at in range(files):
        path = f"src/part{at % 7}/module{at}.py"
        made[path] = []
        for n in range(1, count // files + 1):
            risk = 0.51 + (n % 40) / 100 if n % 50 == 7 else 0.001 + (n * 37 + at) % 100 / 250
            text = f"    result_{n} = compute(value_{n}, other={n % 9}, name='part {at}')  # {n}"
            made[path].append((scored(path, n + n // 60 * 5, text, risk, *REASONS), PEOPLE[n % 10]))
    return report(made, features=KNOWN)


def empty() -> Report:
    """A change that adds no line at all."""
    return report({}, FileReport("a.py", None, FileKind.DELETED, "python", None, 7, ()))
