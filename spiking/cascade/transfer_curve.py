"""The largest answer to pulses of growing amplitude: how steep it is, where, and what it takes to reach a level."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.readable import Readable, dataframe, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class TransferCurve(Readable):
    """Largest answers over the amplitude of a pulse.

    Attributes
    ----------
    amplitudes, peaks : ndarray (n_amplitudes,)
        Of the pulses, from small to large, and the largest answer to each.
    slopes : ndarray (n_amplitudes - 1,)
        From one amplitude to the next.
    steepest_slope, steepest_at : float
        The largest of them, and the middle between its two amplitudes.
    """

    shown = ("n_amplitudes", "steepest_slope", "steepest_at")

    amplitudes: np.ndarray = field(repr=False)
    peaks: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, amplitudes: Iterable[float], peak: Callable[[float], float]) -> "TransferCurve":
        """The curve of a cell: peak(amplitude) is its largest answer."""
        amplitudes = np.array([*amplitudes], float)
        return cls(amplitudes, np.array([peak(one) for one in amplitudes]))

    @property
    def n_amplitudes(self) -> int:
        """Number of pulses."""
        return self.amplitudes.size

    @property
    def slopes(self) -> np.ndarray:
        """(n_amplitudes - 1,)"""
        return np.diff(self.peaks) / np.diff(self.amplitudes)

    @property
    def steepest_slope(self) -> float:
        """The largest of the slopes."""
        return float(self.slopes.max())

    @property
    def steepest_at(self) -> float:
        """The amplitude in the middle of where the curve is steepest."""
        return float(self.amplitudes[self.slopes.argmax() :][:2].mean())

    def amplitude_for(self, level: float) -> float:
        """The first amplitude at which the curve, straight between its points, reaches a level; NaN if it does not."""
        above = np.flatnonzero(self.peaks >= level)
        if not above.size:
            return float("nan")
        k = max(int(above[0]), 1)
        if self.peaks[k - 1] >= level:  # from the first amplitude on
            return float(self.amplitudes[k - 1])
        fraction = (level - self.peaks[k - 1]) / (self.peaks[k] - self.peaks[k - 1])
        return float(self.amplitudes[k - 1] + fraction * (self.amplitudes[k] - self.amplitudes[k - 1]))

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the curve; ax: where, in place of a new figure."""
        return draw("spiking.cascade.plots_subunit:transfer_curve", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per pulse: amplitude, peak."""
        return dataframe({"amplitude": self.amplitudes, "peak": self.peaks})
