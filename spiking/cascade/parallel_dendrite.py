"""A dendrite as parallel cascades (Harkin, Shen et al. 2022, Fig. 5): sodium and calcium stages, whose sum drives NMDA."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.calls import public
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade.given import params_given
from rate2spike.spiking.cascade.parallel_dendrite_params import STAGES, ParallelDendriteParams
from rate2spike.spiking.cascade.signals import as_signal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class ParallelDendriteTraces(Readable):
    """A dendrite's answer to an input.

    Attributes
    ----------
    params : ParallelDendriteParams
        What it was simulated with.
    stimulus : ndarray (n_samples,)
        What it was driven by.
    na, ca : ndarray (n_samples,)
        The sodium and the calcium stage.
    nmda : ndarray (n_samples,)
        The NMDA stage, driven by their sum: the voltage that is observed.
    time_ms : ndarray (n_samples,)
        Time, ms.
    peaks, peak_ms, half_width_ms : dict of str to float
        By stage: the largest value, when it is reached, and how long it is from the first to the last sample above half of
        it (NaN where it is not above 0).
    """

    shown = ("n_samples", "dt_ms", "peaks", "peak_ms", "half_width_ms")

    params: ParallelDendriteParams
    stimulus: np.ndarray = field(repr=False)
    na: np.ndarray = field(repr=False)
    ca: np.ndarray = field(repr=False)
    nmda: np.ndarray = field(repr=False)

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
        return np.arange(self.n_samples) * self.dt_ms

    @property
    def stages(self) -> dict[str, np.ndarray]:
        """(n_samples,) by the name of the stage."""
        return {name: getattr(self, name) for name in STAGES}

    @property
    def peaks(self) -> dict[str, float]:
        """The largest value of each stage."""
        return {name: float(trace.max()) for name, trace in self.stages.items()}

    @property
    def peak_ms(self) -> dict[str, float]:
        """When each stage is largest, ms."""
        return {name: float(self.time_ms[trace.argmax()]) for name, trace in self.stages.items()}

    @property
    def half_width_ms(self) -> dict[str, float]:
        """From the first to the last sample above half of the largest value, ms."""
        return {name: _half_width(trace) * self.dt_ms for name, trace in self.stages.items()}

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the stages and the input over time; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_parallel_dendrite:dendrite_traces", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per sample: time_ms, stimulus, na, ca, nmda."""
        return dataframe({"time_ms": self.time_ms, "stimulus": self.stimulus, **self.stages})


@public()
def simulate_parallel_dendrite(
    stimulus: np.ndarray, params: ParallelDendriteParams | None = None
) -> ParallelDendriteTraces:
    """A dendrite's answer to an input: sodium and calcium stages side by side, NMDA driven by their sum.

    Parameters
    ----------
    stimulus : ndarray (n_samples,)
        What drives it, one value every dt_ms; `stimuli` has some.
    params : ParallelDendriteParams, default None
        Its constants; None: as published. `ParallelDendriteParams().blocked()` are those under TTX and cadmium.

    Returns
    -------
    ParallelDendriteTraces

    Raises
    ------
    InputError
        For an input that is empty, not finite, or of several dimensions.

    Examples
    --------
    >>> from rate2spike.spiking.cascade.stimuli import biexponential_stimulus
    >>> stimulus = biexponential_stimulus(600.0, onset_ms=20.0, amplitude=7.0)
    >>> control = simulate_parallel_dendrite(stimulus)
    >>> blocked = simulate_parallel_dendrite(stimulus, ParallelDendriteParams().blocked())
    >>> round(control.peaks["nmda"], 6), round(blocked.peaks["nmda"], 6)
    (6.682995, 1.34762)
    """
    params = params_given(params, ParallelDendriteParams)
    signal = as_signal(stimulus, "stimulus")
    na, ca = (params.stage(name).output(signal) for name in ("na", "ca"))
    return ParallelDendriteTraces(params, signal, na, ca, params.stage("nmda").output(na + ca))


def _half_width(trace: np.ndarray) -> float:
    """Samples from the first to the last one above half of the maximum; NaN where that is not above 0."""
    above = np.flatnonzero(trace >= trace.max() / 2)
    return float(above[-1] - above[0]) if trace.max() > 0 else float("nan")
