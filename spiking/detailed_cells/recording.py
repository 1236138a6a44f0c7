"""What the simulation of a cell gives: voltages at every millisecond, and the times of its spikes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.readable import Readable, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class CellRecording(Readable):
    """One simulation.

    Parameters
    ----------
    v_soma_mv : (T,) float32 array
        Somatic voltage at every millisecond, from 0.
    spike_times_ms : (n,) float64 array
        Peaks of the output spikes.
    v_nexus_mv : (T,) float32 array, or None
        Voltage at the apical nexus, of cells that have one.
    v_dendrites_mv : (n_segments, T) float16 array, or None
        Voltages of all dendritic segments, if they were asked for.
    v_soma_fine_mv : (fine_per_ms T,) float32 array, or None
        Somatic voltage on a finer grid, if it was asked for.
    fine_per_ms : int
        Samples of it per millisecond.
    v_nexus_fine_mv : (fine_per_ms T,) float32 array, or None
        The same at the apical nexus.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.detailed_cells.recording import CellRecording
    >>> CellRecording(np.full(2000, -70, np.float32), np.array([12.5, 800.0]))
    CellRecording(duration_ms=2000, n_spikes=2, rate_hz=1)
    """

    shown = ("duration_ms", "n_spikes", "rate_hz")

    v_soma_mv: np.ndarray
    spike_times_ms: np.ndarray
    v_nexus_mv: np.ndarray | None = None
    v_dendrites_mv: np.ndarray | None = None
    v_soma_fine_mv: np.ndarray | None = None
    fine_per_ms: int = 8
    v_nexus_fine_mv: np.ndarray | None = None

    @property
    def duration_ms(self) -> int:
        """Length of the simulation."""
        return self.v_soma_mv.size

    @property
    def n_spikes(self) -> int:
        """Number of output spikes."""
        return self.spike_times_ms.size

    @property
    def rate_hz(self) -> float:
        """Mean output rate."""
        return 1000 * self.n_spikes / self.duration_ms

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the voltages that were recorded: soma, nexus, dendrites.

        Parameters
        ----------
        ax : matplotlib Axes, default None
            Where, in place of a new figure.

        Returns
        -------
        Figure
        """
        return draw("spiking.detailed_cells.plots:voltages", self, ax)
