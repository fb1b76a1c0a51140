"""Example reports: `report` makes small ones; CASES is tried in every format.

`rich`, `failing`, `large` and `empty` are for the HTML page; `untrusted` has one text everywhere.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from itertools import pairwise
from math import isnan, log
from typing import Any

from reviewbot.authorship.model import UNKNOWN, Attribution, Author
from reviewbot.config.levels import FailOn, Level
from reviewbot.config.schema import Settings
from reviewbot.diff.model import ChangedLine, FileKind
from reviewbot.report.change_level import change_level
from reviewbot.report.findings import group
from reviewbot.report.gate import GateRules, GateStatus, Policy, decide
from reviewbot.report.ledger import count
from reviewbot.report.model import (
    ChangeInfo,
    DeepReading,
    FileReport,
    LineReport,
    ModelInfo,
    Report,
)
from reviewbot.scoring.calibration import RecentInfo
from reviewbot.scoring.change_reference import ChangeReference, LabelledChanges
from reviewbot.scoring.feature_evidence import Exemplar, FeatureEvidence, Tally
from reviewbot.scoring.outcomes import (
    ArtifactInfo,
    Expectation,
    Failed,
    LineScore,
    Outcome,
    Reason,
    Skipped,
)
from tests.known import evidence

BY_AI = Attribution(Author.AI, "some-tool", None, 0.9, ("trailer Co-Authored-By",))
REASONS = (
    Reason("sae:417", "", 1.23456, 0.83),
    Reason("surface:line length", "line length", 0.5, None),
)


CHANGES = ChangeReference(
    tuple(n / 25 for n in range(101)), (LabelledChanges(0.0, 76, 20), LabelledChanges(1.0, 76, 62))
)
PERCENTILES = ((0.0, 0.0), (0.35, 95.0), (0.5, 99.0), (0.9, 99.8), (1.0, 100.0))


def percentile_at(risk: float) -> float:
    """The percentile of a risk: from 0.35 on medium, from 0.5 on high, from 0.9 on critical."""
    for (low, under), (high, over) in pairwise(PERCENTILES):
        if low <= risk <= high:
            return round(under + (over - under) * (risk - low) / (high - low), 2)
    return risk if isnan(risk) else 100.0


def scored(number: int, text: str, risk: float, path: str = "src/app.py") -> LineScore:
    """A scored line whose percentile follows from its risk."""
    return LineScore(ChangedLine(path, number, text), risk, percentile_at(risk), REASONS)


def doubted(score: LineScore, found: str, expected: str, odds: float = 0.001) -> LineScore:
    """The line with a further expectation: `expected` at 0.62, `found` at `odds`."""
    start = score.line.text.index(found)
    one = Expectation(start, start + len(found), found, expected, odds, 0.62)
    return replace(score, expectations=(*score.expectations, one))


def skipped(number: int, why: str = "blank", path: str = "src/app.py") -> Skipped:
    """A line skipped on purpose."""
    return Skipped(ChangedLine(path, number, ""), why)


def failed(number: int, why: str = "not in the head file", path: str = "src/app.py") -> Failed:
    """A line that should have been scored."""
    return Failed(ChangedLine(path, number, "lost()"), why)


def policy_of(**changed: Any) -> Policy:
    """The policy of the default settings, with what is changed."""
    defaults = {field.name: getattr(Settings(), field.name) for field in fields(Policy)}
    return Policy(**{**defaults, **changed})


def report(
    *outcomes: Outcome,
    fail_on: FailOn = FailOn.HIGH,
    notes: tuple[str, ...] = (),
    note: str | None = None,
    author: Attribution | Callable[[ChangedLine], Attribution] = UNKNOWN,
    counts: Callable[[ChangedLine], bool] = lambda _line: True,
    **changed: Any,
) -> Report:
    """A report about these lines, made as the pipeline makes one; files in order of appearance.

    note     why a further file, logo.png, was not read
    changed  other parts of the policy
    """
    policy = policy_of(fail_on=fail_on, **changed)
    rules = GateRules(policy=policy, can_block=counts)
    scores = [outcome for outcome in outcomes if isinstance(outcome, LineScore)]
    author_of = author if callable(author) else lambda _line: author
    by_path: dict[str, list[LineReport]] = {}
    for outcome in outcomes:
        by_path.setdefault(outcome.line.path, []).append(
            line_report(outcome, author_of(outcome.line), rules)
        )
    files = [
        FileReport(path, None, FileKind.MODIFIED, "python", None, 0, tuple(lines))
        for path, lines in by_path.items()
    ]
    if note is not None:
        files.append(FileReport("logo.png", None, FileKind.ADDED, None, note, 0, ()))
    risks, counted = ([one.risk for one in scores if can(one.line)] for can in (bool, counts))
    level = change_level(risks, counted, CHANGES, None)
    lines = [(one.level, rules.status(one)) for one in scores]
    return Report(
        ModelInfo("coder", "ab" * 32, 6, "fp32"),
        ArtifactInfo("tiny", "cd" * 32),
        ChangeInfo("1" * 40, "worktree", level=level),
        policy,
        decide(rules, count(outcomes), lines, level),
        count(outcomes),
        tuple(files),
        group(scores, rules.is_shown, None, rules.status),
        notes,
    )


def line_report(outcome: Outcome, author: Attribution, rules: GateRules) -> LineReport:
    """A line with the gate status that the rules give."""
    status = rules.status(outcome) if isinstance(outcome, LineScore) else None
    return LineReport(outcome, author, status)


BAD = (
    "a|b ``` `c` <img src=x onerror=1> </code></pre> @octocat #1 [l](http://e.vil) "
    "www.e.vil ::error::x ##[error]y ##vso[task]z \x1b[2J\u202e{{ 7*7 }}{% for %} &lt;"
)
NAMES = (
    "::warning file=a::b\n::error::c.py",
    'x.py:1:2: error: "y.py" 5: z',
    "a]]><![CDATA[<b attr='x\">&amp;.py",
    "##[group]\u202egpj.\u2066\x00\x0b\x1b]0;t\x07\ufffe\udcff.py",
    " lead (3):b c|7| .py ",
    "In file included from a:1:",
    "C:\\dir\\a:b.py",
)


def _hostile() -> Report:
    """The same bad text in path, code, label, tool, reason, note and artifact."""
    reasons = (Reason("sae:1", BAD, 1.0, 0.5), Reason("surface:x", 'y" 3: z.py:1:2: e', 0.5, None))
    risky = doubted(replace(scored(1, BAD, 0.9, BAD), reasons=reasons), BAD, BAD)
    author = replace(BY_AI, tool='t:1:1: error: "q" 7: x', evidence=(BAD,))
    whole = report(risky, failed(2, BAD, BAD), notes=(BAD,), note=BAD, author=author)
    deep = DeepReading(ModelInfo(BAD, BAD, 6, BAD), ArtifactInfo(f"{BAD}2", "ef" * 32), 9, 9)
    return replace(whole, artifact=ArtifactInfo(BAD, "cd" * 32), deep=deep)


def _deep() -> Report:
    """Of `auto`: two lines were read deep, whose features have the names of the others'.

    Their risks are smaller than those of the others, but rarer among lines that were read so.
    """
    return replace(
        report(
            scored(1, "def paid(invoice):", 0.12),
            replace(scored(2, "    return invoice.total > 0", 0.13), percentile=99.9, deep=True),
            replace(scored(3, "    # of the account", 0.072), percentile=99.0, deep=True),
            scored(40, "    retry(paid, times=0)", 0.71),
        ),
        features=(evidence("sae:417", "loops"),),
        deep=DeepReading(
            model=ModelInfo("larger-coder", "ba" * 32, 24, "int8"),
            artifact=ArtifactInfo("thorough", "dc" * 32, -4.5),
            budget=40_000,
            tokens=39_812,
            features=(evidence("sae:417", "money"),),
        ),
    )


def _names() -> Report:
    lines = [LineScore(ChangedLine(n, 3, n), 0.9 - i / 100, 99.0, ()) for i, n in enumerate(NAMES)]
    return report(*lines, *(failed(5, path=name) for name in NAMES))


def _long() -> Report:
    """Very long words, and the same line in two files: one fingerprint in both."""
    path = f"{'d' * 250}/{'e' * 250}.py"
    reasons = (Reason("sae:1", "label " * 400, 1.0, 1.0),)
    lines = [
        LineScore(ChangedLine(path, n, "x" * (20_000 if n < 3 else n)), 0.9, 99.9, reasons)
        for n in range(1, 60)
        if n % 7
    ]
    scores = [*lines, *(scored(9, "twin()", 0.8, path) for path in ("one.py", "two.py"))]
    findings = group(scores, lambda _score: True, lambda line: f"{len(line.text):016x}:1")
    return replace(report(*scores), findings=findings)


def _below() -> Report:
    made = report(
        scored(7, "if a:", 0.6),
        scored(20, "b = c / d", 0.4, "src/other file.py"),
        scored(40, "e()", 0.1),
        fail_on=FailOn.NEVER,
        author=BY_AI,
    )
    site = "https://github.com/octo/app"
    change = replace(made.change, head="2" * 40, date="2026-11-30", repository=site)
    return replace(made, change=change)


def _hidden() -> Report:
    """A file that git calls binary, one too large, one not listed, and lines that failed."""
    large = [Skipped(ChangedLine("big.py", n, "x"), "too large", True) for n in (1, 2, 5)]
    lost = [Failed(ChangedLine("src/app.py", n, "y"), "not in the head file") for n in (4, 5, 9)]
    outcomes: list[Outcome] = [scored(1, "x = 1", 0.2), *lost, *large]
    whole = report(*outcomes, note="code that git calls binary", min_coverage=0.1)
    ledger = count(outcomes, 2)
    verdict = decide(GateRules(policy=whole.policy), ledger, [(Level.LOW, GateStatus.BELOW)])
    return replace(whole, verdict=verdict, ledger=ledger)


CASES: dict[str, Report] = {
    "block": report(
        scored(10, "def paid(invoice):", 0.12),
        scored(11, "    return invoice.total > 0", 0.93),
        scored(12, "", 0.2),
        skipped(13),
        scored(40, "    retry(paid, times=0)", 0.71),
        skipped(3, "generated", "src/gen.py"),
        author=BY_AI,
    ),
    "pass": report(scored(1, "x = 1", 0.1), skipped(2), notes=("1 untracked file",), note="binary"),
    "incomplete": report(scored(1, "x = 1", 0.9), failed(2), failed(3)),
    "allowed": report(scored(1, "x = 1", 0.1), failed(2), min_coverage=0.0),
    "advisory": report(scored(1, "x = 1", 0.9), scored(2, "y = 2", 0.8), fail_on=FailOn.NEVER),
    "empty": report(),
    # A stricter limit for a path blocks; a line below the limit of its path is no error.
    "limits": report(
        scored(1, "a()", 0.4, "auth/a.py"),
        scored(1, "t()", 0.8, "tests/t.py"),
        fail_on_for=("auth/a.py=medium", "tests/t.py=0.95"),
    ),
    # The riskiest line was acknowledged: another one blocks.
    "excused": report(
        scored(1, "x = 1", 0.9),
        scored(9, "y = 2", 0.8),
        scored(10, "z", 0.7),
        counts=lambda line: line.number == 9,
    ),
    # The second line has the stronger doubts, and three reasons: one of them is shown.
    "expected": report(
        doubted(scored(7, "if job.Kind == wanted:", 0.81), "job.Kind", "job.ID", 0.05),
        doubted(
            doubted(scored(8, "    count = max_tokens < 0", 0.93), "max_tokens", "min_tokens"),
            "<",
            "<=",
            0.02,
        ),
        scored(30, "done()", 0.6),
    ),
    # One finding, then places below the level shown, of a commit on GitHub.
    "below": _below(),
    "hidden": _hidden(),
    "hostile": _hostile(),
    "names": _names(),
    "long": _long(),
    "deep": _deep(),
}

AI = Attribution(Author.AI, "claude", "opus", 0.9, ("trailer Co-Authored-By",), may_be_ai=True)
HUMAN = Attribution(Author.HUMAN, None, None, 0.6, ("a git-ai note",))
MIXED = Attribution(Author.MIXED, "cursor", None, 0.6, ("two notes disagree",), may_be_ai=True)
BOT = Attribution(Author.AUTOMATION, "renovate", None, 0.9, ("the committer",))
REFUND = (  # code, risk, author
    ("def refund(invoice, amount):", 0.05, AI),
    ("    if amount > invoice.total:", 0.62, AI),
    ('        raise ValueError("more than was paid")', 0.11, HUMAN),
    ("    for attempt in range(invoice.retries + 1):", 0.34, AI),
    ("        sent = gateway.send(invoice.account, -amount)", 0.71, AI),
    ("", 0.0, UNKNOWN),
    ("        if sent or attempt == invoice.retries - 1:", 0.93, AI),
    ("            break", 0.08, MIXED),
    ("    invoice.total -= amount", 0.41, HUMAN),
    ("    return sent", 0.02, BOT),
)
AUTHORS = {text: author for text, _, author in REFUND}
THREE_REASONS = (
    Reason("sae:417", "bounds of a loop", 1.234, 0.83),
    Reason("sae:893", "", 0.61, 0.4),
    Reason("surface:comparisons", "comparisons", 0.2, None),
)


def summed(number: int, text: str, risk: float, path: str, *reasons: Reason) -> LineScore:
    """A scored line whose rest and reasons add up to its risk."""
    rest = log(risk / (1 - risk)) - sum(reason.contribution for reason in reasons)
    recent = min(100.0, round(percentile_at(risk) + 0.1, 2))
    return replace(scored(number, text, risk, path), reasons=reasons, rest=rest, recent=recent)


def _page(
    *outcomes: Outcome,
    author: Callable[[ChangedLine], Attribution],
    more: tuple[FileReport, ...] = (),
    notes: tuple[str, ...] = (),
    features: tuple[FeatureEvidence, ...] | None = None,
) -> Report:
    whole = report(*outcomes, fail_on=FailOn.CRITICAL, author=author, notes=notes)
    known = (evidence("sae:417", "bounds of a loop"), evidence("sae:893", "", "python"))
    return replace(
        whole,
        files=(*(replace(file, removed=3) for file in whole.files), *more),
        features=known if features is None else features,
        recent=RecentInfo("3" * 40, "4" * 40, 5_000),
    )


def _refund() -> list[Outcome]:
    """Ten lines, one of them blank, with a gap before the last two."""
    path, numbers = "src/billing/refund.py", (*range(40, 48), 68, 69)
    return [
        summed(number, text, risk, path, *THREE_REASONS) if text else skipped(number, path=path)
        for number, (text, risk, _) in zip(numbers, REFUND, strict=True)
    ]


def rich() -> Report:
    """A change with findings, five kinds of author, a skipped file and two that were not read."""
    calm = [summed(n, f"x = {n}", 0.03 * n, "src/calm.py") for n in range(1, 6)]
    generated = [
        Skipped(ChangedLine("gen/api.py", n, f"call({n})"), "generated") for n in range(1, 30)
    ]
    return _page(
        *_refund(),
        *calm,
        *generated,
        author=lambda line: UNKNOWN if "gen" in line.path else AUTHORS.get(line.text, HUMAN),
        more=(
            FileReport("logo.png", None, FileKind.ADDED, None, "binary", 0, ()),
            FileReport("new/name.py", "old/name.py", FileKind.RENAMED, "python", None, 0, ()),
        ),
        notes=("1 untracked file is not part of the change",),
    )


def failing() -> Report:
    """A change of which not everything was read: the verdict is incomplete."""
    lost = [failed(n, path="src/billing/refund.py") for n in range(100, 104)]
    large = [Skipped(ChangedLine("big.py", n, "x"), "file too large", True) for n in range(1, 4)]
    return _page(*_refund(), *lost, *large, author=lambda line: AUTHORS.get(line.text, HUMAN))


def large(lines: int = 5_000, files: int = 20) -> Report:
    """A change of many lines, with a hundred findings."""
    authors = [author for *_, author in REFUND]
    outcomes = []
    for at in range(files):
        path = f"src/part{at % 7}/module{at}.py"
        for n in range(1, lines // files + 1):
            risk = 0.51 + (n % 40) / 100 if n % 50 == 7 else 0.001 + (n * 37 + at) % 100 / 250
            text = f"    result_{n} = compute(value_{n}, other={n % 9}, name='part {at}')  # {n}"
            outcomes.append(summed(n + n // 60 * 5, text, risk, path, *THREE_REASONS))
    return _page(*outcomes, author=lambda line: authors[line.number % 10])


def empty() -> Report:
    """A change that adds no line."""
    deleted = FileReport("a.py", None, FileKind.DELETED, "python", None, 7, ())
    return _page(author=lambda _line: UNKNOWN, more=(deleted,), features=())


def untrusted(text: str) -> Report:
    """A report with `text` wherever a change, an artifact or a report has a text."""
    author = Attribution(Author.AI, text, text, 0.9, (text, text), may_be_ai=True)
    reasons = (Reason("sae:1", text, 1.0, 0.5), Reason(text, "", 0.5, None))
    example = Exemplar(text, text, text, 3, text, text, (text, text), (0.0, 0.9))
    known = replace(
        evidence("sae:1", text, detects=text, tally=Tally(9, 4, 90, 9, 1.0)),
        languages=((text, 0.9),),
        exemplars=(example,) * 5,
        near_misses=(example,) * 2,
    )
    path = f"{text}/a"
    whole = _page(
        doubted(summed(1, text, 0.95, path, *reasons), text, text),
        summed(2, text, 0.2, path, *reasons),
        Skipped(ChangedLine(path, 3, text), text),
        Failed(ChangedLine(path, 9, text), text),
        author=lambda _line: author,
        more=(FileReport(f"{text}/b", f"{text}/c", FileKind.RENAMED, text, text, 0, ()),),
        notes=(text, text),
        features=(known,),
    )
    return replace(
        whole,
        model=ModelInfo(text, text, 6, text),
        artifact=ArtifactInfo(text, text),
        change=replace(whole.change, base=text, head=text),
        verdict=replace(whole.verdict, reasons=(text, text)),
    )
