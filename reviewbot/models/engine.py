"""Writes the int8 engine of a model.

trunk.onnx              the blocks (`models.onnx_graph`)
head.onnx               the output head, if wanted
embedding.safetensors   the embedding, int8 with a scale per row: only rows in use enter memory
tokenizer.json
probe.safetensors       a few tokens and their float32 states (`models.reference`)
reviewbot.json          the manifest (`models.verify`)
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from reviewbot.arrays import Array
from reviewbot.errors import EngineUnfit, ModelUnavailable
from reviewbot.models.cache import disk_errors, new_directory, sync
from reviewbot.models.shapes import TrunkShape
from reviewbot.models.smoothing import smoothed
from reviewbot.models.verify import EngineOutputs, write_manifest

ROWS = 8_192  # of the embedding that are written at once
MAX_WEIGHTS = 2_000_000_000  # bytes in a graph; protobuf's bound is 2^31 for everything
PROBE = '''def mean(values, default=0.0):
    """Return the mean of some numbers."""
    total = 0
    for index, value in enumerate(values):
        if value is None:
            continue
        total += value
    return total / len(values) if values else default


public static int find(List<String> names, String wanted) {
    for (int i = 0; i <= names.size(); i++) {
        if (names.get(i) == wanted) { return i; }
    }
    return -1;
}
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A model that gives its float32 weights by their names in a bare checkpoint."""

    name: str
    sha256: str
    shape: TrunkShape
    get: Callable[[str], Array]  # "layers.0...", "norm.weight", "embed_tokens.weight", "lm_head..."
    write_tokenizer: Callable[[Path], None]  # writes tokenizer.json into a directory


def unfit(name: str, why: str) -> EngineUnfit:
    """Return the error for a model that cannot become an engine."""
    return EngineUnfit(f"{name} was not converted: {why}")


def export(source: Source, outputs: EngineOutputs, final: Path) -> None:
    """Write the engine directory `final`. Call it under the model's lock.

    raises  ModelUnavailable if the model has too few layers, EngineUnfit if its weights do not fit
            together or into a file, EnvironmentFailure if the disk is full or not writable; nothing
            half-written stays
    """
    last = max(outputs.taps)
    if last > source.shape.layers:
        raise ModelUnavailable(
            f"{source.name} was not converted: it has {source.shape.layers} layers, layer {last} "
            "is asked for",
            fix="choose the artifact that was trained on this model",
        )
    with disk_errors(f"{source.name} was not converted"):
        _refuse_large(source, source.shape.layers if outputs.head else last)
        with new_directory(final) as directory:
            _write(source, outputs, directory)


def _write(source: Source, outputs: EngineOutputs, directory: Path) -> None:
    from reviewbot.models import onnx_graph

    source.write_tokenizer(directory)
    embedding_VD = source.get("embed_tokens.weight")
    _write_embedding(embedding_VD, directory / "embedding.safetensors")
    spreads = _write_probe(source, embedding_VD, outputs, directory)
    get = smoothed(source.get, spreads)
    trunk = onnx_graph.trunk(source.shape, get, outputs.taps, head=outputs.head)
    (directory / "trunk.onnx").write_bytes(trunk.SerializeToString())
    if outputs.head:
        head = onnx_graph.head(source.shape, source.get("lm_head.weight"))
        (directory / "head.onnx").write_bytes(head.SerializeToString())
    conversion = outputs.engine(source.sha256)
    for path in directory.iterdir():
        sync(path) if path.name in conversion.files else path.unlink()
    write_manifest(directory, conversion, name=source.name, shape=asdict(source.shape))


def _refuse_large(source: Source, blocks: int) -> None:
    """Refuse a graph that is too large for a file before minutes of work."""
    inner = len(source.get("layers.0.mlp.gate_proj.weight"))
    shape = source.shape
    rows = 2 * (shape.heads + shape.kv_heads) * shape.head_width + 3 * inner
    if blocks * rows * shape.width > MAX_WEIGHTS:
        raise unfit(source.name, f"{blocks} layers in int8 are more than one ONNX file may hold")


def _write_embedding(embedding_VD: Array, path: Path) -> None:
    from safetensors.numpy import save

    values_VD = np.empty(embedding_VD.shape, np.int8)
    scales_V = np.empty(len(embedding_VD), np.float32)
    for start in range(0, len(embedding_VD), ROWS):
        rows = slice(start, start + ROWS)
        peak_V = np.abs(embedding_VD[rows]).max(axis=1)
        scales_V[rows] = np.where(peak_V == 0, 1, peak_V / 127)
        values_VD[rows] = np.rint(embedding_VD[rows] / scales_V[rows, None])
    path.write_bytes(save({"values": values_VD, "scales": scales_V}))


def _write_probe(
    source: Source, embedding_VD: Array, outputs: EngineOutputs, directory: Path
) -> dict[str, Array]:
    """Write the probe and its states; return what `smoothing.smoothed` needs."""
    from safetensors.numpy import save
    from tokenizers import Tokenizer

    from reviewbot.models.reference import states

    try:
        tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    except Exception as exc:  # the library raises bare Exception
        raise ModelUnavailable(
            f"{source.name} was not converted: its tokenizer cannot be read: {str(exc)[:200]}",
            fix="use a model with a tokenizer.json of the tokenizers library",
        ) from exc
    ids_T = np.array(tokenizer.encode(PROBE, add_special_tokens=False).ids, np.int64)
    get = lru_cache(maxsize=16)(source.get)
    try:
        named, spreads = states(
            source.shape, get, embedding_VD[ids_T], outputs.taps, head=outputs.head
        )
    except (ValueError, IndexError) as exc:
        why = f"its weights do not have the sizes in its config: {exc}"
        raise unfit(source.name, why) from exc
    (directory / "probe.safetensors").write_bytes(save({"ids": ids_T, **named}))
    return spreads
