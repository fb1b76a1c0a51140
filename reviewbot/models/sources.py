"""What an int8 engine is made from: a GGUF file, a directory of safetensors, or another engine."""

import re
import shutil
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from reviewbot.arrays import Array
from reviewbot.models import gguf_tensors
from reviewbot.models.engine import Source, unfit
from reviewbot.models.gguf_tokenizer import write_tokenizer
from reviewbot.models.registry import ModelSpec
from reviewbot.models.shapes import TrunkShape
from reviewbot.models.verify import MANIFEST, read_json

EMBEDDING, HEAD = "embed_tokens.weight", "lm_head.weight"
JOINED = re.compile(r"(.*self_attn\.)([qkv])_proj\.(weight|bias)")  # one tensor in an engine


def gguf_source(gguf: Path, spec: ModelSpec) -> Source:
    """Return an official file, whose hash was just compared, as a source.

    raises  ModelUnavailable if it is no GGUF file, EngineUnfit if `reference` cannot compute it
    """
    reader = gguf_tensors.open_reader(gguf)
    config = gguf_tensors.read_config(reader)
    names = gguf_tensors.kept_tensors(config, config["num_hidden_layers"], head=False)
    names[gguf_tensors.HEAD] = HEAD
    tensors = gguf_tensors.select(reader, names)

    def get(name: str) -> Array:
        name = EMBEDDING if name == HEAD and HEAD not in tensors else name
        tensor = _lookup(tensors, name, spec.name)
        # One array, filled row by row: an output head has half a gigabyte.
        whole, row = np.empty(gguf_tensors.shape_of(tensor), np.float32), 0
        for piece in gguf_tensors.pieces(config, tensor):
            whole[row : row + len(piece)] = piece
            row += len(piece)
        return whole

    return Source(
        name=spec.name,
        sha256=spec.sha256,
        shape=TrunkShape.from_config(config),
        get=get,
        write_tokenizer=lambda directory: write_tokenizer(reader, directory),
    )


def directory_source(directory: Path, name: str, sha256: str, stack: ExitStack) -> Source:
    """Return a checkpoint directory, already inspected by `local.inspect`, as a source.

    stack   closes its files
    raises  EngineUnfit if `reference` cannot compute it, or its number format is unknown
    """
    from safetensors import SafetensorError, safe_open

    config = read_json(directory / "config.json")
    shape = TrunkShape.from_config(config)
    tied = bool(config.get("tie_word_embeddings"))  # as in transformers: tying wins
    holders: dict[str, Any] = {}
    for path in sorted(directory.glob("*.safetensors")):
        try:
            file = stack.enter_context(safe_open(path, framework="numpy"))
        except SafetensorError as exc:
            raise unfit(name, f"{path.name}: {exc}") from exc
        holders |= {key.removeprefix("model."): (file, key) for key in file.keys()}  # noqa: SIM118

    def find(wanted: str) -> tuple[Any, str]:
        file, key = _lookup(holders, EMBEDDING if wanted == HEAD and tied else wanted, name)
        if (kind := str(file.get_slice(key).get_dtype())) not in ("F32", "F16"):
            raise unfit(name, f"{key} is {kind}")
        return file, key

    def get(wanted: str) -> Array:
        file, key = find(wanted)
        values = np.asarray(file.get_tensor(key), np.float32)
        if not np.isfinite(values).all():
            raise unfit(name, f"{key} holds infinite values")
        return values

    find(EMBEDDING)  # refuse another number format early

    copy = partial(_copy_tokenizer, directory)
    return Source(name=name, sha256=sha256, shape=shape, get=get, write_tokenizer=copy)


def engine_source(directory: Path, spec: ModelSpec) -> Source:
    """Return a packaged engine as a source: its int8 weights times their scales.

    They are smoothed, the norms too (`models.smoothing`), so the products are the model's. There is
    no final norm and no output head.
    """
    import onnx
    from onnx import numpy_helper
    from safetensors.numpy import load_file

    sizes = read_json(directory / MANIFEST)["shape"]
    shape = TrunkShape(**sizes | {"layers": spec.stored})
    graph = onnx.load(directory / "trunk.onnx").graph
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    ends = [shape.heads * shape.head_width, (shape.heads + shape.kv_heads) * shape.head_width]

    def whole(name: str) -> Array:
        values = _lookup(tensors, name, spec.name)
        scaled = values.dtype == np.int8
        return np.asarray(values.T * tensors[f"{name}.scale"][:, None] if scaled else values)

    def get(name: str) -> Array:
        if name == EMBEDDING:
            embedding = load_file(directory / "embedding.safetensors")
            return np.asarray(embedding["values"] * embedding["scales"][:, None])
        if part := JOINED.fullmatch(name):
            joined = whole(f"{part[1]}{'qkv' if part[3] == 'weight' else 'bias'}")
            return np.split(joined, ends)["qkv".index(part[2])]
        return whole(name)

    copy = partial(_copy_tokenizer, directory)
    return Source(name=spec.name, sha256=spec.sha256, shape=shape, get=get, write_tokenizer=copy)


def _copy_tokenizer(directory: Path, target: Path) -> None:
    shutil.copyfile(directory / "tokenizer.json", target / "tokenizer.json")


def _lookup(tensors: dict[str, Any], wanted: str, name: str) -> Any:
    if wanted not in tensors:
        raise unfit(name, f"it lacks {wanted!r}")
    return tensors[wanted]
