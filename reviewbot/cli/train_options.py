"""Options of the training commands, and what a manifest records."""

import hashlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reviewbot.app.progress import say
from reviewbot.cli.console import takes_file
from reviewbot.cli.options import PATH
from reviewbot.errors import EXTRAS, require
from reviewbot.models.registry import DEFAULT_MODEL

if TYPE_CHECKING:
    pass

F = TypeVar("F", bound=Callable[..., Any])

_DIR: dict[str, Any] = {"metavar": "DIR", "type": PATH}
_OPTIONS: dict[str, dict[str, Any]] = {
    "out": {"help": "Directory to write; an older result there is replaced.", **_DIR},
    "sae": {"help": "Autoencoder that `train sae` wrote.", **_DIR},
    "cache": {"help": "Directory that keeps what the model read, by content.", **_DIR},
    "labels": {
        "help": "Label file, .jsonl or .jsonl.gz; FILE@N takes N rows of it. Repeatable.",
        "multiple": True,
        "metavar": "FILE[@N]",
        "type": PATH,
    },
    # pre-training
    "corpus": {
        "help": "Directory of source files, or of `train corpus`. Repeatable.",
        "multiple": True,
        **_DIR,
    },
    "work": {
        "help": "Directory for text shards and the checkpoint; a stopped run resumes there.",
        **_DIR,
    },
    "features": {
        "help": "Features of the autoencoder.",
        "type": click.IntRange(1),
        "default": 2048,
    },
    "k": {"help": "Features kept per token.", "type": click.IntRange(1), "default": 32},
    "epochs": {
        "help": "How often each token is trained on, while it is in memory.",
        "type": click.IntRange(1),
        "default": 4,
    },
    "buffer": {
        "help": "Text shards (20 files) whose tokens are mixed; at least one per process.",
        "type": click.IntRange(1),
        "default": 8,
    },
    "tokens": {
        "help": "Tokens of the corpus to read.",
        "type": click.IntRange(1),
        "default": 300_000,
    },
    # fitting
    "groups": {
        "help": "Feature groups of the predictor, comma-separated.",
        "default": "sae_max,surface",
    },
    "boost": {
        "help": "Penalise a group less: its columns count FACTOR times. Repeatable.",
        "multiple": True,
        "metavar": "GROUP=FACTOR",
    },
    "pairwise": {
        "help": "Weight of ranking a wrong line above its correction.",
        "type": click.FloatRange(0),
        "default": 0.0,
    },
    "held-out": {
        "help": "Sets that are only measured, never learned from; comma-separated.",
        "default": "",
        "show_default": False,
        "metavar": "NAMES",
    },
    "block-sets": {
        "help": "Sets whose pairs teach the columns of blocks; comma-separated. Unset: the sets "
        "that are learned from.",
        "default": "",
        "show_default": False,
        "metavar": "NAMES",
    },
    "related": {
        "help": "Weight, as not wrong, of lines that were changed along with a fix; 0 omits them.",
        "type": click.FloatRange(0, 1),
        "default": 0.0,
    },
    "sample": {
        "help": "Read the pieces with a wrong line and about N more lines of each change; "
        "unset: every line. For models that are slow.",
        "type": click.IntRange(1),
        "metavar": "N",
    },
    "folds": {
        "help": "Folds of the cross-validation.",
        "type": click.IntRange(2),
        "default": 5,
    },
    "c": {
        "help": "Inverse penalties to choose from, comma-separated.",
        "default": "1e-6,3e-6,1e-5,3e-5",
    },
    # thresholds
    "hunks": {
        "help": "Sets of real changes that probabilities are fitted on. Repeatable.",
        "multiple": True,
        "metavar": "TITLE=SETS",
    },
    "clean": {
        "help": "A kind of clean code; thresholds hold on each kind. Repeatable.",
        "multiple": True,
        "metavar": "TITLE=SETS",
    },
    "confidence": {
        "help": "Confidence that a threshold's false alarm rate holds on new code; "
        "unset: plain quantiles of the clean lines.",
        "type": click.FloatRange(0.5, 1, min_open=True, max_open=True),
    },
    # reading
    "model": {"help": "Code model to read with, as for `check`.", "default": DEFAULT_MODEL},
    "layer": {
        "help": "Block whose states are read; unset: the model's own.",
        "type": click.IntRange(1),
    },
    "deep": {"help": "A later block whose states are read too.", "type": click.IntRange(1)},
    "full": {"help": "Run the output head too, for surprisal.", "is_flag": True},
    "description": {
        "help": "Show the model the subject of the commit, or the `spec` of a row.",
        "is_flag": True,
    },
    "layout": {
        "help": "What the model is shown. file: the file from its start; pieces: each piece of a "
        "change behind the code before it; infill: with the code on both sides, for models that "
        "were trained to fill in (Qwen2.5-Coder).",
        "type": click.Choice(["file", "pieces", "infill"]),
        "default": "file",
    },
    "engine": {
        "help": "What runs the model; auto: what `check` would choose.",
        "type": click.Choice(["auto", "onnx", "torch"]),
        "default": "auto",
    },
    "dtype": {
        "help": "Number format of the model; unset: fp32, on a GPU bf16.",
        "type": click.Choice(["fp32", "bf16", "auto"]),
    },
    "device": {
        "help": "Where the model runs.",
        "type": click.Choice(["cpu", "cuda"]),
        "default": "cpu",
    },
    "quantize": {
        "help": "Load the weights with bitsandbytes; needs a GPU.",
        "type": click.Choice(["none", "8bit", "4bit"]),
        "default": "none",
    },
    "threads": {"help": "CPU threads; 0: all cores.", "type": click.IntRange(0), "default": 0},
    "seed": {"help": "Seed of every random choice.", "type": int, "default": 0},
}
FITTING = (
    "sae",
    "cache",
    "groups",
    "boost",
    "pairwise",
    "held-out",
    "block-sets",
    "related",
    "sample",
    "folds",
    "c",
)
THRESHOLDS = ("hunks", "clean", "confidence")
MACHINE = ("engine", "dtype", "device", "quantize", "threads", "seed")
READING = ("model", "layer", "deep", "full", "description", "layout", *MACHINE)
_REQUIRED = ("out", "sae", "cache", "labels", "corpus", "work")


