"""One run of the recurrent dendrite: its signals, their largest values, and what the published simulations call them."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade.recurrent_dendrite_params import RecurrentDendriteParams
from rate2spike.spiking.cascade.recurrent_dendrite_stages import LinearStages
from rate2spike.spiking.kernels.recurrent_dendrite import with_sigmoid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

# signals as the published simulations call them
HISTORIC = {
    "time_ms": "time",
    "stimulus": "input",
    "dendrite": "Vd",
    "dendrite_linear": "Vd_lin",
    "soma": "Vs",
    "soma_linear": "Vs_lin",
    "pulse": "Vs_nl",
}
PEAKS = (
    "max_dendrite",
    "max_dendrite_ms",
    "max_dendrite_linear",
    "max_dendrite_linear_ms",
    "max_soma_linear",
    "max_soma_linear_ms",
)


@dataclass(frozen=True, eq=False, repr=False)
class RecurrentDendriteTraces(Readable):
    """One run of the recurrent dendrite.

    Attributes
    ----------
    params : RecurrentDendriteParams
        What was simulated.
    time_ms : ndarray (n_samples,)
        Time of each sample, ms: every dt_ms, and between these where pulses begin and end, since there the dendrite may be
        largest. The published simulations have these too; `at_regular_times` leaves them out.
    stimulus : ndarray (n_samples,)
        What soma and dendrite receive.
    dendrite, dendrite_linear : ndarray (n_samples,)
        Potential of the dendrite, and its linear part.
    soma, soma_linear : ndarray (n_samples,)
        Potential of the soma with and without the pulses.
    pulse : ndarray (n_samples,)
        What the soma sends to the dendrite.
    spikes_ms : ndarray (n_spikes,)
        When the soma rises above its threshold, ms.
    is_regular : ndarray (n_samples,) of bool
        Whether a sample is one of those every dt_ms.
    max_dendrite, max_dendrite_linear, max_soma_linear : float
        Largest values.
    max_dendrite_ms, max_dendrite_linear_ms, max_soma_linear_ms : float
        When these were reached first, ms.
    """

    historic = "spiking.cascade.recurrent_dendrite_traces:HISTORIC"
    shown = ("peak", "max_dendrite", "max_dendrite_ms", "max_dendrite_linear", "n_spikes", "first_spike_ms")

    params: RecurrentDendriteParams
    time_ms: np.ndarray
    stimulus: np.ndarray
    dendrite: np.ndarray
    dendrite_linear: np.ndarray
    soma: np.ndarray
    soma_linear: np.ndarray
    pulse: np.ndarray
    spikes_ms: np.ndarray
    is_regular: np.ndarray = field(repr=False)
    is_given: bool = field(default=False, repr=False)  # the stimulus: no alpha function

    @classmethod
    def of(cls, params: RecurrentDendriteParams, stages: LinearStages, is_given: bool) -> "RecurrentDendriteTraces":
        """The nonlinearity on linear stages."""
        return cls(
            params,
            stages.time_ms,
            stages.stimulus,
            with_sigmoid(stages.dendrite, stages.sodium, params.half_activation, params.sensitivity, params.gain),
            stages.dendrite,
            stages.soma + stages.pulse,
            stages.soma,
            stages.pulse,
            stages.spikes_ms,
            stages.is_regular,
            is_given,
        )

    def at_regular_times(self) -> "RecurrentDendriteTraces":
        """The same without samples between those every dt_ms."""
        kept = {name: getattr(self, name)[self.is_regular] for name in (*HISTORIC, "is_regular")}
        return replace(self, **kept)

    @property
    def peak(self) -> float | None:
        """Height of the alpha function; None where the input was an array."""
        return None if self.is_given else self.params.peak

    @property
    def n_spikes(self) -> int:
        """Spikes of the soma."""
        return self.spikes_ms.size

    @property
    def first_spike_ms(self) -> float | None:
        """When the soma fires first, ms; None if it does not."""
        return float(self.spikes_ms[0]) if self.n_spikes else None

    @property
    def max_dendrite(self) -> float:
        """Largest potential of the dendrite."""
        return float(self.dendrite.max())

    @property
    def max_dendrite_ms(self) -> float:
        """When it is reached, ms."""
        return self._when_largest(self.dendrite)

    @property
    def max_dendrite_linear(self) -> float:
        """Largest value of its linear part."""
        return float(self.dendrite_linear.max())

    @property
    def max_dendrite_linear_ms(self) -> float:
        """When it is reached, ms."""
        return self._when_largest(self.dendrite_linear)

    @property
    def max_soma_linear(self) -> float:
        """Largest potential of the soma without its pulses."""
        return float(self.soma_linear.max())

    @property
    def max_soma_linear_ms(self) -> float:
        """When it is reached, ms."""
        return self._when_largest(self.soma_linear)

    def _when_largest(self, values: np.ndarray) -> float:
        return float(self.time_ms[values.argmax()])

    def peaks(self) -> dict[str, Any]:
        """Largest values and spikes: what a table says of a run."""
        first_ms = np.nan if self.first_spike_ms is None else self.first_spike_ms
        return {name: getattr(self, name) for name in (*PEAKS, "n_spikes")} | {"first_spike_ms": first_ms}

    def to_historic(self) -> dict[str, Any]:
        """Signals and settings of the run under the names of the published simulations."""
        return {there: getattr(self, here) for here, there in HISTORIC.items()} | self.params.published()

    def to_dataframe(self) -> "DataFrame":
        """One row per sample: time_ms, and all signals."""
        return dataframe({name: getattr(self, name) for name in HISTORIC})

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw dendrite and soma over the input; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_recurrent_dendrite:one_run", self, ax)
