"""The reading plan and what it shows the model first."""

from typing import Any

import pytest

from reviewbot.encoders.prompt import MAX_DESCRIPTION, ReadingPlan, preamble

PLAN = ReadingPlan(description=True)


def test_a_plan_survives_its_manifest() -> None:
    plan = ReadingPlan(path=False, description=True, context=64, overlap=8)

    assert ReadingPlan.from_json(plan.to_json()) == plan


WRONG_TYPES: list[Any] = [{"path": 1}, {"context": True}, {"context": "2048"}, ["path"]]
WRONG_VALUES = [{"paht": True}, {"copies": 2}, {"context": 100, "overlap": 50}]
WRONG_VALUES += [{"overlap": -1}, {"context": 4_097}]


@pytest.mark.parametrize("data", WRONG_TYPES + WRONG_VALUES, ids=str)
def test_a_plan_that_we_cannot_follow_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="reading plan"):
        ReadingPlan.from_json(data)


def test_the_path_and_the_description_are_comment_lines_in_the_file_s_language() -> None:
    assert preamble(PLAN, "a/b.py", "adds\ntwo") == "# a/b.py\n# adds\n# two\n"
    assert preamble(PLAN, "b.go", "adds") == "// b.go\n// adds\n"
    assert preamble(PLAN, "x\nimport os\u2028y.py") == "# x import os y.py\n"  # no way out
    assert preamble(ReadingPlan(path=False), "a.py", "adds") == ""


def test_untrusted_text_cannot_push_the_code_away() -> None:
    shown = preamble(PLAN, "d/" * 5_000 + "x.py", "word\n" * 5_000)

    assert len(shown) < 200 + 4 * MAX_DESCRIPTION
