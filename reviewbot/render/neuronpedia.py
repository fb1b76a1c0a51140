"""The autoencoder's features as Neuronpedia's data sets have them: JSON lines, compressed.

`v1/{model}/{source}/{features,activations,explanations}/batch-N.jsonl.gz`. The keys are those of
its tables Neuron, Activation and Explanation (apps/webapp/prisma/schema.prisma and export-data.py
of hijohnnylin/neuronpedia; SAEDashboard's neuronpedia_export.py). What we do not know is left out
or empty; docs/reasons.md says which values are ours.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from reviewbot.core.evidence import Evidence, Exemplar
from reviewbot.core.known import Known
from reviewbot.render.evidence import place_of
from reviewbot.render.values import clean, number

BATCH = 1024  # features in a file, as Neuronpedia's own export has it
CREATOR = "reviewbot"
TYPE = "reviewbot-tokens"  # of an explanation: the tokens that a feature fires on, put into words
TOP = -1.0  # where a bin's borders would stand: Neuronpedia's mark for "among the strongest"


def neuronpedia(
    known: Sequence[Known], *, model: str, layer: int, artifact: str
) -> dict[str, bytes]:
    """Return the files, by their path: same artifact, same bytes.

    known  features; those that are none of the autoencoder are left out
    layer  decoder blocks below the state that the autoencoder reads, from 1
    """
    model_id = _name(model)
    source = f"{layer - 1}-{_name(artifact)}"  # Neuronpedia counts the block that is read, from 0
    coded = [one for one in known if one.feature.startswith("sae:")]
    files = {}
    for place in range(0, max(len(coded), 1), BATCH):
        batch = coded[place : place + BATCH]
        rows = {
            "features": [_feature(one, model_id, source) for one in batch],
            "activations": [
                _activation(one.evidence, example, rank, model_id, source)
                for one in batch
                for rank, example in enumerate(one.evidence.exemplars)
            ],
            "explanations": [
                _explanation(one, model_id, source) for one in batch if one.evidence.label
            ],
        }
        for kind, found in rows.items():
            path = f"v1/{model_id}/{source}/{kind}/batch-{place // BATCH}.jsonl.gz"
            files[path] = _packed(found)
    return files


def _feature(one: Known, model: str, source: str) -> dict[str, Any]:
    return {
        "modelId": model,
        "layer": source,
        "index": _index(one),
        "sourceSetName": source.partition("-")[2],
        "creatorId": CREATOR,
        "maxActApprox": number(one.evidence.maximum, 4) or 0.0,
        "hasVector": False,
        "frac_nonzero": number(one.evidence.density, 8) or 0.0,
        "freq_hist_data_bar_heights": [],
        "freq_hist_data_bar_values": [],
        "logits_hist_data_bar_heights": [],
        "logits_hist_data_bar_values": [],
        "neg_str": [],
        "neg_values": [],
        "pos_str": [],
        "pos_values": [],
    }


def _activation(
    found: Evidence, example: Exemplar, rank: int, model: str, source: str
) -> dict[str, Any]:
    maximum = found.maximum if found.maximum is not None else 1.0
    values = [number(part * maximum, 4) or 0.0 for part in example.activations] or [0.0]
    strongest = max(values)
    index = found.feature.removeprefix("sae:")
    return {
        "id": _id(model, source, index, str(rank)),
        "tokens": list(example.tokens) or [""],
        "dataIndex": f"{example.path}:{example.line}",
        "index": index,
        "layer": source,
        "modelId": model,
        "dataSource": f"{place_of(example)} {example.revision}",
        "maxValue": strongest,
        "maxValueTokenIndex": values.index(strongest),
        "minValue": min(values),
        "values": values,
        "creatorId": CREATOR,
        "binMin": TOP,
        "binMax": number(maximum, 4),
        "binContains": TOP,
        "qualifyingTokenIndex": values.index(strongest),
    }


def _explanation(one: Known, model: str, source: str) -> dict[str, Any]:
    score = number(one.evidence.label_score, 4)
    measured = "balanced accuracy of the label on files that did not make it"
    return {
        "id": _id(model, source, _index(one), "label"),
        "modelId": model,
        "layer": source,
        "index": _index(one),
        "authorId": CREATOR,
        "description": one.evidence.label,
        "typeName": TYPE,
        "explanationModelName": None,
        "scoreV2": score,
        "notes": None if score is None else f"scoreV2 is the {measured}",
    }


def _index(one: Known) -> str:
    return one.feature.removeprefix("sae:")


def _id(*parts: str) -> str:
    joined = "\0".join(parts)
    return f"rb{hashlib.sha256(joined.encode()).hexdigest()[:23]}"


def _name(text: str) -> str:
    """Return a name that is one folder: letters, digits, "-", "_" and ".", none in front."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text[:100]).strip(".-").lower() or "unnamed"


def _packed(rows: Sequence[Mapping[str, Any]]) -> bytes:
    text = "".join(f"{json.dumps(clean(row))}\n" for row in rows)
    return gzip.compress(text.encode(), mtime=0)
