"""Train networks of dendritic neurons to classify images: MNIST or FashionMNIST from local files, or images made in place.

784 pixels, 512 and 128 neurons, 10 classes. Neurons are of four types, which fire by a threshold or at random; --all trains
all eight networks. Writes a folder with classify.png, .pdf, .csv (losses and accuracies), config.toml, checkpoints/ and
summary.json.

example: rate2spike dendrites classify --all
         rate2spike dendrites classify --neuron VDiffForward --data_path FashionMNIST
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser
from rate2spike.cli.dendrite_examples import add_example, known_by_path, run_example

if TYPE_CHECKING:
    from rate2spike.spiking.dendrite_examples.classify_result import ClassifyResult
    from rate2spike.spiking.dendrite_examples.config import ClassifyConfig


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.dendrite_examples.config import ClassifyConfig

    add_example(parser, ClassifyConfig)


def run(arguments: argparse.Namespace) -> int:
    """Train, draw, tell. Raises InputError."""
    from rate2spike.spiking.dendrite_examples.config import ClassifyConfig

    return run_example(arguments, ClassifyConfig, _learn, known_by_path)


def _learn(config: "ClassifyConfig", folder: Path) -> "ClassifyResult":
    from rate2spike.spiking.dendrite_examples.classify import classify

    return classify(config, folder, True)
