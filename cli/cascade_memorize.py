"""Train cascade networks to tell random patterns by heart, five models and many seeds (Harkin, Shen et al. 2021, Fig. 7).

Writes a folder with config.toml, a table of losses and accuracies and a file of the accuracies before and after for every
seed (memorization_training_results_SEED.csv, memorization_accuracy_SEED.json), networks/, figures/ and summary.json. As
published, most networks of parallel subunits learn nothing; --robust lets them learn.

example: rate2spike cascade memorize
         rate2spike cascade memorize --models bap prc --n_seeds 4 --robust
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.cli.arguments import Parser
from rate2spike.cli.cascade_training import Figures, Work, add_training, run_training

if TYPE_CHECKING:
    from rate2spike.spiking.cascade_networks.config import MemorizeConfig
    from rate2spike.spiking.cascade_networks.result import CascadeResult


def add_arguments(parser: Parser) -> None:
    """Declare the flags."""
    from rate2spike.spiking.cascade_networks.config import MemorizeConfig

    add_training(parser, MemorizeConfig)


def run(arguments: argparse.Namespace) -> int:
    """Train, draw, tell. Raises InputError."""
    from rate2spike.spiking.cascade_networks.config import MemorizeConfig

    return run_training(arguments, MemorizeConfig, _work)


def _work(config: "MemorizeConfig") -> tuple[Work, str]:
    def work(folder: Path) -> tuple["CascadeResult", Figures]:
        from rate2spike.spiking.cascade_networks.figures_of_run import memorize_figures
        from rate2spike.spiking.cascade_networks.memorize import memorize_task
        from rate2spike.spiking.cascade_networks.training import trained

        result = trained(memorize_task(config), folder, True)
        return result, memorize_figures(config, result, folder)

    return work, ""
