"""Reasons found among thousands of features at once: exactly those that were found one by one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reviewbot.arrays import Array
from reviewbot.scoring.outcomes import Reason
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.reasons import MAX_REASONS, FeatureNote, explain
from reviewbot.scoring.surface import SURFACE_NAMES
from tests import tiny

FEATURES = 12
ONE = replace(tiny.predictor(), groups={"sae_max": FEATURES})
BOTH = replace(
    tiny.predictor(), groups={"sae_max": FEATURES, "state_mean": 2, "sae_mean": FEATURES}
)
NOTES = {0: FeatureNote("loops", 2.0, 0.1), 3: FeatureNote("", 0.5, 0.1), 7: FeatureNote("x", 0, 0)}
# Few numbers, so that there are ties; tenths, whose sums are rounded.
PART = st.sampled_from([0.0, -0.0, 0.1, 0.2, 0.3, 0.7, -0.1, -0.2, np.nan, np.inf, -np.inf, 1e-40])
FIRED = st.sampled_from([0.0, 0.0, 0.25, 1.0, 8.0, np.nan])  # an activation is never negative


def one_by_one(predictor: Predictor, parts_N: Array, columns_N: Array) -> tuple[Reason, ...]:
    """What stood here before: a `Reason` for every feature that fired, then the best of them."""
    found: list[Reason] = []
    sparse: dict[int, list[int]] = {}
    dense, start = 0.0, 0
    for group, size in predictor.groups.items():
        if group.startswith("sae_"):
            for fired in np.flatnonzero(columns_N[start : start + size]):
                sparse.setdefault(int(fired), []).append(start + int(fired))
        else:
            dense += float(parts_N[start : start + size].sum())
        start += size
    for index, places in sparse.items():
        note = NOTES.get(index, FeatureNote("", 0.0, 0.0))
        total = np.float32(0)
        for place in places:
            total += parts_N[place]
        activation = None
        if note.maximum > 0:
            activation = min(float(max(columns_N[p] for p in places)) / note.maximum, 1.0)
        found.append(Reason(f"sae:{index}", note.label, float(total), activation))
    found.append(Reason("state", "the model's state as a whole", dense, None))
    raising = [reason for reason in found if reason.contribution > 0]
    return tuple(sorted(raising, key=lambda r: (-r.contribution, r.feature))[:MAX_REASONS])


@pytest.mark.parametrize("predictor", [ONE, BOTH])
@given(data=st.data())
@settings(max_examples=300, deadline=None)
@np.errstate(invalid="ignore")
def test_the_reasons_are_those_that_every_feature_alone_would_give(
    predictor: Predictor, data: st.DataObject
) -> None:
    count = sum(predictor.groups.values())
    parts_N = data.draw(arrays(np.float32, count, elements=PART.map(np.float32)))
    columns_N = data.draw(arrays(np.float32, count, elements=FIRED.map(np.float32)))

    found = explain(predictor, parts_N, columns_N, NOTES)

    assert repr(found) == repr(one_by_one(predictor, parts_N, columns_N))  # NaN is not equal


def test_a_tie_is_decided_by_name_and_not_by_place() -> None:
    parts_N = np.zeros(FEATURES, np.float32)
    parts_N[[2, 9, 10, 11]] = 0.5
    found = explain(ONE, parts_N, np.ones(FEATURES, np.float32), {})

    assert [reason.feature for reason in found] == ["sae:10", "sae:11", "sae:2"]


def test_the_numbers_of_a_real_artifact_s_size_give_the_same_reasons() -> None:
    many = 16_384
    predictor = replace(ONE, groups={"sae_max": many, "sae_mean": many})
    rng = np.random.default_rng(0)
    parts_N = rng.normal(size=2 * many).astype(np.float32)
    columns_N = np.where(rng.random(2 * many) < 0.02, rng.random(2 * many), 0).astype(np.float32)
    found = explain(predictor, parts_N, columns_N, NOTES)

    assert found == one_by_one(predictor, parts_N, columns_N)
    assert len(found) == 3


def test_the_last_place_is_kept_for_the_strongest_feature_of_the_autoencoder() -> None:
    predictor = replace(tiny.predictor(), groups={"sae_max": 3, "surface": len(SURFACE_NAMES)})
    parts_N = np.array([0.1, 0.2, -0.3, *range(1, len(SURFACE_NAMES) + 1)], np.float32)
    ones_N = np.ones_like(parts_N)

    found = [reason.feature for reason in explain(predictor, parts_N, ones_N, {})]
    assert found == [f"surface:{SURFACE_NAMES[-1]}", f"surface:{SURFACE_NAMES[-2]}", "sae:1"]

    ones_N[:3] = 0  # none fires
    found = [reason.feature for reason in explain(predictor, parts_N, ones_N, {})]
    assert found == [f"surface:{name}" for name in SURFACE_NAMES[:-4:-1]]
