"""Inputs of cascades: steps, pulses, synaptic waveforms and noise, as arrays with one value per sample."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, POSITIVE, number, true_or_false
from rate2spike.errors import InputError
from rate2spike.seeding import Role, generator, resolve_seed
from rate2spike.spiking.cascade.signals import DT_MS, as_signal, check_fits, checked_dt, n_samples


@public()
def step_stimulus(durations_ms: Sequence[float], amplitudes: Sequence[float], dt_ms: float = DT_MS) -> np.ndarray:
    """Steps, one after the other.

    Parameters
    ----------
    durations_ms : sequence of float
        Of each step, ms.
    amplitudes : sequence of float
        The value of each step.
    dt_ms : float, default 0.1
        Time between two samples, ms.

    Returns
    -------
    ndarray (n_samples,)

    Raises
    ------
    InputError
        For durations without an amplitude, and steps shorter than a sample.

    Examples
    --------
    >>> step_stimulus([0.2, 0.3], [0.0, 2.0])
    array([0., 0., 2., 2., 2.])
    """
    durations, values = as_signal(durations_ms, "durations_ms"), as_signal(amplitudes, "amplitudes")
    if durations.size != values.size:
        raise InputError(
            f"{durations.size} {{durations_ms}} do not fit {values.size} {{amplitudes}}", "durations_ms", "amplitudes"
        )
    counts = [n_samples(one, dt_ms, "durations_ms") for one in durations]
    check_fits(sum(counts), "durations_ms")
    return np.repeat(values, counts)


@public()
def pulse_stimulus(
    duration_ms: float, start_ms: float, width_ms: float, amplitude: float = 1.0, dt_ms: float = DT_MS
) -> np.ndarray:
    """A rectangular pulse in silence.

    Parameters
    ----------
    duration_ms : float
        Of the whole stimulus, ms.
    start_ms, width_ms : float
        When the pulse begins, and how long it lasts, ms.
    amplitude : float, default 1.0
        Its height.
    dt_ms : float, default 0.1
        Time between two samples, ms.

    Returns
    -------
    ndarray (n_samples,)

    Raises
    ------
    InputError
        For a pulse that is shorter than a sample, or does not lie within the stimulus.

    Examples
    --------
    >>> pulse_stimulus(0.5, start_ms=0.1, width_ms=0.2, amplitude=3.0)
    array([0., 3., 3., 0., 0.])
    """
    stimulus = _silence(duration_ms, dt_ms)
    start = _lag(start_ms, dt_ms, "start_ms")
    end = start + n_samples(width_ms, dt_ms, "width_ms")
    if end > stimulus.size:
        raise InputError(
            f"a pulse from {start_ms:g} ms on for {width_ms:g} ms does not lie within {duration_ms:g} ms", "duration_ms"
        )
    stimulus[start:end] = number(amplitude, "{amplitude}", "amplitude")
    return stimulus


@public()
def biexponential_stimulus(
    duration_ms: float,
    onset_ms: float,
    amplitude: float = 1.0,
    tau_rise_ms: float = 0.1,
    tau_decay_ms: float = 5.0,
    dt_ms: float = DT_MS,
    as_published: bool = True,
) -> np.ndarray:
    """A synaptic waveform, exp(-t / tau_decay) - exp(-t / tau_rise), whose largest sample is `amplitude`.

    Parameters
    ----------
    duration_ms : float
        Of the whole stimulus, ms.
    onset_ms : float
        When the waveform begins, ms.
    amplitude : float, default 1.0
        Of its largest sample.
    tau_rise_ms, tau_decay_ms : float, default 0.1 and 5.0
        Time constants, ms; the rise is the faster one.
    dt_ms : float, default 0.1
        Time between two samples, ms.
    as_published : bool, default True
        The published stimuli begin one sample early and are one sample short: 20 ms is sample 199, 600 ms are 5999 samples.
        False: the waveform begins at onset_ms.

    Returns
    -------
    ndarray (n_samples,)

    Raises
    ------
    InputError
        For time constants of which the rise is not the faster one, and an onset after the end.

    Examples
    --------
    >>> stimulus = biexponential_stimulus(600.0, onset_ms=20.0, amplitude=7.0)
    >>> stimulus.size, int(stimulus.argmax()), stimulus[200:203].round(6)
    (5999, 203, array([4.737214, 6.386135, 6.900793]))
    """
    early = int(true_or_false(as_published, "{as_published}", "as_published"))
    stimulus = _silence(duration_ms, dt_ms)[early:]
    onset = max(_lag(onset_ms, dt_ms, "onset_ms") - early, 0)
    rise = number(tau_rise_ms, "{tau_rise_ms}", "tau_rise_ms", POSITIVE)
    decay = number(tau_decay_ms, "{tau_decay_ms}", "tau_decay_ms", POSITIVE)
    if rise >= decay:
        raise InputError(
            f"{{tau_rise_ms}} must be below {{tau_decay_ms}}, got {rise:g} and {decay:g}", "tau_rise_ms", "tau_decay_ms"
        )
    if onset + 1 >= stimulus.size:
        raise InputError(f"{{onset_ms}} must lie before the end at {duration_ms:g} ms, got {onset_ms:g}", "onset_ms")
    time_ms = np.arange(stimulus.size) * dt_ms
    waveform = np.exp(-time_ms / decay) - np.exp(-time_ms / rise)
    if waveform.max() <= 0:
        raise InputError(f"{{tau_decay_ms}} of {decay:g} ms ends within a sample of {dt_ms:g} ms", "tau_decay_ms")
    waveform *= number(amplitude, "{amplitude}", "amplitude") / waveform.max()
    stimulus[onset:] = waveform[: stimulus.size - onset]
    return stimulus


@public()
def alpha_stimulus(duration_ms: float, amplitude: float = 1.0, tau_ms: float = 2.0, dt_ms: float = DT_MS) -> np.ndarray:
    """An alpha function, amplitude e t / tau exp(-t / tau): largest, with that amplitude, at tau.

    Parameters
    ----------
    duration_ms : float
        Of the stimulus, ms.
    amplitude : float, default 1.0
        Its maximum.
    tau_ms : float, default 2.0
        When it is largest, ms.
    dt_ms : float, default 0.1
        Time between two samples, ms.

    Returns
    -------
    ndarray (n_samples,)

    Raises
    ------
    InputError
        For times that are not positive.

    Examples
    --------
    >>> stimulus = alpha_stimulus(50.0, amplitude=1.5)
    >>> int(stimulus.argmax()), float(stimulus.max())
    (20, 1.5)
    """
    silence = _silence(duration_ms, dt_ms)
    in_tau = np.arange(silence.size) * (dt_ms / number(tau_ms, "{tau_ms}", "tau_ms", POSITIVE))
    return number(amplitude, "{amplitude}", "amplitude") * in_tau * np.exp(1.0 - in_tau)


@public()
def noise_stimulus(
    duration_ms: float, seed: int, mean: float = 0.0, intensity: float = 1.0, dt_ms: float = DT_MS
) -> np.ndarray:
    """White noise: independent normal samples of SD intensity / sqrt(dt in s), so that filters answer alike at any dt.

    Parameters
    ----------
    duration_ms : float
        Of the stimulus, ms.
    seed : int
        Of the random draws.
    mean : float, default 0.0
        Their mean.
    intensity : float, default 1.0
        SD of a sample that lasts 1 s; of samples of 0.1 ms it is 100 times as large.
    dt_ms : float, default 0.1
        Time between two samples, ms.

    Returns
    -------
    ndarray (n_samples,)

    Raises
    ------
    InputError
        For a negative intensity or seed.

    Examples
    --------
    >>> noise = noise_stimulus(5001.0, seed=1)
    >>> noise.size, bool(abs(noise.std() - 100) < 2)
    (50010, True)
    """
    silence = _silence(duration_ms, dt_ms)
    intensity = number(intensity, "{intensity}", "intensity", NOT_NEGATIVE)
    draws = generator(resolve_seed(seed), Role.SIMULATION).standard_normal(silence.size)
    return number(mean, "{mean}", "mean") + intensity / np.sqrt(dt_ms / 1000) * draws


def _silence(duration_ms: Any, dt_ms: Any) -> np.ndarray:
    """(n_samples,) zeros. Raises InputError."""
    count = n_samples(duration_ms, dt_ms)
    check_fits(count)
    return np.zeros(count)


def _lag(time_ms: Any, dt_ms: Any, field: str) -> int:
    """The sample at a time, 0 included. Raises InputError."""
    return round(number(time_ms, f"{{{field}}}", field, NOT_NEGATIVE) / checked_dt(dt_ms))
