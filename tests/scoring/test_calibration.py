"""A line's and a change's place among the repository's own."""

import json

import pytest

from reviewbot.scoring.calibration import (
    RecentInfo,
    calibration_from_json,
    calibration_of,
    calibration_to_json,
)

MADE = calibration_of("c" * 64, "a" * 40, "b" * 40, [0.5, 0.1, 0.3, 0.3], [2.5, 0.3])


def test_a_percentile_counts_what_is_less_risky() -> None:
    assert [MADE.percentile(risk) for risk in (0.05, 0.1, 0.3, 0.9)] == [0.0, 0.0, 25.0, 100.0]
    assert [MADE.change_percentile(total) for total in (0.3, 0.4, 2.5, 2.6)] == [0, 50, 50, 99]
    assert MADE.info == RecentInfo("a" * 40, "b" * 40, 4)


def test_the_file_comes_back_as_it_was_written() -> None:
    assert calibration_from_json(calibration_to_json(MADE).encode()) == MADE


CHANGES: list[dict[str, object]] = [{"schema": "other"}, {"base": None}]
CHANGES += [{key: "b" * 101} for key in ("base", "head", "artifact")]
CHANGES += [{"lines": risks} for risks in ([], None, "0", {"0": 1}, [0.1] * 40_001)]
CHANGES += [{"lines": [1.5]}]
CHANGES += [{"changes": [x]} for x in (float("nan"), "x", "0.5", True, 10**400, 1e7, -0.1)]
RAW = [json.dumps(json.loads(calibration_to_json(MADE)) | change).encode() for change in CHANGES]


@pytest.mark.parametrize("raw", [*RAW, b"", b"[]", b"1", b"\xff", b"[" * 100_000], ids=range(23))
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="it is no reviewbot-calibration/2"):
        calibration_from_json(raw)
