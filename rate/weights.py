"""The untrained network: excitatory/inhibitory split, Dale and SOM masks, initial weights. NumPy only.

Source: Kim, Li & Sejnowski, PNAS 2019, Methods. N units, W is (target, source).
"""

from dataclasses import dataclass

import numpy as np

from rate2spike.errors import InputError
from rate2spike.rate.config import TrainConfig

_GAMMA_SHAPE, _GAMMA_SCALE = 2.0, 0.003


@dataclass(frozen=True)
class InitialWeights:
    """Start values; float32 as in the model file."""

    w_rec: np.ndarray  # (N, N)
    w_in: np.ndarray  # (N, n_inputs)
    w_out: np.ndarray  # (1, N)
    tau_logit: np.ndarray  # (N, 1)
    sign_matrix: np.ndarray  # (N, N) diagonal of ±1
    connection_mask: np.ndarray  # (N, N) 0 or 1
    inhibitory: np.ndarray  # (N,) bool


def draw_weights(config: TrainConfig, n_inputs: int, rng: np.random.Generator) -> InitialWeights:
    """Draw a network. Raises InputError if fewer inhibitory units were drawn than SOM units are asked for."""
    n = config.n_units
    inhibitory = rng.random(n) < config.p_inh if config.apply_dale else np.zeros(n, dtype=bool)
    if config.n_som > inhibitory.sum():
        raise InputError(
            f"--som_N {config.n_som} exceeds the {inhibitory.sum()} inhibitory units drawn from --N {n} "
            f"--P_inh {config.p_inh}"
        )
    w_rec = _recurrent(config, rng)
    return InitialWeights(
        w_rec=w_rec.astype(np.float32),
        w_in=rng.standard_normal((n, n_inputs)).astype(np.float32),
        w_out=(rng.standard_normal((1, n)) / 100).astype(np.float32),
        tau_logit=rng.standard_normal((n, 1)).astype(np.float32),
        sign_matrix=np.diag(np.where(inhibitory, -1.0, 1.0)).astype(np.float32),
        connection_mask=som_mask(inhibitory, config.n_som).astype(np.float32),
        inhibitory=inhibitory,
    )


def som_mask(inhibitory: np.ndarray, n_som: int) -> np.ndarray:
    """(N, N) ones, but 0 from inhibitory units onto SOM units, which are the first n_som inhibitory ones."""
    mask = np.ones((inhibitory.size, inhibitory.size))
    som = np.flatnonzero(inhibitory)[:n_som]
    mask[np.ix_(som, np.flatnonzero(inhibitory))] = 0
    return mask


def _recurrent(config: TrainConfig, rng: np.random.Generator) -> np.ndarray:
    n = config.n_units
    present = rng.random((n, n)) < config.p_rec
    if config.weight_distribution == "gamma":
        w = rng.gamma(_GAMMA_SHAPE, _GAMMA_SCALE, (n, n))
    else:
        w = rng.standard_normal((n, n)) * config.gain / np.sqrt(n * config.p_rec)
    w = np.where(present, w, 0.0)
    return np.abs(w) if config.apply_dale else w
