"""The terms that a server and its client must agree on, exactly, for equal numbers."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from reviewbot import __version__
from reviewbot.encoders.encoder import EncoderSpec
from reviewbot.encoders.processor import isa, usable_cores

PROTOCOL = "2"  # raise it when `server.messages` changes
LIBRARIES = ("numpy", "torch", "transformers", "tokenizers", "onnxruntime", "bitsandbytes")
# Prefixes of variables that choose kernels, threads or devices in these libraries.
CPU_VARIABLES = ("ATEN_", "DNNL_", "MKL_", "OMP_", "ONEDNN_", "OPENBLAS_")
GPU_VARIABLES = ("CUBLAS_", "CUDA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE")
PACKAGE = Path(__file__).parents[1]


def spec_terms(spec: EncoderSpec, sha256: str) -> dict[str, str]:
    """Return which model is meant and how it runs: what of the spec can change a number, resolved.

    sha256  of the model's bytes: a directory may change while a server runs
    """
    names = [field.name for field in fields(spec)]
    return {
        **{name: str(getattr(spec, name)) for name in names if name != "one_by_one"},
        "directory": os.path.realpath(spec.directory),
        "threads": str(spec.threads or usable_cores()),
        "sha256": sha256,
    }


def socket_name(model_terms: Mapping[str, str]) -> str:
    """Return the file name of the socket for `spec_terms`; looking for it costs one stat."""
    text = json.dumps(dict(model_terms), sort_keys=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.sock"


def all_terms(model_terms: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Add all else that can change a number: code, libraries, processor, variables.

    Call it before a framework is imported: a framework may set such variables itself.
    """
    return {
        **model_terms,
        "protocol": PROTOCOL,
        "reviewbot": __version__,
        "code": _source_hash(),
        **{name: _version(name) for name in LIBRARIES},
        "isa": isa(),
        **kernel_variables(environ),
    }


def kernel_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that choose kernels, threads or devices, each name behind a "$"."""
    prefixes = CPU_VARIABLES + GPU_VARIABLES
    return {f"${name}": text[:200] for name, text in environ.items() if name.startswith(prefixes)}


def difference(ours: Mapping[str, object], theirs: Mapping[str, object]) -> str | None:
    """Return the first term that differs, in words; None if all are equal."""
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            here, there = (str(terms.get(name, "unset"))[:200] for terms in (ours, theirs))
            return f"its {name[:80]} is {there}, here it is {here}"
    return None


def _source_hash() -> str:
    """Hash the source of encoders and server: a checkout changes more often than its version."""
    digest = hashlib.sha256()
    for package in ("encoders", "server"):
        for path in sorted((PACKAGE / package).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
