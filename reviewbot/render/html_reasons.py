"""Reasons and the evidence of their features, as `report.html.j2` prints them."""

import math
from collections.abc import Mapping
from typing import Any

from reviewbot.authorship.model import Attribution, Author
from reviewbot.render.evidence import exemplar_html, facts, tally_words
from reviewbot.render.expectations import expectation_line, odds_words
from reviewbot.render.phrasing import author_kind, in_brackets, rise_words, risk_words, sentence
from reviewbot.render.phrasing import share as share_words
from reviewbot.report.explanation import share_of_rise
from reviewbot.report.model import Report
from reviewbot.scoring.feature_evidence import MAX_EXEMPLARS, MAX_NEAR_MISSES, FeatureEvidence
from reviewbot.scoring.outcomes import Expectation, LineScore, Reason
from reviewbot.scoring.reasons import MAX_REASONS

MAX_FEATURES = 300
MAX_LABEL = 120  # characters
MINUS = "\N{MINUS SIGN}"
# By feature and whether the deep artifact has it; each with its number in the page.
EvidenceByFeature = Mapping[tuple[str, bool], tuple[int, FeatureEvidence]]


def author_words(author: Attribution) -> str:
    """Return "AI (claude, opus)" or "unknown author"."""
    if author.kind is Author.UNKNOWN:
        return "unknown author"
    named = ", ".join(short(part) for part in (author.tool, author.model) if part)
    return f"{author_kind(author.kind)}{in_brackets(named)}"


def reasons_in_short(score: LineScore) -> str:
    """Return the reasons and their sum as one sentence."""
    named = ", ".join(
        f"{short(reason.label.strip()) or f'{short(reason.feature)} (unlabelled)'} "
        f"{_signed(reason.contribution)}"
        for reason in score.reasons[:MAX_REASONS]
    )
    total = sum_of(score)
    doubts = "".join(f"{expectation_line(one)}. " for one in score.expectations)
    raised = f"{doubts}{f'Raised by {named}; ' if named else 'No named reason; '}"
    if total is None:
        return f"{raised}risk {risk_words(score.risk)}"
    return (
        f"{raised}everything else {total['rest']}; log-odds {total['total']}, risk {total['risk']}"
    )


def sum_of(score: LineScore) -> dict[str, Any] | None:
    """Return the sum that gives the risk: the parts, the rest, the log-odds; None if unknown.

    The rest is the printed total minus the printed parts, so that the printed sum is exact; it
    differs from the report's by a hundredth per part at most.
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


def reasons_in_full(
    score: LineScore, author: Attribution, evidence: EvidenceByFeature, average: float | None
) -> dict[str, Any]:
    """Return everything the page says about a line in a place to look at.

    average  as `ArtifactInfo.average`
    """
    rise = rise_words(share_of_rise(score, average), average, len(score.reasons[:MAX_REASONS]))
    return {
        "expectations": [expectation_words(one) for one in score.expectations],
        "reasons": [
            reason_words(reason, evidence, deep=score.deep)
            for reason in score.reasons[:MAX_REASONS]
        ],
        "sum": sum_of(score),
        "rise": sentence(rise.replace("-", MINUS)) if rise else "",
        "author": author_words(author).removesuffix(" author"),
        "evidence": [short(words) for words in author.evidence[:8]],
    }


def expectation_words(one: Expectation) -> dict[str, str]:
    """Return one expectation."""
    return {"found": short(one.found), "expected": short(one.expected), "odds": odds_words(one)}


def reason_words(reason: Reason, evidence: EvidenceByFeature, *, deep: bool) -> dict[str, Any]:
    """Return one reason; `number` is its feature's in the page, 0 without examples."""
    number, known = evidence.get((reason.feature, deep), (0, None))
    return {
        "label": short(reason.label.strip()),
        "feature": short(reason.feature),
        "weight": _signed(reason.contribution),
        "active": "" if reason.activation is None else share_words(reason.activation),
        "number": number if known and known.exemplars else 0,
        "tally": tally_words(known) if known else "",
        "detects": short(known.detects or "") if known else "",
    }


def number_evidence(report: Report) -> EvidenceByFeature:
    """Number the features that have evidence, from 1."""
    found: dict[tuple[str, bool], tuple[int, FeatureEvidence]] = {}
    for deep, features in ((False, report.features), (True, report.deep and report.deep.features)):
        for evidence in (features or ())[:MAX_FEATURES]:
            found.setdefault((evidence.feature, deep), (len(found) + 1, evidence))
    return found


def feature_words(evidence: EvidenceByFeature) -> list[dict[str, Any]]:
    """Return what is known of each feature, in the order of their numbers."""
    found = []
    for number, known in evidence.values():
        tally = tally_words(known)
        found.append(
            {
                "number": number,
                "name": short(known.feature),
                "label": short(known.label.strip()),
                "detects": short(known.detects or ""),
                "tally": sentence(tally) if tally else "",
                "facts": [fact for fact in facts(known) if fact != tally],
                "exemplars": [exemplar_html(one) for one in known.exemplars[:MAX_EXEMPLARS]],
                "near_misses": [exemplar_html(one) for one in known.near_misses[:MAX_NEAR_MISSES]],
            }
        )
    return found


def short(text: str, most: int = MAX_LABEL) -> str:
    """Return a bounded piece of untrusted text as one line."""
    text = " ".join(text[: 4 * most].split())
    return text if len(text) <= most else text[:most] + "\N{HORIZONTAL ELLIPSIS}"


def _signed(value: float) -> str:
    text = f"{value:+.2f}"
    return text.replace("-", MINUS) if float(text) else "0.00"
