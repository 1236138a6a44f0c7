"""The untrained network: cell types, Dale and connection masks, initial weights. NumPy only.

Source: Kim, Li & Sejnowski, PNAS 2019, Methods. N units, W is (target, source).
"""

from dataclasses import dataclass

import numpy as np

from rate2spike.dendritic_input import DendriticInput, drawn_compartments
from rate2spike.errors import InputError
from rate2spike.rate.config import TrainConfig
from rate2spike.readable import Readable
from rate2spike.seeding import Role, generator

_GAMMA_SHAPE, _GAMMA_SCALE = 2.0, 0.003
_COMPARTMENTS = 1  # key of their draw: apart, so that all else of a seed is as without dendrites


@dataclass(frozen=True, eq=False, repr=False)
class InitialWeights(Readable):
    """Start values; float32 as in the model file."""

    w_rec: np.ndarray  # (N, N)
    w_in: np.ndarray  # (N, n_inputs)
    w_out: np.ndarray  # (n_outputs, N)
    unit_bias: np.ndarray | None  # (N, 1)
    tau_logit: np.ndarray  # (N, 1)
    sign_matrix: np.ndarray  # (N, N) diagonal of ±1
    connection_mask: np.ndarray  # (N, N) 0 or 1
    inhibitory: np.ndarray  # (N,) bool
    type_index: np.ndarray | None  # (N,) index into config.cell_types.names
    dendrites: DendriticInput | None  # None: units are points


def draw_weights(config: TrainConfig, rng: np.random.Generator) -> InitialWeights:
    """Draw a network. Raises InputError if fewer inhibitory units were drawn than SOM units are asked for."""
    n, task = config.n_units, config.task
    type_index, inhibitory = _types(config, rng)
    if config.n_som > inhibitory.sum():
        raise InputError(
            f"{{n_som}} {config.n_som} exceeds the {inhibitory.sum()} inhibitory units drawn from {{n_units}} {n} "
            f"{{p_inh}} {config.p_inh}",
            "n_som",
            "n_units",
            "p_inh",
        )
    signs = np.where(inhibitory, -1.0, 1.0)
    w_rec = _recurrent(config, rng)
    mask = som_mask(inhibitory, config.n_som)
    if config.cell_types is not None and type_index is not None:
        mask = config.cell_types.mask(type_index)
    if config.balanced:
        w_rec = balanced(w_rec, mask, inhibitory, config.gain)
    if config.sparse:
        mask = mask * (w_rec != 0)
    w_in = rng.standard_normal((n, task.n_inputs))
    w_out = rng.standard_normal((task.n_outputs, n)) / 100
    tau_logit = rng.standard_normal((n, 1))
    if config.unit_tau_steps is not None:
        low, high = config.tau_steps
        share = (np.asarray(config.unit_tau_steps)[:, None] - low) / (high - low)
        tau_logit = np.log(share / (1 - share))
    return InitialWeights(
        w_rec=w_rec.astype(np.float32),
        w_in=w_in.astype(np.float32),
        w_out=(np.abs(w_out) * signs if config.dale_outputs else w_out).astype(np.float32),
        unit_bias=_single(rng.standard_normal((n, 1)) * config.unit_bias_sd) if config.has_unit_bias else None,
        tau_logit=tau_logit.astype(np.float32),
        sign_matrix=np.diag(signs).astype(np.float32),
        connection_mask=mask.astype(np.float32),
        inhibitory=inhibitory,
        type_index=type_index,
        dendrites=_dendrites(config),
    )


def som_mask(inhibitory: np.ndarray, n_som: int) -> np.ndarray:
    """(N, N) ones, but 0 from inhibitory units onto SOM units, which are the first n_som inhibitory ones."""
    mask = np.ones((inhibitory.size, inhibitory.size))
    som = np.flatnonzero(inhibitory)[:n_som]
    mask[np.ix_(som, np.flatnonzero(inhibitory))] = 0
    return mask


def balanced(w_rec: np.ndarray, mask: np.ndarray, inhibitory: np.ndarray, gain: float) -> np.ndarray:
    """Scale the inhibitory weights so that on average they cancel the excitatory ones, then all to the given gain.

    With Dale's principle the mean of the weights is not 0: one outlier eigenvalue far outside the circle of the others
    dominates the untrained network (rkim35/spikeRNN#3; Rajan & Abbott 2006). Balance removes it; the rescaling gives the
    circle the radius that `gain` has without Dale's principle.
    """
    present = w_rec * mask
    excitation, inhibition = present[:, ~inhibitory].sum(), present[:, inhibitory].sum()
    if excitation == 0 or inhibition == 0:
        return w_rec
    scaled = np.where(inhibitory, w_rec * excitation / inhibition, w_rec)
    return scaled * gain / np.sqrt(((scaled * mask) ** 2).sum(1).mean())


def _dendrites(config: TrainConfig) -> DendriticInput | None:
    """The compartments, drawn from the seed."""
    if not config.has_dendrites:
        return None
    rng = generator(config.seed or 0, Role.INITIAL_WEIGHTS, _COMPARTMENTS)
    gain, threshold, slope = config.dendrite_form
    return DendriticInput(
        kind=config.dendrites,
        n_compartments=config.n_compartments,
        compartment=drawn_compartments(config.n_units, config.n_compartments, rng),
        gain=gain,
        threshold=threshold,
        slope=slope,
    )


def _types(config: TrainConfig, rng: np.random.Generator) -> tuple[np.ndarray | None, np.ndarray]:
    """Type of each unit, if types are given, and whether it is inhibitory."""
    if config.cell_types is not None:
        index = config.cell_types.draw(config.n_units, rng)
        return index, np.asarray(config.cell_types.inhibitory)[index]
    if config.apply_dale:
        return None, rng.random(config.n_units) < config.p_inh
    return None, np.zeros(config.n_units, dtype=bool)


def _recurrent(config: TrainConfig, rng: np.random.Generator) -> np.ndarray:
    n = config.n_units
    present = rng.random((n, n)) < config.p_rec
    if config.weight_distribution == "gamma":
        w = rng.gamma(_GAMMA_SHAPE, _GAMMA_SCALE, (n, n))
    else:
        w = rng.standard_normal((n, n)) * config.gain / np.sqrt(n * config.p_rec)
    w = np.where(present, w, 0.0)
    return np.abs(w) if config.apply_dale else w


def _single(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)
