"""What a correction changes, and which line stands in the place of a wrong one."""

import pytest

from reviewbot.diff.languages import language_of
from reviewbot.diff.model import ChangedLine
from reviewbot.scoring.line_features import CodeFile
from reviewbot.train.changes import LineLabel, Verdict
from reviewbot.train.corrections import Block, compare, is_normalised

PATH = "a.py"


def code(*lines: str) -> CodeFile:
    """A file whose lines are all added; those with a letter or digit are wanted."""
    added = tuple(ChangedLine(PATH, n, line) for n, line in enumerate(lines, 1))
    wanted = tuple(line for line in added if any(map(str.isalnum, line.text)))
    return CodeFile(PATH, language_of(PATH), lines, added, wanted)


def labels(verdict: Verdict, *numbers: int, path: str = PATH) -> list[LineLabel]:
    return [LineLabel(path=path, number=n, verdict=verdict, probability=1.0) for n in numbers]


def wrong(*numbers: int, path: str = PATH) -> list[LineLabel]:
    return labels(Verdict.WRONG, *numbers, path=path)


@pytest.mark.parametrize(
    ("head", "after", "known", "blocks", "changed"),
    [
        (["x = 1", "y = 2"], ["x = 1", "y = 3"], wrong(2), [(2, 2)], (2,)),
        (["", "a", "y = 2"], ["a", "y = 3"], wrong(3), [(3, 2)], (2,)),
        # Added lines are set against the line they push down.
        (["a", "b"], ["a", "guard", "b"], wrong(2), [(2, 2)], (2,)),
        # Removed lines are set against the line that closes the gap, or the last one.
        (["a", "bad", "b"], ["a", "b"], wrong(2), [(2, 2)], ()),
        (["a", "b", "bad"], ["a", "b"], wrong(3), [(3, 2)], ()),
        # A difference makes no pair where no label of this file calls the line wrong.
        (["x = 1", "y = 2"], ["x = 1", "y = 3"], wrong(1), [], (2,)),
        (["x = 1", "y = 2"], ["x = 1", "y = 3"], wrong(2, path="b.py"), [], (2,)),
        (["x = 1", "y = 2"], ["x = 1", "y = 3"], labels(Verdict.RELATED, 2), [], (2,)),
        # Lines that `check` does not read are no part of it.
        (["x = 1", "{"], ["x = 1", "}"], wrong(2), [], ()),
        # What takes the place of a masked line is as unknown as that line.
        (["x", "y"], ["X", "Y"], [*wrong(1), *labels(Verdict.MASKED, 2)], [(1, 1)], (1,)),
        (["x", "y"], ["X", "Y", "Z"], [*wrong(1), *labels(Verdict.MASKED, 2)], [], ()),
    ],
)
def test_a_wrong_line_pairs_with_the_line_in_its_place(
    head: list[str],
    after: list[str],
    known: list[LineLabel],
    blocks: list[tuple[int, int]],
    changed: tuple[int, ...],
) -> None:
    found = compare(code(*head), code(*after), known)

    assert found.blocks == tuple(Block((old,), (new,)) for old, new in blocks)
    assert found.changed == changed
    needed = {*changed, *(new for _, new in blocks)}
    assert {line.number for line in found.file.wanted} == needed


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        (("a", "c", "", "d "), True),
        (("a", "    b", "", "d "), True),  # indentation is what a line says
        (("a", "c", "", "d"), False),  # a trailing blank less elsewhere
        (("a", "c ", "", "d "), False),  # a trailing blank more in the corrected line
        (("a", "b ", "", "d "), False),  # nothing but a trailing blank
        (("a", "c", "", "d ", ""), False),  # a blank line more at the end
        (("a", "c", "d "), False),  # a blank line less
        (("a", "", "", "d "), False),  # a line emptied
        (("a", "c", "", "e "), False),  # another line, which is not wrong
        (("a", "b", "", "d "), False),  # nothing
    ],
)
def test_a_normalised_correction_changes_what_wrong_lines_say_and_nothing_else(
    fixed: tuple[str, ...], expected: bool
) -> None:
    old = ("a", "b", "", "d ")

    assert is_normalised(old, fixed, {2}) is expected
    assert compare(code(*old), code(*fixed), wrong(2)).normalised is expected
