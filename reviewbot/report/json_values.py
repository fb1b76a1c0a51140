"""Values that all our JSON formats share."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from reviewbot.authorship.model import Attribution, Author, totals
from reviewbot.escape import valid
from reviewbot.scoring.outcomes import ArtifactInfo, Expectation

if TYPE_CHECKING:  # `who` needs no numpy
    from reviewbot.report.model import ChangeInfo

MAX_NAME, MAX_WORDS = 1_000, 20_000  # characters, as in the schemas


def number(value: float | None, digits: int) -> float | None:
    """Return a rounded number; None if it is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits) + 0.0  # + 0.0: no "-0.0"


def change_json(change: "ChangeInfo") -> dict[str, Any]:
    """Return what was compared with what."""
    return {"base": change.base, "head": change.head}


def artifact_json(artifact: ArtifactInfo) -> dict[str, Any]:
    """Return the artifact that scored the lines."""
    average = number(artifact.average, 4)
    return {"name": artifact.name, "sha256": artifact.sha256, "average": average}


def expectation_json(one: Expectation) -> dict[str, Any]:
    """Return an expectation; its columns count characters of the line, from 0, `end` exclusive."""
    return {
        "start": one.start,
        "end": one.end,
        "found": one.found,
        "expected": one.expected,
        "found_probability": number(one.found_probability, 6),
        "expected_probability": number(one.expected_probability, 6),
    }


def clean(value: Any) -> Any:
    """Return a value as valid JSON: text without lone surrogates, None for non-finite numbers."""
    match value:
        case float() if not math.isfinite(value):
            return None
        case str():
            return valid(value)
        case dict():
            return {valid(key): clean(part) for key, part in value.items()}
        case list() | tuple():
            return [clean(part) for part in value]
        case _:
            return value


def author_json(author: Attribution) -> dict[str, Any]:
    """Return an attribution, bounded."""
    return {
        "kind": author.kind.value,
        "tool": author.tool and valid(author.tool)[:MAX_NAME],
        "model": author.model and valid(author.model)[:MAX_NAME],
        "confidence": round(author.confidence, 4),
        "evidence": [valid(words)[:MAX_WORDS] for words in author.evidence],
        "may_be_ai": author.may_be_ai,
    }


def totals_json(attributions: Iterable[Attribution]) -> dict[str, Any]:
    """Return the number of lines per kind of author, and per tool within a kind."""
    counts = totals(attributions)
    return {
        kind.value: {
            "lines": sum(counts.get(kind, {}).values()),
            "tools": {
                valid(tool): count for tool, count in sorted(counts.get(kind, {}).items()) if tool
            },
        }
        for kind in Author
    }