def options(*names: str) -> Callable[[F], F]:
    """Return a decorator that adds options of `_OPTIONS` to a command, in this order."""

    def add(command: F) -> F:
        for name in reversed(names):
            settings = {"show_default": True, "required": name in _REQUIRED, **_OPTIONS[name]}
            command = click.option(f"--{name}", **settings)(command)
        return command

    return add


def require_packages() -> None:
    """Raise MissingExtra, before the long work, if a package of the extra [train] is missing."""
    require(EXTRAS["train"], "nothing was trained or measured", extra="train")


def require_places(*files: str | None, directory: str | None = None) -> None:
    """Refuse output paths that cannot be written, before the long work."""
    for file in filter(None, files):
        if not takes_file(file):
            raise click.UsageError(f"{file!r} is no place for a file")
    if directory and Path(directory).exists() and not Path(directory).is_dir():
        raise click.UsageError(f"{directory!r} is no directory")


def counter(label: str) -> Callable[[int, int], None]:
    """Return what draws "done of all": on one line of a terminal, every tenth in a log."""
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


def training_line(every: float = 60) -> Callable[[int, int, str], None]:
    """Return what shows tokens trained on, losses, rate and time left.

    It draws on one line of a terminal, or writes a line in a log.
    every  seconds between two lines in a log
    """
    watched = sys.stderr.isatty()
    start, begun, last = time.monotonic(), -1, 0.0

    def progress(done: int, of: int, losses: str) -> None:
        nonlocal begun, last
        now = time.monotonic()
        if begun < 0:
            begun = done  # a resumed run is ahead
        if done < of and now - last < (0.2 if watched else every):
            return
        last = now
        rate = (done - begun) / max(now - start, 1e-9)
        # A buffer is read before its first batch, so the rate is too low at first.
        known = 10 * (done - begun) >= of - begun and done < of
        left = f", {_duration((of - done) / rate)} left" if known else ""
        line = f"trained: {done:,} of {of:,} tokens, {losses}, {rate:,.0f} tokens/s{left}"
        if watched:
            click.echo(f"\r\x1b[K{line}", err=True, nl=done >= of)
        else:
            say(line)

    return progress


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def label_file(label: str) -> dict[str, Any]:
    """Return name and hash of a label file, and the N of "FILE@N"."""
    path, _, most = label.rpartition("@")
    name = Path(path or label)
    return {
        "name": name.name,
        "sha256": hashlib.sha256(name.read_bytes()).hexdigest(),
        "most_rows": int(most) if path else None,
    }


def commit_of_code() -> str | None:
    """Return the commit of this checkout, with "-dirty" after local edits; None outside one."""
    describe = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(
            ["git", "-C", str(Path(__file__).parent), *describe],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
