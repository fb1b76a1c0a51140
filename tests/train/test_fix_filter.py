"""The filter of blamed lines: which of the lines that a fix changed were themselves at fault."""

import time
from collections.abc import Sequence

import pytest

from reviewbot.train.fix_filter import FixedLine, probabilities

HEAD = (
    "def total(items, limit):",
    "    count = 0",
    "    for item in items:",
    "        if item.price < limit:",
    "            count += item.price",
    "    log.debug('summed %d prices', count)",
    "    return count",
)


def fixed(
    line: int, becomes: str | None, *, sha: str = "a" * 40, deleted: int = 1, added: int = 1
) -> FixedLine:
    return FixedLine(
        path="shop/total.py",
        line=line,
        text=HEAD[line - 1],
        becomes=becomes,
        fix_sha=sha,
        fix_subject="fix: wrong total at the limit",
        fix_deleted=deleted,
        fix_added=added,
        lag_days=12.0,
        head=HEAD,
    )


OPERATOR = fixed(4, "        if item.price <= limit:")
RENAME = [
    fixed(line, HEAD[line - 1].replace("count", "subtotal"), sha="b" * 40, deleted=12, added=12)
    for line in (2, 5, 6, 7)
]


def test_one_changed_operator_is_likelier_at_fault_than_a_shared_rename() -> None:
    operator, *rename = probabilities([OPERATOR, *RENAME])

    assert operator > 0.5
    assert max(rename) < 0.25


def test_a_probability_depends_on_its_fix_and_not_on_the_order_of_fixes() -> None:
    alone = probabilities([OPERATOR])[0]

    assert probabilities([*RENAME, OPERATOR])[-1] == pytest.approx(alone, abs=1e-12)
    assert probabilities([*RENAME, OPERATOR]) == probabilities([*RENAME, OPERATOR])


def test_no_lines_no_probabilities() -> None:
    assert probabilities([]) == []


LONG = 100_000


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("(" * LONG, ")" * LONG),
        ('"' * LONG, "\\" * LONG),
        ("a" * LONG, "a" * (LONG - 1) + "="),
        ("a b " * (LONG // 4), "b a " * (LONG // 4)),
        ("\t" * LONG + "x", " " * LONG + "x"),
        ("", ""),
        ("\u2028\x00", None),
    ],
)
def test_a_hostile_line_is_neither_slow_nor_refused(text: str, becomes: str | None) -> None:
    head = [text, "}" * LONG, *([text] * 20)]
    lines = [
        FixedLine(
            path="a" * 300,
            line=line,
            text=text,
            becomes=becomes,
            fix_sha="c" * 40,
            fix_subject=text,
            fix_deleted=0,
            fix_added=0,
            lag_days=-1.0,
            head=head,
        )
        for line in (1, 2, 10**9)
    ]

    before = time.process_time()
    found: Sequence[float] = probabilities(lines)

    assert time.process_time() - before < 2
    assert all(0 < p < 1 for p in found)


def test_a_fix_of_very_many_lines_takes_time_in_proportion() -> None:
    lines = [fixed(line, HEAD[line - 1] + ";", deleted=2_000) for line in (2, 4, 5, 7) * 500]

    before = time.process_time()
    found = probabilities(lines)

    assert time.process_time() - before < 10
    assert len(found) == 2_000
