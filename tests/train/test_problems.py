"""One name per problem: what stands in two sets, or two languages, is never split."""

import pytest

from reviewbot.train.problems import problem


@pytest.mark.parametrize(
    ("set_name", "group", "name"),
    [
        ("humaneval_llm", "HumanEval/53", "HumanEval/53"),
        ("humanevalpack", "53", "HumanEval/53"),
        ("clm_java_llm_patches", "humaneval/ADD", "HumanEval/53"),
        ("clm_java_llm_patches", "humaneval/NOBODY_KNOWS", "humaneval/NOBODY_KNOWS"),
        ("clm_java_llm_patches", "quixbugs/GCD", "quixbugs/GCD"),
        ("clm_java_llm_patches", "defects4j/Chart_11_/source/a/B.java_2-3", "defects4j/Chart"),
        ("clm_java_llm_patches", "defects4j/Chart_14_source/a/C.java_2-3", "defects4j/Chart"),
        ("mine", "53", "53"),
        ("szz_ai_hunks", "owner/name", "owner/name"),
    ],
)
def test_a_problem_has_one_name(set_name: str, group: str, name: str) -> None:
    assert problem(set_name, group) == name
