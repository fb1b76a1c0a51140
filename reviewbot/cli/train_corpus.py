"""`reviewbot train corpus`: source code in, text shards for `train sae` out."""

from pathlib import Path

import click

from reviewbot.app.failures import worded
from reviewbot.app.progress import say
from reviewbot.cli.options import PATH
from reviewbot.errors import EXTRAS, require


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--out", required=True, metavar="DIR", type=PATH, help="Directory to write, new.")
@click.option(
    "--licences",
    metavar="NAMES",
    help="SPDX names of the licences to keep, comma-separated; own: code in which none is found. "
    "Unset: permissive licences.",
)
@click.option(
    "--shard-mb",
    type=click.IntRange(1, 1000),
    default=16,
    show_default=True,
    help="Size of a shard.",
)
@click.option(
    "--max-files",
    type=click.IntRange(1),
    default=500_000,
    show_default=True,
    help="Files to keep of each source; each takes 4 kB of memory.",
)
def corpus(
    sources: tuple[str, ...], out: str, licences: str | None, shard_mb: int, max_files: int
) -> None:
    """Write a corpus for `train sae` from each SOURCE.

    A directory; a git repository (path or URL, read at HEAD); or hf:OWNER/NAME[:SPLIT[:COLUMN]], a
    Hugging Face dataset. Only code that `check` would read is kept, with an allowed licence, once
    (near-duplicates count as one), and with its secrets replaced by REDACTED.
    """
    require(EXTRAS["corpus"], "no corpus was written", extra="corpus")
    from reviewbot.train.corpus_build import build, table
    from reviewbot.train.corpus_licences import PERMISSIVE, Allowed

    names = PERMISSIVE if licences is None else [one.strip() for one in licences.split(",")]
    with worded("no corpus was written"):
        counts = build(
            sources,
            Path(out),
            Allowed(names),
            shard_bytes=shard_mb * 1_000_000,
            max_files=max_files,
            progress=say,
        )
    click.echo(table(counts))
