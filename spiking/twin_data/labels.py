"""What a deep twin is trained to say, of a recording: spikes by millisecond, voltage at the soma, and two more."""

from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import as_array, choice, number, whole_number
from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.recording import CellRecording

HALF_BEFORE, FLOOR = "half_before", "floor"  # rules for the bin of a spike
MOST_MV, ZERO_MV = -55.0, -67.7  # of the target for the soma
_HIGH_MV = -67.0  # a soma above this is near a spike
_NEAR_MS, _MEAN_MS = 10, 50  # how long a spike is near; over which the rate is the mean
_SMOOTHING_MS = 2.5


@public()
def spike_labels(spike_times_ms: Any, duration_ms: int, rule: str = HALF_BEFORE) -> np.ndarray:
    """Which milliseconds hold a spike.

    Parameters
    ----------
    spike_times_ms : (n,) array
        Times of spikes, from 0 to duration_ms.
    duration_ms : int
        Length of the simulation.
    rule : {'half_before', 'floor'}, default 'half_before'
        The bin of a spike at t: int(t - 0.5), as in the published fits of the layer-5 cell, so that a whole t lands in bin
        t - 1; or floor(t), as in those of the ball-and-stick cells.

    Returns
    -------
    (duration_ms,) bool array
        Spikes of one bin are one.

    Raises
    ------
    InputError
        For times outside the simulation, and an unknown rule.

    Examples
    --------
    >>> from rate2spike.spiking.twin_data.labels import spike_labels
    >>> spike_labels([0.125, 3.0, 4.75], 6).nonzero()[0]
    array([0, 2, 4])
    """
    times, duration_ms = (
        as_array(spike_times_ms, "spike_times_ms", float),
        whole_number(duration_ms, "{duration_ms}", "duration_ms"),
    )
    if not ((times >= 0) & (times <= duration_ms)).all():
        raise InputError(f"{{spike_times_ms}} must be from 0 to {duration_ms} ms", "spike_times_ms")
    rule = choice(rule, "rule", "rule", (HALF_BEFORE, FLOOR))
    labels = np.zeros(duration_ms, bool)
    bins = np.floor(times - 0.5 if rule == HALF_BEFORE else times).astype(int)
    labels[bins.clip(0, duration_ms - 1)] = True
    return labels


@public()
def soma_target(v_soma_mv: Any, most_mv: float = MOST_MV, zero_mv: float = ZERO_MV) -> np.ndarray:
    """Somatic voltage as a network learns it: cut above, and without its mean.

    Parameters
    ----------
    v_soma_mv : (T,) array
        Voltage at every millisecond.
    most_mv : float, default -55
        Voltages above are set to this.
    zero_mv : float, default -67.7
        What is taken away.

    Returns
    -------
    (T,) float32 array
        min(v, most_mv) - zero_mv, mV.

    Raises
    ------
    InputError
        If a value is no number.

    Examples
    --------
    >>> from rate2spike.spiking.twin_data.labels import soma_target
    >>> soma_target([-67.7, -55.0, 20.0])
    array([ 0. , 12.7, 12.7], dtype=float32)
    """
    most_mv, zero_mv = number(most_mv, "{most_mv}", "most_mv"), number(zero_mv, "{zero_mv}", "zero_mv")
    return (np.minimum(as_array(v_soma_mv, "v_soma_mv", float), most_mv) - zero_mv).astype(np.float32)


def near_spikes(recording: CellRecording) -> np.ndarray:
    """(T,) bool: where a spike lies in this millisecond or in the 9 before, or the soma is above -67 mV."""
    counts = np.cumsum(_floor_labels(recording))
    before = np.concatenate([np.zeros(_NEAR_MS, counts.dtype), counts])[: counts.size]
    return (counts > before) | (recording.v_soma_mv > _HIGH_MV)


def spike_rate_per_ms(recording: CellRecording) -> np.ndarray:
    """(T,) float32: mean of the last 50 ms, then smoothed by a Gaussian of 2.5 ms, which looks 10 ms ahead, as published."""
    spikes = _floor_labels(recording).astype(float)
    mean = np.convolve(spikes, np.full(_MEAN_MS, 1 / _MEAN_MS))[: spikes.size]
    reach = int(4 * _SMOOTHING_MS)
    window = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SMOOTHING_MS) ** 2)
    smooth = np.convolve(mean, window / window.sum())[reach : reach + spikes.size]
    return smooth.astype(np.float32)


def _floor_labels(recording: CellRecording) -> np.ndarray:
    return spike_labels(recording.spike_times_ms, recording.duration_ms, FLOOR)
