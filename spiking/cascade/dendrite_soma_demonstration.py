"""All of Fig. 6: bursting, coincidence detection and modulation of the gain by one cell."""

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError, InputWarning
from rate2spike.options import options_of
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade.dendrite_soma_experiments import (
    DENDRITE_FACTORS,
    bursting,
    coincidence_detection,
    gain_modulation,
)
from rate2spike.spiking.cascade.dendrite_soma_loop import warn_of_params
from rate2spike.spiking.cascade.dendrite_soma_params import DendriteSomaParams
from rate2spike.spiking.cascade.dendrite_soma_results import Bursting, CoincidenceDetection, GainModulation
from rate2spike.spiking.cascade.dendrite_soma_rows import columns_of, stacked
from rate2spike.spiking.cascade.loop_stability import largest_stable_gain
from rate2spike.spiking.cascade.signals import check_fits, n_samples

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

DRAWN_LAGS_MS = (-15.0, 0.0, 15.0)
DRAWN_FACTORS = (3.0, 4.0, 5.0)
_LONGEST_DT_MS = 1.0  # with which the pulses and steps can be told apart
_ALL_MS, _ARRAYS = 4500.0, 10  # of all runs together, and signals that a run holds


@dataclass(frozen=True, eq=False, repr=False)
class DendriteSomaDemonstration(Readable):
    """What a cell does whose soma and dendrite excite each other.

    Attributes
    ----------
    params : DendriteSomaParams
        The cell.
    bursting : Bursting
        Steps into soma, dendrite and both.
    coincidence : CoincidenceDetection
        Pulses into both, at lags between them.
    gain : GainModulation
        Pulses of many strengths into the soma, without and with one into the dendrite.
    largest_stable_gain : float or None
        Of the dendrite's sigmoid, see the function of that name; None: the cell goes on firing with none.
    burst_events : dict of str to int
        Spikes in the steps with input into the soma, the dendrite, and both.
    burst_onsets_ms : ndarray
        When these spikes begin, ms.
    lag_events : dict of str to int
        Spikes with the lags that are drawn.
    gain_events : dict of str to tuple of int
        Spikes with the strengths that are drawn, without and with input into the dendrite.
    filter_areas : dict of str to float
        Of soma, adaptation and dendrite: what each multiplies a constant input by. A warning says which are not 1, except
        for the published 2.99 of the adaptation, which is its strength.
    """

    shown = (
        "burst_events",
        "burst_onsets_ms",
        "shortest_interval_ms",
        "lag_events",
        "coincidence_window_ms",
        "gain_events",
        "gain_slopes",
        "gain_thresholds",
        "largest_stable_gain",
        "filter_areas",
    )

    params: DendriteSomaParams
    bursting: Bursting = field(repr=False)
    coincidence: CoincidenceDetection = field(repr=False)
    gain: GainModulation = field(repr=False)
    largest_stable_gain: float | None

    @property
    def burst_events(self) -> dict[str, int]:
        """Spikes in the steps with input into the soma, the dendrite, and both."""
        n_events = self.bursting.n_events
        return {"soma": n_events[1], "dendrite": n_events[3], "both": n_events[5]}

    @property
    def burst_onsets_ms(self) -> np.ndarray:
        """When they begin, ms."""
        return self.bursting.run.onsets_ms

    @property
    def shortest_interval_ms(self) -> float | None:
        """Between two of these spikes, ms."""
        return self.bursting.shortest_interval_ms

    @property
    def lag_events(self) -> dict[str, int]:
        """Spikes with the lags that are drawn."""
        return {f"{lag:g} ms": self.coincidence.at(lag).n_events for lag in DRAWN_LAGS_MS}

    @property
    def coincidence_window_ms(self) -> tuple[float, float] | None:
        """First and last lag with more spikes than the soma's pulse gives alone, ms."""
        return self.coincidence.window_ms

    @property
    def gain_events(self) -> dict[str, tuple[int, ...]]:
        """Spikes with the strengths that are drawn, without and with input into the dendrite."""
        without, dendrite = DENDRITE_FACTORS
        return {
            "soma alone": self.gain.events_at(without, DRAWN_FACTORS),
            "with dendrite": self.gain.events_at(dendrite, DRAWN_FACTORS),
        }

    @property
    def gain_slopes(self) -> dict[str, float]:
        """Spikes more per unit of strength, without and with input into the dendrite."""
        return dict(zip(self.gain_events, self.gain.slopes.tolist(), strict=True))

    @property
    def gain_thresholds(self) -> dict[str, float]:
        """First strength with a spike, without and with input into the dendrite."""
        return dict(zip(self.gain_events, self.gain.thresholds.tolist(), strict=True))

    @property
    def filter_areas(self) -> dict[str, float]:
        """What each filter multiplies a constant input by."""
        return self.params.areas

    def table(self) -> dict[str, list[Any]]:
        """Columns of equal length, one row per step, lag and pair of strengths; NaN where there is nothing to say."""
        parts = {"bursting": self.bursting, "coincidence": self.coincidence, "gain": self.gain}
        rows = [
            {"experiment": name, "start_ms": np.nan, "lag_ms": np.nan} | row
            for name, part in parts.items()
            for row in part.rows()
        ]
        return columns_of(rows)

    def to_dataframe(self) -> "DataFrame":
        """One row per step, lag and pair of strengths: experiment, their inputs, spikes, onset, interval, largest values."""
        return dataframe(self.table())

    def traces(self) -> dict[str, Any]:
        """For MATLAB: a struct per experiment with time (ms), inputs and states, a row per run, and the constants."""
        coincidence, gain = self.coincidence, self.gain
        runs = [run for row in gain.runs for run in row]
        factors = {"soma": gain.soma_factors, "dendrite": gain.dendrite_factors}
        return {
            "bursting": {**self.bursting.run.table(), "onsets_ms": self.burst_onsets_ms},
            "coincidence": {
                "time_ms": coincidence.soma_alone.time_ms,
                "lags_ms": coincidence.lags_ms,
                "n_events": coincidence.n_events,
                **stacked(coincidence.runs),
            },
            "gain": {
                "time_ms": runs[0].time_ms,
                **{f"{name}_factors": values for name, values in factors.items()},
                "n_events": gain.n_events,
                **stacked(runs),
            },
            "params": {name: getattr(self.params, name) for name in options_of(DendriteSomaParams)},
        }

    def parts(self) -> dict[str, "Figure"]:
        """The three parts of the figure, each as one of its own."""
        return {"a": self.bursting.plot(), "b": self.coincidence.plot(), "c": self.gain.plot()}

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the three experiments beside each other; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_dendrite_soma:demonstration", self, ax)


