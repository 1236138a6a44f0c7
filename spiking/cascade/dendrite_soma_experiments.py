"""Experiments with soma and dendrite that excite each other: bursting, coincidence detection, modulation of the gain."""

from collections.abc import Sequence

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import number
from rate2spike.errors import InputError
from rate2spike.spiking.cascade.dendrite_soma_loop import DendriteSomaTraces, traces_of, warn_of_params
from rate2spike.spiking.cascade.dendrite_soma_params import DendriteSomaParams
from rate2spike.spiking.cascade.dendrite_soma_results import Bursting, CoincidenceDetection, GainModulation
from rate2spike.spiking.cascade.given import params_given
from rate2spike.spiking.cascade.signals import as_signal, check_fits, n_samples
from rate2spike.spiking.cascade.stimuli import biexponential_stimulus, step_stimulus

STEPS_MS = (10.0, 100.0, 50.0, 100.0, 50.0, 100.0)
SOMA_STEPS = (0.0, 2.0, 0.0, 0.0, 0.0, 2.0)
DENDRITE_STEPS = (0.0, 0.0, 0.0, 2.0, 0.0, 2.0)
LAGS_MS = tuple(np.arange(-25.0, 26.0, 2.5).tolist())
SOMA_FACTORS = tuple(np.arange(0.5, 8.1, 0.5).tolist())
DENDRITE_FACTORS = (0.0, 3.0)
_RISE_MS, _DECAY_MS = 0.1, 20.0  # of all pulses
_ARRAYS = 10  # that a run holds


@public()
def bursting(
    params: DendriteSomaParams | None = None,
    *,
    durations_ms: Sequence[float] = STEPS_MS,
    soma_steps: Sequence[float] = SOMA_STEPS,
    dendrite_steps: Sequence[float] = DENDRITE_STEPS,
) -> Bursting:
    """Steps into the soma, into the dendrite, and into both: only both together make bursts.

    Parameters
    ----------
    params : DendriteSomaParams, optional
        The cell; default: as published.
    durations_ms : sequence of float
        Of each step, ms; default: as published, 410 ms.
    soma_steps, dendrite_steps : sequence of float
        Input of each step; default: as published, silence, soma, silence, dendrite, silence, both.

    Returns
    -------
    Bursting

    Raises
    ------
    InputError
        For steps that do not fit together, or are shorter than a sample.

    Examples
    --------
    >>> found = bursting()
    >>> found.n_events
    (0, 4, 0, 0, 0, 7)
    >>> found.run.onsets_ms[-7:].round(1).tolist()
    [323.2, 328.4, 335.2, 360.7, 369.2, 391.7, 400.8]
    """
    params = params_given(params, DendriteSomaParams)
    durations = as_signal(durations_ms, "durations_ms")
    inputs = [_steps(durations, steps, name, params) for name, steps in _named(soma_steps, dendrite_steps).items()]
    counts = [n_samples(one, params.dt_ms, "durations_ms") for one in durations]
    warn_of_params(params)
    return Bursting(traces_of(params, *inputs), np.concatenate([[0], np.cumsum(counts)]))


