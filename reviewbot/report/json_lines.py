"""Reads the lines of a report file, which may be untrusted: see `json_reader`."""

from collections.abc import Mapping
from typing import Any

from reviewbot.authorship.model import Attribution, Author
from reviewbot.diff.model import ChangedLine
from reviewbot.diff.skip_rules import SkipReason
from reviewbot.report.explanation import log_odds_of, sigmoid
from reviewbot.scoring.outcomes import Expectation, Failed, LineScore, Outcome, Reason, Skipped

MAX_LOG_ODDS = 1e6  # of a part of a sum; a float holds its four decimal digits exactly enough
UNREAD = frozenset(reason.value for reason in SkipReason if reason.counts_as_unread)


class Refused(Exception):
    """Why a report cannot be used."""


def outcome_of(path: str, value: Mapping[str, Any], names: tuple[str, str | None]) -> Outcome:
    """Read what became of a line of a file.

    names   of the artifact, and of that of the second reading
    raises  Refused if the line contradicts itself
    """
    line = ChangedLine(path, int(value["number"]), value["text"])  # 1.0 is an integer in JSON
    match value["status"]:
        case "scored":
            reasons = tuple(
                Reason(r["feature"], r["label"], number_of(r["contribution"]), r["activation"])
                for r in value["reasons"]
            )
            risk, percentile = number_of(value["risk"]), number_of(value["percentile"])
            more = (value["surprisal"], value["rest"], value["recent"])
            if (name := value["scored_by"]) not in names:
                raise Refused(f"it does not describe the artifact of line {line.number}")
            score = LineScore(
                line,
                risk,
                percentile,
                reasons,
                *more,
                deep=name != names[0],
                expectations=tuple(_expectation(line, e) for e in value["expectations"]),
            )
            if not _adds_up(score):
                raise Refused(f"the parts of a risk do not add up to it, in line {line.number}")
            return score
        case "skipped":
            return Skipped(line, value["why"], counts_as_unread=value["why"] in UNREAD)
        case _:
            return Failed(line, value["why"])


def _expectation(line: ChangedLine, value: Mapping[str, Any]) -> Expectation:
    one = Expectation(**{**value, "start": int(value["start"]), "end": int(value["end"])})
    fits = one.found.strip() and one.found == line.text[one.start : one.end]
    fits = fits and len(one.found) == one.end - one.start
    if not fits or not one.found_probability < one.expected_probability:
        raise Refused(f"an expectation does not fit line {line.number}")
    return one


def _adds_up(score: LineScore) -> bool:
    """Return True if rest and contributions give the risk, within rounding.

    Without a rest, only their size is checked.
    """
    parts = [reason.contribution for reason in score.reasons]
    if any(abs(part) > MAX_LOG_ODDS for part in parts):
        return False
    if score.rest is None:
        return True
    total, slack = log_odds_of(score), 6e-5 * (len(parts) + 1)  # each is rounded to 4 digits
    low, high = sigmoid(total - slack) - 6e-7, sigmoid(total + slack) + 6e-7  # the risk to 6
    return abs(score.rest) <= MAX_LOG_ODDS and low <= score.risk <= high  # NaN is not


def author_of(value: Mapping[str, Any]) -> Attribution:
    """Read an attribution."""
    return Attribution(
        Author(value["kind"]),
        value["tool"],
        value["model"],
        value["confidence"],
        tuple(value["evidence"]),
        value["may_be_ai"],
    )


def number_of(value: float | None) -> float:
    """Read a number that may be unknown: NaN."""
    return float("nan") if value is None else float(value)
