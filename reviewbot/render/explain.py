"""`Explanation` -> text: for the terminal, and "reviewbot-explain/1" for other programs."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rich.text import Text

from reviewbot.escape import visible
from reviewbot.render.authors import written_by
from reviewbot.render.evidence import (
    exemplars,
    facts,
    feature_name,
    near_misses,
    reason_weight,
    where_words,
)
from reviewbot.render.phrasing import in_brackets, place_words, rise_words
from reviewbot.render.severity import words_of
from reviewbot.render.terminal_text import MAX_WIDTH, fitting, one_line, printed, wrapped
from reviewbot.report.explanation import (
    Explanation,
    log_odds_of,
    rest_of,
    risk_without,
    share_of_rise,
)
from reviewbot.report.json_values import artifact_json, author_json, clean, number
from reviewbot.scoring.feature_evidence import FeatureEvidence, evidence_to_json
from reviewbot.scoring.outcomes import Failed, LineScore, Reason, Skipped

SCHEMA = "reviewbot-explain/1"
NO_EVIDENCE = (
    "no evidence came with these features: `reviewbot train evidence` adds it to an artifact, and "
    "reports of that artifact carry it"
)
NOT_THIS = "no evidence of it came along; `reviewbot explain --feature {}` asks the artifact"
CAVEAT = "A pointer for where to look first, not a verdict: the sum is exact, its words are not."


def explain_terminal(found: Explanation, *, width: int, color: bool) -> str:
    """Return the line, its risk and author, each reason with its evidence, and the sum."""
    width = fitting(width)
    return printed(_lines(found, width), width=width, color=color)


def _lines(found: Explanation, width: int) -> Iterable[Text]:
    line = found.outcome.line
    yield Text(f"{visible(line.path)}:{line.number}", "bold")
    yield from _code(found, width)
    match found.outcome:
        case LineScore() as score:
            yield from _score(found, score, width)
        case Skipped(why=why, counts_as_unread=False):
            yield Text(f"not read, on purpose: {visible(why)}")
            yield from _author(found, width)
        case Skipped(why=why) | Failed(why=why):
            yield Text(f"should have been scored and was not: {visible(why)}", "bold yellow")
            yield from _author(found, width)
    for note in found.notes:
        yield Text(f"note: {visible(note)}", "dim")


def _code(found: Explanation, width: int) -> Iterable[Text]:
    here = found.outcome.line.number
    rows = found.around or ((here, found.outcome.line.text),)
    digits = len(str(rows[-1][0]))
    for at, text in rows:
        code = visible(text[: 4 * MAX_WIDTH].removesuffix("\r").expandtabs(4))
        sign = ">" if at == here else " "
        yield one_line(Text(f" {sign} {at:>{digits}} {code}", "" if at == here else "dim"), width)
    yield Text()


def _score(found: Explanation, score: LineScore, width: int) -> Iterable[Text]:
    than = place_words(score, found.recent)
    yield Text(f"risk {_risk(score.risk)}{in_brackets(words_of(found.gate_status))}, {than}")
    yield from _author(found, width)
    for place, reason in enumerate(score.reasons):
        yield Text()
        yield from _reason(found, score, reason, place, width)
    yield Text()
    yield from wrapped(_sum(score), width, 0)
    average = found.artifact.average
    if rise := rise_words(share_of_rise(score, average), average, len(score.reasons)):
        yield from wrapped(rise, width, 0)
    if score.reasons and not found.has_evidence:
        yield from wrapped(NO_EVIDENCE, width, 0)
    artifact, model = visible(found.artifact.name), visible(found.model.name)
    yield Text(f"read by {model}, scored by {artifact}. {CAVEAT}", "dim")


def _author(found: Explanation, width: int) -> Iterable[Text]:
    if by := written_by(found.author):
        evidence = "; ".join(map(visible, found.author.evidence))
        yield from wrapped(f"written by {by}{f': {evidence}' if evidence else ''}", width, 0)


def _reason(
    found: Explanation, score: LineScore, reason: Reason, place: int, width: int
) -> Iterable[Text]:
    name = feature_name(reason.feature, reason.label)
    shown = visible(reason.feature)
    yield from wrapped(f"because: {name} ({reason_weight(reason)}) [{shown}]", width, 0, "bold")
    now, then = _fine(score.risk), _fine(risk_without(score, place))
    yield Text(f"  without it the risk would be {then}, not {now}")
    known = found.evidence.get(reason.feature)
    if known:
        yield from evidence_lines(known, width)
    elif found.has_evidence:
        yield from wrapped(NOT_THIS.format(shown.removeprefix("sae:")), width, 2, "dim")


def evidence_lines(known: FeatureEvidence, width: int) -> Iterable[Text]:
    """Yield all that is known of a feature, indented."""
    for fact in facts(known):
        yield from wrapped(fact, width, 2)
    for title, examples in (
        (f"{where_words(known)}:", exemplars(known)),
        ("and not on:", near_misses(known)),
    ):
        if examples:
            yield Text(f"  {title}")
        for example in examples:
            yield from wrapped(example, width, 4, "dim")


def _sum(score: LineScore) -> str:
    total = log_odds_of(score)
    parts = [round(reason.contribution, 2) for reason in score.reasons]
    # What is rounded away goes to the rest, so that the sum that is shown holds.
    rest = round(round(total, 2) - sum(parts), 2)
    shown = " ".join([f"rest {rest:.2f}", *(f"+ {part:.2f}" for part in parts)])
    return f"{shown} = {total:.2f} log-odds, risk {_risk(score.risk)}"


def _risk(risk: float) -> str:
    if math.isnan(risk):
        return "unknown"
    return f"{risk:.2f}" if risk >= 0.1 else f"{risk:.3f}"


def _fine(risk: float) -> str:
    """Return a risk with a digit more: most features move it a little."""
    if math.isnan(risk):
        return "unknown"
    return f"{risk:.3f}" if risk >= 0.1 else f"{risk:.4f}"


def explain_json(found: Explanation) -> str:
    """Return the explanation as JSON, ASCII only; docs/formats.md says what stands where."""
    outcome = found.outcome
    score = outcome if isinstance(outcome, LineScore) else None
    value = {
        "schema": SCHEMA,
        "model": asdict(found.model),
        "artifact": artifact_json(found.artifact),
        "change": asdict(found.change),
        "line": {
            "path": outcome.line.path,
            "number": outcome.line.number,
            "text": outcome.line.text[:10_000],
            "status": _status(found),
            "why": None if isinstance(outcome, LineScore) else outcome.why,
            "risk": number(score.risk, 6) if score else None,
            "percentile": number(score.percentile, 2) if score else None,
            "recent": number(score.recent, 2) if score else None,
            "log_odds": number(log_odds_of(score), 4) if score else None,
            "rest": number(rest_of(score), 4) if score else None,
            "author": author_json(found.author),
            "standing": found.gate_status and found.gate_status.value,
        },
        "around": [{"number": at, "text": text[:10_000]} for at, text in found.around],
        "reasons": [_reason_json(found, score, n) for n in range(len(score.reasons))]
        if score
        else [],
        "has_evidence": found.has_evidence,
        "recent": found.recent and asdict(found.recent),
        "notes": found.notes,
    }
    return json.dumps(clean(value), indent=1, allow_nan=False) + "\n"


def _status(found: Explanation) -> str:
    match found.outcome:
        case LineScore():
            return "scored"
        case Skipped():
            return "skipped"
        case Failed():
            return "failed"


def _reason_json(found: Explanation, score: LineScore, place: int) -> dict[str, Any]:
    reason = score.reasons[place]
    known = found.evidence.get(reason.feature)
    return {
        "feature": reason.feature,
        "label": reason.label,
        "contribution": number(reason.contribution, 4),
        "activation": number(reason.activation, 4),
        "risk_without": number(risk_without(score, place), 6),
        "evidence": known and evidence_to_json(known),
    }
