"""What the experiments with soma and dendrite found: spikes per step, per lag of two pulses, and per strength of a pulse."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade.dendrite_soma_loop import DendriteSomaTraces
from rate2spike.spiking.cascade.dendrite_soma_rows import columns_of, run_numbers, strengths

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


class _Tabled:
    """A result with rows of equal columns."""

    def rows(self) -> list[dict[str, Any]]:
        """What the table is made of."""
        raise NotImplementedError

    def table(self) -> dict[str, list[Any]]:
        """Columns of equal length, by name."""
        return columns_of(self.rows())

    def to_dataframe(self) -> "DataFrame":
        """One row per step, lag, or pair of strengths: its inputs, and what is told of a run (`run_numbers`)."""
        return dataframe(self.table())


@dataclass(frozen=True, eq=False, repr=False)
class Bursting(_Tabled, Readable):
    """Spikes in a row of steps of the input.

    Attributes
    ----------
    run : DendriteSomaTraces
        The whole of it.
    starts : ndarray (n_steps + 1,) of int
        First sample of each step, and the number of samples.
    n_events : tuple of int
        Spikes in each step, by their onset.
    """

    shown = ("n_events", "shortest_interval_ms")

    run: DendriteSomaTraces = field(repr=False)
    starts: np.ndarray = field(repr=False)

    @property
    def n_events(self) -> tuple[int, ...]:
        """Spikes in each step."""
        return tuple(np.histogram(self.run.onset_samples, self.starts)[0].tolist())

    @property
    def shortest_interval_ms(self) -> float | None:
        """Between the onsets of two spikes, ms."""
        return self.run.shortest_interval_ms

    def rows(self) -> list[dict[str, Any]]:
        """One per step."""
        return [
            {
                "soma_input": float(self.run.soma_input[start]),
                "dendrite_input": float(self.run.dendrite_input[start]),
                "start_ms": float(start * self.run.params.dt_ms),
                **run_numbers(self.run, start, stop),
            }
            for start, stop in zip(self.starts[:-1], self.starts[1:], strict=True)
        ]

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw inputs, dendrite and soma over time; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_dendrite_soma:bursting", self, ax)


@dataclass(frozen=True, eq=False, repr=False)
class CoincidenceDetection(_Tabled, Readable):
    """Spikes after a pulse into the soma and one into the dendrite.

    Attributes
    ----------
    lags_ms : ndarray (n_lags,)
        When the dendrite gets its pulse, after the soma, ms; negative: before.
    runs : tuple of DendriteSomaTraces
        One per lag.
    soma_alone, dendrite_alone : DendriteSomaTraces
        With one of the two pulses.
    soma_onset_ms : float
        When the soma gets its pulse, ms.
    n_events : ndarray (n_lags,) of int
        Spikes per lag.
    window_ms : (float, float) or None
        The first and the last lag with more spikes than the soma's pulse gives alone.
    """

    shown = ("n_lags", "window_ms", "most_events", "n_events_of_soma_alone", "n_events_of_dendrite_alone")

    lags_ms: np.ndarray = field(repr=False)
    runs: tuple[DendriteSomaTraces, ...] = field(repr=False)
    soma_alone: DendriteSomaTraces = field(repr=False)
    dendrite_alone: DendriteSomaTraces = field(repr=False)
    soma_onset_ms: float

    @property
    def n_lags(self) -> int:
        """Number of lags."""
        return self.lags_ms.size

    @property
    def n_events(self) -> np.ndarray:
        """(n_lags,) spikes."""
        return np.array([run.n_events for run in self.runs])

    @property
    def most_events(self) -> int:
        """Spikes at the best lag."""
        return int(self.n_events.max())

    @property
    def n_events_of_soma_alone(self) -> int:
        """Spikes after the soma's pulse alone."""
        return self.soma_alone.n_events

    @property
    def n_events_of_dendrite_alone(self) -> int:
        """Spikes after the dendrite's pulse alone."""
        return self.dendrite_alone.n_events

    @property
    def window_ms(self) -> tuple[float, float] | None:
        """First and last lag with more spikes than the soma's pulse gives alone, ms; None: there is none."""
        lags_ms = self.lags_ms[self.n_events > self.n_events_of_soma_alone]
        return (float(lags_ms.min()), float(lags_ms.max())) if lags_ms.size else None

    def at(self, lag_ms: float) -> DendriteSomaTraces:
        """The run with the lag nearest to this one, ms."""
        return self.runs[int(np.abs(self.lags_ms - lag_ms).argmin())]

    def rows(self) -> list[dict[str, Any]]:
        """One per lag, then soma and dendrite alone."""
        lags_ms = [*self.lags_ms.tolist(), float("nan"), float("nan")]
        runs = [*self.runs, self.soma_alone, self.dendrite_alone]
        return [{"lag_ms": lag, **strengths(run), **run_numbers(run)} for lag, run in zip(lags_ms, runs, strict=True)]

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the inputs, soma and dendrite of three lags, and spikes over lag; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_dendrite_soma:coincidence", self, ax)


