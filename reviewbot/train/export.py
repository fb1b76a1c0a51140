"""Write an autoencoder and an artifact, whole or not at all. `reviewbot.artifacts` reads them."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from reviewbot.artifacts import FILES, FORMAT, ArtifactModel, coder_from
from reviewbot.core.plan import ReadingPlan
from reviewbot.core.predictor import Predictor
from reviewbot.core.reasons import FeatureNote
from reviewbot.core.sae import SparseCoder


def sae_files(
    coder: SparseCoder,
    notes: Mapping[int, FeatureNote],
    *,
    model: str,
    layer: int,
    context: int,
    training: Mapping[str, Any],
) -> dict[str, bytes]:
    """Return the files of an autoencoder: SAELens' layout, and what its features fire on.

    Weights are written in float16: half the size, and what scores is what was measured, because the
    predictor is trained on the coder as it is read back.
    """
    config = {
        "architecture": "topk",
        "d_in": coder.width,
        "d_sae": coder.features,
        "k": coder.k,
        "dtype": "float16",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "layer_norm",
        "reshape_activations": "none",
        "rescale_acts_by_decoder_norm": False,
        "metadata": {
            "sae_lens_version": "6.54.12",  # the format's version, for SAELens' loader
            "sae_lens_training_version": None,
            "model_name": model,
            "hook_name": f"blocks.{layer - 1}.hook_resid_post",
            "hf_hook_name": f"model.layers.{layer - 1}",
            "context_size": context,
            "prepend_bos": False,
            "reviewbot": dict(training),
        },
    }
    weights = {
        "W_enc": coder.enc_DF,
        "W_dec": coder.dec_FD,
        "b_enc": coder.bias_F,
        "b_dec": coder.bias_D,
    }
    half = {name: np.ascontiguousarray(array, np.float16) for name, array in weights.items()}
    features = {
        str(number): {
            "label": note.label,
            "maximum": round(note.maximum, 4),
            "density": round(note.density, 8),
        }
        for number, note in sorted(notes.items())
    }
    return {
        "sae/cfg.json": _json(config),
        "sae/sae_weights.safetensors": save(half),
        "features.json": _json({"features": features}),
    }


def artifact_files(
    sae: Mapping[str, bytes],
    predictor: Predictor,
    *,
    name: str,
    model: ArtifactModel,
    plan: ReadingPlan,
    show_above: float,
    gate_above: float,
    facts: Mapping[str, Any],
) -> dict[str, bytes]:
    """Return all files of an artifact, the manifest with the others' hashes last.

    facts  training data with hashes, dtype, metrics, commit: what a reader of the manifest wants
    """
    arrays = {
        "centre": predictor.centre_N,
        "scale": predictor.scale_N,
        "weight": predictor.weight_N,
        "reference": predictor.reference_Q,
    }
    files = dict(sae)
    files["predictor.safetensors"] = save(
        {key: np.ascontiguousarray(array, np.float32) for key, array in arrays.items()}
    )
    manifest = {
        "format": FORMAT,
        "name": name,
        "model": {
            "name": model.name,
            "sha256": model.sha256,
            "layer": model.layer,
            "width": model.width,
        },
        "plan": plan.to_json(),
        "predictor": {
            "groups": dict(predictor.groups),
            "bias": predictor.bias,
            "slope": predictor.slope,
            "offset": predictor.offset,
        },
        "operating_points": {"show": show_above, "gate": gate_above},
        "files": {path: hashlib.sha256(files[path]).hexdigest() for path in FILES},
        **facts,
    }
    # Not sorted: the order of the predictor's groups is the order of its columns.
    return files | {"manifest.json": _json(manifest, sort_keys=False)}


def write_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a directory that appears with all of them; an older one is replaced."""
    temporary = directory.with_name(f".{directory.name}.{os.getpid()}.tmp")
    try:
        for name, data in files.items():
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if directory.exists():
            shutil.rmtree(directory)
        temporary.replace(directory)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_sae(directory: Path) -> tuple[dict[str, bytes], SparseCoder]:
    """Read an autoencoder's files back, with the coder that they hold."""
    names = ("sae/cfg.json", "sae/sae_weights.safetensors", "features.json")
    files = {name: (directory / name).read_bytes() for name in names}
    weights = load_file(directory / "sae" / "sae_weights.safetensors")
    config = json.loads(files["sae/cfg.json"])
    return files, coder_from(config, weights)


def _json(value: Any, *, sort_keys: bool = True) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=sort_keys) + "\n").encode()
