"""Flags that the training commands share, and the encoder they ask for."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reviewbot.app.machine import check_machine
from reviewbot.app.progress import progress_bar, say
from reviewbot.models.registry import DEFAULT_MODEL, MODELS

if TYPE_CHECKING:
    from reviewbot.train.features import Reader

F = TypeVar("F", bound=Callable[..., Any])

_READING = (
    click.option("--model", default=DEFAULT_MODEL, show_default=True, help="As for `check`."),
    click.option("--layer", type=click.IntRange(1), help="Blocks read; unset: the model's own."),
    click.option(
        "--dtype",
        type=click.Choice(["fp32", "bf16", "auto"]),
        help="What the model computes in; unset: fp32, on a GPU bf16.",
    ),
    click.option(
        "--device",
        type=click.Choice(["cpu", "cuda"]),
        default="cpu",
        show_default=True,
        help="Where the model computes: here, or on a GPU.",
    ),
    click.option(
        "--quantize",
        type=click.Choice(["none", "8bit", "4bit"]),
        default="none",
        show_default=True,
        help="Its weights through bitsandbytes; needs a GPU.",
    ),
    click.option("--threads", type=click.IntRange(0), default=0, help="0: every core."),
    click.option(
        "--description/--no-description",
        default=False,
        show_default=True,
        help="Show the model what the code was asked to do, where labels say it.",
    ),
    click.option("--seed", type=int, default=0, show_default=True),
)


_MORE = (
    click.option("--deep", type=click.IntRange(1), help="A later block whose states are kept too."),
    click.option("--full", is_flag=True, help="Run the output head too: surprisal and its kin."),
)


def reading_flags(command: F) -> F:
    """Add the flags that decide how code is read."""
    for option in reversed((*_READING[:2], *_MORE, *_READING[2:])):
        command = option(command)
    return command


def one_layer_flags(command: F) -> F:
    """Add the flags of reading the states of one layer, and nothing beside them."""
    for option in reversed(_READING):
        command = option(command)
    return command


def machine_flags(command: F) -> F:
    """Add the flags that say how to compute, where an artifact says what is read."""
    for option in reversed((*_READING[2:6], _READING[7])):
        command = option(command)
    return command


def open_reader(
    *,
    model: str,
    layer: int | None,
    dtype: str | None,
    threads: int,
    description: bool,
    deep: int | None = None,
    full: bool = False,
    device: str = "cpu",
    quantize: str = "none",
) -> tuple["Reader", str]:
    """Make the model ready, load it, and say how it reads; the second value is its name."""
    from reviewbot.encoders.encoder import EncoderSpec, default_dtype, load_encoder
    from reviewbot.encoders.prompt import ReadingPlan
    from reviewbot.models.ensure import ensure_model
    from reviewbot.train.features import Reader

    check_machine(device, quantize, dtype or default_dtype(device))
    depth = layer or _own_layer(model)
    most = max(depth, deep or 0)
    found = ensure_model(
        model, most, full=full, environ=os.environ, progress=progress_bar(), say=say
    )
    spec = EncoderSpec(
        directory=found.directory,
        layer=depth,
        deep=deep,
        full=full,
        dtype=dtype or default_dtype(device),
        threads=threads,
        device=device,
        quantize=quantize,
    )
    plan = ReadingPlan(description=description)
    reader = Reader(
        encoder=load_encoder(spec),
        plan=plan,
        model_sha256=found.sha256,
        layer=depth,
        full=full,
        deep=deep,
    )
    return reader, found.name


def _own_layer(model: str) -> int:
    """Return the depth that a model is read at where nobody says another."""
    from reviewbot.models.ensure import ensure_model

    if model in MODELS:
        return MODELS[model].layer
    # Neither `full` nor a later block may enter: the store would take their depth for the model's.
    return ensure_model(model, environ=os.environ, progress=progress_bar(), say=say).layers


def counter(label: str) -> Callable[[int, int], None]:
    """Return what draws "done of all", on one line where a person looks on, sparsely in a log."""
    watched = sys.stderr.isatty()
    last = -1

    def progress(done: int, of: int) -> None:
        nonlocal last
        tenth = 10 * done // max(of, 1)
        if watched:
            end = "\n" if done >= of else ""
            click.echo(f"\r\x1b[K{label}: {done} of {of}{end}", err=True, nl=False)
        elif tenth != last:
            last = tenth
            say(f"{label}: {done} of {of}")

    return progress


def commit_of_code() -> str | None:
    """Return the commit of the code that trains, with "-dirty" where tracked files were edited.

    None where it does not run from a checkout.
    """
    import subprocess

    here = Path(__file__).parent
    try:
        done = subprocess.run(
            [
                "git",
                "-C",
                str(here),
                "describe",
                "--always",
                "--dirty",
                "--abbrev=40",
                "--exclude=*",
            ],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
