"""A trained bundle on disk: safetensors and JSON, never a pickle.

manifest.json           what it is, for which model, from which data, how good; hashes of the rest
sae/cfg.json            SAELens' own format
sae/sae_weights.safetensors
predictor.safetensors   weights and calibration of the line-risk predictor
features.json           what is known about the autoencoder's features
evidence.jsonl.gz       where features fire, how often, and on what; optional
"""

import hashlib
import json
import math
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from reviewbot.arrays import Array
from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.errors import ArtifactError
from reviewbot.scoring.change_reference import ChangeReference, change_reference_from_json
from reviewbot.scoring.expectations import Rule
from reviewbot.scoring.feature_evidence import FeatureEvidence, unpack_evidence
from reviewbot.scoring.outcomes import ArtifactInfo
from reviewbot.scoring.pooling import group_sizes
from reviewbot.scoring.predictor import Predictor, average
from reviewbot.scoring.reasons import FeatureNote
from reviewbot.scoring.sae import SparseCoder

FORMAT = "reviewbot-artifact/1"
_SHIPPED = Path(__file__).parents[1] / "_artifacts"
PRESETS = {  # what `--artifact` names without a path
    "quick": _SHIPPED / "quick",  # for the model inside the package: no download
    "deep": _SHIPPED / "deep",  # for the whole 0.5B model: slower, knows more
}
EVIDENCE = "evidence.jsonl.gz"
FILES = ("sae/cfg.json", "sae/sae_weights.safetensors", "predictor.safetensors", "features.json")
MAX_FILE = 256 * 1024 * 1024  # bytes
DAMAGE = (  # raised by the readers for a malformed file
    ArithmeticError,
    AttributeError,
    KeyError,
    RecursionError,
    SafetensorError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class ArtifactModel:
    """The model whose states the artifact was trained on."""

    name: str
    sha256: str
    layer: int  # decoder blocks up to the state that the autoencoder reads
    width: int
    deep: int | None = None  # a later block whose state the predictor reads too
    full: bool = False  # the predictor reads the output head too

    def __post_init__(self) -> None:
        """Refuse a field of another type. raises ValueError"""
        for key, kind in {"name": str, "sha256": str, "layer": int, "width": int}.items():
            if type(getattr(self, key)) is not kind:
                raise ValueError(f"the model's {key} must be {kind.__name__}")
        if type(self.full) is not bool or type(self.deep) not in (int, type(None)):
            raise ValueError("the model's deep must be a block or null, and full a truth value")


@dataclass(frozen=True, slots=True)
class Artifact:
    """Everything that turns hidden states into risks."""

    info: ArtifactInfo
    model: ArtifactModel
    plan: ReadingPlan
    coder: SparseCoder
    predictor: Predictor
    notes: Mapping[int, FeatureNote]
    expected: Rule  # which expectations are shown
    changes: ChangeReference | None  # None: it was not trained on whole changes
    manifest: Mapping[str, Any]
    packed_evidence: bytes = b""  # the file's bytes, empty without one

    def evidence(self, features: Collection[str] | None = None) -> dict[str, FeatureEvidence]:
        """Return the evidence of some features, all by default; unknown names are left out.

        raises  ArtifactError if it is damaged
        """
        if not self.packed_evidence:
            return {}
        try:
            return unpack_evidence(self.packed_evidence, features)
        except DAMAGE as exc:
            raise _damaged(self.info.name, exc) from exc


def load_artifact(directory: Path) -> Artifact:
    """Load a bundle.

    raises  ArtifactError if a file is missing or damaged, or does not match the manifest
    """
    raw = _read(directory / "manifest.json")
    try:
        return _load(directory, raw)
    except DAMAGE as exc:
        raise _damaged(directory.name, exc) from exc


def check_model(artifact: Artifact, sha256: str, name: str) -> None:
    """Refuse a model that the artifact was not trained on. raises ArtifactError"""
    if sha256 != artifact.model.sha256:
        raise ArtifactError(
            f"nothing was scored: artifact {artifact.info.name!r} was trained on the model "
            f"{artifact.model.name} ({artifact.model.sha256[:12]}), this is {name} ({sha256[:12]})",
            fix="leave --model out, or train an artifact on that model: reviewbot train --help",
        )


def unread(groups: Collection[str], *, deep: int | None, full: bool) -> str | None:
    """Return a group that such a reading of the model does not give; None if it gives all."""
    lacking = {
        "surprisal": not full,
        "block": not (full and deep),
        **dict.fromkeys(("deep_mean", "deep_max", "deep_last", "block_end"), not deep),
    }
    return next((name for name in groups if lacking.get(name)), None)


def coder_from(config: Mapping[str, Any], weights: Mapping[str, Any]) -> SparseCoder:
    """Build the autoencoder from its two files. raises ValueError for another kind."""
    for key, value in {
        "architecture": "topk",
        "normalize_activations": "layer_norm",
        "apply_b_dec_to_input": True,
        "rescale_acts_by_decoder_norm": False,
    }.items():
        if config[key] != value:
            raise ValueError(f"sae/cfg.json: {key} is {config[key]!r}, only {value!r} is known")
    width, features, k = int(config["d_in"]), int(config["d_sae"]), int(config["k"])
    if not 1 <= k <= features:
        raise ValueError("sae/cfg.json: k must be between 1 and d_sae")
    return SparseCoder(
        enc_DF=_array(weights, "W_enc", (width, features)),
        dec_FD=_array(weights, "W_dec", (features, width)),
        bias_F=_array(weights, "b_enc", (features,)),
        bias_D=_array(weights, "b_dec", (width,)),
        k=k,
    )


def _damaged(name: str, exc: Exception) -> ArtifactError:
    return ArtifactError(
        f"nothing was scored: the artifact {name!r} is damaged: "
        f"{type(exc).__name__} {str(exc)[:200]}",
        fix="install reviewbot again, or train the artifact again",
    )


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE:  # a pipe may never end
            raise ArtifactError(
                f"nothing was scored: {path.name} of the artifact is no regular file, or is over "
                f"{MAX_FILE} bytes",
                fix="name another artifact",
            )
        return path.read_bytes()
    except OSError as exc:
        raise ArtifactError(
            f"nothing was scored: the artifact {path.parent.name!r} cannot be read: "
            f"{path.name}: {exc.strerror or exc}",
            fix="make it readable, train it again, or install reviewbot again",
        ) from exc


def _load(where: Path, raw: bytes) -> Artifact:
    manifest = json.loads(raw)
    if manifest["format"] != FORMAT:
        raise ValueError(f"the format is {manifest['format']!r}, not {FORMAT!r}")
    names = [*FILES, *([EVIDENCE] if EVIDENCE in manifest["files"] else [])]
    content = {name: _read(where / name) for name in names}
    for name, data in content.items():
        if hashlib.sha256(data).hexdigest() != manifest["files"][name]:
            raise ValueError(f"{name} does not have the hash in the manifest")
    model = ArtifactModel(**manifest["model"])
    config = json.loads(content["sae/cfg.json"])
    coder = coder_from(config, load(content["sae/sae_weights.safetensors"]))
    hook = config["metadata"]["hf_hook_name"]
    if hook != f"model.layers.{model.layer - 1}":
        raise ValueError(f"the autoencoder reads {hook}, the manifest says layer {model.layer}")
    if coder.width != model.width:
        raise ValueError(f"the autoencoder's width {coder.width} is not the model's {model.width}")
    predictor = _predictor(manifest["predictor"], load(content["predictor.safetensors"]), coder)
    if lacking := unread(predictor.groups, deep=model.deep, full=model.full):
        raise ValueError(f"the predictor needs {lacking}, which the manifest's reading lacks")
    return Artifact(
        info=ArtifactInfo(
            str(manifest["name"]), hashlib.sha256(raw).hexdigest(), average(predictor)
        ),
        model=model,
        plan=ReadingPlan.from_json(manifest["plan"]),
        coder=coder,
        predictor=predictor,
        notes={
            int(number): FeatureNote(str(n["label"]), float(n["maximum"]), float(n["density"]))
            for number, n in json.loads(content["features.json"])["features"].items()
        },
        expected=_expected(manifest, model),
        changes=change_reference_from_json(manifest["changes"]) if "changes" in manifest else None,
        manifest=manifest,
        packed_evidence=content.get(EVIDENCE, b""),
    )


def _expected(manifest: Mapping[str, Any], model: ArtifactModel) -> Rule:
    if "expectations" not in manifest:
        return Rule()
    entry = manifest["expectations"]
    if not isinstance(entry, dict) or any(type(n) not in (int, float) for n in entry.values()):
        raise ValueError("expectations must hold numbers")
    rule = Rule(float(entry["margin"]), float(entry.get("likely", 0)))
    if not (model.full and rule.margin > 0 and 0 <= rule.likely <= 1):  # nor is NaN
        raise ValueError("expectations need the output head, a margin above 0, a probability")
    return rule


def _predictor(
    config: Mapping[str, Any], weights: Mapping[str, Any], coder: SparseCoder
) -> Predictor:
    sizes = group_sizes(coder.width, coder.features)
    groups = {str(name): int(size) for name, size in config["groups"].items()}
    for name, size in groups.items():
        if sizes.get(name) != size:
            raise ValueError(f"the predictor's group {name!r} has {size} columns")
    if not groups:
        raise ValueError("the predictor has no column")
    total = (sum(groups.values()),)
    reference_Q = np.asarray(weights["reference"], np.float32)
    if not (reference_Q.ndim == 1 and reference_Q.size and np.isfinite(reference_Q).all()):
        raise ValueError("the predictor's reference risks must be finite")
    if (np.diff(reference_Q) < 0).any():
        raise ValueError("the predictor's reference risks must ascend")
    predictor = Predictor(
        groups=groups,
        centre_N=_array(weights, "centre", total),
        scale_N=_array(weights, "scale", total),
        weight_N=_array(weights, "weight", total),
        bias=float(config["bias"]),
        slope=float(config["slope"]),
        offset=float(config["offset"]),
        reference_Q=reference_Q,
    )
    if not (predictor.scale_N > 0).all():
        raise ValueError("the predictor's scales must be above 0")
    numbers = (predictor.slope, predictor.offset, predictor.bias)
    if not all(map(math.isfinite, numbers)) or predictor.slope <= 0:
        raise ValueError("the predictor's calibration is no number, or reorders lines")
    return predictor


def _array(weights: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> Array:
    array = np.asarray(weights[name], np.float32)
    if array.shape != shape or not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite and of shape {shape}, is {array.shape}")
    return np.ascontiguousarray(array)
