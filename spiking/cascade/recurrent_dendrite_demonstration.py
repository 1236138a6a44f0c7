"""The experiment of Fig. 4: a somatic spike that amplifies the dendrite, and a dendritic spike that the soma does not see."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade.recurrent_dendrite import simulate_recurrent_dendrite
from rate2spike.spiking.cascade.recurrent_dendrite_params import PUBLISHED_NAMES, RecurrentDendriteParams
from rate2spike.spiking.cascade.recurrent_dendrite_traces import RecurrentDendriteTraces
from rate2spike.spiking.kernels.recurrent_dendrite import filtered_alpha, time_of_largest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

# settings and heights of the input in the two halves of the figure
SETS: dict[str, tuple[dict[str, float], tuple[float, ...]]] = {
    "somatic_spike": (dict(half_activation=1.9, sensitivity=0.3, soma_threshold=0.19), (1.0, 1.5, 1.75)),
    "dendritic_spike": (dict(half_activation=1.8, sensitivity=0.2, soma_threshold=1.0), (1.25, 1.85, 2.1)),
}
# in words, where the command and the function have other defaults than the record
OF_SETS = {
    "peak": "1, 1.5, 1.75; 1.25, 1.85, 2.1",
    "half_activation": "1.9; 1.8",
    "sensitivity": "0.3; 0.2",
    "soma_threshold": "0.19; 1",
}


@dataclass(frozen=True, eq=False, repr=False)
class RecurrentDendriteDemonstration(Readable):
    """The runs of Fig. 4 in two sets: with a spike of the soma, and with a spike of the dendrite alone.

    Attributes
    ----------
    runs : dict of str to tuple of RecurrentDendriteTraces
        The runs of each set, 'somatic_spike' and 'dendritic_spike', from small to large inputs.
    n_spikes : dict of str to tuple of int
        Spikes of the soma in the runs of each set.
    input_ratio, dendrite_ratio : dict of str to float
        Of each set, the largest input that evokes no spike of the soma over the smallest input, and the same of the largest
        potentials of the dendrite. A linear dendrite has both alike. NaN where there is no such pair of runs.
    max_with_spike, max_without_spike : tuple of float
        Largest potential of the dendrite in runs in which the soma fires, and in the same runs without its pulses.
    smallest_spiking_peak : dict of str to float
        Of each set, the height of the input from which on the soma fires.
    """

    shown = (
        "n_spikes",
        "input_ratio",
        "dendrite_ratio",
        "max_with_spike",
        "max_without_spike",
        "smallest_spiking_peak",
    )

    runs: dict[str, tuple[RecurrentDendriteTraces, ...]]

    @property
    def all_runs(self) -> list[RecurrentDendriteTraces]:
        """The runs of both sets."""
        return [run for runs in self.runs.values() for run in runs]

    @property
    def n_spikes(self) -> dict[str, tuple[int, ...]]:
        """Spikes of the soma in the runs of each set."""
        return {name: tuple(run.n_spikes for run in runs) for name, runs in self.runs.items()}

    @property
    def input_ratio(self) -> dict[str, float]:
        """Largest input without a spike of the soma over the smallest, of each set."""
        return {name: _ratio([(run.params.peak, run.n_spikes) for run in runs]) for name, runs in self.runs.items()}

    @property
    def dendrite_ratio(self) -> dict[str, float]:
        """The same of the largest potentials of the dendrite."""
        return {name: _ratio([(run.max_dendrite, run.n_spikes) for run in runs]) for name, runs in self.runs.items()}

    @property
    def max_with_spike(self) -> tuple[float, ...]:
        """Largest potential of the dendrite in runs in which the soma fires."""
        return tuple(run.max_dendrite for run in self.all_runs if run.n_spikes)

    @property
    def max_without_spike(self) -> tuple[float, ...]:
        """The same without the pulses that the soma sends."""
        alone = [replace(run.params, pulse_height=0.0) for run in self.all_runs if run.n_spikes]
        return tuple(simulate_recurrent_dendrite(params=params).max_dendrite for params in alone)

    @property
    def smallest_spiking_peak(self) -> dict[str, float]:
        """Height of the input from which on the soma fires, of each set."""
        return {name: spiking_peak(runs[0].params) for name, runs in self.runs.items()}

    def table(self) -> dict[str, Any]:
        """Columns of equal length, one row per run: its set, settings, largest values and spikes."""
        rows = [
            {"set": name} | {setting: getattr(run.params, setting) for setting in PUBLISHED_NAMES} | run.peaks()
            for name, runs in self.runs.items()
            for run in runs
        ]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def traces(self) -> dict[str, Any]:
        """For MATLAB: a struct array per set, one struct per run with its signals and settings under the published names."""
        return {name: _struct_array([run.to_historic() for run in runs]) for name, runs in self.runs.items()}

    def to_dataframe(self) -> "DataFrame":
        """One row per run: its set, settings, largest values, times (ms) and spikes."""
        return dataframe(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw all runs over their inputs, a column per set; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_recurrent_dendrite:demonstration", self, ax)


@public(settings=RecurrentDendriteParams, elsewhere=OF_SETS)
def recurrent_dendrite_demonstration(**settings: Any) -> RecurrentDendriteDemonstration:
    """Run what Fig. 4 of Harkin, Shen et al. (2022) shows: three inputs with a somatic spike, three with a dendritic one.

    In the first set (`somatic_spike`) the largest input makes the soma fire, which gives the dendrite a second, larger peak.
    In the second (`dendritic_spike`) the dendrite fires alone. In both the dendrite grows faster than its input.

    Parameters
    ----------
    settings : float
        Settings of `RecurrentDendriteParams`, in the place of those of all runs. Given a peak, each set is one run.

    Returns
    -------
    RecurrentDendriteDemonstration
        All runs; `plot()`, `table()`, `to_dataframe()`.

    Raises
    ------
    InputError
        For settings that do not exist, and numbers that cannot be used.

    Examples
    --------
    >>> shown = recurrent_dendrite_demonstration()
    >>> shown.n_spikes
    {'somatic_spike': (0, 0, 1), 'dendritic_spike': (0, 0, 0)}
    >>> {name: round(ratio, 3) for name, ratio in shown.dendrite_ratio.items()}
    {'somatic_spike': 1.888, 'dendritic_spike': 3.852}
    """
    common = RecurrentDendriteParams(**settings)
    return RecurrentDendriteDemonstration(
        {
            name: tuple(
                simulate_recurrent_dendrite(params=replace(common, **(of_set | {"peak": peak} | settings)))
                for peak in ((common.peak,) if "peak" in settings else peaks)
            )
            for name, (of_set, peaks) in SETS.items()
        }
    )


def spiking_peak(params: RecurrentDendriteParams) -> float:
    """Height from which on an alpha function makes the soma fire within the time simulated; infinite if none does."""
    largest_ms = min(time_of_largest(params.tau_input_ms, params.tau_soma_ms), params.times_ms()[-1])
    reached = filtered_alpha(largest_ms, params.tau_input_ms, params.tau_soma_ms) if largest_ms else 0.0
    return params.soma_threshold / reached if reached and params.soma_threshold >= 0 else np.inf


def _ratio(of_runs: list[tuple[float, int]]) -> float:
    """The last value without spikes over the first one."""
    values = [value for value, n_spikes in of_runs if not n_spikes]
    return values[-1] / values[0] if len(values) > 1 and values[0] else np.nan


def _struct_array(structs: list[dict[str, Any]]) -> np.ndarray:
    array = np.empty((1, len(structs)), [(name, object) for name in structs[0]])
    for place, struct in enumerate(structs):
        array[0, place] = tuple(np.atleast_2d(value) for value in struct.values())
    return array
