"""One dendritic subunit as a linear-nonlinear cascade (Harkin, Shen et al. 2022, Fig. 3).

The dendrite answers to its input linearly, through the filter of its membrane, and adds a spike-like event where a second
filter, that of its sodium channels, reaches the sigmoid's half-activation.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE
from rate2spike.errors import InputError
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade.filters import ZEROED_FIRST, ExponentialFilter
from rate2spike.spiking.cascade.given import params_given
from rate2spike.spiking.cascade.sigmoid import sigmoid
from rate2spike.spiking.cascade.signals import DT_MS, as_signal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@public()
@dataclass(frozen=True, repr=False)
class SubunitParams(Readable):
    """Constants of a dendritic subunit; the defaults are those of sharp sodium spikes. Amplitudes have no unit of their own.

    Parameters
    ----------
    tau_membrane_ms : float, default 10.0
        Of the linear filter, ms.
    membrane_gain : float, default 0.5
        What the linear answer is multiplied by.
    tau_na_ms : float, default 2.0
        Of the filter before the nonlinearity, ms.
    half_activation : float, default 5.0
        Where the sigmoid reaches one half.
    sensitivity : float, default 1.0
        A divisor: larger is softer.
    gain : float, default 15.0
        Height of the sigmoid.
    length_ms : float, default 100.0
        Where truncated filters end, ms.
    dt_ms : float, default 0.1
        Time between two samples, ms.
    truncated : bool, default True
        False: the filters never end.

    Raises
    ------
    InputError
        For times and a sensitivity that are not positive, and filters of less than two samples.

    Examples
    --------
    >>> SubunitParams(tau_na_ms=30)
    SubunitParams(tau_na_ms=30)
    """

    tau_membrane_ms: float = option(10.0, "time constant (ms) of the linear filter", allowed=POSITIVE)
    membrane_gain: float = option(0.5, "what the linear answer is multiplied by")
    tau_na_ms: float = option(2.0, "time constant (ms) of the filter before the nonlinearity", allowed=POSITIVE)
    half_activation: float = option(5.0, "where the sigmoid reaches one half")
    sensitivity: float = option(1.0, "softness of the sigmoid, a divisor", allowed=POSITIVE)
    gain: float = option(15.0, "height of the sigmoid")
    length_ms: float = option(100.0, "where filters end (ms)", allowed=POSITIVE)
    dt_ms: float = option(DT_MS, "time (ms) between two samples", allowed=POSITIVE)
    truncated: bool = option(True, "whether filters end at their length")

    def __post_init__(self) -> None:
        check_options(self)
        self.filter(self.tau_membrane_ms)

    def summary(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return not_default(self)

    def filter(self, tau_ms: float) -> ExponentialFilter:
        """A filter of the subunit: area 1 without its first tap."""
        return ExponentialFilter(tau_ms, self.length_ms, self.dt_ms, ZEROED_FIRST, self.truncated)


@dataclass(frozen=True, eq=False, repr=False)
class SubunitTraces(Readable):
    """A subunit's answer to an input.

    Attributes
    ----------
    params : SubunitParams
        What it was simulated with.
    stimulus : ndarray (n_samples,)
        What it was driven by.
    v_linear : ndarray (n_samples,)
        The linear answer.
    drive : ndarray (n_samples,)
        What the sigmoid is a function of.
    v_dendrite : ndarray (n_samples,)
        The answer: v_linear and the sigmoid together.
    start_ms : float
        Time of the first sample, ms.
    time_ms, active : ndarray (n_samples,)
        Time, and whether the sigmoid is above one half.
    n_events, event_ms, active_fraction : int, float, float
        How many times it goes there, how long it stays on average (ms; NaN without events), and the fraction of time.
    """

    shown = ("n_samples", "dt_ms", "peak", "n_events", "event_ms", "active_fraction")

    params: SubunitParams
    stimulus: np.ndarray = field(repr=False)
    v_linear: np.ndarray = field(repr=False)
    drive: np.ndarray = field(repr=False)
    v_dendrite: np.ndarray = field(repr=False)
    start_ms: float = 0.0

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return self.stimulus.size

    @property
    def dt_ms(self) -> float:
        """Time between two of them, ms."""
        return self.params.dt_ms

    @property
    def time_ms(self) -> np.ndarray:
        """(n_samples,) ms."""
        return self.start_ms + np.arange(self.n_samples) * self.dt_ms

    @property
    def peak(self) -> float:
        """The largest value of v_dendrite."""
        return float(self.v_dendrite.max())

    @property
    def active(self) -> np.ndarray:
        """(n_samples,) bool: the sigmoid is above one half."""
        return self.drive > self.params.half_activation

    @property
    def n_events(self) -> int:
        """How many times the sigmoid rises above one half."""
        return int((self.active[1:] & ~self.active[:-1]).sum())

    @property
    def active_fraction(self) -> float:
        """Fraction of the time in which it is there."""
        return float(self.active.mean())

    @property
    def event_ms(self) -> float:
        """How long it stays there on average, ms; NaN without events."""
        return float(self.active.sum() * self.dt_ms / self.n_events) if self.n_events else float("nan")

    def between(self, start_ms: float, stop_ms: float = np.inf) -> "SubunitTraces":
        """The part of the traces from start_ms on, before stop_ms. Raises InputError if it is empty."""
        kept = (self.time_ms >= start_ms - self.dt_ms / 2) & (self.time_ms < stop_ms - self.dt_ms / 2)
        if not kept.any():
            raise InputError(f"no sample lies between {start_ms:g} and {stop_ms:g} ms", "start_ms", "stop_ms")
        stimulus, v_linear, drive, v_dendrite = (
            one[kept] for one in (self.stimulus, self.v_linear, self.drive, self.v_dendrite)
        )
        return SubunitTraces(self.params, stimulus, v_linear, drive, v_dendrite, float(self.time_ms[kept][0]))

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the answer, its linear part and the input over time; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_subunit:subunit_traces", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per sample: time_ms, stimulus, v_linear, drive, v_dendrite."""
        return dataframe(
            {name: getattr(self, name) for name in ("time_ms", "stimulus", "v_linear", "drive", "v_dendrite")}
        )


@public()
def simulate_subunit(stimulus: np.ndarray, params: SubunitParams | None = None) -> SubunitTraces:
    """A dendritic subunit's answer to an input: v = membrane_gain (k_membrane * I) + gain sigmoid(k_na * I).

    Parameters
    ----------
    stimulus : ndarray (n_samples,)
        What drives it, one value every dt_ms; `stimuli` has some.
    params : SubunitParams, default None
        Its constants; None: those of sharp sodium spikes.

    Returns
    -------
    SubunitTraces

    Raises
    ------
    InputError
        For an input that is empty, not finite, or of several dimensions.

    Examples
    --------
    >>> from rate2spike.spiking.cascade.stimuli import pulse_stimulus
    >>> answer = simulate_subunit(pulse_stimulus(50.0, start_ms=10.0, width_ms=5.0, amplitude=20.0))
    >>> round(answer.peak, 5), answer.n_events
    (18.93485, 1)
    """
    params = params_given(params, SubunitParams)
    signal = as_signal(stimulus, "stimulus")
    v_linear = params.membrane_gain * params.filter(params.tau_membrane_ms).filtered(signal)
    drive = params.filter(params.tau_na_ms).filtered(signal)
    event = sigmoid(drive, params.gain, params.half_activation, params.sensitivity)
    return SubunitTraces(params, signal, v_linear, drive, v_linear + event)
