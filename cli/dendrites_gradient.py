"""Train neurons with dendrites by gradients through their spikes, beside a network of point neurons.

The task is to spike at every step, whatever the input. Writes a folder with gradient.png, .pdf, .csv (all losses),
config.toml, checkpoints/ and summary.json.

example: rate2spike dendrites gradient
         rate2spike dendrites gradient --n_seeds 1 --n_iterations 500
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser
from rate2spike.cli.dendrite_examples import add_example, run_example

if TYPE_CHECKING:
    from rate2spike.spiking.dendrite_examples.always_fire_result import AlwaysFireResult
    from rate2spike.spiking.dendrite_examples.config import GradientConfig


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.dendrite_examples.config import GradientConfig

    add_example(parser, GradientConfig)


def run(arguments: argparse.Namespace) -> int:
    """Train, draw, tell. Raises InputError."""
    from rate2spike.spiking.dendrite_examples.config import GradientConfig

    return run_example(arguments, GradientConfig, _learn)


def _learn(config: "GradientConfig", folder: Path) -> "AlwaysFireResult":
    from rate2spike.spiking.dendrite_examples.always_fire import always_fire

    return always_fire(config, folder, True)
