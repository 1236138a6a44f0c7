"""Train a network of dendritic neurons on several classifications of images in turn, and see what it forgets.

The images are those of `dendrites classify`; from the second task on their pixels are in another order. Writes a folder with
continual.png, .pdf, .csv (losses and accuracies of every task after every task), config.toml, checkpoints/ and summary.json.

example: rate2spike dendrites continual
         rate2spike dendrites continual --n_tasks 4 --neuron LocalActivationVForward
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser
from rate2spike.cli.dendrite_examples import add_example, known_by_path, run_example

if TYPE_CHECKING:
    from rate2spike.spiking.dendrite_examples.config import ContinualConfig
    from rate2spike.spiking.dendrite_examples.continual_result import ContinualResult


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.dendrite_examples.config import ContinualConfig

    add_example(parser, ContinualConfig)


def run(arguments: argparse.Namespace) -> int:
    """Train, draw, tell. Raises InputError."""
    from rate2spike.spiking.dendrite_examples.config import ContinualConfig

    return run_example(arguments, ContinualConfig, _learn, known_by_path)


def _learn(config: "ContinualConfig", folder: Path) -> "ContinualResult":
    from rate2spike.spiking.dendrite_examples.continual import continual

    return continual(config, folder, True)
