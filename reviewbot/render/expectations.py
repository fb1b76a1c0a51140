"""What the model expected, in words. Both texts are code, so they are untrusted."""

from typing import Any

from reviewbot.diff.model import ChangedLine
from reviewbot.escape import visible
from reviewbot.render.untrusted import UntrustedText
from reviewbot.report.findings import Finding
from reviewbot.scoring.outcomes import Expectation

MAX_CHARS = 100  # of each text


def doubt_lines(finding: Finding) -> list[str]:
    """Return `expectation_line` of each of a finding's doubts; with its line if it has several."""
    return [f"{_place(finding, line)}{expectation_line(one)}" for line, one in finding.doubts]


def doubt_words(finding: Finding) -> list[dict[str, Any]]:
    """Return the parts of `doubt_lines` as Markdown templates print them."""
    return [
        {"place": _place(finding, line), **expectation_words(one)} for line, one in finding.doubts
    ]


def _place(finding: Finding, line: ChangedLine) -> str:
    return "" if finding.start == finding.end else f"line {line.number}, "


def expectation_line(one: Expectation) -> str:
    """Return "`x.Kind`: the model expected `x.ID` (0.62 against 0.001)", one line, not escaped.

    Control characters are shown as codes.
    """
    return f"`{_short(one.found)}`: the model expected `{_short(one.expected)}` ({odds_words(one)})"


def expectation_words(one: Expectation) -> dict[str, Any]:
    """Return the parts of `expectation_line` as Markdown templates print them."""
    return {
        "found": UntrustedText(one.found),
        "expected": UntrustedText(one.expected),
        "odds": odds_words(one),
    }


def odds_words(one: Expectation) -> str:
    """Return "0.62 against 0.001": the probabilities of the likeliest token and of the actual."""
    return f"{_probability(one.expected_probability)} against {_probability(one.found_probability)}"


def _probability(value: float) -> str:
    if value < 0.001:
        return "below 0.001"
    return "over 0.99" if value > 0.99 else f"{value:.2g}"


def _short(text: str) -> str:
    return visible(" ".join(text.split())[:MAX_CHARS])
