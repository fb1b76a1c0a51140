"""Values as every JSON that we write has them."""

import math
from typing import Any

from reviewbot.core.report import ArtifactInfo
from reviewbot.render.escape import valid


def number(value: float | None, digits: int) -> float | None:
    """Return a number rounded; None for one that is not finite."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits) + 0.0  # + 0.0: no "-0.0"


def artifact_json(artifact: ArtifactInfo) -> dict[str, Any]:
    """Return what scored the lines, as every JSON report has it."""
    average = number(artifact.average, 4)
    return {"name": artifact.name, "sha256": artifact.sha256, "average": average}


def clean(value: Any) -> Any:
    """Return a value that is JSON: texts can be written as UTF-8, what is not finite is None."""
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
