"""Only code of the same kind is compared: a number with a number, a name with a name."""

import pytest

from reviewbot.encoders.spans import Span
from reviewbot.scoring.comparable import is_comparable


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("if a [<=] b:", "<"),
        ("if a [==] b {", "!="),
        ("x = a [+] b", "-"),
        ("x [+=] 1", "-="),
        ("if a [&&] b", "||"),
        ("x = [True]", "False"),
        ("x = [null];", "undefined"),
        ("range([1], n)", "0"),
        ("[break];", "continue"),
        ("if ([MinSdk].IsNullOrEmpty ())", "TargetSdk"),
        ("return [job.Kind]", "job.ID"),
        ("f(a, [left])", "right"),
        ("if [a] == b:", "b"),
        ("x.map([a] => b)", "c"),
    ],
)
def test_like_is_compared_with_like(line: str, expected: str) -> None:
    assert found(line, expected)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = [a]", "1"),
        ("if a [<] b", "+"),
        ("return [x]", "None"),
        ("x = [a] + b", "a["),
        ('log("check [MQ] status")', "mail"),
        ("log('check [MQ]')", "mail"),
        ("x = `a ${[b]}`", "c"),
        ('unfinished = "a [b]', "c"),
        ("[path] = open(name)", "name"),
        ("[rigCfg], err := load(rigPath)", "rigPath"),
        ("func (m *Model) [renderFeed]() string {", "renderEvent"),
        ("def [total](items):", "mean"),
        ("async def total([items]):", "self"),
        ("pub(crate) fn total(items: [Items]) {", "Vec"),
        ("let [assets] = vec![", "items"),
        ("x: [int]: y", "str"),
        ("result = [getter](cfg)", "cfg"),
        ("x = [deps]::all()", "self"),
        ("import [aether]", "maven"),
    ],
)
def test_what_differs_in_kind_is_text_or_a_new_name_is_not(line: str, expected: str) -> None:
    assert not found(line, expected)


def found(line: str, expected: str) -> bool:
    start = line.index("[")
    end = line.index("]", start) - 1
    text = line[:start] + line[start + 1 : end + 1] + line[end + 2 :]
    return is_comparable(text, Span(start, end), expected)
