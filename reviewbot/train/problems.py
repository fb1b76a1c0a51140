"""One name per problem in all sets and languages: folds must not split it.

The Java translations of HumanEval (in `clm_java_llm_patches`) name problems, HumanEvalPack numbers
them, the other sets say "HumanEval/N". Bugs of Defects4J are grouped by project.
"""

import re

# Names in HumanEval-Java -> number of the problem in HumanEval (OpenAI, MIT).
_JAVA = {
    0: "HAS_CLOSE_ELEMENTS", 1: "SEPARATE_PAREN_GROUPS", 3: "BELOW_ZERO",
    4: "MEAN_ABSOLUTE_DEVIATION", 6: "PARSE_NESTED_PARENS", 7: "FILTER_BY_SUBSTRING",
    8: "SUM_PRODUCT", 11: "STRING_XOR", 12: "LONGEST", 15: "STRING_SEQUENCE",
    16: "COUNT_DISTINCT_CHARACTERS", 17: "PARSE_MUSIC", 18: "HOW_MANY_TIMES", 19: "SORT_NUMBERS",
    20: "FIND_CLOSEST_ELEMENTS", 21: "RESCALE_TO_UNIT", 22: "FILTER_INTEGERS", 25: "FACTORIZE",
    26: "REMOVE_DUPLICATES", 27: "FLIP_CASE", 29: "FILTER_BY_PREFIX", 30: "GET_POSITIVE",
    31: "IS_PRIME", 33: "SORT_THIRD", 34: "UNIQUE", 35: "MAX_ELEMENT",
    40: "TRIPLES_SUM_TO_ZERO", 44: "CHANGE_BASE", 48: "IS_PALINDROME", 49: "MODP", 53: "ADD",
    54: "SAME_CHARS", 55: "FIB", 57: "MONOTONIC", 58: "COMMON", 59: "LARGEST_PRIME_FACTOR",
    60: "SUM_TO_N", 61: "CORRECT_BRACKETING", 65: "CIRCULAR_SHIFT", 70: "STRANGE_SORT_LIST",
    72: "WILL_IT_FLY", 74: "TOTAL_MATCH", 80: "IS_HAPPY", 81: "NUMERICAL_LETTER_GRADE",
    84: "SOLVE", 86: "ANTI_SHUFFLE", 87: "GET_ROW", 94: "SKJKASDKD", 98: "COUNT_UPPER",
    99: "CLOSEST_INTEGER", 103: "ROUNDED_AVG", 104: "UNIQUE_DIGITS", 106: "FACTORIAL",
    108: "COUNT_NUMS", 110: "EXCHANGE", 113: "ODD_COUNT", 114: "MIN_SUBARRAY_SUM",
    115: "MAX_FILL", 116: "SORT_ARRAY_BINARY", 120: "MAXIMUM_K", 121: "SOLUTION",
    126: "IS_SORTED", 131: "DIGITS", 132: "IS_NESTED", 144: "SIMPLIFY", 146: "SPECIAL_FILTER",
    150: "X_OR_Y", 152: "COMPARE",
}  # fmt: skip
_NUMBER = {name: number for number, name in _JAVA.items()}
_PROJECT = re.compile(r"defects4j/([A-Za-z]+)_\d+_", re.ASCII)


def problem(set_name: str, group: str) -> str:
    """Return the name of a row's group that is the same in all sets."""
    if set_name == "humanevalpack" and group.isdecimal():
        return f"HumanEval/{group}"
    head, _, name = group.partition("/")
    if head == "humaneval" and name in _NUMBER:
        return f"HumanEval/{_NUMBER[name]}"
    if match := _PROJECT.match(group):
        return f"defects4j/{match[1]}"
    return group
