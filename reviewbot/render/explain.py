"""`Explanation` -> text: for the terminal, and "reviewbot-explain/1" for other programs."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rich.text import Text

from reviewbot.escape import visible
from reviewbot.render.evidence import (
    exemplars,
    facts,
    feature_name,
    near_misses,
    reason_weight,
    where_words,
)
from reviewbot.render.expectations import expectation_line
from reviewbot.render.findings import status_words
from reviewbot.render.phrasing import author_words, level_words, rise_words, risk_words
from reviewbot.render.terminal_text import code_text, fitting, one_line, printed, wrapped
from reviewbot.report.explanation import (
    Explanation,
    log_odds_of,
    rest_of,
    risk_without,
    share_of_rise,
)
from reviewbot.report.json_values import (
    artifact_json,
    author_json,
    change_json,
    clean,
    expectation_json,
    number,
)
from reviewbot.scoring.feature_evidence import FeatureEvidence, evidence_to_json
from reviewbot.scoring.outcomes import Failed, LineScore, Skipped

SCHEMA = "reviewbot-explain/1"
NO_EVIDENCE = (
    "no evidence exists for these features: `reviewbot train evidence` adds it to an artifact, and "
    "reports of that artifact contain it"
)
NOT_INCLUDED = (
    "no evidence of it is included; `reviewbot explain --feature {}` shows the artifact's"
)
CAVEAT = "A pointer for where to look first, not a verdict: the sum is exact, its words are not."


def explain_terminal(explanation: Explanation, *, width: int, color: bool) -> str:
    """Return the line, its risk and author, each reason with its evidence, and the sum."""
    width = fitting(width)
    return printed(_lines(explanation, width), width=width, color=color)


def _lines(explanation: Explanation, width: int) -> Iterable[Text]:
    outcome = explanation.line.outcome
    yield Text(f"{visible(outcome.line.path)}:{outcome.line.number}", "bold")
    rows = explanation.around or ((outcome.line.number, outcome.line.text),)
    digits = len(str(rows[-1][0]))
    for at, text in rows:
        sign, style = (">", "") if at == outcome.line.number else (" ", "dim")
        yield one_line(Text(f" {sign} {at:>{digits}} {code_text(text)}", style), width)
    yield Text()
    match outcome:
        case LineScore() as score:
            yield from _score(explanation, score, width)
        case Skipped(why=why, counts_as_unread=False):
            yield Text(f"skipped: {visible(why)}")
            yield from _author(explanation, width)
        case Skipped(why=why) | Failed(why=why):
            yield Text(f"should have been scored and was not: {visible(why)}", "bold yellow")
            yield from _author(explanation, width)
    for note in explanation.report.notes:
        yield Text(f"note: {visible(note)}", "dim")


def _score(explanation: Explanation, score: LineScore, width: int) -> Iterable[Text]:
    report = explanation.report
    status = status_words(explanation.line.gate_status, score)
    yield from wrapped(level_words(score, report.recent, status), width, 0)
    yield from _author(explanation, width)
    for one in score.expectations:
        yield Text()
        yield from wrapped(expectation_line(one), width, 0, "bold")
    for place in range(len(score.reasons)):
        yield Text()
        yield from _reason(explanation, score, place, width)
    yield Text()
    yield from wrapped(sum_words(score), width, 0)
    read_by = report.read_by(score)
    average = read_by.artifact.average
    if rise := rise_words(share_of_rise(score, average), average, len(score.reasons)):
        yield from wrapped(rise, width, 0)
    if score.reasons and not explanation.has_evidence:
        yield from wrapped(NO_EVIDENCE, width, 0)
    model, artifact = visible(read_by.model.name), visible(read_by.artifact.name)
    yield Text(f"read by {model}, scored by {artifact}. {CAVEAT}", "dim")


def _author(explanation: Explanation, width: int) -> Iterable[Text]:
    author = explanation.line.author
    if by := author_words(author):
        evidence = "; ".join(map(visible, author.evidence))
        yield from wrapped(f"written by {by}{f': {evidence}' if evidence else ''}", width, 0)


def _reason(explanation: Explanation, score: LineScore, place: int, width: int) -> Iterable[Text]:
    reason = score.reasons[place]
    name, feature = feature_name(reason.feature, reason.label), visible(reason.feature)
    yield from wrapped(f"because: {name} ({reason_weight(reason)}) [{feature}]", width, 0, "bold")
    now, then = _risk(score.risk), _risk(risk_without(score, place))
    yield Text(f"  without it the risk would be {then}, not {now}")
    if evidence := explanation.evidence.get(reason.feature):
        yield from evidence_lines(evidence, width)
    elif explanation.has_evidence:
        yield from wrapped(NOT_INCLUDED.format(feature.removeprefix("sae:")), width, 2, "dim")


def evidence_lines(evidence: FeatureEvidence, width: int) -> Iterable[Text]:
    """Yield everything known of a feature, indented."""
    for fact in facts(evidence):
        yield from wrapped(fact, width, 2)
    for title, examples in (
        (f"{where_words(evidence)}:", exemplars(evidence)),
        ("and not on:", near_misses(evidence)),
    ):
        if examples:
            yield Text(f"  {title}")
        for example in examples:
            yield from wrapped(example, width, 4, "dim")


def sum_words(score: LineScore) -> str:
    """Return "everything else -3.10 + 1.23 = -1.87 log-odds, risk 0.13"; the sum is exact."""
    total = log_odds_of(score)
    parts = [round(reason.contribution, 2) for reason in score.reasons]
    rest = round(round(total, 2) - sum(parts), 2)  # the rest takes what rounding removes
    shown = " ".join([f"everything else {rest:.2f}", *(f"+ {part:.2f}" for part in parts)])
    return f"{shown} = {total:.2f} log-odds, risk {risk_words(score.risk)}"


def _risk(risk: float) -> str:
    """Return a risk with a digit more than `risk_words`, so that a small difference shows."""
    return "unknown" if math.isnan(risk) else f"{risk:.{3 if risk >= 0.1 else 4}f}"


def explain_json(explanation: Explanation) -> str:
    """Return the explanation as JSON, ASCII only; docs/formats.md describes the keys."""
    report, line = explanation.report, explanation.line
    outcome = line.outcome
    score = outcome if isinstance(outcome, LineScore) else None
    read_by = report.read_by(score) if score else report
    value = {
        "schema": SCHEMA,
        "model": asdict(read_by.model),
        "artifact": artifact_json(read_by.artifact),
        "change": change_json(report.change),
        "line": {
            "path": outcome.line.path,
            "number": outcome.line.number,
            "text": outcome.line.text[:10_000],
            "status": _STATUS[type(outcome)],
            "why": None if isinstance(outcome, LineScore) else outcome.why,
            "level": score.level.value if score else None,
            "risk": number(score.risk, 6) if score else None,
            "percentile": number(score.percentile, 2) if score else None,
            "recent": number(score.recent, 2) if score else None,
            "log_odds": number(log_odds_of(score), 4) if score else None,
            "rest": number(rest_of(score), 4) if score else None,
            "author": author_json(line.author),
            "standing": line.gate_status,
        },
        "expectations": [expectation_json(one) for one in score.expectations] if score else [],
        "around": [{"number": at, "text": text[:10_000]} for at, text in explanation.around],
        "reasons": _reasons_json(explanation, score) if score else [],
        "has_evidence": explanation.has_evidence,
        "recent": report.recent and asdict(report.recent),
        "notes": report.notes,
    }
    return json.dumps(clean(value), indent=1, allow_nan=False) + "\n"


_STATUS: dict[type, str] = {LineScore: "scored", Skipped: "skipped", Failed: "failed"}


def _reasons_json(explanation: Explanation, score: LineScore) -> list[dict[str, Any]]:
    evidence = explanation.evidence
    return [
        {
            "feature": reason.feature,
            "label": reason.label,
            "contribution": number(reason.contribution, 4),
            "activation": number(reason.activation, 4),
            "risk_without": number(risk_without(score, place), 6),
            "evidence": (known := evidence.get(reason.feature)) and evidence_to_json(known),
        }
        for place, reason in enumerate(score.reasons)
    ]
