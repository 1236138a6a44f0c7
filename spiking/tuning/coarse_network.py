"""A spiking network at a coarse step, as the kernel of surrogate gradients takes it."""

from typing import NamedTuple

import numpy as np

from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.trained_model import STEP_S

STEPS_PER_COLUMN = 5  # of 5 ms: steps of 1 ms
COARSE_STEP_S = STEP_S / STEPS_PER_COLUMN


class CoarseUnits(NamedTuple):
    """(N,) constants of the units for a step of `COARSE_STEP_S`; float32, n_refractory int32."""

    leak: np.ndarray
    noise_sd: np.ndarray  # mV per step
    v_peak: np.ndarray  # mV
    v_reset: np.ndarray  # mV
    n_refractory: np.ndarray  # steps
    decay_d: np.ndarray
    decay_r: np.ndarray
    gain: np.ndarray  # 1/s: of a filter, so that a spike's train has the area 1 s


def coarse_units(network: SpikingNetwork) -> CoarseUnits:
    """The units of a network of leaky integrate-and-fire neurons at the coarse step.

    The noise is such that voltages without input spread as far as at the network's own step; with exact decays, filtered
    trains keep their area and voltages their rest.
    """
    n, params = network.n_units, network.params
    tau_m, tau_r = params.per_unit("tau_m_s", n), params.per_unit("tau_r_s", n)
    tau_d = network.tau_d_s.astype(np.float64)
    leak = -np.expm1(-COARSE_STEP_S / tau_m)
    decay_d = np.exp(-COARSE_STEP_S / tau_d)
    decay_r = np.exp(-COARSE_STEP_S / np.where(tau_r > 0, tau_r, 1)) * (tau_r > 0)
    kept = 1 - network.dt_s / tau_m  # of a voltage, per step of the network
    variance = network.params.noise_per_step_mv(n, network.dt_s) ** 2 / (1 - kept**2)
    values = (
        leak,
        np.sqrt(variance * (1 - (1 - leak) ** 2)),
        params.per_unit("v_peak_mv", n),
        params.per_unit("v_reset_mv", n),
        np.round(params.per_unit("t_ref_s", n) / COARSE_STEP_S),
        decay_d,
        decay_r,
        (1 - decay_r) * (1 - decay_d) / COARSE_STEP_S,
    )
    units = CoarseUnits(*(np.ascontiguousarray(value, np.float32) for value in values))
    return units._replace(n_refractory=units.n_refractory.astype(np.int32))


def constant_current_mv(network: SpikingNetwork) -> np.ndarray:
    """(N,) what flows into the units at all times, mV."""
    bias = network.params.per_unit("bias_mv", network.n_units)
    return bias if network.unit_bias is None else bias + network.unit_bias.astype(np.float64)
