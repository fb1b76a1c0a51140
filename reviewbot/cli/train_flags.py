"""Flags that commands which fit share, and the places that they write to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reviewbot.cli.setting_flags import PATH

F = TypeVar("F", bound=Callable[..., Any])

_FITTING = (
    click.option(
        "--labels",
        multiple=True,
        required=True,
        metavar="FILE",
        type=PATH,
        help="Label rows, .jsonl or .jsonl.gz; FILE@N takes N rows of it. Repeatable.",
    ),
    click.option(
        "--sae",
        required=True,
        metavar="DIR",
        type=PATH,
        help="What `train sae` wrote.",
    ),
    click.option(
        "--cache",
        required=True,
        metavar="DIR",
        type=PATH,
        help="Where line features are kept.",
    ),
    click.option(
        "--groups",
        default="sae_max,surface",
        show_default=True,
        help="Feature groups of the predictor, comma-separated.",
    ),
    click.option(
        "--corrections/--no-corrections",
        default=True,
        show_default=True,
        help="Take corrected lines as negatives.",
    ),
    click.option(
        "--pairwise",
        type=click.FloatRange(0),
        default=0.0,
        show_default=True,
        help="Weight of ranking a wrong line above its correction.",
    ),
    click.option(
        "--boost",
        multiple=True,
        metavar="GROUP=FACTOR",
        help="Penalise a group less: its columns count FACTOR times. Repeatable.",
    ),
    click.option(
        "--block-share",
        type=click.FloatRange(0),
        default=0.3,
        show_default=True,
        help="Where groups of blocks are named: how far their score moves a line, as a share of "
        "how far the line's own moves it.",
    ),
    click.option(
        "--block-pairwise",
        type=click.FloatRange(0),
        default=30.0,
        show_default=True,
        help="The same as --pairwise, for groups of blocks.",
    ),
    click.option(
        "--held-out",
        default="",
        metavar="NAMES",
        help="Sets that nothing is learned from, only measured on; comma-separated.",
    ),
    click.option("--folds", type=click.IntRange(2), default=5, show_default=True),
    click.option(
        "--c",
        "cs",
        default="1e-6,3e-6,1e-5,3e-5",
        show_default=True,
        help="Inverse penalties to choose from, comma-separated.",
    ),
)


hunks_flag = click.option(
    "--hunks",
    multiple=True,
    metavar="TITLE=SETS",
    help="Sets of real changes, comma-separated: what probabilities are measured on. Repeatable.",
)
_SUITES = (
    hunks_flag,
    click.option(
        "--clean",
        multiple=True,
        metavar="TITLE=SETS",
        help="A kind of clean code: thresholds hold on each kind. Repeatable.",
    ),
    click.option(
        "--mixed",
        multiple=True,
        metavar="TITLE=SETS",
        help="Wrong and sound code of like sources, ranked together. Repeatable.",
    ),
)
_CONFIDENCE = click.option(
    "--confidence",
    type=click.FloatRange(0.5, 1, min_open=True, max_open=True),
    help="Set thresholds whose rate of false alarms holds on new code with this confidence; "
    "unset: plain quantiles of the clean lines.",
)


def threshold_flags(command: F) -> F:
    """Add the flags that say which sets are what, and by which rule thresholds are set.

    What is not named, `train.suites` knows of ours, or guesses.
    """
    for option in reversed((*_SUITES, _CONFIDENCE)):
        command = option(command)
    return command


def fitting_flags(command: F) -> F:
    """Add the flags that decide what is fitted on what."""
    for option in reversed(_FITTING):
        command = option(command)
    return command


def require_places(*files: str | None, directory: str | None = None) -> None:
    """Refuse a file's name that is a directory, or that lies in none, before the long work."""
    for file in filter(None, files):
        if Path(file).is_dir() or not Path(file).absolute().parent.is_dir():
            raise click.UsageError(f"{file!r} is no place for a file")
    if directory and Path(directory).exists() and not Path(directory).is_dir():
        raise click.UsageError(f"{directory!r} is no directory")
