"""`reviewbot train evidence`: an artifact in, the same with what is known of its features, out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reviewbot.app.progress import say
from reviewbot.cli.options import PATH
from reviewbot.cli.train_options import (
    MACHINE,
    commit_of_code,
    counter,
    label_file,
    options,
    require_packages,
)
from reviewbot.cli.train_reader import open_reader

if TYPE_CHECKING:
    from reviewbot.scoring.artifact import Artifact
    from reviewbot.train.dataset import Table
    from reviewbot.train.provenance import Origins, Provenance
    from reviewbot.train.reader import Reader
    from reviewbot.train.text_shards import SourceFile


@click.command()
@click.option("--artifact", required=True, metavar="NAME", help="Artifact, as for `check`.")
@click.option("--model", metavar="NAME", help="Code model, as for `check`; unset: the artifact's.")
@click.option(
    "--corpus",
    required=True,
    metavar="DIR",
    type=PATH,
    help="Git checkout to take examples from.",
)
@click.option(
    "--labels",
    multiple=True,
    metavar="FILE[@N]",
    type=PATH,
    help="Label file to count firings on; unset: nothing is counted. Repeatable.",
)
@options("out", "cache", "tokens", "sample", *MACHINE)
def evidence(**flags: Any) -> None:
    """Find out where and how often an artifact's features fire.

    Scores do not change. Each feature gets exemplars and near misses from the corpus, its tally on
    the labelled lines, the languages it goes with, and a label where one holds on other files.
    """
    require_packages()
    from reviewbot.train.provenance import provenance

    add_evidence(provenance, **flags)


def add_evidence(
    provenance: "Callable[[Path], Provenance]",
    *,
    artifact: str,
    corpus: str,
    labels: tuple[str, ...],
    cache: str,
    out: str,
    tokens: int,
    sample: int | None,
    **machine: Any,
) -> None:
    """Read corpus and labels, and write the artifact with evidence.

    provenance  says which files of the corpus may be shown, and where they come from
    machine     the options `train_options.MACHINE`, and --model
    """
    from reviewbot.app.artifact import find_artifact
    from reviewbot.scoring.artifact import load_artifact
    from reviewbot.scoring.feature_evidence import pack_evidence
    from reviewbot.train.evidence import evidence as all_evidence
    from reviewbot.train.evidence import notes, tallies
    from reviewbot.train.export import require_replaceable, with_evidence, write_directory
    from reviewbot.train.firings import read_firings

    require_replaceable(Path(out))
    where = find_artifact(artifact)
    known = load_artifact(where)
    sources, origin = _sources(provenance(Path(corpus)), Path(corpus), machine["seed"])
    counted = {}
    if labels:
        table = _table(known, labels, Path(cache), sample, machine)
        counted = tallies(table, known.predictor)
        say(f"counted on {len(table)} lines, {int(table.y_L.sum())} of them risky")
        del table
    reader = _reader(known, machine, whole=False)
    plan = replace(known.plan, pieces=None)  # a corpus has no changes: files from their start
    firings = read_firings(
        sources, reader.encoder, plan, known.coder, tokens=tokens, progress=counter("tokens")
    )
    entries = all_evidence(firings, known.coder.features, known.predictor, origin, counted)
    facts = {
        "artifact": known.info.name,
        "corpus": {
            "sources": len({origin(line.path).source for line in firings.lines}),
            "lines": len(firings.lines),
            "tokens": len(firings.values_TK),
        },
        "labels": [label_file(label) for label in labels],
        "dtype": reader.encoder.dtype,
        "code": commit_of_code(),
    }
    packed = pack_evidence(facts, entries)
    write_directory(Path(out), with_evidence(where, packed, notes(entries)))
    labelled = sum(bool(one.label) for one in entries if one.maximum is not None)
    fired = sum(one.maximum is not None for one in entries)
    say(
        f"wrote {out}: {fired} features seen firing, {labelled} labelled, "
        f"{sum(one.detects is not None for one in entries)} that only detect a language "
        f"({len(packed) / 1e6:.1f} MB of evidence)"
    )


def _reader(known: "Artifact", machine: dict[str, Any], *, whole: bool) -> "Reader":
    """Open the artifact's own model, as deep as is needed."""
    from reviewbot.scoring.artifact import check_model

    flags = {key: value for key, value in machine.items() if key not in ("seed", "model")}
    reader, name = open_reader(
        model=machine["model"] or known.model.name,
        layer=known.model.layer,
        deep=known.model.deep if whole else None,
        full=known.model.full and whole,
        description=known.plan.description,
        **flags,
    )
    check_model(known, reader.model_sha256, name)
    return replace(reader, plan=known.plan)


def _table(
    known: "Artifact",
    labels: tuple[str, ...],
    cache: Path,
    lines: int | None,
    machine: dict[str, Any],
) -> "Table":
    from reviewbot.train.label_files import read_files
    from reviewbot.train.prepare import columns_of, prepare

    # Corrections are not counted, so they are not read.
    changes = [
        replace(change, files=tuple(replace(file, corrected=None) for file in change.files))
        for change in read_files(labels, machine["seed"])
    ]
    reader = _reader(known, machine, whole=True)
    sizes = known.predictor.groups
    sha256 = str(known.manifest["files"]["sae/sae_weights.safetensors"])
    return columns_of(
        prepare(changes, draw=lines, progress=counter("changes")),
        reader.features(known.coder, sha256, sizes, cache),
        sizes,
        counter("files"),
    )


def _sources(files_of: "Provenance", corpus: Path, seed: int) -> "tuple[list[SourceFile], Origins]":
    """Return the files that may be shown, each with an origin, before any model reads."""
    from reviewbot.render.phrasing import plural
    from reviewbot.train.corpus import files

    if files_of.left_out:
        say(
            f"left out {plural(files_of.left_out, 'source file')} that the commit does not hold as "
            "they are now: untracked, ignored or edited"
        )
    sources = list(files([corpus], seed, files_of.names))
    for source in sources:
        files_of.origin(source.path)  # refuses a file of unknown origin
    return sources, files_of.origin
