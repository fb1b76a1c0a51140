"""The manifest of a converted checkpoint, and the check that it is still what was written."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from reviewbot.errors import ModelUnavailable
from reviewbot.models.cache import disk_errors
from reviewbot.models.local import hashes, read_json
from reviewbot.models.registry import ModelSpec

CONVERTER = 1  # raise it when the bytes of a checkpoint would change: the old ones are then unused
SCHEMA = "reviewbot-model/1"
MANIFEST = "reviewbot.json"
STAMP = ".verified.json"  # when each file was last hashed; of this machine only
FILES = {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}


def checkpoint_key(sha256: str, layers: int, *, head: bool) -> str:
    """Name a checkpoint by everything its bytes depend on.

    sha256  of the official file it is made from
    """
    return f"{sha256[:32]}-l{layers}{'-head' if head else ''}-v{CONVERTER}"


def manifest(spec: ModelSpec, layers: int, *, head: bool) -> dict[str, Any]:
    """What a checkpoint of this kind says about itself; `files` is added by who writes it."""
    return {
        "schema": SCHEMA,
        "converter": CONVERTER,
        "name": spec.name,
        "source_sha256": spec.sha256,
        "layers": layers,
        "layers_of_the_full_model": spec.layers,
        "width": spec.width,
        "head": head,
    }


def check(
    directory: Path, spec: ModelSpec, layers: int, *, head: bool, again: bool = False
) -> None:
    """Refuse a checkpoint that is not, byte for byte, what the conversion wrote.

    again   hash every file even if it looks untouched since it was last hashed
    raises  ModelUnavailable with what differs, EnvironmentFailure if a file cannot be read
    """
    wrong = difference(directory, manifest(spec, layers, head=head), FILES, again)
    if wrong:
        raise ModelUnavailable(
            f"nothing was loaded: the converted model in {directory} is damaged: {wrong}",
            fix=f"run `reviewbot model verify {spec.name}`, which removes what is damaged, then "
            f"`reviewbot model pull {spec.name}`",
        )


def difference(
    directory: Path,
    expected: dict[str, Any],
    names: Collection[str],
    again: bool,
    extra: Collection[str] = (),
) -> str | None:
    """Say how a directory that we wrote differs from its manifest; None where it does not.

    expected  what the manifest must say, beside the hashes of the files
    names     the files that the directory must hold, and no other
    extra     keys of the manifest that may say anything
    raises    EnvironmentFailure if a file cannot be read
    """
    with disk_errors("nothing was loaded"):
        try:
            found = read_json(directory / MANIFEST)
        except (FileNotFoundError, ValueError) as exc:
            return f"{MANIFEST}: {exc}"
        files = found.pop("files", None)
        found = {key: value for key, value in found.items() if key not in extra}
        if found != expected or not isinstance(files, dict) or set(files) != set(names):
            return f"{MANIFEST} describes something else"
        others = {path.name for path in directory.iterdir()} - {*names, MANIFEST, STAMP}
        if any(not name.startswith(f".{STAMP}") for name in others):  # a stamp being written
            return f"it holds {min(others)!r}, which does not belong there"
        try:
            sums = hashes(directory, sorted(names), directory / STAMP, again=again)
        except FileNotFoundError as exc:
            return f"{Path(str(exc.filename)).name} is missing"
        for name in sorted(names):
            if files[name] != sums[name]:
                return f"{name} has SHA-256 {sums[name]}, not {files[name]}"
    return None
