"""PtTrust's first stage: its autoencoder, on unlabelled code.

python -m research.pttrust.autoencoder --corpus DIR --work WORK --out SAE
"""

from typing import Any

import click

from research.command import Command
from reviewbot.cli.train_options import MACHINE, options
from reviewbot.cli.train_sae import train_autoencoder
from reviewbot.train.sae_model import SaeConfig

RECIPE = "pttrust"
# The settings of PtTrust (arXiv:2504.14640), as far as paper and published configuration tell.
#
# As in the paper: the token that ends a line, layer-normed; tied TopK 128/32 and ReLU; normalised
# MSE of original and corrupted lines + max(0, margin - |f(x) - f(x')|) ** 2 of each pair, codes as
# they are, off for the first 40 %; AdamW with 2e-4 and eps 6.25e-10, 10 epochs, gradients clipped
# at 1, no schedule.
#
# Different. Corpus: the paper's is LeetCode, DebugBench and HumanEvalPack, the latter two with
# labelled bugs; ours is unlabelled code, and far less. Pairs: their code takes one distance between
# two whole batches, whose hinge cannot switch off; the formula is per pair. The margin is their
# code's. A corrupted copy gives us its corrupted lines only, not the prompt's end. Errors are
# measured on layer-normed states. Not published, so chosen: weight 1 of the hinge, torch's default
# decay, rows of length 1 at the start and free afterwards, b_dec from the mean state.
PTTRUST = SaeConfig(
    features=128,
    k=32,
    tied=True,
    epochs=10,
    batch=400,  # 16 snippets; a solution of LeetCode has about 25 lines
    learning_rate=2e-4,
    aux=0.0,
    contrast=1.0,
    margin=2.0,
    cold_share=0.4,
    line_ends_only=True,
    plain_loss=True,
    unit_rows=False,
    unit_codes=False,
    constant_rate=True,
    decay=0.01,
)


@click.command(cls=Command)
@options("corpus", "work", "out", "tokens", "model", "layer", *MACHINE)
def autoencoder(**flags: Any) -> None:
    """Pre-train PtTrust's autoencoder on states of source files.

    Its 128 features, tied weights, line ends only, 10 epochs, and the model's own layer. The paper
    learns from LeetCode, DebugBench and HumanEvalPack, here it is the corpus given. --tokens counts
    line ends.
    """
    train_autoencoder(PTTRUST, recipe=RECIPE, **flags)


if __name__ == "__main__":
    autoencoder()
