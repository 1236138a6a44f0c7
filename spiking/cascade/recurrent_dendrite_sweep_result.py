"""What a sweep of the recurrent dendrite found: a row per run."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.machine.memory import check_memory
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade.recurrent_dendrite import simulate_recurrent_dendrite
from rate2spike.spiking.cascade.recurrent_dendrite_params import PUBLISHED_NAMES, RecurrentDendriteParams
from rate2spike.spiking.cascade.recurrent_dendrite_traces import HISTORIC, PEAKS, RecurrentDendriteTraces

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

SWEPT = tuple(PUBLISHED_NAMES)
RESULTS = (*PEAKS, "n_spikes", "first_spike_ms")


@dataclass(frozen=True, eq=False, repr=False)
class RecurrentDendriteSweep(Readable):
    """Largest values and spikes of many runs of the recurrent dendrite.

    Attributes
    ----------
    params : RecurrentDendriteParams
        What all runs have in common.
    settings : ndarray (n_runs, 6)
        Of each run: peak, half_activation, gain, sensitivity, pulse_height, soma_threshold, the last one changing fastest.
    results : ndarray (n_runs, 8)
        Of each run: max_dendrite, max_dendrite_ms, max_dendrite_linear, max_dendrite_linear_ms, max_soma_linear,
        max_soma_linear_ms, n_spikes, first_spike_ms (NaN without a spike); see `RecurrentDendriteTraces`.
    """

    shown = ("n_runs", "largest_dendrite", "n_runs_with_spikes")

    params: RecurrentDendriteParams
    settings: np.ndarray
    results: np.ndarray

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return len(self.settings)

    @property
    def largest_dendrite(self) -> float:
        """Largest potential of a dendrite in any run."""
        return float(self.column("max_dendrite").max())

    @property
    def n_runs_with_spikes(self) -> int:
        """Runs in which the soma fires."""
        return int(np.count_nonzero(self.column("n_spikes")))

    def column(self, name: str) -> np.ndarray:
        """(n_runs,) of a setting or result."""
        if name in SWEPT:
            return self.settings[:, SWEPT.index(name)]
        return self.results[:, RESULTS.index(name)]

    def params_of(self, run: int) -> RecurrentDendriteParams:
        """Settings of a run, counted from 0."""
        return replace(self.params, **dict(zip(SWEPT, self.settings[run].tolist(), strict=True)))

    def run(self, run: int) -> RecurrentDendriteTraces:
        """All signals of a run, counted from 0, computed again: no result depends on the runs beside it."""
        return simulate_recurrent_dendrite(params=self.params_of(run))

    def table(self) -> dict[str, Any]:
        """Columns of equal length: settings and results of every run."""
        columns = {name: self.column(name) for name in (*SWEPT, *RESULTS)}
        return columns | {"n_spikes": columns["n_spikes"].astype(int)}

    def traces(self) -> dict[str, Any]:
        """For MATLAB: columns under the published names of settings, one row per run."""
        return {PUBLISHED_NAMES.get(name, name): values[:, None] for name, values in self.table().items()}

    def signals(self, dt_ms: float = 0.1) -> dict[str, np.ndarray]:
        """For MATLAB: time (1, n_samples), and of all runs the signals (n_runs, n_samples), under their published names.

        dt_ms: time between two samples; the values at them do not depend on it. Raises InputError.
        """
        coarse = replace(self, params=replace(self.params, dt_ms=dt_ms))
        n_bytes = 8.0 * self.n_runs * coarse.params.n_samples * len(HISTORIC)
        check_memory(2 * n_bytes, f"the signals of {self.n_runs} runs", "take a longer time between samples")
        runs = [coarse.run(k).at_regular_times() for k in range(self.n_runs)]
        names = {here: there for here, there in HISTORIC.items() if here != "time_ms"}
        signals = {there: np.array([getattr(run, here) for run in runs]) for here, there in names.items()}
        return {HISTORIC["time_ms"]: coarse.params.times_ms()[None]} | signals

    def to_dataframe(self) -> "DataFrame":
        """One row per run: its settings, largest values, times (ms) and spikes."""
        return dataframe(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the largest potential over the height of the input; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_recurrent_dendrite:sweep", self, ax)
