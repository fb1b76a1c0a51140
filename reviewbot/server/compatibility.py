"""What a server and its client must agree on, to the letter, for equal digits: the terms."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from reviewbot import __version__
from reviewbot.encoders.encoder import EncoderSpec, isa, usable_cores
from reviewbot.server.wire import PROTOCOL

STACK = ("numpy", "torch", "transformers", "tokenizers", "onnxruntime", "bitsandbytes")
# Variables that choose kernels, threads or devices in these libraries.
CHOOSING = (
    "ATEN_",
    "CUBLAS_",
    "CUDA_VISIBLE_DEVICES",
    "DNNL_",
    "MKL_",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_",
    "ONEDNN_",
    "OPENBLAS_",
)


def spec_terms(spec: EncoderSpec, sha256: str) -> dict[str, str]:
    """Say which model is meant and how it is run: every field of the spec, resolved.

    sha256  of the model's bytes: a directory may get other ones while a server runs
    """
    terms = {each.name: str(getattr(spec, each.name)) for each in fields(spec)}
    return {
        **terms,
        "directory": os.path.realpath(spec.directory),
        "threads": str(spec.threads or usable_cores()),
        "sha256": sha256,
    }


def socket_name(spec: Mapping[str, str]) -> str:
    """Return the file name of the socket for `spec_terms`; looking for it costs one stat."""
    text = json.dumps(dict(spec), sort_keys=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.sock"


def all_terms(spec: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Add what else can change a digit: our code, the libraries, the processor, their variables.

    Take them before a framework is imported: it may set such variables itself.
    """
    return {
        **spec,
        "protocol": str(PROTOCOL),
        "reviewbot": __version__,
        "code": _code(),
        **{name: _version(name) for name in STACK},
        "isa": isa(),
        **chosen(environ),
    }


def chosen(environ: Mapping[str, str]) -> dict[str, str]:
    """Return those variables that choose kernels, threads or devices, each behind a "$"."""
    return {f"${name}": text[:200] for name, text in environ.items() if name.startswith(CHOOSING)}


def difference(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str | None:
    """Say the first term that differs; None where all are equal."""
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            left, right = (str(terms.get(name, "unset"))[:80] for terms in (ours, theirs))
            return f"its {name} is {right}, here it is {left}"
    return None


def _code() -> str:
    """Hash the encoders' own source: a checkout changes more often than its version does."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
