"""Is a model on disk what it should be: hashes, and manifests of what we converted.

A conversion is a directory below <cache>/converted. Its name and its manifest (reviewbot.json) say
everything that its bytes depend on, and the manifest holds the hash of each file.
"""

import hashlib
import json
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewbot.errors import ModelUnavailable
from reviewbot.models.cache import disk_errors, sha256_of, write_json
from reviewbot.models.registry import ModelSpec

CONVERTER = 1  # raise it when the bytes of a checkpoint would change: old ones are then unused
EXPORTER = 5  # the same for an engine
MANIFEST = "reviewbot.json"
STAMP = ".verified.json"  # when each file was last hashed on this machine
MAX_JSON = 64 << 20  # bytes; the largest tokenizer.json we know has 34 MB


@dataclass(frozen=True, slots=True)
class Conversion:
    """A directory that an official file, or another model, is converted to."""

    key: str  # its name; two conversions with other bytes have other keys
    files: frozenset[str]  # beside the manifest
    facts: Mapping[str, Any]  # what the manifest must say, beside the hashes of the files
    notes: frozenset[str] = frozenset()  # keys of the manifest with any value


def checkpoint(spec: ModelSpec, layers: int, *, head: bool) -> Conversion:
    """Return what `convert` writes for torch: the first `layers` blocks, and the head if wanted."""
    files = {"config.json", "model.safetensors", "tokenizer.json"}
    return Conversion(
        key=f"{spec.sha256[:32]}-l{layers}{'-head' if head else ''}-v{CONVERTER}",
        files=frozenset(files if spec.packaged else files | {"tokenizer_config.json"}),
        facts={
            "schema": "reviewbot-model/1",
            "converter": CONVERTER,
            "name": spec.name,
            "source_sha256": spec.sha256,
            "layers": layers,
            "layers_of_the_full_model": spec.layers,
            "width": spec.width,
            "head": head,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOutputs:
    """Which states an int8 engine gives."""

    taps: tuple[int, ...]  # blocks, counted from 1, ascending
    head: bool  # all blocks, the final norm and the output head

    @staticmethod
    def of(layer: int, deep: int | None, *, full: bool) -> "EngineOutputs":
        """Return what an artifact that reads these blocks needs."""
        return EngineOutputs(taps=tuple(sorted({layer, deep or layer})), head=full)

    def engine(self, sha256: str) -> Conversion:
        """Return what `engine.export` writes; `sha256` is the model's identity."""
        taps = "-".join(f"l{tap}" for tap in self.taps)
        files = {"trunk.onnx", "embedding.safetensors", "tokenizer.json", "probe.safetensors"}
        return Conversion(
            key=f"{sha256[:32]}-{taps}{'-head' if self.head else ''}-onnx-v{EXPORTER}",
            files=frozenset(files | ({"head.onnx"} if self.head else set())),
            facts={
                "schema": "reviewbot-engine/1",
                "exporter": EXPORTER,
                "source_sha256": sha256,
                "taps": list(self.taps),
                "head": self.head,
            },
            notes=frozenset(("name", "shape")),
        )


def is_current(directory: Path) -> bool:
    """Return True if this version of reviewbot would use a conversion, judged by its name."""
    name = directory.name
    return name.endswith(f"-onnx-v{EXPORTER}" if "-onnx-" in name else f"-v{CONVERTER}")


def recorded(directory: Path, spec: ModelSpec) -> Conversion:
    """Return the conversion of `spec` that a directory's own manifest describes.

    raises  ModelUnavailable if there is none, or it has another name than the directory
    """
    try:
        manifest = read_json(directory / MANIFEST)
        head = bool(manifest["head"])
        if "taps" in manifest:
            outputs = EngineOutputs(taps=tuple(map(int, manifest["taps"])), head=head)
            conversion = outputs.engine(spec.sha256)
        else:
            conversion = checkpoint(spec, int(manifest["layers"]), head=head)
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise _damaged(directory, f"{MANIFEST}: {exc}") from exc
    if conversion.key != directory.name:
        raise _damaged(directory, "it does not hold what its name says")
    return conversion


def write_manifest(directory: Path, conversion: Conversion, **notes: Any) -> None:
    """Hash the files of a finished conversion and write its manifest."""
    sums = hashes(directory, sorted(conversion.files), directory / STAMP, again=True)
    write_json(directory / MANIFEST, {**conversion.facts, **notes, "files": sums})


def check(directory: Path, conversion: Conversion, *, again: bool = False) -> None:
    """Refuse a directory that is not, byte for byte, what the conversion wrote.

    again   hash every file even if it looks unchanged since it was last hashed
    raises  ModelUnavailable with the difference, EnvironmentFailure if a file cannot be read
    """
    with disk_errors("nothing was loaded"):
        wrong = _difference(directory, conversion, again)
    if wrong:
        raise _damaged(directory, wrong)


def _damaged(directory: Path, why: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"nothing was loaded: the converted model in {directory} is damaged: {why}",
        fix="run `reviewbot model verify` with the model's name, or remove that directory: the "
        "next start converts it again",
    )


def _difference(directory: Path, conversion: Conversion, again: bool) -> str | None:
    names = conversion.files
    try:
        manifest = read_json(directory / MANIFEST)
    except (FileNotFoundError, ValueError) as exc:
        return f"{MANIFEST}: {exc}"
    files = manifest.pop("files", None)
    facts = {key: value for key, value in manifest.items() if key not in conversion.notes}
    if facts != conversion.facts or not isinstance(files, dict) or set(files) != names:
        return f"{MANIFEST} describes something else"
    others = {path.name for path in directory.iterdir()} - {*names, MANIFEST, STAMP}
    if any(not name.startswith(f".{STAMP}") for name in others):  # a stamp that is being written
        return f"it holds {min(others)!r}, which does not belong there"
    try:
        sums = hashes(directory, sorted(names), directory / STAMP, again=again)
    except FileNotFoundError as exc:
        return f"{Path(str(exc.filename)).name} is missing"
    return next(
        (
            f"{name} has SHA-256 {sums[name]}, not {files[name]}"
            for name in sorted(names)
            if files[name] != sums[name]
        ),
        None,
    )


def read_json(path: Path, max_bytes: int = MAX_JSON) -> dict[str, Any]:
    """Read a JSON object of at most `max_bytes`. Raises OSError or ValueError."""
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe may never end
        raise ValueError("no regular file")
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"longer than {max_bytes} bytes")
    try:
        value = json.loads(data)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def hashes(directory: Path, names: Iterable[str], stamp: Path, *, again: bool) -> dict[str, str]:
    """Return the SHA-256 of each file; unchanged files are not read again.

    A file is unchanged if its size, modification time, status change time and inode equal those in
    `stamp`. Writing to a file changes at least one of them, even if the modification time is set
    back. A failing disk changes none: hence `again`.

    again    hash everything, whatever the stamp says
    raises   OSError if a file cannot be read; a stamp that cannot be written only costs time
    """
    old: dict[str, Any] = {}
    if not again:
        with suppress(OSError, ValueError):
            old = read_json(stamp)
    new: dict[str, Any] = {}
    for name in names:
        path = directory / name
        status = path.stat()
        state = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        match old.get(name):
            case {"state": known, "sha256": str(sha256)} if known == state:
                new[name] = {"state": state, "sha256": sha256}
            case _:
                new[name] = {"state": state, "sha256": sha256_of(path)}
    if new != old:
        with suppress(OSError):  # a read-only cache
            stamp.parent.mkdir(parents=True, exist_ok=True)
            write_json(stamp, new)
    return {name: entry["sha256"] for name, entry in new.items()}


def identity(sums: Mapping[str, str]) -> str:
    """Return one SHA-256 for a whole model: over its sorted file names and their hashes."""
    text = "".join(f"{name}\0{sums[name]}\n" for name in sorted(sums))
    return hashlib.sha256(text.encode()).hexdigest()
