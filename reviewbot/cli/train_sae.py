"""`reviewbot train sae`: unlabelled code in, a sparse autoencoder out."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.progress import say
from reviewbot.cli.train_options import (
    MACHINE,
    commit_of_code,
    options,
    require_packages,
    training_line,
)
from reviewbot.cli.train_reader import open_reader

if TYPE_CHECKING:
    from reviewbot.train.sae_model import SaeConfig

HELD_BACK = 2  # text shards at the end of the manifest, which are measured and never trained on


@click.command()
@options(
    *("corpus", "work", "features", "k", "epochs", "buffer", "out", "tokens", "model", "layer"),
    *("layout", *MACHINE),
)
def sae(features: int, k: int, epochs: int, buffer: int, **flags: Any) -> None:
    """Pre-train a TopK sparse autoencoder on states of source files.

    The corpus is packed into text shards below --work. Then the model reads some shards at a time,
    and the autoencoder is trained on their tokens. `torchrun -m reviewbot.train.sae` does the same
    with several processes.
    """
    require_packages()
    from reviewbot.train.sae_model import SaeConfig

    if k > features:
        raise click.UsageError(f"--k {k} is more than --features {features}")
    config = SaeConfig(features=features, k=k, epochs=epochs, buffer=buffer)
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
    threads: int,
    device: str,
    **reading: Any,
) -> None:
    """Read the corpus, train an autoencoder, and write it with labels of its features.

    recipe   its name in the files; recipes share text shards and keep a checkpoint each
    reading  other arguments of `open_reader`
    """
    from reviewbot.train.corpus import files, require_directories
    from reviewbot.train.evidence import describe
    from reviewbot.train.export import require_replaceable, sae_files, write_directory
    from reviewbot.train.firings import read_firings
    from reviewbot.train.ranks import join
    from reviewbot.train.sae_fit import fit
    from reviewbot.train.sae_model import measure
    from reviewbot.train.states import ShardReader
    from reviewbot.train.text_shards import MANIFEST, pack, read_manifest, training_shards

    require_replaceable(Path(out))
    directories = [Path(name) for name in corpus]
    require_directories(directories)  # before a model is made ready
    text = Path(work) / "text"
    checkpoint = "checkpoint.safetensors" if recipe == "own" else f"checkpoint-{recipe}.safetensors"
    with join(device) as ranks:
        cores = ranks.set_threads(threads)
        reader, name = open_reader(threads=cores, device=device, **reading)
        bf16 = reader.encoder.dtype == "bf16"
        config = replace(config, tokens=tokens, seed=seed, bf16=bf16)
        if ranks.first:
            pack(files(directories, seed), text)
        ranks.wait()
        shards = read_manifest(text)
        read = ShardReader(text, shards, reader.encoder, reader.plan, seed, ranks.watch)
        how = [reader.model_sha256, reader.layer, reader.encoder.dtype, reader.plan.to_json(), seed]
        coder = fit(
            read,
            training_shards(shards, HELD_BACK),
            config,
            Path(work) / checkpoint,
            width=reader.encoder.width,
            run=json.dumps([*how, [shard.sha256 for shard in shards]], sort_keys=True),
            ranks=ranks,
            progress=training_line() if ranks.first else lambda _done, _of, _losses: None,
        )
        if ranks.first:
            say(f"time: {_shares(ranks.watch.seconds)}")
    if not ranks.first:
        return
    figures = measure(coder, [read(len(shards) - 1 - n) for n in range(HELD_BACK)])
    say("held-back shards: " + ", ".join(f"{key} {value:.4g}" for key, value in figures.items()))
    # A corpus has no pieces of a change, so labels come from files that are read from their start.
    plan = replace(reader.plan, pieces=None)
    firings = read_firings(
        files(directories, seed + 1), reader.encoder, plan, coder, tokens=min(config.tokens, 60_000)
    )
    notes = describe(firings, coder.features)
    training = {
        "recipe": recipe,
        "config": asdict(config),
        "plan": reader.plan.to_json(),
        "dtype": reader.encoder.dtype,
        "corpus": {
            "shards": len(shards),
            "sha256": hashlib.sha256((text / MANIFEST).read_bytes()).hexdigest(),
            "licences": sorted({licence for shard in shards for licence in shard.licences}),
        },
        "processes": ranks.world,
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


def _shares(seconds: "Counter[str]") -> str:
    whole = sum(seconds.values())
    return ", ".join(
        f"{kind} {value:.1f} s ({value / whole:.1%})" for kind, value in seconds.most_common()
    )
