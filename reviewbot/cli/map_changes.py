"""`reviewbot map`: score the changes that a manifest names, in any number of processes.

The module is not called map: that would hide the builtin in the package.
"""

import os
import sys
from pathlib import Path
from typing import Any

import click

from reviewbot.app.map_items import FIXED, neighbours, read_manifest, share_of
from reviewbot.app.progress import say
from reviewbot.cli.console import emit
from reviewbot.cli.options import PATH, GroupedCommand, setting_flags
from reviewbot.config.choices import Surface
from reviewbot.config.load import load_settings
from reviewbot.config.schema import settings_on
from reviewbot.encoders.processor import usable_cores
from reviewbot.errors import EXIT_ITEMS
from reviewbot.git.merged_changes import MAX_CHANGES

SETTINGS = tuple(name for name in settings_on(Surface.CHECK) if name not in FIXED)


@click.command("map", cls=GroupedCommand)
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=PATH,
    help="Directory of the results; an item that has one there is skipped.",
)
@click.option(
    "--root",
    default=".",
    show_default=True,
    metavar="DIR",
    type=PATH,
    help="Directory that relative paths, and addresses without https://, start from.",
)
@click.option(
    "--last",
    type=click.IntRange(1, MAX_CHANGES),
    default=20,
    show_default=True,
    metavar="N",
    help="How many of the newest merged changes to score where the manifest names no range.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 1_024),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes to start; they share the cores.",
)
@setting_flags(*SETTINGS)
@click.argument("manifest", type=PATH)
def map_changes(manifest: str, out: str, root: str, last: int, workers: int, **flags: Any) -> None:
    """Score the changes that MANIFEST names, one JSON object a line: repo, and range if any.

    Writes a report of each to DIR. Run it again to go on, and to try again what failed. torchrun
    and SLURM arrays divide the lines among their processes. Settings come from flags and variables,
    not from the repositories. Exits with 5 if an item failed.
    """
    from reviewbot.app.map_changes import score_in_processes

    share, lines = share_of(os.environ), read_manifest(manifest)
    here = workers * neighbours(os.environ)
    if here > 1 and load_settings(os.environ, flags).threads == 0:
        flags["threads"] = str(max(1, usable_cores() // here))
    counts = score_in_processes(workers, lines, share, Path(out), flags, Path(root), last)
    who = f"worker {share.rank + 1} of {share.world}: " if share.world > 1 else ""
    words = ", ".join(f"{word} {counts[word]:,}" for word in ("done", "skipped", "failed"))
    emit(f"{who}{words}\n")
    if not counts.total():
        emit(f"{who}nothing was done: every line is another worker's\n")
    elif not counts["done"]:
        emit(f"{who}nothing was scored\n")
    if counts["failed"]:
        say(f"{who}see {out}/*.error.json; the same command tries these items again")
        sys.exit(EXIT_ITEMS)
