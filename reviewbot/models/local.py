"""Model directories from users or the hub: untrusted, so inspected before anything loads them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewbot.errors import ModelUnavailable, UsageError
from reviewbot.models.verify import read_json

PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".msgpack", ".h5")
DEPTH = ("num_hidden_layers", "n_layer", "num_layers")  # names differ between architectures
WIDTH = ("hidden_size", "n_embd", "d_model")
REQUIRED = ("config.json", "tokenizer.json")
JSON_FILES = (*REQUIRED, "tokenizer_config.json")
INDEX = "model.safetensors.index.json"


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A directory that may be loaded."""

    layers: int  # decoder blocks that it holds
    width: int
    files: tuple[str, ...]  # those that decide what the model computes, sorted


def inspect(directory: Path) -> LocalModel:
    """Look at a model directory without loading it.

    raises  UsageError if there is no such directory; ModelUnavailable if it holds no safetensors
            weights, asks to run code of its own (`auto_map`), or lacks a required file
    """
    refused = f"nothing was loaded from {directory}"
    safe = "use a directory with config.json, *.safetensors and tokenizer.json"
    try:
        names = sorted(path.name for path in directory.iterdir() if path.is_file())
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise UsageError(f"{refused}: {exc.strerror}", fix=safe) from exc
    except OSError as exc:
        raise ModelUnavailable(f"{refused}: {exc.strerror}", fix=safe) from exc
    weights = [name for name in names if name.endswith(".safetensors")]
    if not weights and (pickled := [name for name in names if name.endswith(PICKLED)]):
        raise ModelUnavailable(
            f"{refused}: its weights ({pickled[0]}) can hold code",
            fix="convert them to safetensors on a machine that trusts them",
        )
    if not weights:
        raise ModelUnavailable(f"{refused}: it holds no weights", fix=safe)
    if missing := [name for name in REQUIRED if name not in names]:
        raise ModelUnavailable(f"{refused}: it has no {missing[0]}", fix=safe)
    configs = {}
    for name in filter(names.__contains__, JSON_FILES):
        try:
            configs[name] = read_json(directory / name)
        except (OSError, ValueError) as exc:
            raise ModelUnavailable(f"{refused}: {name} cannot be read: {exc}", fix=safe) from exc
        if "auto_map" in configs[name]:
            raise ModelUnavailable(
                f"{refused}: {name} asks to run code of its own (auto_map)",
                fix="use a model whose architecture transformers knows",
            )
    layers, width = (_number(configs["config.json"], keys, refused) for keys in (DEPTH, WIDTH))
    files = {*weights, *configs, *({INDEX} & set(names))}
    return LocalModel(layers, width, tuple(sorted(files)))


def _number(config: Mapping[str, Any], names: Iterable[str], refused: str) -> int:
    for name in names:
        value = config.get(name)
        if type(value) is int and 0 < value < 1 << 20:
            return value
    raise ModelUnavailable(
        f"{refused}: config.json has none of {', '.join(names)}", fix="use a decoder model of text"
    )
