"""`reviewbot train sae`: unlabelled code in, a sparse autoencoder out."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from reviewbot.app.progress import say
from reviewbot.cli.setting_flags import PATH
from reviewbot.cli.train_options import commit_of_code, counter, one_layer_flags, open_reader

if TYPE_CHECKING:
    from reviewbot.train.features import Reader


@click.command()
@click.option(
    "--corpus",
    "corpora",
    multiple=True,
    required=True,
    metavar="DIR",
    type=PATH,
    help="Source files; repeatable.",
)
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=PATH,
    help="Where the autoencoder goes.",
)
@click.option(
    "--work",
    required=True,
    metavar="DIR",
    type=PATH,
    help="Shards of states and the checkpoint; a stopped run goes on there.",
)
@click.option(
    "--tokens",
    type=click.IntRange(1),
    default=450_000,
    show_default=True,
    help="Tokens of the corpus to read.",
)
@click.option("--features", type=click.IntRange(1), default=2048, show_default=True)
@click.option(
    "--k", type=click.IntRange(1), default=32, show_default=True, help="Features kept per token."
)
@click.option(
    "--tied/--untied", default=False, show_default=True, help="Decoder = encoder transposed."
)
@click.option("--epochs", type=click.IntRange(1), default=4, show_default=True)
@click.option(
    "--contrast",
    type=click.FloatRange(0),
    default=0.1,
    show_default=True,
    help="Weight of the hinge on spoilt lines.",
)
@click.option(
    "--pair-share",
    type=click.FloatRange(0, 1),
    default=0.3,
    show_default=True,
    help="Share of files also read with spoilt lines.",
)
@click.option(
    "--line-ends-only", is_flag=True, help="Train on the token that ends a line, as the paper does."
)
@click.option(
    "--recipe",
    type=click.Choice(["own", "pttrust"]),
    default="own",
    show_default=True,
    help="pttrust: the paper's settings; a flag that is given wins over them.",
)
@one_layer_flags
@click.pass_context
def sae(
    context: click.Context,
    /,
    corpora: tuple[str, ...],
    out: str,
    work: str,
    tokens: int,
    features: int,
    k: int,
    tied: bool,
    epochs: int,
    contrast: float,
    pair_share: float,
    line_ends_only: bool,
    recipe: str,
    seed: int,
    **reading: Any,
) -> None:
    """Pre-train a TopK sparse autoencoder on states of source files.

    The corpus is read once, into shards below --work; training then goes over them. Both go on
    where they were stopped.

    The recipe "pttrust" is the first stage of PtTrust (arXiv:2504.14640): line ends only, 128
    features of which 32 are kept, tied, 10 epochs, a hinge of weight 1 on each pair, and the
    model's own layer, at a quarter of its depth. The paper learns from LeetCode, DebugBench and
    HumanEvalPack; here it is the corpus given, without labels, read as for the own recipe.
    """
    from reviewbot.train.corpus import files
    from reviewbot.train.evidence import describe
    from reviewbot.train.export import require_replaceable, sae_files, write_directory
    from reviewbot.train.firings import read_firings
    from reviewbot.train.sae_fit import fit
    from reviewbot.train.sae_model import RECIPES, SaeConfig, recipe_config
    from reviewbot.train.shards import write_shards

    flags = {
        "features": features,
        "k": k,
        "tied": tied,
        "epochs": epochs,
        "contrast": contrast,
        "line_ends_only": line_ends_only,
    }
    given = {name: value for name, value in flags.items() if _given(context, name)}
    config = recipe_config(recipe, {**given, "seed": seed})
    if config.k > config.features:
        raise click.UsageError(f"--k {config.k} is more than --features {config.features}")
    if recipe == "pttrust" and config.contrast and not pair_share:
        raise click.UsageError(
            "the recipe 'pttrust' sets original lines against spoilt ones, and --pair-share 0 "
            "leaves no spoilt ones: give --contrast 0 too, or another share"
        )
    changed = [name for name in given if given[name] != getattr(RECIPES[recipe], name)]
    changed += ["layer"] if reading["layer"] is not None else []
    if recipe != "own" and changed:
        say(f"the recipe {recipe!r}, but as you gave it: {', '.join(changed)}")
    require_replaceable(Path(out))
    directories = [Path(name) for name in corpora]
    reader, name = open_reader(**reading)
    count = counter("tokens read")
    paths = write_shards(
        files(directories, seed),
        reader.encoder,
        reader.plan,
        Path(work) / f"shards-{shards_id(reader, directories, pair_share, seed)}",
        tokens=tokens,
        pair_share=pair_share,
        seed=seed,
        progress=lambda done: count(min(done, tokens), tokens),
    )
    checkpoint = "checkpoint.safetensors" if recipe == "own" else f"checkpoint-{recipe}.safetensors"
    steps = counter("training steps")
    coder, figures = fit(
        paths,
        config,
        Path(work) / checkpoint,
        progress=lambda step, of, _text: steps(step, of),
    )
    say("held-back shard: " + ", ".join(f"{key} {value:.4g}" for key, value in figures.items()))
    firings = read_firings(
        files(directories, seed + 1), reader.encoder, reader.plan, coder, tokens=min(tokens, 60_000)
    )
    notes = describe(firings, coder.features)
    training = {
        "recipe": recipe,
        "config": {key: getattr(config, key) for key in SaeConfig.__slots__},
        "tokens": tokens,
        "dtype": reader.encoder.dtype,
        "figures": figures,
        "code": commit_of_code(),
    }
    written = sae_files(
        coder,
        notes,
        model=name,
        layer=reader.layer,
        context=reader.plan.context,
        training=training,
    )
    write_directory(Path(out), written)
    labelled = sum(bool(note.label) for note in notes.values())
    say(f"wrote {out}: {coder.features} features, {len(notes)} seen firing, {labelled} labelled")


def _given(context: click.Context, name: str) -> bool:
    """Say whether the user wrote the flag; its default is the own recipe's."""
    source = context.get_parameter_source(name)
    return source not in (None, ParameterSource.DEFAULT)


def shards_id(reader: "Reader", directories: Sequence[Path], pair_share: float, seed: int) -> str:
    """Name a set of shards by everything that decides what they hold, the corpus included."""
    from reviewbot.train.corpus import files

    digest = hashlib.sha256()
    for source in files(directories, seed):
        digest.update(f"{source.path}\0{source.text}\0".encode("utf-8", "surrogatepass"))
    how = [reader.model_sha256, reader.layer, reader.encoder.dtype, reader.plan.to_json()]
    digest.update(json.dumps([*how, pair_share, seed], sort_keys=True).encode())
    return digest.hexdigest()[:16]
