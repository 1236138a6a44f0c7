"""A dendrite learns to foretell its soma, which a teacher nudges along a time course (Urbanczik & Senn 2014).

Afterwards the soma follows the time course without the teacher, from input spikes that repeat. The control has new spikes
in every repeat. Writes a folder with dpp.png, .pdf, .csv (target and voltages), config.toml, checkpoints/ and summary.json.

example: rate2spike dendrites dpp
         rate2spike dendrites dpp --n_repeats 50 --teacher_conductance 1
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser
from rate2spike.cli.dendrite_examples import add_example, run_example

if TYPE_CHECKING:
    from rate2spike.spiking.dendrite_examples.config import DppConfig
    from rate2spike.spiking.dendrite_examples.dpp_result import DppResult


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.dendrite_examples.config import DppConfig

    add_example(parser, DppConfig)


def run(arguments: argparse.Namespace) -> int:
    """Train, draw, tell. Raises InputError."""
    from rate2spike.spiking.dendrite_examples.config import DppConfig

    return run_example(arguments, DppConfig, _learn)


def _learn(config: "DppConfig", folder: Path) -> "DppResult":
    from rate2spike.spiking.dendrite_examples.dpp import learn_by_prediction

    return learn_by_prediction(config, folder, True)
