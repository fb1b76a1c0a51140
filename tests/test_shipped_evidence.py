"""What shipped artifacts know of their features: enough to check a reason by, nothing odd."""

import json
from pathlib import Path

import pytest

from reviewbot.artifacts import PRESETS, Artifact, load_artifact
from reviewbot.core.evidence import MOST_EXEMPLARS, MOST_NEAR_MISSES
from reviewbot.core.evidence_file import evidence_facts
from reviewbot.train.autolabel import RELIABLE

LICENCES = {"MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0"}
CORPUS = Path(__file__).parents[1] / "runs" / "corpus.json"


@pytest.fixture(scope="module", params=["tiny", "small", "base"])
def artifact(request: pytest.FixtureRequest) -> Artifact:
    return load_artifact(PRESETS[request.param])


def test_every_feature_that_fires_has_examples_and_is_counted(artifact: Artifact) -> None:
    found = artifact.evidence()
    sparse = [one for name, one in found.items() if name.startswith("sae:")]

    assert len(sparse) == len(artifact.notes) > 2_000
    assert all(one.tally and one.tally.risky > 100 for one in found.values())
    assert sum(len(one.exemplars) == MOST_EXEMPLARS for one in sparse) > 0.99 * len(sparse)
    assert sum(len(one.near_misses) == MOST_NEAR_MISSES for one in sparse) > 0.99 * len(sparse)


def test_every_sign_of_the_text_that_raises_a_risk_has_examples(artifact: Artifact) -> None:
    signs = [one for name, one in artifact.evidence().items() if name.startswith("surface:")]
    raising = [one for one in signs if one.tally and one.tally.fired_risky + one.tally.fired_sound]

    assert len(raising) > 10
    assert [one.feature for one in raising if len(one.exemplars) < MOST_EXEMPLARS] == []


def test_every_example_is_short_and_names_a_source_with_a_permissive_licence(
    artifact: Artifact,
) -> None:
    known = {f"{row['name']} {row['version']}": row for row in json.loads(CORPUS.read_text())}
    for one in artifact.evidence().values():
        for line in (*one.exemplars, *one.near_misses):
            row = known[line.source]
            assert (line.revision, line.licence) == (f"sha256:{row['sha256']}", row["licence"])
            assert LICENCES & set(line.licence.split(" OR "))
            assert 3 <= len(line.text.strip()) <= 100
            assert line.text.isascii()
        assert all(max(line.activations) == 0 for line in one.near_misses)


def test_a_label_is_there_only_where_it_holds(artifact: Artifact) -> None:
    for one in artifact.evidence().values():
        if one.feature.startswith("sae:"):
            assert bool(one.label) == (one.label_score is not None)
            assert one.label_score is None or one.label_score >= RELIABLE
            note = artifact.notes[int(one.feature.removeprefix("sae:"))]
            assert (note.label, note.maximum) == (one.label, one.maximum)


def test_it_says_what_was_read_and_counted(artifact: Artifact) -> None:
    facts = evidence_facts(artifact.packed_evidence)

    assert facts["corpus"]["sources"] > 100
    assert facts["corpus"]["tokens"] > 200_000
    assert len(facts["labels"]) >= 8
