"""The report for other programs."""

import copy
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reviewbot.diff.model import ChangedLine
from reviewbot.report.json_v1 import MAX_CHARS, json_v1, schema
from reviewbot.report.model import Report
from reviewbot.scoring.outcomes import LineScore
from tests.render.reports import BY_AI, failed, report, scored, skipped


def full() -> Report:
    """One line of each kind, so that every part of the format is there."""
    return report(
        scored(3, "x = y", 0.9),
        skipped(4),
        failed(5),
        notes=("1 file is untracked",),
        note="binary",
        author=BY_AI,
    )


def validator() -> jsonschema.Draft202012Validator:
    """Check against the schema in the package; the schema itself is checked first."""
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def read(text: str) -> Any:
    """Read strictly: NaN is no JSON, a key stands once."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=once)


@pytest.mark.parametrize("made", [full(), report(), report(skipped(1)), report(scored(1, "", 0.0))])
def test_what_is_written_keeps_the_schema(made: Report) -> None:
    validator().validate(read(json_v1(made)))


def test_a_scored_line_says_all_we_know() -> None:
    line = read(json_v1(full()))["files"][0]["lines"][0]

    assert line == {
        "number": 3,
        "text": "x = y",
        "status": "scored",
        "why": None,
        "risk": 0.9,
        "percentile": 90.0,
        "surprisal": None,
        "reasons": [
            {"feature": "sae:417", "label": "", "contribution": 1.2346, "activation": 0.83},
            {
                "feature": "surface:line length",
                "label": "line length",
                "contribution": 0.5,
                "activation": None,
            },
        ],
        "rest": None,
        "recent": None,
        "author": {
            "kind": "ai",
            "tool": "some-tool",
            "model": None,
            "confidence": 0.9,
            "evidence": ["trailer Co-Authored-By"],
        },
        "standing": "above",
    }


def test_ledger_verdict_and_findings_are_those_of_the_report() -> None:
    found = read(json_v1(full()))

    assert found["verdict"]["status"] == "incomplete"
    assert found["verdict"]["exit_code"] == 3
    assert found["ledger"] == {
        "added": 3,
        "scored": 1,
        "skipped": 1,
        "failed": 1,
        "unread": 0,
        "unread_files": 0,
        "coverage": 0.5,
        "by_reason": {"blank": 1, "not in the head file": 1},
    }
    assert [(f["start"], f["end"], f["lines"]) for f in found["findings"]] == [(3, 3, [3])]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert json_v1(full()) == json_v1(full())


def test_bytes_that_were_not_utf8_become_replacement_characters() -> None:
    text = b"caf\xe9".decode("utf-8", "surrogateescape")

    out = json_v1(report(scored(1, text, 0.1, path=text)))

    assert out.isascii()
    assert read(out)["files"][0]["lines"][0]["text"] == "caf\ufffd"
    assert read(out)["files"][0]["path"] == "caf\ufffd"


def test_control_characters_never_stand_raw_in_the_output() -> None:
    out = json_v1(report(scored(1, "\x1b[2J\u202e\u2028\x7f", 0.1)))

    assert "\x1b" not in out
    assert "\x7f" not in out
    assert read(out)["files"][0]["lines"][0]["text"] == "\x1b[2J\u202e\u2028\x7f"


def test_numbers_are_rounded_and_what_is_no_number_is_null() -> None:
    odd = LineScore(ChangedLine("a.py", 1, "x"), math.nan, math.nan, (), math.inf)
    fine = LineScore(ChangedLine("a.py", 2, "x"), 0.12345678, 98.7654, (), -0.00000001)

    first, second = read(json_v1(report(odd, fine)))["files"][0]["lines"]

    assert (first["risk"], first["percentile"], first["surprisal"]) == (None, None, None)
    assert (second["risk"], second["percentile"]) == (0.123457, 98.77)
    assert str(second["surprisal"]) == "0.0"
    validator().validate(read(json_v1(report(odd, fine))))


def test_an_endless_line_is_cut() -> None:
    line = read(json_v1(report(scored(1, "x" * 1_000_000, 0.1))))["files"][0]["lines"][0]

    assert len(line["text"]) == MAX_CHARS


def delete(*path: Any) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        del value[path[-1]]

    return change


def put(new: Any, *path: Any) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = new

    return change


LINE = ("files", 0, "lines")


@pytest.mark.parametrize(
    "damage",
    [
        put("reviewbot/2", "schema"),
        put("maybe", "verdict", "status"),
        put(0, "verdict", "exit_code"),
        put(1, "surprise"),
        delete("ledger"),
        delete("ledger", "coverage"),
        put(-1, "ledger", "added"),
        put(1.5, *LINE, 0, "risk"),
        put("0.5", *LINE, 0, "risk"),
        put(101, *LINE, 0, "percentile"),
        put(0, *LINE, 0, "number"),
        put("ignored", *LINE, 0, "status"),
        put("because", *LINE, 0, "why"),
        put(None, *LINE, 1, "why"),
        put(0.5, *LINE, 1, "risk"),
        put("robot", *LINE, 0, "author", "kind"),
        put(True, *LINE, 0, "author", "sure"),
        delete(*LINE, 0, "author"),
        delete(*LINE, 0, "reasons", 0, "label"),
        put("xyz", "findings", 0, "fingerprint"),
        put([], "findings", 0, "lines"),
        put("moved", "files", 0, "kind"),
        put(3, "notes", 0),
    ],
)
def test_a_broken_report_does_not_keep_the_schema(damage: Callable[[Any], None]) -> None:
    value = read(json_v1(full()))
    validator().validate(copy.deepcopy(value))
    damage(value)

    assert not validator().is_valid(value)


def test_every_object_of_the_schema_is_closed_and_needs_all_its_keys() -> None:
    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if "properties" in part and part.get("type") == "object":
                assert part["additionalProperties"] is False
                # Older reports of this version lack these.
                later = {"average", "features", "recent", "rest", "standing"}
                needed = [key for key in part["properties"] if key not in later]
                assert part["required"] == needed
            for inner in part.values():
                walk(inner)
        elif isinstance(part, list):
            for inner in part:
                walk(inner)

    walk(schema())


def test_the_documentation_names_every_key_of_the_schema() -> None:
    text = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    parts = [schema(), *schema()["properties"].values(), *schema()["$defs"].values()]
    keys = {key for part in parts for key in part.get("properties", {})}

    assert [key for key in sorted(keys) if f"`{key}`" not in text] == []
    assert "lines" in keys
