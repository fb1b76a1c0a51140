"""`reviewbot model pull|list|verify|path`: the language models on this disk."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from reviewbot.app.failures import worded
from reviewbot.app.load import engines
from reviewbot.cli.group import Group
from reviewbot.cli.setting_flags import PATH
from reviewbot.config.settings import Settings
from reviewbot.errors import ModelUnavailable, UsageError, did_you_mean
from reviewbot.models import inventory as store_inventory
from reviewbot.models.cache import cache_dir, converted_path, disk_errors
from reviewbot.models.checkpoint import check, checkpoint_key
from reviewbot.models.engine import Wanted, check_engine
from reviewbot.models.ensure import ensure_model
from reviewbot.models.packaged import refuse_full
from reviewbot.models.progress import Progress as Tell
from reviewbot.models.progress import Say
from reviewbot.models.registry import DEFAULT_MODEL, MODELS, ModelSpec

F = TypeVar("F", bound=Callable[..., Any])
_name = click.argument("name", default=DEFAULT_MODEL, metavar="[NAME]")
_cache = click.option(
    "--cache-dir",
    type=click.Path(path_type=Path),
    help="Where models lie. Default: $REVIEWBOT_CACHE, else $XDG_CACHE_HOME/reviewbot.",
)


@contextmanager
def reporting() -> Iterator[tuple[Tell, Say]]:
    """Yield (progress, say): a bar on stderr where it is a terminal, else one line per file."""
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    if not console.is_terminal:
        yield _line_per_label(say), say
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, visible=False)

        def progress(label: str, done: int, total: int) -> None:
            bar.update(task, description=label, completed=done, total=total, visible=True)

        yield progress, say


def _line_per_label(say: Callable[[str], None]) -> Tell:
    seen: set[str] = set()

    def progress(label: str, done: int, total: int) -> None:
        del done  # one line per file is enough for a log
        if label not in seen:
            seen.add(label)
            say(f"{label} ({total >> 20} MiB in all)")

    return progress


def _spec(name: str) -> ModelSpec:
    if name not in MODELS:
        raise UsageError(
            f"nothing was done: no model is named {name!r}",
            fix=f"{did_you_mean(name, MODELS)}use one of {', '.join(MODELS)}",
        )
    return MODELS[name]


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def model() -> None:
    """Fetch, list and check the language models that re-read the code."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What of a model somebody wants on this disk."""

    name: str
    layer: int
    deep: int | None
    full: bool
    engine: str

    @property
    def layers(self) -> int:
        return max(self.layer, self.deep or 0)

    @property
    def taps(self) -> tuple[int, int | None] | None:
        """What `ready` wants to be told; None for torch, which reads any layer of a checkpoint."""
        return (self.layer, self.deep) if self.engine == "onnx" else None


def _asked(name: str, artifact: str | None, *, full: bool, engine: str) -> _Asked:
    """Read the flags. `artifact` says all that a preset or a directory reads."""
    asked = Settings(engine=engine)
    if artifact is None:
        return _Asked(name, _spec(name).layer, None, full, engines(asked, head=full)[0])
    from reviewbot.app.artifact_name import find_artifact
    from reviewbot.scoring.artifact import load_artifact

    with worded("nothing was done"):
        model = load_artifact(find_artifact(artifact)).model
    _spec(model.name)
    full = model.full or full
    return _Asked(model.name, model.layer, model.deep, full, engines(asked, head=full)[0])


_parts = (
    click.option(
        "--engine",
        type=click.Choice(["auto", "torch", "onnx"]),
        default="auto",
        show_default=True,
        help="Whose files; auto: those of the engine that a check takes here.",
    ),
    click.option(
        "--artifact",
        metavar="NAME|DIR",
        type=PATH,
        help="What this artifact reads, not NAME.",
    ),
)


def _which(command: F) -> F:
    for option in _parts:
        command = option(command)
    return command


@model.command()
@_name
@click.option("--from", "path", type=click.Path(path_type=Path), help="The official file.")
@click.option("--full", is_flag=True, help="Keep all layers and the output head (--depth full).")
@_which
@_cache
def pull(
    name: str,
    path: Path | None,
    full: bool,
    engine: str,
    artifact: str | None,
    cache_dir: Path | None,
) -> None:
    """Fetch a model and convert it once; print where it lies.

    Sources, in this order: the cache, --from PATH (or $REVIEWBOT_MODEL_PATH), the Hugging Face hub
    (or the mirror in $HF_ENDPOINT). The file must have the official SHA-256.
    """
    asked = _asked(name, artifact, full=full, engine=engine)
    name, spec = asked.name, _spec(asked.name)
    if spec.packaged and path:
        raise UsageError(
            f"nothing was done: {name} lies inside the package, --from does not apply to it",
            fix="leave --from out",
        )
    with reporting() as (progress, say):
        if spec.packaged:
            say(f"{name} lies inside the package: nothing needs fetching")
        found = ensure_model(
            name,
            asked.layers,
            full=asked.full,
            taps=asked.taps,
            environ=os.environ,
            cache=cache_dir,
            path=path,
            progress=progress,
            say=say,
        )
    click.echo(found.directory)


@model.command("list")
@_cache
def list_models(cache_dir: Path | None) -> None:
    """List the models we know, and their sizes in the cache."""
    root = _root(cache_dir)
    rows = store_inventory.inventory(root)
    table = Table("model", "official", "cached", "converted", "state", "licence")
    for row in rows:
        mark = " (default)" if row.spec.name == DEFAULT_MODEL else ""
        sizes = [_size(n) for n in (row.spec.size, row.cached or row.partial, row.converted)]
        table.add_row(row.spec.name + mark, *sizes, row.state, row.spec.license)
    console = Console(width=None if Console().is_terminal else 100)
    console.print(table)
    total = sum(row.cached + row.partial + row.converted for row in rows)
    click.echo(f"{_size(total)} in {root}")


@model.command()
@_name
@_cache
def verify(name: str, cache_dir: Path | None) -> None:
    """Hash everything that the cache holds of a model; remove what is damaged (exit code 4)."""
    store_inventory.verify(_root(cache_dir), _spec(name), click.echo)


@model.command()
@_name
@click.option("--full", is_flag=True, help="The one with all layers and the output head.")
@_which
@_cache
def path(name: str, full: bool, engine: str, artifact: str | None, cache_dir: Path | None) -> None:
    """Print the directory of the converted model, or fail (exit code 4). Fetches nothing."""
    asked = _asked(name, artifact, full=full, engine=engine)
    name, full, spec = asked.name, asked.full, _spec(asked.name)
    if full:
        refuse_full(spec)
    layers = spec.layers if full else asked.layers
    wanted = Wanted.of(asked.layer, asked.deep, full=full)
    onnx = asked.engine == "onnx"
    key = wanted.key(spec.sha256) if onnx else checkpoint_key(spec.sha256, layers, head=full)
    directory = converted_path(_root(cache_dir), key)
    with disk_errors("nothing was printed"):
        there = directory.exists()
    if not there:
        raise ModelUnavailable(
            f"{name} is not converted in {_root(cache_dir)}",
            fix="run `reviewbot model pull` with the same arguments",
        )
    if onnx:
        check_engine(directory, spec.sha256, wanted)
    else:
        check(directory, spec, layers, head=full)
    click.echo(directory)


def _root(explicit: Path | None) -> Path:
    return cache_dir(explicit, os.environ)


def _size(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB" if count else "-"
