"""Networks of a variant: one hidden layer, a readout, and the maximum over time of each of its units."""

from typing import Any

from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.seeding import Role, key64
from rate2spike.spiking.cascade_networks.config import TaskConfig
from rate2spike.spiking.cascade_networks.variants import READOUT_SCALE, Variant
from rate2spike.spiking.layers.max_over_time import MaxOverTime
from rate2spike.spiking.layers.one_compartment import CascadeReadout, OneCompartment
from rate2spike.spiking.layers.parallel_subunits import ParallelSubunits
from rate2spike.spiking.layers.two_compartment import TwoCompartment

_HIDDEN = {one.__name__: one for one in (OneCompartment, TwoCompartment, ParallelSubunits)}
# With `robust`, three things keep units from falling silent or firing without end, where they have no gradient. The
# published surrogate slope 1 / (10 |v - 15| + 1)² is below 1/1000 for potentials that are 3 off the threshold; this one is
# as wide as the threshold is high. No unit inhibits all outputs (`balanced_weights`). Outputs are small at first: large
# ones of random sign are a large loss, and the shortest way to a smaller one is to silence the units.
ROBUST_SURROGATE: dict[str, Any] = {"surrogate": "sigmoid", "surrogate_scale": 0.05}
ROBUST_READOUT: dict[str, Any] = {"balanced": True, "initial_scale": 1.0}


def network(variant: Variant, config: TaskConfig, seed: int) -> keras.Sequential:
    """A network with the initial weights of the seed, which follow from it, the variant and the task alone."""
    scale = {"initial_scale": variant.scales[config.task]}
    hidden = _HIDDEN[variant.layer](
        config.n_units,
        seed=_of_layer(seed, 0),
        name="hidden",
        **(scale | variant.options | (ROBUST_SURROGATE if config.robust else {})),
    )
    readout = CascadeReadout(
        config.n_classes,
        seed=_of_layer(seed, 1),
        name="readout",
        **(ROBUST_READOUT if config.robust else {"initial_scale": READOUT_SCALE}),
    )
    layers = [keras.Input((None, config.n_inputs)), hidden, readout, MaxOverTime(name="largest")]
    return keras.Sequential(layers, name=f"{variant.name}_{seed}")


def _of_layer(seed: int, layer: int) -> int:
    """The seed of a layer: those of several networks differ in every layer."""
    return int(key64(seed, Role.INITIAL_WEIGHTS, layer) >> 11)
