"""The figures of a run, by name: those of Fig. 7 or Fig. 8 of Harkin, Shen et al. (2021)."""

from pathlib import Path

import numpy as np

from rate2spike.figures import AnyFigure
from rate2spike.spiking.cascade_networks.answered import answered
from rate2spike.spiking.cascade_networks.config import MemorizeConfig
from rate2spike.spiking.cascade_networks.digit_sets import Digits
from rate2spike.spiking.cascade_networks.networks import network
from rate2spike.spiking.cascade_networks.patterns import Patterns, draw_patterns
from rate2spike.spiking.cascade_networks.plots import digit_rasters
from rate2spike.spiking.cascade_networks.plots_patterns import before_and_after
from rate2spike.spiking.cascade_networks.result import CascadeResult
from rate2spike.spiking.cascade_networks.variants import VARIANTS
from rate2spike.spiking.layers.saved_network import load_network

EXAMPLE_MODEL = "bap"  # of the published examples
N_EXAMPLES = 3


def memorize_figures(config: MemorizeConfig, result: CascadeResult, folder: Path) -> dict[str, AnyFigure]:
    """accuracy, and of the network of the first seed: example (one pattern after training), examples (before, after)."""
    name = EXAMPLE_MODEL if EXAMPLE_MODEL in config.models else config.models[0]
    patterns, m = draw_patterns(config, config.seed), config.models.index(name)
    chosen = _of_both_labels(patterns)
    before = answered(network(VARIANTS[name], config, config.seed), patterns, chosen)
    after = answered(load_network(folder / "networks" / f"{name}_{config.seed}.keras"), patterns, chosen)
    return {
        "accuracy": result.plot(),
        "example": after[0].plot(),
        "examples": before_and_after(before, after, result.losses[m, 0], result.accuracies[m, 0]),
    }


def digit_figures(result: CascadeResult, digits: Digits) -> dict[str, AnyFigure]:
    """accuracy, rasters."""
    return {"accuracy": result.plot(), "rasters": digit_rasters(digits.training)}


def _of_both_labels(patterns: Patterns) -> list[int]:
    """The first patterns, the labels in turn as long as there are such."""
    of_labels = [np.flatnonzero(patterns.labels == label).tolist() for label in (0, 1)]
    in_turn = [one for pair in zip(*of_labels, strict=False) for one in pair]
    return (in_turn + [k for k in range(patterns.n_patterns) if k not in in_turn])[:N_EXAMPLES]
