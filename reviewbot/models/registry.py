"""The language models of our artifacts, as a table.

Source of names, revisions, sizes and hashes: the official releases (see docs/models.md).
"""

from dataclasses import dataclass, replace

MAX_TOKENS = 4_096  # of the longest window that a reading plan may have


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """One model and how much of it is read."""

    name: str  # what `--model` and manifests call it
    architecture: str  # transformers model type
    repo: str | None = None  # hub repository; None if the file is on no hub
    revision: str | None = None  # 40 hex digits: a branch name would let scores drift unseen
    filename: str  # of the official file
    size: int  # bytes of the official file, or of the packaged files
    sha256: str  # the model's identity: of the official file, or `verify.identity` of the packaged
    packaged: bool = False  # an int8 engine inside this package, in reviewbot/_models/
    license: str
    layers: int  # of the full model
    stored: int  # how many of them there are, from the first on; if fewer, without the head
    layer: int  # decoder blocks that are kept; the output of the last one is read
    width: int  # D


CODER_SMALL = ModelSpec(
    name="qwen2.5-coder-0.5b",
    architecture="qwen2",
    repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
    revision="ebb2015119c907b064c512bf053e945850b5875f",
    filename="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    size=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    license="Apache-2.0",
    layers=24,
    stored=24,
    layer=6,
    width=896,
)

CODER_BASE = replace(
    CODER_SMALL,
    name="qwen2.5-coder-1.5b",
    repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    revision="38f6bab61d341b23a6c00226f32c0d6148bf9f43",
    filename="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    layers=28,
    stored=28,
    layer=7,
    width=1536,
)

SMOL = ModelSpec(
    name="smollm2-135m",
    architecture="llama",
    filename="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    license="Apache-2.0",
    layers=30,
    stored=30,
    layer=8,
    width=576,
)

# The int8 engine of SMOL's first blocks (research/package_model.py): neither downloaded nor
# converted. Its weights are rounded, so it has another name and identity.
SMOL_CUT = replace(
    SMOL,
    name="smollm2-135m-8",
    size=59_950_076,
    sha256="8429369bd04d96c5deb248ff6828dce03a21993f430551af773e89a1b3eea7a2",
    packaged=True,
    stored=8,
)

MODELS = {spec.name: spec for spec in (CODER_SMALL, CODER_BASE, SMOL, SMOL_CUT)}
DEFAULT_MODEL = CODER_SMALL.name
