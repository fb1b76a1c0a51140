"""The reading plan: what the model is shown before the lines that are scored.

It is part of the artifact: a predictor is valid only for states that were read in the same way as
its training states.
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from reviewbot.diff.languages import comment, language_of
from reviewbot.encoders.pieces import JOIN, LONGEST
from reviewbot.models.registry import MAX_TOKENS

MAX_DESCRIPTION = 2_000  # characters; untrusted text must not push the code out of the context


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """A change is read in pieces of at most `lines` lines, each with the code around it.

    With marks the code behind a piece is shown, too; the piece comes last. A window holds at most
    `before` + `after` + `text` + `preamble` + 4 tokens.
    """

    # Token numbers of the model: before the code before, the code behind, the piece; at its end.
    # None: the model knows none, so only the code before is shown
    marks: tuple[int, int, int, int] | None = None
    lines: int = LONGEST  # of a piece
    join: int = JOIN  # lines between two runs of added lines that are read as one run
    before: int = 256  # tokens
    after: int = 128  # tokens
    preamble: int = 96  # tokens
    text: int = 1024  # tokens of a piece; a longer one is halved

    @staticmethod
    def from_json(data: Any) -> "Pieces | None":
        """Read the layout from a manifest; ValueError if it is not what `to_json` writes."""
        if data is None:
            return None
        names = [field.name for field in fields(Pieces)]
        if not isinstance(data, dict) or sorted(data) != sorted(names):
            raise ValueError(f"reading plan: pieces must hold {', '.join(names)}")
        numbers = [data[name] for name in names if name != "marks"]
        marks = [] if data["marks"] is None else data["marks"]
        if not isinstance(marks, list) or len(marks) not in (0, 4):
            raise ValueError("reading plan: pieces need four marks or null")
        if any(type(number) is not int or not 0 <= number < 2**31 for number in (*numbers, *marks)):
            raise ValueError("reading plan: pieces hold whole numbers, none negative")
        if (
            data["lines"] < 2
            or data["before"] < 1
            or data["text"] < 1
            or sum(numbers) + 4 > MAX_TOKENS
        ):
            raise ValueError("reading plan: the sizes of pieces are too small or too large")
        return Pieces(**{**data, "marks": tuple(marks) or None})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingPlan:
    """How a file is laid out for the model. The lines that are scored always come last."""

    path: bool = True  # the file's path as a first comment line
    description: bool = False  # what the code was asked to do, as comment lines
    copies: int = 1  # 2: the code is shown twice, and states come from the second copy
    context: int = 2048  # tokens per window, the preamble included
    overlap: int = 512  # tokens that a window repeats of the one before
    pieces: Pieces | None = None  # None: a file is read from its start, window by window

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a manifest contains it."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> "ReadingPlan":
        """Read a plan from a manifest; ValueError for unknown keys, wrong types or sizes."""
        if not isinstance(data, dict):
            raise ValueError("the reading plan is not a JSON object")
        types = {field.name: field.type for field in fields(ReadingPlan)}
        data = dict(data)
        if unknown := sorted(data.keys() - types.keys()):
            raise ValueError(f"unknown key {unknown[0]!r} in the reading plan")
        pieces = Pieces.from_json(data.pop("pieces", None))
        for key, value in data.items():
            if type(value) is not types[key]:
                raise ValueError(f"reading plan: {key} must be {types[key]}")
        plan = replace(ReadingPlan(**data), pieces=pieces)
        if plan.copies != 1:
            raise ValueError("reading plan: this version reads the code once (copies = 1)")
        # The preamble may take half of the context; a window must still hold more than the overlap.
        if not 0 <= 2 * plan.overlap < plan.context <= MAX_TOKENS:
            raise ValueError(f"reading plan: 0 <= 2 * overlap < context <= {MAX_TOKENS} must hold")
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
