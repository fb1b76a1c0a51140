"""`reviewbot train`: pre-train the autoencoder, fit the predictor, measure. Heavy imports wait."""

from functools import wraps
from typing import Any

import click

from reviewbot.cli.group import Group
from reviewbot.cli.train_evaluate import evaluate
from reviewbot.cli.train_evidence import evidence
from reviewbot.cli.train_predictor import predictor
from reviewbot.cli.train_sae import sae
from reviewbot.errors import EXTRAS, require


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def train() -> None:
    """Train, fit and evaluate the weights that score."""


def _checked(command: click.Command) -> click.Command:
    """Let a command look first whether all it needs is installed: what it lacks, hours later."""
    work = command.callback
    if work is None:
        raise TypeError(f"{command.name} does nothing")

    @wraps(work)
    def run(*args: Any, **kwargs: Any) -> Any:
        require(EXTRAS["train"], "nothing was trained or measured", extra="train")
        return work(*args, **kwargs)

    command.callback = run
    return command


for command in (sae, predictor, evidence, evaluate):
    train.add_command(_checked(command))
