"""Evidence that fits in the head, and artifacts that hold it."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from reviewbot.scoring.artifact import EVIDENCE
from reviewbot.scoring.feature_evidence import Exemplar, FeatureEvidence, Tally, pack_evidence

TALLY = Tally(41, 9, 5_210, 14, 2.8125)
FACTS = {"corpus": {"files": 2}, "labels": []}


def exemplar(
    *parts: tuple[str, float],
    source: str = "requests 2.34.2",
    path: str = "requests/api.py",
    licence: str = "Apache-2.0",
    revision: str = "sha256:" + "ab" * 32,
) -> Exemplar:
    """An example of these tokens, and how strongly each fires."""
    texts, values = zip(*parts, strict=True)
    return Exemplar(source, revision, path, 77, licence, "python", texts, values)


CENTS = exemplar(("    total", 0.0), (" =", 0.0), (" cents", 0.25), (" /", 1.0), (" 100", 0.0))
RATIO = exemplar(("ratio = hits", 0.0), path="requests/b.py")


def evidence(
    feature: str = "sae:417",
    label: str = "divides",
    detects: str | None = None,
    tally: Tally | None = TALLY,
) -> FeatureEvidence:
    """All that can be known of a feature."""
    return FeatureEvidence(
        feature=feature,
        label=label,
        label_score=0.83 if label else None,
        maximum=4.0,
        density=0.0186,
        tally=tally,
        languages=(("go", 0.81), ("rust", 0.1)),
        detects=detects,
        indentation=0.34,
        exemplars=(CENTS, CENTS),
        near_misses=(RATIO,),
    )


def add_evidence(artifact: Path, found: Iterable[FeatureEvidence]) -> Path:
    """Put evidence into the directory of an artifact."""
    packed = pack_evidence(FACTS, found)
    (artifact / EVIDENCE).write_bytes(packed)
    manifest = json.loads((artifact / "manifest.json").read_text())
    manifest["files"][EVIDENCE] = hashlib.sha256(packed).hexdigest()
    (artifact / "manifest.json").write_text(json.dumps(manifest))
    return artifact
