"""The linear stages of the recurrent dendrite: all of it that does not depend on the nonlinearity, which many runs share."""

from dataclasses import dataclass

import numpy as np

from rate2spike.spiking.cascade.recurrent_dendrite_params import RecurrentDendriteParams
from rate2spike.spiking.kernels import pulse_trains
from rate2spike.spiking.kernels import recurrent_dendrite as kernels


@dataclass(frozen=True, eq=False)
class LinearStages:
    """Signals at all samples, and at beginning and end of pulses, where the potential of a dendrite may be largest."""

    time_ms: np.ndarray  # (n,), as all that follow but spikes_ms
    stimulus: np.ndarray
    soma: np.ndarray
    pulse: np.ndarray  # as high as it is
    dendrite: np.ndarray
    sodium: np.ndarray  # what the nonlinearity is of
    spikes_ms: np.ndarray  # (n_spikes,) when the soma rises above its threshold
    is_regular: np.ndarray  # (n,) bool: one of the samples every dt_ms

    @classmethod
    def of(cls, params: RecurrentDendriteParams, samples: np.ndarray | None = None) -> "LinearStages":
        """samples: (n_samples,) the stimulus in place of an alpha function."""
        grid_ms = params.times_ms(None if samples is None else samples.size)
        spikes_ms = _spikes_ms(params, samples, grid_ms[-1])
        edges_ms = pulse_trains.pulse_edges(spikes_ms, params.pulse_width_ms)
        time_ms = np.union1d(grid_ms, edges_ms[edges_ms <= grid_ms[-1]])

        def stage(tau_ms: float, pulse_height: float) -> np.ndarray:
            passive = _filtered(params, samples, time_ms, tau_ms)
            if not edges_ms.size or not pulse_height:
                return passive
            return passive + pulse_height * pulse_trains.filtered_pulses(time_ms, edges_ms, tau_ms)

        return cls(
            time_ms,
            _stimulus(params, samples, time_ms),
            stage(params.tau_soma_ms, 0.0),
            params.pulse_height * pulse_trains.pulses(time_ms, edges_ms),
            stage(params.tau_dendrite_ms, params.pulse_height),
            stage(params.tau_sodium_ms, params.pulse_height),
            spikes_ms,
            np.isin(time_ms, grid_ms, assume_unique=True),
        )


def _spikes_ms(params: RecurrentDendriteParams, samples: np.ndarray | None, end_ms: float) -> np.ndarray:
    if samples is not None:
        return kernels.crossings_of_samples(samples, params.dt_ms, params.tau_soma_ms, params.soma_threshold)
    first_ms = kernels.crossing_of_alpha(
        params.peak, params.tau_input_ms, params.tau_soma_ms, params.soma_threshold, end_ms
    )
    return np.array([first_ms] if np.isfinite(first_ms) else [])


def _stimulus(params: RecurrentDendriteParams, samples: np.ndarray | None, time_ms: np.ndarray) -> np.ndarray:
    if samples is None:
        return params.peak * kernels.alphas(time_ms, params.tau_input_ms)
    return kernels.interpolated(time_ms, samples, params.dt_ms)


def _filtered(
    params: RecurrentDendriteParams, samples: np.ndarray | None, time_ms: np.ndarray, tau_ms: float
) -> np.ndarray:
    if samples is None:
        return params.peak * kernels.filtered_alphas(time_ms, params.tau_input_ms, tau_ms)
    return kernels.filtered_samples(time_ms, samples, params.dt_ms, tau_ms)
