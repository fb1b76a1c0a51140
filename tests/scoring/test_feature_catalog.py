"""What an artifact knows of its features, by number and by name."""

from dataclasses import replace

import pytest

from reviewbot.scoring.feature_catalog import (
    FeatureInfo,
    by_lift,
    feature_names,
    known_features,
    near_names,
    resolve_name,
)
from reviewbot.scoring.feature_evidence import Tally
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.reasons import FeatureNote
from tests import tiny
from tests.known import evidence

NOTES = {0: FeatureNote("loops", 4.0, 0.1), 3: FeatureNote("", 0.0, 0.0)}
NAMES = list(feature_names(tiny.predictor(), tiny.FEATURES))


def known(predictor: Predictor | None = None) -> dict[str, FeatureInfo]:
    found = {"sae:1": evidence("sae:1")}
    made = known_features(predictor or tiny.predictor(), NOTES, found, tiny.FEATURES)
    return {one.feature: one for one in made}


def test_features_of_the_autoencoder_come_first_then_named_signs_then_the_state() -> None:
    names = list(known())

    assert names == NAMES
    assert names[: tiny.FEATURES] == [f"sae:{number}" for number in range(tiny.FEATURES)]
    assert "surface:line length" in names
    assert names[-1] == "state"


def test_without_evidence_there_is_what_the_notes_say() -> None:
    found = known()

    assert found["sae:0"].evidence.label == "loops"
    assert found["sae:0"].evidence.maximum == 4.0
    assert found["sae:3"].evidence.maximum is None
    assert found["sae:1"].evidence == evidence("sae:1")
    assert found["surface:commas"].evidence.label == "commas"
    assert found["state"].evidence.label == "the model's state as a whole"


def test_a_weight_is_log_odds_a_deviation_and_at_the_maximum() -> None:
    predictor = tiny.predictor()
    per = float(predictor.weight_N[0] * predictor.slope)
    one = known()["sae:0"]

    assert one.weight == pytest.approx(per)
    assert one.strongest == pytest.approx(per / float(predictor.scale_N[0]) * 4.0)
    assert known()["surface:commas"].strongest is None
    assert known()["state"].weight is None


def test_a_predictor_that_does_not_read_the_autoencoder_gives_its_features_no_weight() -> None:
    found = known(tiny.predictor(("surface",)))

    assert found["sae:0"].weight is None
    assert "state" not in found


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("17", "sae:17"),
        ("017", "sae:17"),
        ("sae:17", "sae:17"),
        ("SAE:17", "sae:17"),
        (" surface:line  length ", "surface:line length"),
        ("Line Length", "surface:line length"),
        ("state", "state"),
        ("24", None),
        ("9" * 5_000, None),
        ("x", None),
        ("", None),
    ],
)
def test_a_feature_goes_by_its_number_or_its_name(asked: str, name: str | None) -> None:
    assert resolve_name(asked, NAMES) == name


def test_near_names_are_offered_for_a_misspelt_one() -> None:
    assert near_names("line lenght", NAMES)[0] == "surface:line length"
    assert near_names("surface:line-length", NAMES) == ["surface:line length"]
    assert near_names("stat", NAMES) == ["state"]
    no_state = [name for name in NAMES if name != "state"]
    for far in ("sae:99", "state", "surface", "sae"):
        assert near_names(far, no_state) == [], far
    assert near_names("\x1b" * 10_000, NAMES) == []


def test_features_are_ordered_and_those_that_nothing_is_known_of_stand_last() -> None:
    one = known()["sae:1"]
    high = replace(one, evidence=evidence("sae:2", tally=Tally(10, 9, 10, 9, 1.0)), weight=-5.0)
    none = replace(one, evidence=evidence("sae:3", tally=None), weight=None)

    assert by_lift([none, one, high]) == [high, one, none]


def test_without_evidence_the_greatest_weight_comes_first() -> None:
    one = replace(known()["sae:0"], weight=0.1)
    low, none = replace(one, weight=-0.2), replace(one, weight=None)

    assert by_lift([none, one, low]) == [low, one, none]
