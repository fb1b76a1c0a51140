"""The recipes use commands and flags that exist."""

import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from reviewbot.cli.train import train

RESEARCH = Path(__file__).parents[2] / "research"
COMMAND = re.compile(r"reviewbot train ([a-z]+)|python -m (research[a-z_.]*)")


def options_of(command: click.Command) -> set[str]:
    return {flag for parameter in command.params for flag in parameter.opts}


@pytest.mark.parametrize("recipe", ["quick.sh", "deep.sh", "evidence.sh"])
def test_every_flag_of_a_recipe_is_an_option_of_one_of_its_commands(recipe: str) -> None:
    text = re.sub(r"^ *#.*", "", (RESEARCH / recipe).read_text(), flags=re.MULTILINE)
    known = {"--labels"}
    for product, module in COMMAND.findall(text):
        if product:
            known |= options_of(train.commands[product])
        elif module != "research.corpus":
            name = module.rpartition(".")[2]
            known |= options_of(getattr(import_module(module), name))

    used = set(re.findall(r"(?<=[ (])--[a-z-]+", text))
    assert len(used) > 5
    assert used <= known
