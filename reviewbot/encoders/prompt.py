"""The reading plan: what the model is shown before the lines that are scored.

It is part of the artifact: a predictor is valid only for states that were read in the same way as
its training states.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any

from reviewbot.diff.languages import comment, language_of

MAX_DESCRIPTION = 2_000  # characters; untrusted text must not push the code out of the context


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPlan:
    """How a file is laid out for the model. The code itself always comes last, unchanged."""

    path: bool = True  # the file's path as a first comment line
    description: bool = False  # what the code was asked to do, as comment lines
    copies: int = 1  # 2: the code is shown twice, and states come from the second copy
    context: int = 2048  # tokens per window, the preamble included
    overlap: int = 512  # tokens that a window repeats of the one before

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a manifest contains it."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> "ReadingPlan":
        """Read a plan from a manifest; ValueError for unknown keys, wrong types or sizes."""
        if not isinstance(data, dict):
            raise ValueError("the reading plan is not a JSON object")
        types = {field.name: field.type for field in fields(ReadingPlan)}
        if unknown := sorted(data.keys() - types.keys()):
            raise ValueError(f"unknown key {unknown[0]!r} in the reading plan")
        for key, value in data.items():
            if type(value) is not types[key]:
                raise ValueError(f"reading plan: {key} must be {types[key]}")
        plan = ReadingPlan(**data)
        if plan.copies != 1:
            raise ValueError("reading plan: this version reads the code once (copies = 1)")
        # The preamble may take half of the context; a window must still hold more than the overlap.
        if not 0 <= 2 * plan.overlap < plan.context <= 32_768:
            raise ValueError("reading plan: 0 <= 2 * overlap < context <= 32768 must hold")
        return plan


def preamble(plan: ReadingPlan, path: str, description: str = "") -> str:
    """Return the text shown before the code: comment lines in the language's own syntax.

    path         repository path; untrusted; made one line and bounded
    description  what the code was asked to do; ignored unless the plan asks for it
    """
    language = language_of(path)
    if language is None:
        return ""
    parts = [path[-200:]] if plan.path else []
    if plan.description and description:
        parts += description[:MAX_DESCRIPTION].split("\n")
    return "".join(comment(language, part) + "\n" for part in parts)
