"""Model directories as strangers give them: bounded reading, refusals, identity by content."""

import hashlib
import json
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewbot.errors import ModelUnavailable, UsageError
from reviewbot.models.cache import sha256_of, write_json

MAX_JSON = 64 << 20  # bytes; the largest tokenizer.json we know has 34 MB
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".msgpack", ".h5")
DEPTH = ("num_hidden_layers", "n_layer", "num_layers")  # architectures name it differently
WIDTH = ("hidden_size", "n_embd", "d_model")


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A directory that may be loaded."""

    directory: Path
    layers: int  # decoder blocks that it holds
    width: int
    files: tuple[str, ...]  # those that decide what the model computes, sorted


def read_json(path: Path, limit: int = MAX_JSON) -> dict[str, Any]:
    """Read a JSON object of at most `limit` bytes. Raises OSError or ValueError."""
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe may never end
        raise ValueError("no regular file")
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"longer than {limit} bytes")
    try:
        value = json.loads(data)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def inspect(directory: Path) -> LocalModel:
    """Look at a model directory without loading it.

    raises  UsageError if there is no such directory; ModelUnavailable if it holds no safetensors
            weights, asks to run code of its own (`auto_map`), or lacks config.json or
            tokenizer.json
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
    if not weights:
        pickled = [name for name in names if name.endswith(PICKLED)]
        why = f"its weights ({pickled[0]}) can hold code" if pickled else "it holds no weights"
        fix = "convert them to safetensors on a machine that trusts them" if pickled else safe
        raise ModelUnavailable(f"{refused}: {why}", fix=fix)
    configs = {}
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        if name not in names:
            if name == "tokenizer_config.json":
                continue
            raise ModelUnavailable(f"{refused}: it has no {name}", fix=safe)
        try:
            configs[name] = read_json(directory / name)
        except (OSError, ValueError) as exc:
            raise ModelUnavailable(f"{refused}: {name} cannot be read: {exc}", fix=safe) from exc
        if "auto_map" in configs[name]:
            raise ModelUnavailable(
                f"{refused}: {name} asks to run code of its own (auto_map)",
                fix="use a model whose architecture transformers knows",
            )
    config = configs["config.json"]
    read = (
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "model.safetensors.index.json",
    )
    files = tuple(sorted([*weights, *(name for name in read if name in names)]))
    return LocalModel(
        directory, _number(config, DEPTH, directory), _number(config, WIDTH, directory), files
    )


def _number(config: dict[str, Any], names: Iterable[str], directory: Path) -> int:
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 20:
            return value
    raise ModelUnavailable(
        f"nothing was loaded from {directory}: config.json has none of {', '.join(names)}",
        fix="use a decoder model of text",
    )


def hashes(directory: Path, names: Iterable[str], stamp: Path, *, again: bool) -> dict[str, str]:
    """Return the SHA-256 of each file; a file that has not changed since is not read again.

    "Not changed" means: size, time of change, time of status change and inode are those that
    `stamp` keeps from when the file was last hashed. Who writes into a file changes at least one of
    them, even when it sets the time of change back; a disk that rots does not, hence `again`.

    again    hash everything, whatever the stamp says
    raises   OSError if a file cannot be read; a stamp that cannot be written only costs time
    """
    try:
        known = {} if again else read_json(stamp)
    except (OSError, ValueError):
        known = {}
    found: dict[str, Any] = {}
    for name in names:
        path = directory / name
        status = path.stat()
        state = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        old = known.get(name)
        if (
            isinstance(old, dict)
            and old.get("state") == state
            and isinstance(old.get("sha256"), str)
        ):
            found[name] = old
        else:
            found[name] = {"state": state, "sha256": sha256_of(path)}
    if found != known:
        try:
            stamp.parent.mkdir(parents=True, exist_ok=True)
            write_json(stamp, found)
        except OSError:  # a cache that we may only read
            pass
    return {name: entry["sha256"] for name, entry in found.items()}


def identity(sums: dict[str, str]) -> str:
    """One SHA-256 for a whole model: over its sorted file names and their hashes."""
    text = "".join(f"{name}\0{sums[name]}\n" for name in sorted(sums))
    return hashlib.sha256(text.encode()).hexdigest()
