"""The autoencoder's features as Neuronpedia has them."""

import gzip
import json
from typing import Any

from reviewbot.core.known import Known
from reviewbot.render.neuronpedia import BATCH, neuronpedia
from tests.known import evidence


def columns(text: str) -> set[str]:
    return set(text.split())


# Of its tables (apps/webapp/prisma/schema.prisma); NEEDED are those without a default there.
NEURON = columns(
    """modelId layer index sourceSetName creatorId createdAt maxActApprox hasVector vector hookName
    vectorLabel vectorDefaultSteerStrength topkCosSimIndices topkCosSimValues neg_str neg_values
    neuron_alignment_indices neuron_alignment_values neuron_alignment_l1 pos_str pos_values
    correlated_neurons_indices correlated_neurons_pearson correlated_neurons_l1 frac_nonzero
    correlated_features_indices correlated_features_pearson correlated_features_l1
    freq_hist_data_bar_heights freq_hist_data_bar_values logits_hist_data_bar_heights
    logits_hist_data_bar_values decoder_weights_dist"""
)
ACTIVATION = columns(
    """id tokens dataIndex index layer modelId dataSource maxValue maxValueTokenIndex minValue
    values dfaValues dfaTargetIndex dfaMaxValue creatorId createdAt lossValues logitContributions
    binMin binMax binContains qualifyingTokenIndex"""
)
NEEDED = columns("index layer modelId maxValue maxValueTokenIndex minValue creatorId")
EXPLANATION = columns(
    """id modelId layer index authorId description notes scoreV1 scoreV2 typeName
    explanationModelName"""
)
FOLDER = "v1/smollm2-135m-8/7-tiny"


def rows(packed: bytes) -> list[dict[str, Any]]:
    text = gzip.decompress(packed).decode()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def exported(*known: Known) -> dict[str, bytes]:
    return neuronpedia(known, model="smollm2-135m-8", layer=8, artifact="tiny")


FOUND = (
    Known("sae:417", evidence(), 0.1, 0.2),
    Known("sae:418", evidence("sae:418", label=""), 0.1, 0.2),
    Known("surface:commas", evidence("surface:commas"), 0.1, None),
)


def test_there_are_three_kinds_of_files_and_every_line_reads_back() -> None:
    files = exported(*FOUND)

    assert list(files) == [
        f"{FOLDER}/{kind}/batch-0.jsonl.gz" for kind in ("features", "activations", "explanations")
    ]
    neurons, activations, explanations = map(rows, files.values())
    assert [row["index"] for row in neurons] == ["417", "418"]  # signs of the text are no features
    assert [row["index"] for row in activations] == ["417", "417", "418", "418"]
    assert [row["description"] for row in explanations] == ["divides"]
    for row in (*neurons, *activations, *explanations):
        assert (row["modelId"], row["layer"]) == ("smollm2-135m-8", "7-tiny")


def test_the_keys_are_those_of_its_tables() -> None:
    neurons, activations, explanations = map(rows, exported(*FOUND).values())

    assert all(row.keys() <= NEURON for row in neurons)
    assert all(NEEDED <= row.keys() <= ACTIVATION for row in activations)
    assert all(row.keys() <= EXPLANATION for row in explanations)


def test_an_activation_has_its_tokens_values_bin_and_where_it_is_from() -> None:
    row = rows(exported(*FOUND)[f"{FOLDER}/activations/batch-0.jsonl.gz"])[0]

    assert row["tokens"] == ["    total", " =", " cents", " /", " 100"]
    assert row["values"] == [0.0, 0.0, 1.0, 4.0, 0.0]
    assert (row["maxValue"], row["maxValueTokenIndex"], row["qualifyingTokenIndex"]) == (4.0, 3, 3)
    assert (row["binMin"], row["binMax"], row["binContains"]) == (-1.0, 4.0, -1.0)
    assert "requests 2.34.2 (Apache-2.0) requests/api.py:77 sha256:abab" in row["dataSource"]


def test_many_features_go_into_several_files() -> None:
    many = [Known(f"sae:{n}", evidence(f"sae:{n}"), None, None) for n in range(BATCH + 1)]

    files = exported(*many)

    assert len(rows(files[f"{FOLDER}/features/batch-0.jsonl.gz"])) == BATCH
    assert len(rows(files[f"{FOLDER}/features/batch-1.jsonl.gz"])) == 1
    ids = [row["id"] for path, data in files.items() if "activations" in path for row in rows(data)]
    assert len(set(ids)) == len(ids) == 2 * (BATCH + 1)


def test_the_same_artifact_gives_the_same_bytes() -> None:
    assert exported(*FOUND) == exported(*FOUND)


def test_a_strange_name_is_one_folder() -> None:
    files = neuronpedia((), model="../../etc", layer=1, artifact="\x1b/..")

    assert all(path.startswith("v1/etc/0-unnamed/") for path in files)
