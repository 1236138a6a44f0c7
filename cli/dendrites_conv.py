"""Train a convolution onto neurons with dendrites by gradients through their spikes.

The task is to spike at every step, whatever the input. Writes a folder with conv.png, .pdf, .csv (all losses),
config.toml, checkpoints/ and summary.json.

example: rate2spike dendrites conv
         rate2spike dendrites conv --n_seeds 1
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser
from rate2spike.cli.dendrite_examples import add_example, run_example

if TYPE_CHECKING:
    from rate2spike.spiking.dendrite_examples.always_fire_result import AlwaysFireResult
    from rate2spike.spiking.dendrite_examples.config import ConvConfig


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.dendrite_examples.config import ConvConfig

    add_example(parser, ConvConfig)


def run(arguments: argparse.Namespace) -> int:
    """Train, draw, tell. Raises InputError."""
    from rate2spike.spiking.dendrite_examples.config import ConvConfig

    return run_example(arguments, ConvConfig, _learn)


def _learn(config: "ConvConfig", folder: Path) -> "AlwaysFireResult":
    from rate2spike.spiking.dendrite_examples.always_fire import always_fire

    return always_fire(config, folder, True)
