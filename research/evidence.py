"""`reviewbot train evidence` on the corpus that `research.corpus` wrote, for the shipped artifacts.

python -m research.evidence --artifact NAME --corpus DIR --cache CACHE --out DIR
"""

import json
from pathlib import Path
from typing import Any

import click

from research.command import Command
from reviewbot.cli import train_evidence
from reviewbot.errors import UsageError
from reviewbot.train.provenance import Origin, Origins, Provenance


@click.command(cls=Command, params=train_evidence.evidence.params)
def evidence(**flags: Any) -> None:
    """Do as `reviewbot train evidence`, with examples from the packages of manifest.jsonl."""
    train_evidence.add_evidence(packages, **flags)


def packages(corpus: Path) -> Provenance:
    """Return the package, version, archive and licence of every file, as the manifest names them.

    raises  UsageError where the manifest is missing or has a bad row
    """
    return Provenance(_origins(corpus / "manifest.jsonl"), None, 0)


def _origins(manifest: Path) -> Origins:
    known: dict[str, tuple[str, str, str]] = {}
    if not manifest.is_file():
        raise UsageError(
            f"{str(manifest)!r} is missing, nothing was read", fix="name what research.corpus wrote"
        )
    for number, line in enumerate(manifest.read_bytes().splitlines(), 1):
        try:
            row = json.loads(line)
            if not row["licence"]:  # "" means one's own code
                raise ValueError("no licence")
            folder = f"{row['name'].lstrip('@').replace('/', '-')}-{row['version']}"
            known[f"{row['language']}/{folder}"] = (
                f"{row['name']} {row['version']}",
                f"sha256:{row['archive_sha256']}",
                row["licence"],
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise UsageError(
                f"line {number} of {str(manifest)!r} is no row of a manifest, nothing was read: "
                f"{type(exc).__name__}: {exc}",
                fix="write the corpus again with research.corpus",
            ) from exc

    def origin(path: str) -> Origin:
        package = "/".join(path.split("/", 2)[:2])
        if package not in known or path.count("/") < 2:
            raise UsageError(
                f"{path!r} is of no package in {str(manifest)!r}, nothing was read: an example "
                "needs version, archive and licence",
                fix="take it out of the corpus, or write the corpus again with research.corpus",
            )
        return Origin(*known[package], path.split("/", 2)[2])

    return origin


if __name__ == "__main__":
    evidence()
