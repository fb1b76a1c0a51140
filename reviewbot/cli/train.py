"""`reviewbot train`: corpus and labels in, autoencoder, predictor and figures out."""

import click

from reviewbot.cli import Group
from reviewbot.cli.train_corpus import corpus
from reviewbot.cli.train_evaluate import evaluate
from reviewbot.cli.train_evidence import evidence
from reviewbot.cli.train_mine import mine
from reviewbot.cli.train_predictor import predictor
from reviewbot.cli.train_sae import sae


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def train() -> None:
    """Train, fit and evaluate the weights that score."""


for command in (corpus, mine, sae, predictor, evidence, evaluate):
    train.add_command(command)
