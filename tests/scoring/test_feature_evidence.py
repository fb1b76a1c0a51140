"""What is known of a feature: kept as it was found, never believed more than can be counted."""

import gzip
import json
import tracemalloc
from dataclasses import replace

import pytest

from reviewbot.scoring.feature_evidence import (
    Exemplar,
    FeatureEvidence,
    Tally,
    evidence_facts,
    evidence_from_json,
    evidence_to_json,
    pack_evidence,
    unpack_evidence,
)

EXEMPLAR = Exemplar(
    "requests 2.34.2",
    "sha256:" + "ab" * 32,
    "requests/api.py",
    77,
    "Apache-2.0",
    "python",
    ("total", " =", " cents", " /", " 100"),
    (0.0, 0.0, 0.25, 1.0, 0.0),
)
FOUND = FeatureEvidence(
    "sae:417",
    "fires on `/`",
    0.83,
    5.5,
    0.002,
    Tally(41, 9, 5210, 14, 3.0),
    (("python", 0.6), ("go", 0.2)),
    None,
    -0.04,
    (EXEMPLAR,),
    (replace(EXEMPLAR, activations=(0.0,) * 5),),
)
NAMED = FeatureEvidence(
    "state", "the state", None, None, None, Tally(0, 0, 0, 0, 0.0), (), None, None, (), ()
)


def test_lift_compares_with_what_was_expected_and_false_fire_counts_sound_lines() -> None:
    assert FOUND.tally is not None
    assert FOUND.tally.lift == 3.0
    assert FOUND.tally.false_fire == 14 / 5210
    assert NAMED.tally is not None
    assert NAMED.tally.lift is None
    assert NAMED.tally.false_fire == 0.0


def test_evidence_comes_back_and_lift_and_rate_are_computed_again() -> None:
    value = evidence_to_json(FOUND)
    value["tally"] |= {"lift": 99.0, "false_fire": 0.0}

    assert [evidence_from_json(one) for one in (value, evidence_to_json(NAMED))] == [FOUND, NAMED]
    assert EXEMPLAR.text == "total = cents / 100"


@pytest.mark.parametrize("key", ["fired_risky", "fired_sound", "exemplar"])
def test_counts_that_cannot_be_are_refused(key: str) -> None:
    value = evidence_to_json(FOUND)
    if key == "exemplar":
        value["exemplars"][0]["tokens"] = ["x"]  # with five activations
    else:
        value["tally"][key] = 10_000

    with pytest.raises(ValueError, match="exemplar" if key == "exemplar" else "tally"):
        evidence_from_json(value)


def test_the_file_gives_what_is_wanted_and_is_the_same_every_time() -> None:
    packed = pack_evidence({"artifact": "tiny"}, [FOUND, NAMED])

    assert packed == pack_evidence({"artifact": "tiny"}, [FOUND, NAMED])
    assert unpack_evidence(packed) == {"sae:417": FOUND, "state": NAMED}
    assert unpack_evidence(packed, {"state", "sae:4"}) == {"state": NAMED}
    assert evidence_facts(packed)["artifact"] == "tiny"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no gzip",
        gzip.compress(b'{"format": "other/1"}\n'),
        gzip.compress(json.dumps({"format": "reviewbot-evidence/1"}).encode()),  # cut off
    ],
    ids=["empty", "no gzip", "another format", "cut off"],  # gzip's bytes hold the time
)
def test_what_is_no_such_file_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="evidence"):
        unpack_evidence(raw)


def test_a_small_file_that_unpacks_to_much_takes_little_memory() -> None:
    first = b'{"format": "reviewbot-evidence/1"}\n'
    for body in (b"\n" * (250 << 20), b"x" * (250 << 20), b"{}\n" * 300_000):
        packed = gzip.compress(first + body, 1)
        tracemalloc.start()
        with pytest.raises(ValueError, match="too large"):
            unpack_evidence(packed, {"sae:1"})
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 60 << 20