@public(settings=DendriteSomaParams)
def dendrite_soma_demonstration(**settings: Any) -> DendriteSomaDemonstration:
    """Run what Fig. 6 of Harkin, Shen et al. (2022) shows: a cell whose soma and dendrite excite each other.

    It bursts if both get an input, tells whether pulses into both coincide, and its dendrite multiplies the answer of the
    soma, whose threshold hardly changes. It warns as `simulate_dendrite_soma` does.

    Parameters
    ----------
    settings : float or bool
        Settings of `DendriteSomaParams`, in the place of the published ones, in all experiments.

    Returns
    -------
    DendriteSomaDemonstration
        All three; `plot()`, `table()`, `to_dataframe()`.

    Raises
    ------
    InputError
        For settings that do not exist, and numbers that cannot be used.

    Examples
    --------
    >>> shown = dendrite_soma_demonstration()
    >>> shown.burst_events, shown.lag_events
    ({'soma': 4, 'dendrite': 0, 'both': 7}, {'-15 ms': 2, '0 ms': 3, '15 ms': 1})
    >>> shown.gain_events
    {'soma alone': (1, 1, 2), 'with dendrite': (1, 3, 4)}
    """
    params = DendriteSomaParams(**settings)
    if params.dt_ms > _LONGEST_DT_MS:
        raise InputError(f"{{dt_ms}} must be at most {_LONGEST_DT_MS:g} ms here, got {params.dt_ms:g}", "dt_ms")
    check_fits(n_samples(_ALL_MS, params.dt_ms, "dt_ms"), "dt_ms", n_signals=_ARRAYS)
    warn_of_params(params)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # the same once more
        found = bursting(params), coincidence_detection(params), gain_modulation(params)
    return DendriteSomaDemonstration(params, *found, _stable(params))


def _stable(params: DendriteSomaParams) -> float | None:
    try:
        return largest_stable_gain(params)
    except InputError:  # of which a warning told
        return None
