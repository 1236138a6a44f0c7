"""What dendritic prediction learnt: voltages without the teacher, and how far they are from the target."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.readable import Readable, dataframe, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

SETTLED = 50  # steps from the start at rest that do not count


@dataclass(frozen=True, eq=False, repr=False)
class DppResult(Readable):
    """T steps of 1 ms, R repeats. Voltages are those of the soma without the teacher; rest is 0.

    Errors and correlations leave out the first 50 steps, in which the soma comes from rest.
    """

    shown = ("rms_error", "correlation")

    target: np.ndarray = field(repr=False)  # (T,)
    before: np.ndarray = field(repr=False)  # (T,) voltage before learning
    after: np.ndarray = field(repr=False)  # (T,) after it
    control: np.ndarray = field(repr=False)  # (T,) after learning from new spikes in every repeat
    errors_learning: np.ndarray = field(repr=False)  # (R,) RMS error after each repeat
    errors_control: np.ndarray = field(repr=False)  # (R,)
    spikes: np.ndarray = field(repr=False)  # (T, n_inputs) that repeat

    @property
    def voltages(self) -> dict[str, np.ndarray]:
        """By condition, (T,)."""
        return {"before": self.before, "after": self.after, "control": self.control}

    @property
    def errors(self) -> dict[str, np.ndarray]:
        """RMS error after each repeat, (R,)."""
        return {"learning": self.errors_learning, "control": self.errors_control}

    @property
    def rms_error(self) -> dict[str, float]:
        """Root mean square of voltage less target."""
        return {name: rms_error(voltage, self.target) for name, voltage in self.voltages.items()}

    @property
    def correlation(self) -> dict[str, float]:
        """Of voltage and target; 0 of a voltage that does not change."""
        return {name: _correlation(voltage, self.target) for name, voltage in self.voltages.items()}

    def table(self) -> dict[str, Any]:
        """Columns of equal length, one row per step: time_ms, target, and voltages before, after and of the control."""
        return {"time_ms": np.arange(len(self.target)), "target": self.target} | self.voltages

    def to_dataframe(self) -> "DataFrame":
        """One row per step: time_ms, target, before, after, control."""
        return dataframe(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw inputs, voltages and errors; ax: whose place is taken."""
        return draw("spiking.dendrite_examples.plots_dpp:learnt_time_course", self, ax)


def rms_error(voltage: np.ndarray, target: np.ndarray) -> float:
    """Root mean square difference, after the first steps."""
    return float(np.sqrt(np.mean((voltage[SETTLED:].astype(float) - target[SETTLED:]) ** 2)))


def _correlation(voltage: np.ndarray, target: np.ndarray) -> float:
    voltage, target = voltage[SETTLED:].astype(float), target[SETTLED:].astype(float)
    size = voltage.std() * target.std()
    return float(((voltage - voltage.mean()) * (target - target.mean())).mean() / size) if size else 0.0
