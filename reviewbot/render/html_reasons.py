"""Reasons and what is known of their features, as `report.html.j2` prints them."""

import math
from collections.abc import Mapping
from typing import Any

from reviewbot.authorship.model import Attribution, Author
from reviewbot.render.evidence import facts, pieces, place_of, tally_words
from reviewbot.render.phrasing import rise_words, risk_words, sentence
from reviewbot.report.explanation import share_of_rise
from reviewbot.report.model import Report
from reviewbot.scoring.feature_evidence import (
    MAX_EXEMPLARS,
    MAX_NEAR_MISSES,
    Exemplar,
    FeatureEvidence,
)
from reviewbot.scoring.outcomes import LineScore, Reason
from reviewbot.scoring.reasons import MAX_REASONS

MAX_FEATURES = 300
MAX_LABEL = 120  # characters
SHADES = (0.66, 0.33)  # shares of a feature's maximum from which a token is marked more strongly
LETTERS = {
    Author.AI: "A",
    Author.HUMAN: "H",
    Author.MIXED: "M",
    Author.AUTOMATION: "B",
    Author.UNKNOWN: "?",
}
Known = Mapping[
    str, tuple[int, FeatureEvidence]
]  # feature -> its number in the page, and what is known
NAMES = {Author.AI: "AI", Author.AUTOMATION: "bot"}


def author_words(author: Attribution | None) -> str:
    """Return "AI (claude, opus)", "unknown author"."""
    if author is None or author.kind is Author.UNKNOWN:
        return "unknown author"
    named = ", ".join(short(part) for part in (author.tool, author.model) if part)
    return NAMES.get(author.kind, author.kind.value) + (f" ({named})" if named else "")


def why_short(score: LineScore) -> str:
    """Return the reasons and their sum as one sentence."""
    named = ", ".join(f"{_name(r)} {_signed(r.contribution)}" for r in score.reasons[:MAX_REASONS])
    total = sum_of(score)
    if total is None:
        return f"Raised by {named or 'nothing known'}; risk {risk_words(score.risk)}"
    raised = f"Raised by {named}; " if named else "Nothing raised it; "
    return f"{raised}all else {total['rest']}; log-odds {total['total']}, risk {total['risk']}"


def sum_of(score: LineScore) -> dict[str, Any] | None:
    """Return the sum that makes the risk: the parts, all else, the log-odds; None if unknown.

    All else is what the printed parts leave of the printed total, so that the sum is right as it
    stands; it is within a hundredth per part of what the report holds.
    """
    if score.rest is None or not 0 < score.risk < 1:
        return None
    parts = [round(reason.contribution, 2) for reason in score.reasons[:MAX_REASONS]]
    total = round(math.log(score.risk / (1 - score.risk)), 2)
    return {
        "parts": [_signed(part) for part in parts],
        "rest": _signed(total - sum(parts)),
        "total": _signed(total),
        "risk": risk_words(score.risk),
    }


def why_full(
    score: LineScore, author: Attribution, known: Known, average: float | None
) -> dict[str, Any]:
    """Return everything the page says of a line that belongs to a place to look at.

    average  as `ArtifactInfo.average`
    """
    rise = rise_words(share_of_rise(score, average), average, len(score.reasons[:MAX_REASONS]))
    return {
        "reasons": [reason_of(reason, known) for reason in score.reasons[:MAX_REASONS]],
        "sum": sum_of(score),
        "rise": sentence(rise.replace("-", "\N{MINUS SIGN}")) if rise else "",
        "author": author_words(author).removesuffix(" author"),
        "evidence": [short(words) for words in author.evidence[:8]],
    }


def reason_of(reason: Reason, known: Known) -> dict[str, Any]:
    """Return one reason; `number` is that of its feature in the page, 0 where nothing is known."""
    number, found = known.get(reason.feature, (0, None))
    return {
        "label": short(reason.label.strip()),
        "feature": short(reason.feature),
        "weight": _signed(reason.contribution),
        "active": "" if reason.activation is None else f"{100 * reason.activation:.0f} %",
        "number": number if found and found.exemplars else 0,
        "tally": tally_words(found) if found else "",
        "detects": short(found.detects or "") if found else "",
    }


def known_of(report: Report) -> Known:
    """Number the features of which something is known, from 1."""
    found: dict[str, tuple[int, FeatureEvidence]] = {}
    for evidence in report.features[:MAX_FEATURES]:
        found.setdefault(evidence.feature, (len(found) + 1, evidence))
    return found


def features_of(known: Known) -> list[dict[str, Any]]:
    """Return what is known of each feature, in the order of their numbers."""
    return [_feature(number, evidence) for number, evidence in known.values()]


def _feature(number: int, found: FeatureEvidence) -> dict[str, Any]:
    tally = tally_words(found)
    return {
        "number": number,
        "name": short(found.feature),
        "label": short(found.label.strip()),
        "detects": short(found.detects or ""),
        "tally": sentence(tally) if tally else "",
        "facts": [fact for fact in facts(found) if fact != tally],
        "exemplars": [_exemplar(one) for one in found.exemplars[:MAX_EXEMPLARS]],
        "near_misses": [_exemplar(one) for one in found.near_misses[:MAX_NEAR_MISSES]],
    }


def _exemplar(one: Exemplar) -> dict[str, Any]:
    return {
        "place": place_of(one),
        "language": short(one.language),
        "pieces": [{"text": text, "shade": _shade(strength)} for text, strength in pieces(one)],
    }


def _shade(strength: float) -> int:
    """Return 0 for a piece that does not fire, 1 to 3 for one that does."""
    return 1 + sum(strength >= least for least in SHADES) if strength > 0 else 0


def _name(reason: Reason) -> str:
    return short(reason.label.strip()) or f"{short(reason.feature)} (unlabelled)"


def _signed(value: float) -> str:
    text = f"{value:+.2f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else "0.00"


def short(text: str, most: int = MAX_LABEL) -> str:
    """Return a bounded piece of foreign text as one line."""
    text = " ".join(text[: 4 * most].split())
    return text if len(text) <= most else text[:most] + "\N{HORIZONTAL ELLIPSIS}"
