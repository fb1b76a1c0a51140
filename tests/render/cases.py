"""The reports that the formats are tried with: plain ones, and those of a stranger."""

from dataclasses import replace

from reviewbot.diff.model import ChangedLine
from reviewbot.report.findings import group
from reviewbot.report.gate import GateRules, GateStatus, count, decide
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import ArtifactInfo, Failed, LineScore, Outcome, Reason, Skipped
from tests.render.reports import BY_AI, failed, report, scored, skipped

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
    """The same bad text wherever a stranger can write: path, code, label, tool, reason, note."""
    reasons = (Reason("sae:1", BAD, 1.0, 0.5), Reason("surface:x", 'y" 3: z.py:1:2: e', 0.5, None))
    risky = replace(scored(1, BAD, 0.9, BAD), reasons=reasons)
    author = replace(BY_AI, tool='t:1:1: error: "q" 7: x', evidence=(BAD,))
    made = report(risky, failed(2, BAD, BAD), notes=(BAD,), note=BAD, author=author)
    return replace(made, artifact=ArtifactInfo(BAD, "cd" * 32))


def _names() -> Report:
    lines = [LineScore(ChangedLine(n, 3, n), 0.9 - i / 100, 99.0, ()) for i, n in enumerate(NAMES)]
    return report(*lines, *(failed(5, path=name) for name in NAMES))


def _long() -> Report:
    """Words without end, and the same line in two files: one fingerprint in both."""
    path = f"{'d' * 250}/{'e' * 250}.py"
    reasons = (Reason("sae:1", "label " * 400, 1.0, 1.0),)
    lines = [
        LineScore(ChangedLine(path, n, "x" * (20_000 if n < 3 else n)), 0.9, 90.0, reasons)
        for n in range(1, 60)
        if n % 7
    ]
    twins = [scored(9, "twin()", 0.8, "one.py"), scored(9, "twin()", 0.8, "two.py")]
    made = report(*lines, *twins)
    scores = [*lines, *twins]
    return replace(made, findings=group(scores, 0.5, lambda line: f"{len(line.text):016x}:1"))


def _limits() -> Report:
    """A stricter limit for a path blocks; what stands below its own limit is no error."""
    outcomes = [scored(1, "a()", 0.4, "auth/a.py"), scored(1, "t()", 0.8, "tests/t.py")]
    return report(*outcomes, max_risk=0.6, max_risk_for={"auth/a.py": 0.3, "tests/t.py": 0.95})


def _excused() -> Report:
    """The riskiest line was acknowledged: the other one blocks."""
    outcomes = [scored(1, "x = 1", 0.9), scored(9, "y = 2", 0.8), scored(10, "z", 0.7)]
    return report(*outcomes, counts=lambda line: line.number == 9)


def _hidden() -> Report:
    """A file that git calls binary, one too large, one that nobody lists, and lines that failed."""
    large = [Skipped(ChangedLine("big.py", n, "x"), "too large", True) for n in (1, 2, 5)]
    lost = [Failed(ChangedLine("src/app.py", n, "y"), "not in the head file") for n in (4, 5, 9)]
    outcomes: list[Outcome] = [scored(1, "x = 1", 0.2), *lost, *large]
    made = report(*outcomes, note="code that git calls binary")
    policy = replace(made.policy, min_coverage=0.1)
    return replace(
        made,
        policy=policy,
        verdict=decide(GateRules(policy=policy), count(outcomes, 2), [GateStatus.BELOW]),
        ledger=count(outcomes, 2),
    )


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
    "informational": report(scored(1, "x = 1", 0.9), scored(2, "y = 2", 0.8), informational=True),
    "empty": report(),
    "limits": _limits(),
    "excused": _excused(),
    "hidden": _hidden(),
    "hostile": _hostile(),
    "names": _names(),
    "long": _long(),
}