@public()
def coincidence_detection(
    params: DendriteSomaParams | None = None,
    *,
    lags_ms: Sequence[float] = LAGS_MS,
    soma_factor: float = 4.0,
    dendrite_factor: float = 3.0,
    soma_onset_ms: float = 30.0,
    duration_ms: float = 100.0,
) -> CoincidenceDetection:
    """A pulse into the soma and one into the dendrite, at lags between them: most spikes come if both come together.

    The pulses rise in 0.1 ms and decay in 20 ms. As published they begin one sample early, and a run is one sample short.

    Parameters
    ----------
    params : DendriteSomaParams, optional
        The cell; default: as published.
    lags_ms : sequence of float
        When the dendrite gets its pulse, after the soma, ms; negative: before. Default: from -25 to 25 in steps of 2.5.
    soma_factor, dendrite_factor : float, default 4.0 and 3.0
        Largest values of the pulses.
    soma_onset_ms : float, default 30.0
        When the soma gets its pulse, ms.
    duration_ms : float, default 100.0
        Of a run, ms.

    Returns
    -------
    CoincidenceDetection
        A run per lag, and with each of the pulses alone.

    Raises
    ------
    InputError
        For pulses that do not begin within the run.

    Examples
    --------
    >>> found = coincidence_detection(lags_ms=[-15.0, 0.0, 15.0])
    >>> found.n_events
    array([2, 3, 1])
    >>> coincidence_detection().window_ms
    (-15.0, 5.0)
    """
    params = params_given(params, DendriteSomaParams)
    lags = as_signal(lags_ms, "lags_ms")
    pulse = biexponential_stimulus(duration_ms, soma_onset_ms, 1.0, _RISE_MS, _DECAY_MS, params.dt_ms)
    for onset_ms in soma_onset_ms + lags:
        if not 0 <= onset_ms < duration_ms - params.dt_ms:
            raise InputError(f"{{lags_ms}}: a pulse at {onset_ms:g} ms does not begin within the run", "lags_ms")
    soma = number(soma_factor, "{soma_factor}", "soma_factor") * pulse
    strength = number(dendrite_factor, "{dendrite_factor}", "dendrite_factor")
    warn_of_params(params)
    silence = np.zeros_like(soma)

    def run(lag_ms: float) -> DendriteSomaTraces:
        onset_ms = soma_onset_ms + lag_ms
        delayed = biexponential_stimulus(duration_ms, onset_ms, 1.0, _RISE_MS, _DECAY_MS, params.dt_ms)
        return traces_of(params, soma, strength * delayed)

    alone = traces_of(params, soma, silence), traces_of(params, silence, strength * pulse)
    return CoincidenceDetection(lags, tuple(map(run, lags)), *alone, float(soma_onset_ms))


@public()
def gain_modulation(
    params: DendriteSomaParams | None = None,
    *,
    soma_factors: Sequence[float] = SOMA_FACTORS,
    dendrite_factors: Sequence[float] = DENDRITE_FACTORS,
    onset_ms: float = 10.0,
    duration_ms: float = 50.0,
) -> GainModulation:
    """Pulses of many strengths into the soma, with and without one into the dendrite: it multiplies the spikes.

    The pulses rise in 0.1 ms and decay in 20 ms. As published they begin one sample early, and a run is one sample short.

    Parameters
    ----------
    params : DendriteSomaParams, optional
        The cell; default: as published.
    soma_factors : sequence of float
        Largest values of the soma's pulse, from small to large; default: from 0.5 to 8 in steps of 0.5.
    dendrite_factors : sequence of float, default (0.0, 3.0)
        Of the dendrite's.
    onset_ms, duration_ms : float, default 10.0 and 50.0
        When both pulses begin, and how long a run is, ms.

    Returns
    -------
    GainModulation
        A run per pair of factors.

    Raises
    ------
    InputError
        For factors that do not grow, and pulses that do not begin within the run.

    Examples
    --------
    >>> found = gain_modulation(soma_factors=[3.0, 4.0, 5.0])
    >>> found.n_events
    array([[1, 1, 2],
           [1, 3, 4]])
    """
    params = params_given(params, DendriteSomaParams)
    soma, dendrite = as_signal(soma_factors, "soma_factors"), as_signal(dendrite_factors, "dendrite_factors")
    if (np.diff(soma) <= 0).any():
        raise InputError("{soma_factors} must grow from one to the next", "soma_factors")
    pulse = biexponential_stimulus(duration_ms, onset_ms, 1.0, _RISE_MS, _DECAY_MS, params.dt_ms)
    check_fits(pulse.size, "soma_factors", n_signals=_ARRAYS * soma.size * dendrite.size)
    warn_of_params(params)
    runs = tuple(tuple(traces_of(params, one * pulse, other * pulse) for one in soma) for other in dendrite)
    return GainModulation(soma, dendrite, runs, float(onset_ms))


def _named(soma: Sequence[float], dendrite: Sequence[float]) -> dict[str, Sequence[float]]:
    return {"soma_steps": soma, "dendrite_steps": dendrite}


def _steps(durations_ms: np.ndarray, steps: Sequence[float], field: str, params: DendriteSomaParams) -> np.ndarray:
    """The input of steps. Raises InputError naming the field."""
    values = as_signal(steps, field)
    if values.size != durations_ms.size:
        raise InputError(f"{durations_ms.size} {{durations_ms}} do not fit {values.size} {{{field}}}", field)
    return step_stimulus(durations_ms.tolist(), values.tolist(), params.dt_ms)
