"""`reviewbot train sae`: unlabelled code in, a sparse autoencoder out."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.progress import say
from reviewbot.cli.train_options import (
    MACHINE,
    commit_of_code,
    counter,
    options,
    require_packages,
)
from reviewbot.cli.train_reader import open_reader

if TYPE_CHECKING:
    from reviewbot.train.reader import Reader
    from reviewbot.train.sae_model import SaeConfig

PAIR_SHARE = 0.3  # of the files, which are also read with corrupted lines


@click.command()
@options("corpus", "work", "features", "k", "epochs", "out", "tokens", "model", "layer", *MACHINE)
def sae(features: int, k: int, epochs: int, **flags: Any) -> None:
    """Pre-train a TopK sparse autoencoder on states of source files.

    The model reads the corpus once, into shards below --work. Training then reads the shards.
    """
    require_packages()
    from reviewbot.train.sae_model import SaeConfig

    if k > features:
        raise click.UsageError(f"--k {k} is more than --features {features}")
    config = SaeConfig(features=features, k=k, epochs=epochs, seed=flags["seed"])
    train_autoencoder(config, recipe="own", **flags)


def train_autoencoder(
    config: "SaeConfig",
    *,
    recipe: str,
    corpus: Sequence[str],
    work: str,
    out: str,
    tokens: int,
    seed: int,
    **reading: Any,
) -> None:
    """Read the corpus, train an autoencoder, and write it with labels of its features.

    recipe   its name in the files; recipes share shards and keep a checkpoint each
    reading  arguments of `open_reader`
    """
    from reviewbot.train.corpus import files, require_directories
    from reviewbot.train.evidence import describe
    from reviewbot.train.export import require_replaceable, sae_files, write_directory
    from reviewbot.train.firings import read_firings
    from reviewbot.train.sae_fit import fit
    from reviewbot.train.shards import write_shards

    require_replaceable(Path(out))
    directories = [Path(name) for name in corpus]
    require_directories(directories)  # before a model is made ready
    reader, name = open_reader(**reading)
    count = counter("tokens read")
    paths = write_shards(
        files(directories, seed),
        reader.encoder,
        reader.plan,
        Path(work) / f"shards-{shards_id(reader, directories, seed)}",
        tokens=tokens,
        pair_share=PAIR_SHARE,
        seed=seed,
        progress=lambda done: count(min(done, tokens), tokens),
    )
    checkpoint = "checkpoint.safetensors" if recipe == "own" else f"checkpoint-{recipe}.safetensors"
    steps = counter("training steps")
    coder, figures = fit(
        paths, config, Path(work) / checkpoint, progress=lambda step, of, _text: steps(step, of)
    )
    say("held-back shard: " + ", ".join(f"{key} {value:.4g}" for key, value in figures.items()))
    firings = read_firings(
        files(directories, seed + 1), reader.encoder, reader.plan, coder, tokens=min(tokens, 60_000)
    )
    notes = describe(firings, coder.features)
    training = {
        "recipe": recipe,
        "config": asdict(config),
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


def shards_id(reader: "Reader", directories: Sequence[Path], seed: int) -> str:
    """Return a name for a set of shards: a hash of all that decides what they hold."""
    from reviewbot.train.corpus import files

    digest = hashlib.sha256()
    for source in files(directories, seed):
        digest.update(f"{source.path}\0{source.text}\0".encode("utf-8", "surrogatepass"))
    how = [reader.model_sha256, reader.layer, reader.encoder.dtype, reader.plan.to_json()]
    digest.update(json.dumps([*how, PAIR_SHARE, seed], sort_keys=True).encode())
    return digest.hexdigest()[:16]
