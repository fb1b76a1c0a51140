"""Write the model inside the package: the int8 engine of an official file's first blocks.

    python -m research.package_model OFFICIAL.gguf [--out DIR]

It prints the size and the identity for the row in reviewbot/models/registry.py, and the artifact
`quick` must name that identity. Another processor may round some weights otherwise, and so give
another identity: commit what one machine wrote.
"""

import sys
from dataclasses import replace
from pathlib import Path

import click
from tokenizers import Tokenizer

from reviewbot.errors import ModelUnavailable, ReviewbotError
from reviewbot.models.cache import sha256_of
from reviewbot.models.engine import export
from reviewbot.models.packaged import FOLDER
from reviewbot.models.registry import SMOL, SMOL_CUT
from reviewbot.models.sources import gguf_source
from reviewbot.models.verify import MANIFEST, STAMP, EngineOutputs, identity, read_json


def package(official: Path, out: Path) -> tuple[int, str]:
    """Write the engine directory `out`; return the bytes of its files and their identity.

    raises  ModelUnavailable if `official` is another file; what `engine.export` raises
    """
    if (found := sha256_of(official)) != SMOL.sha256:
        raise ModelUnavailable(
            f"nothing was written: {official} has SHA-256 {found}, not {SMOL.sha256}",
            fix=f"use the official {SMOL.filename}",
        )
    source = gguf_source(official, SMOL)

    def write_tokenizer(directory: Path) -> None:
        source.write_tokenizer(directory)
        path = str(directory / "tokenizer.json")
        Tokenizer.from_file(path).save(path, pretty=False)  # half the size

    outputs = EngineOutputs.of(SMOL_CUT.layer, None, full=False)
    export(replace(source, write_tokenizer=write_tokenizer), outputs, out)
    (out / STAMP).unlink()  # true of this machine only
    files = read_json(out / MANIFEST)["files"]
    return sum((out / name).stat().st_size for name in files), identity(files)


@click.command()
@click.argument("official", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path), default=FOLDER / SMOL_CUT.name)
def main(official: Path, out: Path) -> None:
    """Write the packaged engine from the OFFICIAL file."""
    try:
        size, sha256 = package(official, out)
    except ReviewbotError as exc:
        click.echo(str(exc), err=True)
        sys.exit(exc.exit_code)
    click.echo(f"{out}: size={size:_}, sha256={sha256}")


if __name__ == "__main__":
    main()
