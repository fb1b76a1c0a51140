"""What shipped artifacts know of their features: enough to check a reason by, nothing odd."""

import json
from pathlib import Path

import numpy as np
import pytest

from reviewbot.scoring.artifact import PRESETS, Artifact, load_artifact
from reviewbot.scoring.feature_evidence import MAX_EXEMPLARS, MAX_NEAR_MISSES, evidence_facts
from reviewbot.scoring.surface import SURFACE_NAMES
from reviewbot.train.feature_labels import RELIABLE

DOCS = (Path(__file__).parents[2] / "docs" / "reasons.md").read_text(encoding="utf-8")
LICENCES = {"MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "PSF-2.0"}
CORPUS = Path(__file__).parents[2] / "research" / "corpus.json"


@pytest.fixture(scope="module", params=["quick", "deep"])
def artifact(request: pytest.FixtureRequest) -> Artifact:
    return load_artifact(PRESETS[request.param])


def test_every_feature_that_fires_has_examples_and_is_counted(artifact: Artifact) -> None:
    found = artifact.evidence()
    sparse = [one for name, one in found.items() if name.startswith("sae:")]

    assert len(sparse) == len(artifact.notes) > 2_000
    assert all(one.tally and one.tally.risky > 100 for one in found.values())
    assert sum(len(one.exemplars) == MAX_EXEMPLARS for one in sparse) > 0.99 * len(sparse)
    assert sum(len(one.near_misses) == MAX_NEAR_MISSES for one in sparse) > 0.99 * len(sparse)


def test_every_sign_of_the_text_that_raises_a_risk_has_examples(artifact: Artifact) -> None:
    signs = [one for name, one in artifact.evidence().items() if name.startswith("surface:")]
    raising = [one for one in signs if one.tally and one.tally.fired_risky + one.tally.fired_sound]

    assert len(raising) > 10
    assert [one.feature for one in raising if len(one.exemplars) < MAX_EXEMPLARS] == []


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


def test_reasons_md_says_how_much_its_features_tell(artifact: Artifact) -> None:
    tallies = [one.tally for name, one in artifact.evidence().items() if name.startswith("sae:")]
    lift_N = np.array([tally.lift for tally in tallies if tally and tally.lift is not None])
    risky = {tally.risky for tally in tallies if tally}

    assert len(risky) == 1
    row = f"| {risky.pop():,} | {lift_N.max():.2f} | {(lift_N >= 2).sum()} | "
    row += f"{np.quantile(lift_N, 0.95):.2f} |"
    assert f"| `{artifact.info.name}` {row}\n" in DOCS
    words = " ".join(DOCS.split())
    assert f"There are {len(SURFACE_NAMES)} text features" in words
    assert f"There are {artifact.coder.features:,} autoencoder features." in words
    shares = artifact.manifest["shares"]
    sparse = sum(part for name, part in shares.items() if name.startswith("sae_"))
    assert 0.2 <= sparse < 0.3  # "a fifth to a quarter"
    assert "make up a fifth to a quarter of the score" in words


def test_it_says_what_was_read_and_counts_only_lines_that_the_predictor_learned_from(
    artifact: Artifact,
) -> None:
    facts = evidence_facts(artifact.packed_evidence)

    assert facts["corpus"]["sources"] > 100
    assert facts["corpus"]["tokens"] > 200_000
    assert facts["labels"]
    learned = {row["sha256"] for row in artifact.manifest["data"]}
    assert {row["sha256"] for row in facts["labels"]} <= learned
    assert "**Counted on lines it was trained on.**" in DOCS
