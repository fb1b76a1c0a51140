"""`reviewbot train`: pre-train the autoencoder, fit the predictor, evaluate. Heavy imports wait."""

import click

from reviewbot.cli.train_predictor import evaluate, predictor
from reviewbot.cli.train_sae import sae


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def train() -> None:
    """Train, fit and evaluate the weights that score."""


train.add_command(sae)
train.add_command(predictor)
train.add_command(evaluate)
