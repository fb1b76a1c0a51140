"""Where a line of the corpus comes from: a package of an archive, or a commit of one's own."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reviewbot.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Origin:
    """What an exemplar has to say of its source."""

    source: str
    revision: str
    licence: str  # "" for one's own code
    path: str


Origins = Callable[[str], Origin]  # of a path below the corpus directory


def origins(directory: Path) -> Origins:
    """Return what names the origin of a file below a directory.

    It holds either what `runs/corpus.py` wrote (manifest.jsonl says package, version, archive and
    licence), or the checkout of a git repository: one's own code, at its commit.
    raises  UsageError where it is neither: code whose origin nobody can say is not shown
    """
    manifest = directory / "manifest.jsonl"
    if manifest.is_file():
        return _packages(manifest)
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), "rev-parse", "--show-prefix", "HEAD"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise UsageError(
            f"{str(directory)!r} is no git checkout and has no manifest.jsonl, nothing was read: "
            "an example needs path, commit and licence",
            fix="name the top of a checkout, or what runs/corpus.py wrote, as --corpus",
        ) from exc
    prefix, commit = done.stdout.split("\n")[:2]
    name = directory.resolve().name
    return lambda path: Origin(name, commit, "", prefix + path)


def _packages(manifest: Path) -> Origins:
    found: dict[str, tuple[str, str, str]] = {}
    for row in map(json.loads, manifest.read_text(encoding="utf-8").splitlines()):
        folder = f"{row['name'].lstrip('@').replace('/', '-')}-{row['version']}"
        found[f"{row['language']}/{folder}"] = (
            f"{row['name']} {row['version']}",
            f"sha256:{row['archive_sha256']}",
            row["licence"],
        )

    def origin(path: str) -> Origin:
        language, folder, rest = path.split("/", 2)
        return Origin(*found[f"{language}/{folder}"], rest)

    return origin
