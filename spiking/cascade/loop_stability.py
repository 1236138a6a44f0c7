"""Whether a cell whose soma and dendrite excite each other comes to rest by itself, and the largest gain with which it does.

Its states cannot diverge, for spikes and the dendrite's sigmoid have a height; but it may go on firing without any input. It
is called stable if it is silent again after each of six pulses into soma and dendrite, which take both to 1.5, 4 and 16
times their thresholds, and last 1 and 5 time constants of the soma. Both weak and strong ones are needed: a strong pulse
leaves an adaptation that may end what a weak one begins. Silent again: not a spike in the last half of the 20 longest time
constants (at most 200000 samples) after the pulse.
"""

import math
from dataclasses import astuple, replace
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE, choice, number
from rate2spike.errors import InputError
from rate2spike.options import default_of, not_default
from rate2spike.plausible import warn_caller
from rate2spike.spiking.cascade.dendrite_soma_params import STATES, DendriteSomaParams, run_states
from rate2spike.spiking.cascade.given import params_given

GAINS = ("dendritic_gain", "backprop_gain")
_PULSES = tuple(product((1.5, 4.0, 16.0), (1.0, 5.0)))  # in thresholds, and time constants of the soma
_TAUS_AFTER = 20.0
_MOST_AFTER = 200_000  # samples
_PER_OCTAVE, _OCTAVES_BELOW = 4, 6  # of the scan before the bisection
_PRECISION = 1e-4  # of the bisection, relative
_SPIKES = STATES.index("spikes")


@public()
def largest_stable_gain(
    params: DendriteSomaParams | None = None, gain: str = "dendritic_gain", *, most: float = 1000.0
) -> float:
    """The largest gain of the loop between dendrite and soma with which the cell comes to rest after its input.

    Stable is a cell that is silent again after each of six pulses into soma and dendrite, weak and strong ones: without a
    spike in the last half of the 20 longest time constants after the pulse. The gain is raised from 0 in steps of a fourth
    of an octave until it is not; between the last two, bisection finds where, to 1 in 10000. Nothing is drawn at random.

    Parameters
    ----------
    params : DendriteSomaParams, optional
        The rest of the cell; default: as published.
    gain : str, default 'dendritic_gain'
        'dendritic_gain', the height of the dendrite's sigmoid, or 'backprop_gain', what of a spike travels back.
    most : float, default 1000.0
        Where the search ends.

    Returns
    -------
    float
        Infinite if the cell is stable with all gains up to `most`.

    Raises
    ------
    InputError
        If the cell goes on firing without that gain, too.

    Examples
    --------
    >>> round(largest_stable_gain(), 1)
    12.5
    >>> largest_stable_gain(DendriteSomaParams(dendritic_gain=1.0), "backprop_gain")
    inf
    """
    params = params_given(params, DendriteSomaParams)
    gain = choice(gain, "gain", "gain", GAINS)
    found = _largest_stable(_with(params, gain, 0.0), gain, number(most, "{most}", "most", POSITIVE))
    if found is None:
        raise InputError(f"the loop goes on firing after its input has ended even with {{{gain}}} 0", gain)
    return found


def warn_if_unstable(params: DendriteSomaParams) -> None:
    """Warn, in one line with the largest stable gain, of a cell that does not come to rest after its input."""
    if is_stable(params):
        return
    gain = next((name for name in _gains_in_question(params) if _stable_below(params, name) is not None), None)
    others = [name for name in not_default(params) if name not in GAINS]
    goes_on = "the loop goes on firing after its input has ended"
    if gain is None:
        warn_caller(f"{goes_on}, even with {{dendritic_gain}} 0, or {{backprop_gain}} 0", *GAINS, *others)
        return
    now, largest = getattr(params, gain), _stable_below(params, gain)
    warn_caller(f"{goes_on}: {{{gain}}} is {now:g}, and the largest stable one is {largest:.4g}", gain, *others)


def is_stable(params: DendriteSomaParams) -> bool:
    """Whether the cell is silent again after each of the pulses."""
    return _is_stable(astuple(params))


@lru_cache(maxsize=4096)
def _is_stable(values: tuple) -> bool:
    """values: those of the fields."""
    params = DendriteSomaParams(*values)
    n_after = _samples_after(params)
    for thresholds, taus in _PULSES:
        n_pulse = max(math.ceil(min(taus * params.soma_tau_ms / params.dt_ms, _MOST_AFTER)), 1)
        soma_input, dendrite_input = np.zeros((2, n_pulse + n_after))
        soma_input[:n_pulse] = thresholds * (abs(params.soma_threshold) or 1.0) / params.soma_area
        dendrite_input[:n_pulse] = thresholds * (abs(params.dendritic_half_activation) or 1.0) / params.dendrite_area
        spikes = run_states(params, soma_input, dendrite_input)[_SPIKES]
        if spikes[-(n_after // 2) :].any():
            return False
    return True


def _with(params: DendriteSomaParams, gain: str, value: float) -> DendriteSomaParams:
    changed: dict[str, Any] = {gain: value}
    return replace(params, **changed)


def _samples_after(params: DendriteSomaParams) -> int:
    longest_ms = max(_memory_ms(params, name) for name in ("soma", "dendrite", "adaptation"))
    return max(math.ceil(min(_TAUS_AFTER * longest_ms / params.dt_ms, _MOST_AFTER)), 20)


def _memory_ms(params: DendriteSomaParams, name: str) -> float:
    """A filter's time constant, or where it ends, whichever comes first."""
    tau_ms, length_ms = getattr(params, f"{name}_tau_ms"), getattr(params, f"{name}_length_ms")
    return min(tau_ms, length_ms) if params.truncated else tau_ms


def _gains_in_question(params: DendriteSomaParams) -> list[str]:
    """The gains, those first that are not as published."""
    return sorted(GAINS, key=lambda name: name not in not_default(params))


def _stable_below(params: DendriteSomaParams, gain: str) -> float | None:
    """The largest stable gain below the one that there is; None: there is none."""
    return _largest_stable(_with(params, gain, 0.0), gain, getattr(params, gain))


def _largest_stable(params: DendriteSomaParams, gain: str, most: float) -> float | None:
    """The params have gain 0. None: they are not stable."""
    if not is_stable(params):
        return None
    least = default_of(DendriteSomaParams, gain) / 2.0**_OCTAVES_BELOW
    stable, unstable = 0.0, least
    while is_stable(_with(params, gain, min(unstable, most))):
        if unstable >= most:
            return math.inf
        stable, unstable = unstable, unstable * 2.0 ** (1 / _PER_OCTAVE)
    unstable = min(unstable, most)
    while unstable - stable > _PRECISION * max(unstable, least):
        middle = (stable + unstable) / 2
        stable, unstable = (middle, unstable) if is_stable(_with(params, gain, middle)) else (stable, middle)
    return stable
