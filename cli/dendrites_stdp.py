"""Neurons with two compartments become selective for kinds of images by STDP, without labels.

Inhibition and homeostasis, which are apart from the rule, let them compete. Beside them are a network that learns nothing,
and one that learns from images with shuffled pixels. Writes a folder with stdp.png, .pdf, .csv (selectivity and tuning),
config.toml, checkpoints/ and summary.json.

example: rate2spike dendrites stdp
         rate2spike dendrites stdp --rule semi_stdp --n_units 30
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser
from rate2spike.cli.dendrite_examples import add_example, known_by_path, run_example

if TYPE_CHECKING:
    from rate2spike.spiking.dendrite_examples.config import StdpConfig
    from rate2spike.spiking.dendrite_examples.stdp_result import StdpResult


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.dendrite_examples.config import StdpConfig

    add_example(parser, StdpConfig)


def run(arguments: argparse.Namespace) -> int:
    """Train, draw, tell. Raises InputError."""
    from rate2spike.spiking.dendrite_examples.config import StdpConfig

    return run_example(arguments, StdpConfig, _learn, known_by_path)


def _learn(config: "StdpConfig", folder: Path) -> "StdpResult":
    from rate2spike.spiking.dendrite_examples.stdp import become_selective

    return become_selective(config, folder, True)