@dataclass(frozen=True, eq=False, repr=False)
class GainModulation(_Tabled, Readable):
    """Spikes over the strength of a pulse into the soma, for strengths of one into the dendrite.

    Attributes
    ----------
    soma_factors : ndarray (n_soma,)
        Strengths of the soma's pulse, from weak to strong.
    dendrite_factors : ndarray (n_dendrite,)
        Of the dendrite's.
    runs : tuple of tuple of DendriteSomaTraces
        By dendrite factor, then soma factor.
    onset_ms : float
        When both get their pulses, ms.
    n_events : ndarray (n_dendrite, n_soma) of int
        Spikes.
    thresholds : ndarray (n_dendrite,)
        The first strength with a spike; NaN: there is none.
    slopes : ndarray (n_dendrite,)
        Spikes more per unit of strength, fitted from the threshold on; NaN: fewer than two strengths lie there.
    """

    shown = ("dendrite_factors", "thresholds", "slopes")

    soma_factors: np.ndarray = field(repr=False)
    dendrite_factors: np.ndarray = field(repr=False)
    runs: tuple[tuple[DendriteSomaTraces, ...], ...] = field(repr=False)
    onset_ms: float

    @property
    def n_events(self) -> np.ndarray:
        """(n_dendrite, n_soma) spikes."""
        return np.array([[run.n_events for run in row] for row in self.runs])

    @property
    def thresholds(self) -> np.ndarray:
        """(n_dendrite,) first strength with a spike; NaN: there is none."""
        fires = self.n_events > 0
        return np.where(fires.any(1), self.soma_factors[fires.argmax(1)], np.nan)

    @property
    def slopes(self) -> np.ndarray:
        """(n_dendrite,) spikes more per unit of strength, from the threshold on."""
        return np.array([self._slope(n, least) for n, least in zip(self.n_events, self.thresholds, strict=True)])

    def _slope(self, n_events: np.ndarray, threshold: float) -> float:
        above = self.soma_factors >= threshold
        if above.sum() < 2:
            return float("nan")
        with one_blas_thread():
            return float(np.polyfit(self.soma_factors[above], n_events[above], 1)[0])

    def events_at(self, dendrite_factor: float, soma_factors: Iterable[float]) -> tuple[int, ...]:
        """Spikes for a strength of the dendrite's pulse, and some of the soma's; the nearest that there are."""
        row = self.n_events[np.abs(self.dendrite_factors - dendrite_factor).argmin()]
        return tuple(int(row[np.abs(self.soma_factors - factor).argmin()]) for factor in soma_factors)

    def rows(self) -> list[dict[str, Any]]:
        """One per pair of strengths."""
        return [{**strengths(run), **run_numbers(run)} for runs in self.runs for run in runs]

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw inputs, soma, and spikes over strength; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_dendrite_soma:gain", self, ax)
