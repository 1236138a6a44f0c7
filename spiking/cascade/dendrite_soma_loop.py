"""A cell whose soma and dendrite excite each other, simulated: spikes travel back into the dendrite, which drives the soma.

The equations stand in `dendrite_soma_params.py`. A spike of the soma is an event of 3 samples: its threshold is seen a sample
later, so is the adaptation that it brings, and that reaches the soma yet another sample later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import number, shown
from rate2spike.errors import InputError, nearest
from rate2spike.options import not_default
from rate2spike.plausible import warn_caller
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade.dendrite_soma_params import STATES, DendriteSomaParams, run_states
from rate2spike.spiking.cascade.given import params_given
from rate2spike.spiking.cascade.loop_stability import warn_if_unstable
from rate2spike.spiking.cascade.signals import as_signal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

# fields that make the area of a filter; that of the adaptation is its strength
_MAKE_AREA = {"soma": ("soma_area",), "dendrite": ("dendrite_area",)}
_MAKE_ADAPTATION = ("adaptation_area", "adaptation_first_tap")


@dataclass(frozen=True, eq=False, repr=False)
class DendriteSomaTraces(Readable):
    """What a cell with soma and dendrite did: all arrays are (n_samples,), and cannot be written to.

    Attributes
    ----------
    params : DendriteSomaParams
        The cell.
    soma_input, dendrite_input : ndarray
        What it was given.
    soma_linear, dendrite_linear : ndarray
        The filtered inputs of soma and dendrite; the soma's is its membrane potential.
    adaptation : ndarray
        What adaptation takes from the soma.
    spikes : ndarray
        spike_height in a sample with a spike, else 0.
    dendrite : ndarray
        What the dendrite gives to the soma.
    time_ms : ndarray
        Of each sample, ms; the first is 0 and holds the initial state.
    onset_samples, onsets_ms : ndarray (n_events,)
        First sample of each spike, and its time; a spike lasts 3 samples.
    n_events : int
        Number of spikes.
    shortest_interval_ms : float or None
        Between two onsets; None: there are fewer than two.
    """

    shown = ("n_samples", "n_events", "onsets_ms", "shortest_interval_ms", "largest_dendrite")

    params: DendriteSomaParams = field(repr=False)
    soma_input: np.ndarray = field(repr=False)
    dendrite_input: np.ndarray = field(repr=False)
    soma_linear: np.ndarray = field(repr=False)
    adaptation: np.ndarray = field(repr=False)
    dendrite_linear: np.ndarray = field(repr=False)
    spikes: np.ndarray = field(repr=False)
    dendrite: np.ndarray = field(repr=False)

    @property
    def n_samples(self) -> int:
        """Number of samples, that of the initial state included."""
        return self.spikes.size

    @property
    def time_ms(self) -> np.ndarray:
        """(n_samples,) time of each sample, ms."""
        return np.arange(self.n_samples) * self.params.dt_ms

    @property
    def onset_samples(self) -> np.ndarray:
        """(n_events,) first sample of each spike."""
        fires = self.spikes > 0
        return np.flatnonzero(fires & ~np.concatenate([[False], fires[:-1]]))

    @property
    def onsets_ms(self) -> np.ndarray:
        """(n_events,) its time, ms."""
        return self.onset_samples * self.params.dt_ms

    @property
    def n_events(self) -> int:
        """Number of spikes."""
        return self.onset_samples.size

    @property
    def shortest_interval_ms(self) -> float | None:
        """Between the onsets of two spikes, ms."""
        return float(np.diff(self.onset_samples).min() * self.params.dt_ms) if self.n_events > 1 else None

    @property
    def largest_dendrite(self) -> float:
        """Largest value that the dendrite gives to the soma."""
        return float(self.dendrite.max())

    def table(self) -> dict[str, np.ndarray]:
        """The arrays by name, time_ms first."""
        return {"time_ms": self.time_ms} | {
            name: getattr(self, name) for name in ("soma_input", "dendrite_input", *STATES)
        }

    def to_dataframe(self) -> "DataFrame":
        """One row per sample: time_ms, the inputs, and the five states."""
        return dataframe(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw inputs, dendrite and soma over time; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_dendrite_soma:traces_over_time", self, ax)


@public()
def simulate_dendrite_soma(
    soma_input: np.ndarray,
    dendrite_input: np.ndarray,
    params: DendriteSomaParams | None = None,
    *,
    initial: Mapping[str, float] | None = None,
) -> DendriteSomaTraces:
    """Simulate a cell whose soma and dendrite excite each other; the time it takes grows with the number of samples only.

    It warns of a cell that goes on firing when its input has ended (see `largest_stable_gain`), and of filters whose area is
    not 1; that of the adaptation is 2.99 as published, and warned of where it is set to another one.

    Parameters
    ----------
    soma_input, dendrite_input : ndarray (n_samples,)
        What soma and dendrite get in each sample, arbitrary units. The last sample has no effect: there is none after it.
    params : DendriteSomaParams, optional
        The cell; default: as published.
    initial : mapping of str to float, optional
        States of the first sample that are not 0: soma_linear, adaptation, dendrite_linear, spikes, dendrite. The filters
        have no history, so that the three that are filtered inputs are seen by spikes and dendrite of the next sample alone.

    Returns
    -------
    DendriteSomaTraces

    Raises
    ------
    InputError
        For inputs that are no (n_samples,) finite numbers or not equally long, states that there are not, and constants with
        which a state grows beyond all numbers.

    Examples
    --------
    >>> import numpy as np
    >>> soma = np.repeat([0.0, 2.0], [100, 1000])
    >>> traces = simulate_dendrite_soma(soma, np.zeros(1100))
    >>> traces.onset_samples
    array([ 240,  485,  776, 1068])
    >>> simulate_dendrite_soma(soma, soma).n_events
    7
    """
    params = params_given(params, DendriteSomaParams)
    soma_input, dendrite_input = as_signal(soma_input, "soma_input"), as_signal(dendrite_input, "dendrite_input")
    if soma_input.size != dendrite_input.size:
        raise InputError(
            f"{{soma_input}} and {{dendrite_input}} must be equally long, got {soma_input.size} and "
            f"{dendrite_input.size} samples",
            "soma_input",
            "dendrite_input",
        )
    first = _initial_states(initial)
    warn_of_params(params)
    return traces_of(params, soma_input, dendrite_input, first)


def warn_of_params(params: DendriteSomaParams) -> None:
    """Warn of filters whose area is not 1, and of a cell that does not come to rest."""
    changed = not_default(params)
    fields = [name for part, names in _MAKE_AREA.items() if params.areas[part] != 1 for name in names]
    if params.areas["adaptation"] != 1:
        fields += [name for name in _MAKE_ADAPTATION if name in changed]
    if fields:
        areas = ", ".join(f"{part} {area:.5g}" for part, area in params.areas.items())
        warn_caller(f"not all filters have area 1: {areas}", *fields)
    warn_if_unstable(params)


def traces_of(
    params: DendriteSomaParams, soma_input: np.ndarray, dendrite_input: np.ndarray, initial: np.ndarray | None = None
) -> DendriteSomaTraces:
    """The traces, without a warning. Raises InputError for states that grow beyond all numbers."""
    states = run_states(params, soma_input, dendrite_input, initial)
    if not np.isfinite(states).all():
        row, sample = min(zip(*np.nonzero(~np.isfinite(states)), strict=True), key=lambda place: place[1])
        raise InputError(
            f"{STATES[row]} grows beyond all numbers at {sample * params.dt_ms:g} ms", *not_default(params)
        )
    arrays = [soma_input.copy(), dendrite_input.copy(), *states]
    for array in arrays:
        array.flags.writeable = False
    return DendriteSomaTraces(params, *arrays)


def _initial_states(initial: Any) -> np.ndarray:
    """(5,) states of the first sample. Raises InputError."""
    if initial is None:
        initial = {}
    if not isinstance(initial, Mapping):
        raise InputError(f"{{initial}} must be a mapping of states and numbers, got {shown(initial)}", "initial")
    for name in initial:
        if name not in STATES:
            known = ", ".join(STATES)
            raise InputError(
                f"{{initial}}: unknown state {shown(name)}{nearest(str(name), STATES)}; known are {known}", "initial"
            )
    return np.array([number(initial.get(name, 0.0), f"{{initial}}: {name}", "initial") for name in STATES])
