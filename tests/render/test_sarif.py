"""SARIF as GitHub takes it; the ingestion rules themselves are run in CI by their own tool."""

import json
from dataclasses import replace

import pytest

from reviewbot.diff.line_hash import line_hashes
from reviewbot.render.sarif import sarif
from tests.github.conftest import World, pauses, risky, world
from tests.render.examples import report, scored
from tests.render.test_comment import made

__all__ = ["pauses", "world"]  # the fixtures


@pytest.mark.parametrize("path", ["a b#c?.py", "caf\u00e9/\u2028.py", "\\xe9.py", "a%b.py"])
def test_a_path_is_a_uri(path: str) -> None:
    (result,) = json.loads(sarif(made(path, "x", "l", "t", "w")))["runs"][0]["results"]

    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert not set(uri) & set(' #?"<>\\')


def test_an_acknowledged_finding_is_suppressed_with_its_reason_and_no_other_is() -> None:
    whole = report(scored(1, "a()", 0.9), scored(40, "b()", 0.8))
    first, second = whole.findings
    known = replace(whole, findings=(replace(first, acknowledged="read\nit\x1b"), second))

    found, other = json.loads(sarif(known))["runs"][0]["results"]

    expected = {"kind": "external", "status": "accepted", "justification": "read it<U+001B>"}
    assert found["suppressions"] == [expected]
    assert other["suppressions"] == []


def test_results_are_bounded_and_no_security_alerts() -> None:
    value = json.loads(sarif(made("p", "x", "l", "t", "w", 5_100)))
    (run,) = value["runs"]

    assert len(run["results"]) == 5_000
    assert "security-severity" not in json.dumps(value)
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["fullDescription"]["text"]
    assert rule["help"]["text"]


def test_the_fingerprint_is_the_one_github_would_compute(world: World) -> None:
    text = "def f():\n    pass\n" + risky(1)
    world.push({"b.py": text})

    found = json.loads(world.review("--format", "sarif", "--post", "never").stdout)

    (result,) = found["runs"][0]["results"]
    assert result["partialFingerprints"]["primaryLocationLineHash"] == line_hashes(text)[2]
