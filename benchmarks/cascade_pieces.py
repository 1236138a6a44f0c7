"""Which part of `robust` lets networks of parallel subunits learn: memorisation without each of the three, and with none.

10 seeds of the model without BAP, 600 epochs, everything else as published. Prints a table, and writes it to --output.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

import rate2spike as r2s
from rate2spike.cli.columns import aligned
from rate2spike.io.run_folder import RunFolder
from rate2spike.machine.tensorflow_device import prepare_tensorflow
from rate2spike.spiking.cascade_networks.config import MemorizeConfig
from rate2spike.spiking.cascade_networks.ensemble import Ensemble
from rate2spike.spiking.cascade_networks.ensemble_training import Updates
from rate2spike.spiking.cascade_networks.networks import ROBUST_READOUT, ROBUST_SURROGATE, network
from rate2spike.spiking.cascade_networks.patterns import draw_patterns
from rate2spike.spiking.cascade_networks.variants import READOUT_SCALE, VARIANTS
from rate2spike.spiking.training.optimizer import adam

LEARNT = 0.85
# name: options of the hidden layer, options of the readout
PIECES = {
    "published": ({}, {"initial_scale": READOUT_SCALE}),
    "without the wide surrogate": ({}, ROBUST_READOUT),
    "without the balance": (ROBUST_SURROGATE, ROBUST_READOUT | {"balanced": False}),
    "without the small readout": (ROBUST_SURROGATE, ROBUST_READOUT | {"initial_scale": READOUT_SCALE}),
    "all three": (ROBUST_SURROGATE, ROBUST_READOUT),
}


def built(config: MemorizeConfig, model: str, seed: int, hidden: dict, readout: dict) -> keras.Model:
    """A network with some of the options; its layers are otherwise those of `memorize` with this seed."""
    first, last = (layer.get_config() for layer in network(VARIANTS[model], config, seed).layers[:2])
    layers = [r2s.ParallelSubunits.from_config(first | hidden), r2s.CascadeReadout.from_config(last | readout)]
    return keras.Sequential([keras.Input((None, config.n_inputs)), *layers, r2s.MaxOverTime()])


def accuracies_and_spikes(config: MemorizeConfig, model: str, hidden: dict, readout: dict) -> tuple:
    """After the training, (S,) each."""
    drawn = [draw_patterns(config, seed) for seed in config.seeds]
    inputs = tf.constant(np.stack([one.spikes.transpose(1, 0, 2) for one in drawn]))  # (S, T, B, I)
    labels = tf.constant([one.labels for one in drawn], tf.int32)
    ensemble = Ensemble([built(config, model, seed, hidden, readout) for seed in config.seeds])
    updates = Updates(ensemble, adam(ensemble.variables, config.learning_rate))
    for _ in range(config.n_epochs):
        updates.update(inputs, labels)
    seen = updates.evaluate(inputs, labels)
    return seen.accuracies, seen.spikes


def rows(config: MemorizeConfig, model: str, n_threads: int) -> list[list[str]]:
    """A row per piece that is left out."""
    with ThreadPoolExecutor(n_threads) as pool:
        found = list(pool.map(lambda piece: accuracies_and_spikes(config, model, *piece), PIECES.values()))
    return [
        [
            name,
            f"{accuracy.mean():.3f}",
            f"{accuracy.min():.3f}",
            str(np.count_nonzero(accuracy >= LEARNT)),
            f"{spikes.min():.2f} to {spikes.max():.2f}",
        ]
        for name, (accuracy, spikes) in zip(PIECES, found, strict=True)
    ]


def main(words: list[str] | None = None) -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="parallel", choices=["parallel", "prc"])
    parser.add_argument("--n_seeds", type=int, default=10)
    parser.add_argument("--n_epochs", type=int, default=600)
    parser.add_argument("--n_threads", type=int, default=2)
    parser.add_argument("--output", default=None, help="folder for cascade_pieces.csv")
    arguments = parser.parse_args(words)
    prepare_tensorflow()
    config = MemorizeConfig(n_seeds=arguments.n_seeds, n_epochs=arguments.n_epochs)
    header = ["training", "accuracy", "least", f"seeds from {LEARNT} on", "spikes per unit and pattern"]
    table = rows(config, arguments.model, arguments.n_threads)
    print("\n".join(aligned([header, *table], 120)))
    if arguments.output:
        RunFolder(Path(arguments.output), resume=True).write_table("cascade_pieces", header, table)


if __name__ == "__main__":
    main()
