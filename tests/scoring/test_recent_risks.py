"""A line's place among the repository's own recent lines."""

import json

import pytest

from reviewbot.scoring.recent_risks import recent_from_json, recent_of, recent_to_json

MADE = recent_of("a" * 40, "b" * 40, "c" * 64, [0.5, 0.1, 0.3, 0.3])


def test_a_percentile_counts_lines_that_are_less_risky() -> None:
    assert [MADE.percentile(risk) for risk in (0.05, 0.1, 0.3, 0.9)] == [0.0, 0.0, 25.0, 100.0]
    assert MADE.info.lines == 4


def test_the_file_comes_back_as_it_was_written() -> None:
    assert recent_from_json(recent_to_json(MADE).encode()) == MADE


CHANGES: list[dict[str, object]] = [{"schema": "other"}, {"base": None}]
CHANGES += [{key: "b" * 101} for key in ("base", "head")]
CHANGES += [{"risks": risks} for risks in ([], None, "0", {"0": 1}, [0.1] * 20_001)]
CHANGES += [{"risks": [x]} for x in (float("nan"), "x", "0.5", True, 10**400, 1.5, -0.1)]
RAW = [json.dumps(json.loads(recent_to_json(MADE)) | change).encode() for change in CHANGES]


@pytest.mark.parametrize("raw", [*RAW, b"", b"[]", b"1", b"\xff", b"[" * 100_000], ids=range(21))
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="it is no reviewbot-recent/1"):
        recent_from_json(raw)
