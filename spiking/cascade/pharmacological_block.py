"""The experiment of Fig. 5: what a block of sodium and calcium channels (TTX and cadmium) leaves of the NMDA spike."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.calls import public
from rate2spike.options import options_of
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade.parallel_dendrite import ParallelDendriteTraces, simulate_parallel_dendrite
from rate2spike.spiking.cascade.parallel_dendrite_params import ParallelDendriteParams
from rate2spike.spiking.cascade.signals import check_fits, n_samples
from rate2spike.spiking.cascade.stimuli import biexponential_stimulus
from rate2spike.spiking.cascade.transfer_curve import TransferCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

AMPLITUDES = np.arange(38) * 0.4
AMPLITUDE = 7.0  # of the traces
DURATION_MS, ONSET_MS = 600.0, 20.0
THRESHOLD_LEVEL = 4.0  # of the NMDA stage: about half of what it reaches
_SIGNALS_AT_ONCE = 16  # that a demonstration holds in memory


@dataclass(frozen=True, eq=False, repr=False)
class ParallelDendriteDemonstration(Readable):
    """A dendrite with and without its sodium and calcium sigmoids.

    Attributes
    ----------
    runs : dict of str to ParallelDendriteTraces
        'control' and 'blocked': answers to a synaptic pulse of amplitude 7.
    curves : dict of str to TransferCurve
        Of the same: the largest answer of the NMDA stage to pulses of amplitudes from 0 to 14.8.
    peaks, half_width_ms : dict of str to dict of str to float
        Of the runs, by stage.
    threshold : dict of str to float
        The amplitude at which the NMDA stage reaches 4; NaN if it does not.
    threshold_shift : float
        How much more that is under the block.
    steepest_slope, steepest_at : dict of str to float
        Of each curve, and the amplitude where it is that steep.
    """

    shown = ("peaks", "half_width_ms", "threshold", "threshold_shift", "steepest_slope", "steepest_at")

    runs: dict[str, ParallelDendriteTraces]
    curves: dict[str, TransferCurve]

    @property
    def peaks(self) -> dict[str, dict[str, float]]:
        """The largest value of each stage."""
        return {name: run.peaks for name, run in self.runs.items()}

    @property
    def half_width_ms(self) -> dict[str, dict[str, float]]:
        """How long each stage is above half of its largest value, ms."""
        return {name: run.half_width_ms for name, run in self.runs.items()}

    @property
    def threshold(self) -> dict[str, float]:
        """The amplitude at which the NMDA stage reaches 4."""
        return {name: curve.amplitude_for(THRESHOLD_LEVEL) for name, curve in self.curves.items()}

    @property
    def threshold_shift(self) -> float:
        """How much larger the amplitude has to be under the block."""
        return self.threshold["blocked"] - self.threshold["control"]

    @property
    def steepest_slope(self) -> dict[str, float]:
        """Of each curve."""
        return {name: curve.steepest_slope for name, curve in self.curves.items()}

    @property
    def steepest_at(self) -> dict[str, float]:
        """The amplitude at which it is that steep."""
        return {name: curve.steepest_at for name, curve in self.curves.items()}

    def table(self) -> dict[str, Any]:
        """Columns of equal length, one row per amplitude: the largest answer of the NMDA stage, control and blocked."""
        peaks = {f"{name}_peak": curve.peaks for name, curve in self.curves.items()}
        return {"amplitude": self.curves["control"].amplitudes, **peaks}

    def traces(self) -> dict[str, Any]:
        """For MATLAB: time (ms), stimulus, a struct of stages for control and blocked, the curves, and the constants."""
        control = self.runs["control"]
        return {
            "time_ms": control.time_ms,
            "stimulus": control.stimulus,
            **{name: run.stages for name, run in self.runs.items()},
            **{f"{name}s": column for name, column in self.table().items()},
            "params": {name: getattr(control.params, name) for name in options_of(ParallelDendriteParams)},
        }

    def to_dataframe(self) -> "DataFrame":
        """One row per amplitude: amplitude, control_peak, blocked_peak."""
        return dataframe(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the input, the stages with and without the block, and the curves; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_parallel_dendrite:demonstration", self, ax)


@public(settings=ParallelDendriteParams)
def parallel_dendrite_demonstration(**settings: Any) -> ParallelDendriteDemonstration:
    """Run what Fig. 5 of Harkin, Shen et al. (2022) shows: sodium, calcium and NMDA stages, before and after a block.

    TTX and cadmium take the sigmoids of sodium and calcium stages away, their linear parts stay. The NMDA spike survives: it
    needs a larger input and grows less steeply, and becomes nearly as large.

    Parameters
    ----------
    settings : float or bool
        Settings of `ParallelDendriteParams`, in the place of the published ones. na_gain and ca_gain are those before the
        block.

    Returns
    -------
    ParallelDendriteDemonstration
        Traces and curves of both; `plot()`, `table()`, `to_dataframe()`.

    Raises
    ------
    InputError
        For settings that do not exist, and numbers that cannot be used.

    Examples
    --------
    >>> shown = parallel_dendrite_demonstration()
    >>> {name: round(amplitude, 3) for name, amplitude in shown.threshold.items()}
    {'control': 5.434, 'blocked': 9.412}
    """
    control = ParallelDendriteParams(**settings)
    check_fits(n_samples(DURATION_MS, control.dt_ms), "dt_ms", n_signals=_SIGNALS_AT_ONCE)
    each = {"control": control, "blocked": control.blocked()}
    waveform = biexponential_stimulus(DURATION_MS, ONSET_MS, dt_ms=control.dt_ms)
    return ParallelDendriteDemonstration(
        {name: simulate_parallel_dendrite(AMPLITUDE * waveform, params) for name, params in each.items()},
        {name: nmda_curve(params, waveform) for name, params in each.items()},
    )


def nmda_curve(params: ParallelDendriteParams, waveform: np.ndarray) -> TransferCurve:
    """Largest answers of the NMDA stage to a waveform (n_samples,) times amplitudes from 0 to 14.8."""

    def peak(amplitude: float) -> float:
        return float(simulate_parallel_dendrite(amplitude * waveform, params).nmda.max())

    return TransferCurve.of(AMPLITUDES, peak)
