"""What a cell gives without regard to its input: intervals between spikes, and voltages."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation


@dataclass(frozen=True, eq=False, repr=False)
class OutputStatistics(Readable):
    """Of several simulations.

    Attributes
    ----------
    interval_ms : (n,) array
        Between spikes that follow each other in one simulation.
    v_mv, share : (m,) array
        Somatic voltages in 0.5 mV steps, and the share of milliseconds nearest to each; higher ones than most_mv count there.
    rate_hz : float
        Mean output rate.
    interval_cv : float
        Coefficient of variation of the intervals; NaN of fewer than two.
    """

    shown = ("rate_hz", "interval_cv", "n_intervals")

    interval_ms: np.ndarray = field(repr=False)
    v_mv: np.ndarray = field(repr=False)
    share: np.ndarray = field(repr=False)
    rate_hz: float

    @property
    def n_intervals(self) -> int:
        """Number of intervals n."""
        return self.interval_ms.size

    @property
    def interval_cv(self) -> float:
        """SD over mean of the intervals."""
        return float(self.interval_ms.std() / self.interval_ms.mean()) if self.n_intervals > 1 else float("nan")


_STEP_MV, _LEAST_MV, _MOST_MV = 0.5, -120.0, -30.0  # above are spikes


def output_statistics(simulations: Iterable[CellSimulation]) -> OutputStatistics:
    """Of all simulations together. Raises InputError if there are none."""
    n_steps = round((_MOST_MV - _LEAST_MV) / _STEP_MV) + 1
    counts, intervals, n_spikes, n_ms = np.zeros(n_steps, np.int64), [np.empty(0)], 0, 0
    for one in simulations:
        step = np.rint((one.recording.v_soma_mv.astype(float) - _LEAST_MV) / _STEP_MV).astype(int)
        counts += np.bincount(step.clip(0, n_steps - 1), minlength=n_steps)
        intervals.append(np.diff(one.recording.spike_times_ms))
        n_spikes, n_ms = n_spikes + one.n_spikes, n_ms + one.duration_ms
    if not n_ms:
        raise InputError("there are no {simulations} to look at", "simulations")
    v_mv = _LEAST_MV + _STEP_MV * np.arange(n_steps)
    return OutputStatistics(np.concatenate(intervals), v_mv, counts / n_ms, 1000 * n_spikes / n_ms)
