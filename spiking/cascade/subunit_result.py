"""What the experiment of Fig. 3 found: of each subunit its transfer curve, and its answers to noise."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.options import options_of
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade.subunit import SubunitParams, SubunitTraces
from rate2spike.spiking.cascade.transfer_curve import TransferCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

VARIED = ("tau_na_ms", "half_activation", "sensitivity")  # from condition to condition


@dataclass(frozen=True, eq=False, repr=False)
class SubunitCondition(Readable):
    """A subunit's answers to pulses, and to noise around several mean inputs.

    Attributes
    ----------
    params : SubunitParams
        The subunit.
    curve : TransferCurve
        Largest answer over the amplitude of a pulse of 5 ms.
    mean_inputs : tuple of float
        Means of the noise.
    traces : tuple of SubunitTraces
        Of each mean input, from 100 to 300 ms.
    n_events : tuple of int
        How many times the sigmoid rises above one half from 100 ms on, of each mean input.
    event_ms, active_fraction : tuple of float
        How long it stays there on average (ms), and the fraction of time.
    sd_drive, sd_linear : float
        SD of what the sigmoid is a function of, and of the linear answer; the same for all means.
    linear_slope : float
        Of the linear answer to the pulses.
    """

    shown = ("params", "mean_inputs", "n_events", "event_ms", "curve")

    params: SubunitParams
    curve: TransferCurve
    mean_inputs: tuple[float, ...]
    traces: tuple[SubunitTraces, ...] = field(repr=False)
    n_events: tuple[int, ...]
    event_ms: tuple[float, ...]
    active_fraction: tuple[float, ...]
    sd_drive: float
    sd_linear: float
    linear_slope: float


@dataclass(frozen=True, eq=False, repr=False)
class SubunitDemonstration(Readable):
    """Subunits with sharp spikes, a longer time scale, a softer sensitivity, and one in between.

    Attributes
    ----------
    conditions : dict of str to SubunitCondition
        By name: 'sharp_spikes', 'longer_time_scale', 'softer_sensitivity', 'intermediate'.
    noise : ndarray (n_samples,)
        What is drawn of the noise that all share, without its mean, from 100 to 300 ms.
    time_ms : ndarray (n_samples,)
        Of noise and traces, ms.
    seed : int
        Of the noise.
    steepest_slope, steepest_at : dict of str to float
        Of each transfer curve, and the amplitude where it is that steep.
    linear_slope, sd_drive, sd_linear, n_events, event_ms
        By condition, see `SubunitCondition`.
    """

    shown = (
        "seed",
        "steepest_slope",
        "steepest_at",
        "linear_slope",
        "n_events",
        "event_ms",
        "active_fraction",
        "sd_drive",
        "sd_linear",
    )

    conditions: dict[str, SubunitCondition]
    noise: np.ndarray = field(repr=False)
    seed: int

    @property
    def time_ms(self) -> np.ndarray:
        """(n_samples,) of noise and traces, ms."""
        return next(iter(self.conditions.values())).traces[0].time_ms

    @property
    def steepest_slope(self) -> dict[str, float]:
        """Of each transfer curve."""
        return {name: one.curve.steepest_slope for name, one in self.conditions.items()}

    @property
    def steepest_at(self) -> dict[str, float]:
        """The amplitude at which it is that steep."""
        return {name: one.curve.steepest_at for name, one in self.conditions.items()}

    @property
    def linear_slope(self) -> dict[str, float]:
        """Of the linear answers."""
        return self._of_each("linear_slope")

    @property
    def n_events(self) -> dict[str, tuple[int, ...]]:
        """Events in the noise, of each mean input."""
        return self._of_each("n_events")

    @property
    def event_ms(self) -> dict[str, tuple[float, ...]]:
        """How long they last on average, ms."""
        return self._of_each("event_ms")

    @property
    def active_fraction(self) -> dict[str, tuple[float, ...]]:
        """Fraction of time above half-activation."""
        return self._of_each("active_fraction")

    @property
    def sd_drive(self) -> dict[str, float]:
        """SD of the filtered noise before the sigmoid."""
        return self._of_each("sd_drive")

    @property
    def sd_linear(self) -> dict[str, float]:
        """SD of the linear answer to the noise."""
        return self._of_each("sd_linear")

    def _of_each(self, name: str) -> dict[str, Any]:
        return {condition: getattr(one, name) for condition, one in self.conditions.items()}

    def table(self) -> dict[str, Any]:
        """Columns of equal length, one row per condition and pulse: its constants, the amplitude, the largest answer."""
        each = self.conditions.items()
        own = {
            setting: [getattr(one.params, setting) for _, one in each for _ in one.curve.amplitudes]
            for setting in VARIED
        }
        return {
            "condition": [name for name, one in each for _ in one.curve.amplitudes],
            **own,
            "amplitude": np.concatenate([one.curve.amplitudes for _, one in each]),
            "peak": np.concatenate([one.curve.peaks for _, one in each]),
        }

    def traces(self) -> dict[str, Any]:
        """For MATLAB: time (ms) and noise as drawn; of each condition a struct: filters, traces (means x samples), curve."""
        conditions = {name: _for_matlab(one) for name, one in self.conditions.items()}
        return {"time_ms": self.time_ms, "noise": self.noise, "seed": self.seed, **conditions}

    def to_dataframe(self) -> "DataFrame":
        """One row per condition and pulse: condition, tau_na_ms, half_activation, sensitivity, amplitude, peak."""
        return dataframe(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw filters, noise, and of each condition traces and transfer curve; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_subunit:demonstration", self, ax)


def _for_matlab(one: SubunitCondition) -> dict[str, Any]:
    params = one.params
    membrane, na = params.filter(params.tau_membrane_ms), params.filter(params.tau_na_ms)
    return {
        "params": {name: getattr(params, name) for name in options_of(SubunitParams)},
        "filter_time_ms": membrane.time_ms,
        "membrane_filter": membrane.taps,
        "na_filter": na.taps,
        "mean_inputs": np.array(one.mean_inputs),
        "v_dendrite": np.stack([trace.v_dendrite for trace in one.traces]),
        "v_linear": np.stack([trace.v_linear for trace in one.traces]),
        "n_events": np.array(one.n_events, float),
        "amplitudes": one.curve.amplitudes,
        "peaks": one.curve.peaks,
    }
