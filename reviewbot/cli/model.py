"""`reviewbot model pull|list|verify|path`: the language models on this disk."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from reviewbot.app.failures import worded
from reviewbot.app.load import engines
from reviewbot.app.progress import progress_bar, say
from reviewbot.cli import Group
from reviewbot.cli.options import PATH
from reviewbot.config.choices import Engine
from reviewbot.config.schema import Settings
from reviewbot.errors import ModelUnavailable, UsageError, did_you_mean
from reviewbot.models import inventory as models_inventory
from reviewbot.models.cache import cache_dir, converted_path, disk_errors
from reviewbot.models.ensure import conversion_of, ensure_model, is_packaged
from reviewbot.models.packaged import packaged_engine
from reviewbot.models.registry import DEFAULT_MODEL, MODELS, ModelSpec
from reviewbot.models.verify import check

F = TypeVar("F", bound=Callable[..., Any])
_name = click.argument("name", required=False, metavar="[NAME]")
_cache = click.option(
    "--cache-dir",
    "cache",
    type=click.Path(path_type=Path),
    callback=lambda _context, _option, value: cache_dir(value, os.environ),
    help="Cache directory. Default: $REVIEWBOT_CACHE, else $XDG_CACHE_HOME/reviewbot.",
)


def _spec(name: str) -> ModelSpec:
    if name not in MODELS:
        raise UsageError(
            f"nothing was done: no model is named {name!r}",
            fix=f"{did_you_mean(name, MODELS)}use one of {', '.join(MODELS)}",
        )
    return MODELS[name]


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def model() -> None:
    """Fetch, list and check the language models that read the code."""


def _request(
    name: str | None, artifact: str | None, *, full: bool, engine: str
) -> tuple[ModelSpec, int, dict[str, Any]]:
    """Return a model, the layers that a check runs, and the other arguments of `ensure_model`.

    name, artifact  without both, and for `auto`, the artifact `deep`: its model is no package data
    """
    deep = None
    if name is not None and artifact is None:
        spec = _spec(name)
        layer = spec.layer
    else:
        from reviewbot.app.artifact import find_artifacts
        from reviewbot.scoring.artifact import load_artifact

        with worded("nothing was done"):
            read = load_artifact(find_artifacts(artifact or "deep")[-1]).model
        spec, layer, deep, full = _spec(read.name), read.layer, read.deep, read.full or full
    onnx = engines(Settings(engine=Engine(engine)))[0] == "onnx"
    return spec, max(layer, deep or 0), {"full": full, "taps": (layer, deep) if onnx else None}


def _conversion_options(command: F) -> F:
    for option in (
        click.option(
            "--engine",
            type=click.Choice(["auto", "torch", "onnx"]),
            default="auto",
            show_default=True,
            help="Engine to convert for; auto: the one that `check` uses on this machine.",
        ),
        click.option(
            "--artifact",
            metavar="NAME|DIR",
            type=PATH,
            help="Use the model and layers of this artifact, not NAME. Default: deep.",
        ),
        click.option(
            "--full", is_flag=True, help="All layers and the output head, for --depth full."
        ),
    ):
        command = option(command)
    return command


@model.command()
@_name
@click.option(
    "--from",
    "path",
    type=click.Path(path_type=Path),
    help="Official model file; skips the download.",
)
@click.option(
    "--keep-official",
    is_flag=True,
    help="Keep the official file after making an int8 engine from it.",
)
@_conversion_options
@_cache
def pull(
    name: str | None,
    path: Path | None,
    keep_official: bool,
    full: bool,
    engine: str,
    artifact: str | None,
    cache: Path,
) -> None:
    """Download and convert a model; print its directory.

    Sources, in this order: the cache, --from PATH (or $REVIEWBOT_MODEL_PATH), the Hugging Face hub
    (or the mirror in $HF_ENDPOINT). The file must have the official SHA-256.
    """
    spec, layers, depth = _request(name, artifact, full=full, engine=engine)
    if spec.packaged and path:
        raise UsageError(
            f"nothing was done: {spec.name} is part of the package, --from does not apply to it",
            fix="leave --from out",
        )
    if spec.packaged:
        say(f"{spec.name} is part of the package: nothing needs fetching")
    ready = ensure_model(
        spec.name,
        layers,
        **depth,
        environ=os.environ,
        cache=cache,
        path=path,
        keep_official=keep_official,
        progress=progress_bar(),
        say=say,
    )
    click.echo(ready.directory)


@model.command("list")
@_cache
def list_models(cache: Path) -> None:
    """List the known models, and their sizes in the cache."""
    rows = models_inventory.inventory(cache)
    table = Table("model", "official", "cached", "converted", "state", "licence")
    for row in rows:
        sizes = [_size(n) for n in (row.spec.size, row.cached or row.partial, row.converted)]
        table.add_row(row.spec.name, *sizes, row.state, row.spec.license)
    console = Console(width=None if Console().is_terminal else 100)
    console.print(table)
    total = sum(row.cached + row.partial + row.converted for row in rows)
    click.echo(f"{_size(total)} in {cache}")


@model.command()
@_name
@_cache
def verify(name: str | None, cache: Path) -> None:
    """Verify the cached files of a model.

    Deletes damaged ones and exits with 4.
    """
    models_inventory.verify(cache, _spec(name or DEFAULT_MODEL), click.echo)


@model.command()
@_name
@_conversion_options
@_cache
def path(name: str | None, full: bool, engine: str, artifact: str | None, cache: Path) -> None:
    """Print the directory of the converted model.

    Exits with 4 if there is none; downloads nothing.
    """
    spec, layers, depth = _request(name, artifact, full=full, engine=engine)
    _, conversion = conversion_of(spec, layers, **depth)
    if is_packaged(spec, depth["taps"]):
        click.echo(packaged_engine(spec))
        return
    directory = converted_path(cache, conversion.key)
    with disk_errors("nothing was printed"):
        there = directory.exists()
    if not there:
        raise ModelUnavailable(
            f"{spec.name} is not converted in {cache}",
            fix="run `reviewbot model pull` with the same arguments",
        )
    check(directory, conversion)
    click.echo(directory)


def _size(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB" if count else "-"
