"""Train cascade networks to recognise spoken digits (SHD), five models and several seeds (Harkin, Shen et al. 2021, Fig. 8).

Writes a folder with config.toml, a table of losses and accuracies and a file of the test's accuracies before and after for
every seed (heidelberg_training_results_SEED.csv, heidelberg_test_accuracy_SEED.json), networks/, figures/ and summary.json.
The recordings are yours: put shd_train.h5 and shd_test.h5 below --data_path, or try made-up ones with --synthetic.

example: rate2spike cascade shd --synthetic --n_epochs 5 --batch_size 64 --n_seeds 1
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser
from rate2spike.cli.cascade_training import Figures, Work, add_training, run_training

if TYPE_CHECKING:
    from rate2spike.spiking.cascade_networks.config import SHDConfig
    from rate2spike.spiking.cascade_networks.result import CascadeResult


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.cascade_networks.config import SHDConfig

    add_training(parser, SHDConfig)


def run(arguments: argparse.Namespace) -> int:
    """Train, test, draw, tell. Raises InputError."""
    from rate2spike.spiking.cascade_networks.config import SHDConfig

    return run_training(arguments, SHDConfig, _work)


def _work(config: "SHDConfig") -> tuple[Work, str]:
    from rate2spike.spiking.cascade_networks.digit_sets import digits

    recordings = digits(config)

    def work(folder: Path) -> tuple["CascadeResult", Figures]:
        from rate2spike.spiking.cascade_networks.figures_of_run import digit_figures
        from rate2spike.spiking.cascade_networks.recognize_digits import digits_task
        from rate2spike.spiking.cascade_networks.training import trained

        result = trained(digits_task(config, recordings), folder, True)
        return result, digit_figures(result, recordings)

    return work, recordings.known_by
