"""The int8 engine of a model on disk: what it is made from, and whether it still is what was made.

trunk.onnx              the blocks (`models.onnx_graph`)
head.onnx               the output head; only where it is asked for
embedding.safetensors   the embedding, float16: only the rows that the code uses enter memory
tokenizer.json
probe.safetensors       a few tokens and what float32 makes of them (`models.reference`)
reviewbot.json          what all this is, with the hash of every file
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.errors import EngineUnfit, ModelUnavailable
from reviewbot.models.cache import disk_errors, new_directory, sync, write_json
from reviewbot.models.checkpoint import MANIFEST, STAMP, difference
from reviewbot.models.local import hashes, read_json
from reviewbot.models.shapes import TrunkShape

if TYPE_CHECKING:
    from onnx import ModelProto

EXPORTER = 2  # raise it when the bytes of an engine would change: the old ones are then unused
SCHEMA = "reviewbot-engine/1"
ROWS = 8_192  # of the embedding that are written at once
LARGEST = 2_000_000_000  # bytes of a graph's weights; protobuf ends at 2^31 with all the rest
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
class Wanted:
    """Which states an engine gives."""

    taps: tuple[int, ...]  # blocks, counted from 1, ascending
    head: bool  # all blocks, the final norm and the output head

    @staticmethod
    def of(layer: int, deep: int | None, *, full: bool) -> "Wanted":
        """Return what an artifact that reads these blocks needs."""
        return Wanted(taps=tuple(sorted({layer, deep or layer})), head=full)

    def key(self, sha256: str) -> str:
        """Name an engine by everything its bytes depend on; `sha256` is the model's identity."""
        taps = "-".join(f"l{tap}" for tap in self.taps)
        return f"{sha256[:32]}-{taps}{'-head' if self.head else ''}-onnx-v{EXPORTER}"

    @property
    def files(self) -> set[str]:
        """The names of the files beside the manifest."""
        common = {"trunk.onnx", "embedding.safetensors", "tokenizer.json", "probe.safetensors"}
        return common | ({"head.onnx"} if self.head else set())


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A model whose float32 weights can be asked for by their names in a bare checkpoint."""

    name: str
    sha256: str
    shape: TrunkShape
    get: Callable[[str], Array]  # "layers.0...", "norm.weight", "embed_tokens.weight", "lm_head..."
    write_tokenizer: Callable[[Path], None]  # writes tokenizer.json into a directory


def check_engine(directory: Path, sha256: str, wanted: Wanted, *, again: bool = False) -> None:
    """Refuse an engine that is not, byte for byte, what the export wrote.

    again   hash every file even if it looks untouched since it was last hashed
    raises  ModelUnavailable with what differs, EnvironmentFailure if a file cannot be read
    """
    expected = _manifest(sha256, wanted)
    if wrong := difference(directory, expected, wanted.files, again, extra={"name", "shape"}):
        raise ModelUnavailable(
            f"nothing was loaded: the int8 engine in {directory} is damaged: {wrong}",
            fix="run `reviewbot model verify` for that model, or remove that directory: it will be "
            "made again",
        )


def wanted_of(directory: Path) -> Wanted:
    """Read from an engine's manifest what it gives; ValueError if it is none.

    raises  OSError
    """
    says = read_json(directory / MANIFEST)
    try:
        taps = tuple(int(tap) for tap in says["taps"])
        return Wanted(taps=taps, head=bool(says["head"]))
    except (KeyError, TypeError) as exc:
        raise ValueError(f"no manifest of an engine: {exc}") from exc


def export(source: Source, wanted: Wanted, final: Path) -> None:
    """Write the engine directory `final`. Call it under the model's lock.

    raises  ModelUnavailable if the model does not hold what is wanted, EngineUnfit if its weights
            do not fit together or into a file, EnvironmentFailure if the disk is full or not
            writable; nothing half-written stays
    """
    if max(wanted.taps) > source.shape.layers:
        raise ModelUnavailable(
            f"{source.name} was not converted: it has {source.shape.layers} layers, "
            f"layer {max(wanted.taps)} is asked for",
            fix="choose the artifact that was trained on this model",
        )
    with disk_errors(f"{source.name} was not converted"):
        _refuse_large(source, source.shape.layers if wanted.head else max(wanted.taps))
        with new_directory(final) as directory:
            _write(source, wanted, directory)


def _write(source: Source, wanted: Wanted, directory: Path) -> None:
    from reviewbot.models import onnx_graph

    source.write_tokenizer(directory)
    embedding_VD = source.get("embed_tokens.weight")
    _write_embedding(source, embedding_VD, directory / "embedding.safetensors")
    _write_probe(source, embedding_VD, wanted, directory)
    trunk = onnx_graph.trunk(source.shape, source.get, wanted.taps, head=wanted.head)
    _save(trunk, directory / "trunk.onnx")
    if wanted.head:
        head = onnx_graph.head(source.shape, source.get("lm_head.weight"))
        _save(head, directory / "head.onnx")
    for path in directory.iterdir():
        sync(path) if path.name in wanted.files else path.unlink()
    sums = hashes(directory, sorted(wanted.files), directory / STAMP, again=True)
    facts = {"name": source.name, "shape": asdict(source.shape), "files": sums}
    write_json(directory / MANIFEST, {**_manifest(source.sha256, wanted), **facts})


def _manifest(sha256: str, wanted: Wanted) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "exporter": EXPORTER,
        "source_sha256": sha256,
        "taps": list(wanted.taps),
        "head": wanted.head,
    }


def _refuse_large(source: Source, blocks: int) -> None:
    """Find out before minutes of work that the graph is too large for a file."""
    inner = len(source.get("layers.0.mlp.gate_proj.weight"))
    shape = source.shape
    rows = 2 * (shape.heads + shape.kv_heads) * shape.head_width + 3 * inner
    if blocks * rows * shape.width > LARGEST:
        raise _unfit(source, f"{blocks} layers in int8 are more than one ONNX file may hold")


def _unfit(source: Source, why: str) -> EngineUnfit:
    what = f"nothing was scored: {source.name} was not converted: {why}"
    return EngineUnfit(what, fix="use --engine torch")


def _save(model: "ModelProto", path: Path) -> None:
    path.write_bytes(model.SerializeToString())


def _write_embedding(source: Source, embedding_VD: Array, path: Path) -> None:
    from safetensors.numpy import save

    half_VD = np.empty(embedding_VD.shape, np.float16)
    for start in range(0, len(embedding_VD), ROWS):
        rows_VD = embedding_VD[start : start + ROWS]
        if np.abs(rows_VD).max() > np.finfo(np.float16).max:
            raise _unfit(source, "its embedding is too large for numbers of half width")
        half_VD[start : start + ROWS] = rows_VD
    path.write_bytes(save({"embedding": half_VD}))


def _write_probe(source: Source, embedding_VD: Array, wanted: Wanted, directory: Path) -> None:
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
        found = states(source.shape, get, embedding_VD[ids_T], wanted.taps, head=wanted.head)
    except (ValueError, IndexError) as exc:
        raise _unfit(source, f"its weights do not have the sizes it says: {exc}") from exc
    (directory / "probe.safetensors").write_bytes(save({"ids": ids_T, **found}))
