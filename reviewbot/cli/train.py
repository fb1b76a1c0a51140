"""`reviewbot train`: pre-train the autoencoder, fit the predictor, measure. Heavy imports wait."""

import click

from reviewbot.cli.train_audit import audit
from reviewbot.cli.train_evaluate import evaluate
from reviewbot.cli.train_predictor import predictor
from reviewbot.cli.train_sae import sae
from reviewbot.cli.train_transfer import transfer


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def train() -> None:
    """Train, fit and evaluate the weights that score."""


for command in (sae, predictor, evaluate, audit, transfer):
    train.add_command(command)
