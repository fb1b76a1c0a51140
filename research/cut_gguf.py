"""Cut an official GGUF file to its first blocks: the file inside the package.

    python -m research.cut_gguf OFFICIAL.gguf [--out reviewbot/_models/FILE]

Kept are the embedding, the first blocks, the final norm and the tokenizer. Each tensor is copied
byte for byte, nothing is quantised again, so the states after those blocks are those of the whole
model. The header says what was cut from what. The same input gives the same bytes (gguf 0.19.0
wrote the file in the package); both hashes are compared with the table in
reviewbot/models/registry.py.
"""

import sys
from pathlib import Path
from typing import Any

import click

from reviewbot.errors import ModelUnavailable, ReviewbotError
from reviewbot.models.cache import sha256_of
from reviewbot.models.gguf_tensors import kept_tensors, open_reader, read_config
from reviewbot.models.registry import SMOL, SMOL_CUT, ModelSpec
from reviewbot.train.export import write_whole

OUT = Path(__file__).parents[1] / "reviewbot" / "_models" / SMOL_CUT.filename
DROPPED = {  # true of the whole file only, or written again below
    "general.architecture",  # the writer writes it itself
    "general.name",
    "general.finetune",
    "general.size_label",
}


def cut(source: Path, target: Path, whole: ModelSpec, blocks: int) -> None:
    """Write `target`: the first `blocks` blocks of `source`, without an output head.

    whole   the table row of `source`; the caller has compared the hashes
    raises  ModelUnavailable if `source` is no GGUF file, or has not more blocks than are kept
    """
    from gguf import GGUFValueType, GGUFWriter

    reader = open_reader(source)
    config = read_config(reader)
    stored, architecture = config["num_hidden_layers"], config["model_type"]
    if not 1 <= blocks < stored:
        raise ModelUnavailable(
            f"nothing was cut: {source} holds {stored} blocks, {blocks} were to be kept",
            fix="name the official file of a larger model",
        )
    writer = GGUFWriter(target, architecture)
    writer.add_name(f"{whole.filename}, first {blocks} of {stored} blocks")
    writer.add_description(
        f"The first {blocks} of {stored} blocks of {whole.filename}, with its embedding, "
        "final norm and tokenizer, every tensor byte for byte. No language model any more: what is "
        # The file in the package says so, and its hash is fixed: this script lay in runs/ then.
        "left reads text and cannot write any. Cut by reviewbot, runs/cut_gguf.py."
    )
    writer.add_string("reviewbot.source.filename", whole.filename)
    writer.add_string("reviewbot.source.sha256", whole.sha256)
    writer.add_uint32("reviewbot.source.block_count", stored)
    writer.add_uint32("reviewbot.kept_block_count", blocks)
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key in DROPPED:
            continue
        value: Any = blocks if key == f"{architecture}.block_count" else field.contents()
        kind = field.types[0]
        inner = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(key, value, kind, inner)
    names = kept_tensors(config, blocks, head=False)
    for tensor in reader.tensors:
        if tensor.name in names:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()


def compare(path: Path, sha256: str, what: str) -> None:
    """Refuse a file with another hash. Raises ModelUnavailable."""
    if (found := sha256_of(path)) != sha256:
        raise ModelUnavailable(
            f"nothing was written: {what} has SHA-256 {found}, the table says {sha256}",
            fix=f"use the official {SMOL.filename} and gguf 0.19.0, or change the table",
        )


@click.command()
@click.argument("official", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="Where to write it.")
def main(official: Path, out: Path) -> None:
    """Cut the model of the package from the OFFICIAL file."""

    def write(path: Path) -> None:
        cut(official, path, SMOL, SMOL_CUT.stored)
        compare(path, SMOL_CUT.sha256, "the cut file")

    try:
        compare(official, SMOL.sha256, str(official))
        write_whole(out, write)
    except ReviewbotError as exc:
        click.echo(str(exc), err=True)
        sys.exit(exc.exit_code)
    click.echo(f"{out}: {out.stat().st_size:,} bytes, SHA-256 {sha256_of(out)}")


if __name__ == "__main__":
    main()
