"""The report for other programs."""

import json
import math
from pathlib import Path
from typing import Any

import jsonschema

from reviewbot.diff.model import ChangedLine
from reviewbot.report.json_v1 import MAX_CHARS, json_v1, schema
from reviewbot.scoring.outcomes import LineScore
from tests.render.examples import report, scored


def read(text: str) -> Any:
    """Read strictly: NaN is no JSON, a key occurs once."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=once)


def test_bytes_that_were_not_utf8_become_replacement_characters() -> None:
    text = b"caf\xe9".decode("utf-8", "surrogateescape")

    out = json_v1(report(scored(1, text, 0.1, path=text)))

    assert out.isascii()
    assert read(out)["files"][0]["lines"][0]["text"] == "caf\ufffd"
    assert read(out)["files"][0]["path"] == "caf\ufffd"


def test_control_characters_are_escaped() -> None:
    out = json_v1(report(scored(1, "\x1b[2J\u202e\u2028\x7f", 0.1)))

    assert "\x1b" not in out
    assert "\x7f" not in out
    assert read(out)["files"][0]["lines"][0]["text"] == "\x1b[2J\u202e\u2028\x7f"


def test_numbers_are_rounded_and_nan_is_null() -> None:
    odd = LineScore(ChangedLine("a.py", 1, "x"), math.nan, math.nan, (), math.inf)
    fine = LineScore(ChangedLine("a.py", 2, "x"), 0.12345678, 98.7654, (), -0.00000001)

    first, second = read(json_v1(report(odd, fine)))["files"][0]["lines"]

    assert (first["risk"], first["percentile"], first["surprisal"]) == (None, None, None)
    assert (second["risk"], second["percentile"]) == (0.123457, 98.77)
    assert str(second["surprisal"]) == "0.0"
    jsonschema.validate(read(json_v1(report(odd, fine))), schema())


def test_a_long_line_is_cut() -> None:
    line = read(json_v1(report(scored(1, "x" * 1_000_000, 0.1))))["files"][0]["lines"][0]

    assert len(line["text"]) == MAX_CHARS


def test_every_object_of_the_schema_is_closed_and_needs_all_its_keys() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if "properties" in part and part.get("type") == "object":
                assert part["additionalProperties"] is False
                assert part["required"] == list(part["properties"])
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
