"""Write an autoencoder and an artifact, atomically. `scoring.artifact` reads them."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from reviewbot.encoders.prompt import ReadingPlan
from reviewbot.errors import ArtifactError, EnvironmentFailure, UsageError
from reviewbot.scoring.artifact import DAMAGE, EVIDENCE, FILES, FORMAT, ArtifactModel, coder_from
from reviewbot.scoring.predictor import Predictor
from reviewbot.scoring.reasons import FeatureNote
from reviewbot.scoring.sae import SparseCoder


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

    Weights are float16, half the size. The predictor is trained on the weights as read back, so
    scores do not change.
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
    return {
        "sae/cfg.json": _json(config),
        "sae/sae_weights.safetensors": save(half),
        "features.json": _features(notes),
    }


def with_evidence(
    directory: Path, packed: bytes, notes: Mapping[int, FeatureNote]
) -> dict[str, bytes]:
    """Return the files of the artifact in a directory, with evidence and new feature notes.

    raises  OSError if it cannot be read
    """
    files = {name: (directory / name).read_bytes() for name in FILES}
    files |= {"features.json": _features(notes), EVIDENCE: packed}
    manifest = json.loads((directory / "manifest.json").read_bytes())
    manifest["files"] = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    return files | {"manifest.json": _json(manifest, sort_keys=False)}


def artifact_files(
    sae: Mapping[str, bytes],
    predictor: Predictor,
    *,
    name: str,
    model: ArtifactModel,
    plan: ReadingPlan,
    report_threshold: float,
    block_threshold: float,
    facts: Mapping[str, Any],
) -> dict[str, bytes]:
    """Return all files of an artifact, the manifest with the others' hashes last.

    facts  for the manifest: training data with hashes, dtype, metrics, commit
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
            "deep": model.deep,
            "full": model.full,
        },
        "plan": plan.to_json(),
        "predictor": {
            "groups": dict(predictor.groups),
            "bias": predictor.bias,
            "slope": predictor.slope,
            "offset": predictor.offset,
        },
        "operating_points": {"show": report_threshold, "gate": block_threshold},
        "files": {path: hashlib.sha256(files[path]).hexdigest() for path in FILES},
        **facts,
    }
    # Not sorted: the order of the predictor's groups is the order of its columns.
    return files | {"manifest.json": _json(manifest, sort_keys=False)}


def require_replaceable(directory: Path) -> None:
    """Refuse a directory with files that we did not write: replacing it would delete them.

    raises  UsageError; a missing or empty directory is fine

    Call it before the long work; `write_directory` calls it again.
    """
    known = {*FILES, EVIDENCE, "sae", "manifest.json"}
    if not os.path.lexists(directory):
        return
    if directory.is_dir() and not directory.is_symlink():
        inside = (path.relative_to(directory).as_posix() for path in directory.rglob("*"))
        foreign = next((name for name in inside if name not in known), None)
        if foreign is None:
            return
        what = f"the directory {str(directory)!r} holds {foreign!r}, which was not written by us"
    else:
        what = f"{str(directory)!r} is no directory"
    raise UsageError(f"{what}; nothing was written", fix="name another --out")


def write_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write a directory with these files atomically; an older result is replaced.

    raises  UsageError where it holds anything else than an older result; EnvironmentFailure where
            it cannot be written: the older result then stays as it was
    """
    directory = Path(os.path.abspath(directory))  # noqa: PTH100 - "." has no name; links stay
    require_replaceable(directory)
    temporary = directory.with_name(f".{directory.name}.{os.getpid()}.tmp")
    old = directory.with_name(f".{directory.name}.{os.getpid()}.old")
    try:
        for name, data in files.items():
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if directory.exists():
            directory.rename(old)
        temporary.rename(directory)
    except OSError as exc:
        raise EnvironmentFailure(
            f"{directory} was not written: {exc.strerror or exc}",
            fix="free some space, or name another --out",
        ) from exc
    finally:
        if old.exists() and not directory.exists():
            old.rename(directory)
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file under a temporary name, flush it to disk, then rename it to `path`.

    raises  EnvironmentFailure where the disk is full or the path cannot be written; no temporary
            file is left, and an older file stays as it was

    safetensors reports a full disk as a SafetensorError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(temporary)
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, SafetensorError) as exc:
        why = (exc.strerror if isinstance(exc, OSError) else None) or str(exc)
        raise EnvironmentFailure(
            f"{path} was not written, so the run stopped: {why}",
            fix="free some space, or choose another place, then run the same command again",
        ) from exc


def read_sae(directory: Path) -> tuple[dict[str, bytes], SparseCoder]:
    """Read the files of an autoencoder, and its weights.

    raises  ArtifactError where a file is missing or damaged
    """
    names = ("sae/cfg.json", "sae/sae_weights.safetensors", "features.json")
    try:
        files = {name: (directory / name).read_bytes() for name in names}
        coder = coder_from(json.loads(files[names[0]]), load(files[names[1]]))
        json.loads(files[names[2]])["features"].items()
    except OSError as exc:
        raise ArtifactError(
            f"the autoencoder {str(directory)!r} cannot be read, nothing was fitted: "
            f"{Path(str(exc.filename)).name}: {exc.strerror or exc}",
            fix="name the directory that `reviewbot train sae` wrote",
        ) from exc
    except DAMAGE as exc:
        raise ArtifactError(
            f"the autoencoder {str(directory)!r} is damaged, nothing was fitted: "
            f"{type(exc).__name__} {str(exc)[:200]}",
            fix="train it again: reviewbot train sae",
        ) from exc
    return files, coder


def require_fit(sae: Mapping[str, bytes], *, layer: int, width: int) -> None:
    """Refuse an autoencoder that was trained on other states. raises ArtifactError."""
    config = json.loads(sae["sae/cfg.json"])
    metadata = config.get("metadata")
    hook = metadata.get("hf_hook_name") if isinstance(metadata, dict) else None
    if config["d_in"] != width or hook != f"model.layers.{layer - 1}":
        raise ArtifactError(
            f"the autoencoder was trained on {hook} ({config['d_in']} wide), but block {layer} "
            f"({width} wide) is read; nothing was fitted",
            fix="give the --model and --layer that it was trained with, or train another",
        )


def _features(notes: Mapping[int, FeatureNote]) -> bytes:
    rows = {
        str(number): {
            "label": note.label,
            "maximum": round(note.maximum, 4),
            "density": round(note.density, 8),
        }
        for number, note in sorted(notes.items())
    }
    return _json({"features": rows})


def _json(value: Any, *, sort_keys: bool = True) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=sort_keys) + "\n").encode()
