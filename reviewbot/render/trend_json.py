"""The trend for other programs: "reviewbot-trend/1", the same numbers as on the page."""

import json
from collections.abc import Sequence
from typing import Any

from reviewbot.core.authors import Author
from reviewbot.core.share import Share
from reviewbot.core.weeks import Trend, Week
from reviewbot.render.escape import valid

SCHEMA = "reviewbot-trend/1"


def trend_json(trend: Trend) -> str:
    """Return the trend as JSON: ASCII only, same input, same bytes, one newline at the end."""
    value = {
        "schema": SCHEMA,
        "days": trend.days,
        "weeks": [_week(week) for week in trend.weeks],
        "total": _numbers(trend.total),
        "rulers": [
            {
                "model": valid(ruler.model),
                "layer": ruler.layer,
                "artifact": valid(ruler.artifact),
                "artifact_sha256": valid(ruler.artifact_sha256),
                "max_risk": ruler.max_risk,
                "limits": _valid(ruler.limits),
                "show_above": ruler.show_above,
                "scope": ruler.scope,
                "gate_scope": ruler.gate_scope,
                "max_lines_over": ruler.max_lines_over,
                "min_lines": ruler.min_lines,
                "min_coverage": ruler.min_coverage,
            }
            for ruler in trend.rulers
        ],
        "left_out": {
            "repeated": trend.repeated,
            "older": trend.older,
            "undated": _valid(trend.undated),
            "broken": [{"file": valid(file), "why": valid(why)} for file, why in trend.broken],
        },
        "same_base": trend.same_base,
        "unmatched_records": trend.unmatched,
        "unknown_outcomes": dict(trend.unknown),
        "notes": _valid(trend.notes),
    }
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def iso(week: Week) -> str:
    """Return "2026-W47"."""
    year, number, _ = week.monday.isocalendar()
    return f"{year}-W{number:02d}"


def _week(week: Week) -> dict[str, Any]:
    return {
        "week": iso(week),
        "monday": week.monday.isoformat(),
        **_numbers(week),
        "rulers": list(week.rulers),
        "changed": week.changed,
    }


def _numbers(week: Week) -> dict[str, Any]:
    per_thousand = week.per_thousand
    return {
        "reports": week.reports,
        "added": week.added,
        "scored": week.scored,
        "unread": week.unread,
        "coverage": _value(week.coverage),
        "over": week.over,
        "not_counted": week.not_counted,
        "findings": week.findings,
        "findings_per_thousand": None if per_thousand is None else round(per_thousand, 4),
        "authors": {author.value: week.authors.get(author, 0) for author in Author},
        "ai_share": _value(week.known_ai),
        "blocked": week.blocked,
        "incomplete": week.incomplete,
        "acks": week.acks,
        "fixed": week.fixed,
        "fine": week.fine,
        "unknown": week.unknown,
        "precision": _precision(week.precision),
    }


def _precision(share: Share | None) -> dict[str, Any] | None:
    if share is None:
        return None
    low, high = share.interval
    return {"value": _value(share), "low": round(low, 6), "high": round(high, 6), "n": share.of}


def _value(share: Share | None) -> float | None:
    return None if share is None else round(share.value, 6)


def _valid(texts: Sequence[str]) -> list[str]:
    return [valid(text) for text in texts]
