"""What STDP made of neurons: tuning and selectivity, weights, and the same of controls."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.dendrite_examples.selectivity import selectivity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

BEFORE, AFTER, CONTROL = "before", "after", "shuffled_pixels"  # before: learning off, excitability adapts


@dataclass(frozen=True, eq=False, repr=False)
class Answers(Readable):
    """Of N neurons to test images of ten classes."""

    tuning: np.ndarray = field(repr=False)  # (N, 10) mean number of spikes per image of a class
    by_chance: float  # mean selectivity if the labels are shuffled: that of so few spikes
    decoding: float  # share of images whose class is that of the neurons that answer most; chance 0.1

    @property
    def selectivity(self) -> np.ndarray:
        """(N,) index of each neuron, 0 to 1."""
        return selectivity(self.tuning)


@dataclass(frozen=True, eq=False, repr=False)
class StdpResult(Readable):
    """By condition: before (learning off), after, and after learning from images with shuffled pixels.

    `selectivity` is the mean index of Vinje & Gallant (2000): 0 if all classes excite a neuron alike, 1 if one alone does.
    """

    shown = ("selectivity", "selectivity_by_chance", "decoded_share", "spikes_per_image", "rule", "images")

    rule: str
    images: str  # where those of the test are from
    answers: dict[str, Answers]
    weights: dict[str, np.ndarray] = field(repr=False)  # (N, 2, 784) of the two compartments of each neuron

    @property
    def selectivity(self) -> dict[str, float]:
        """Mean over neurons."""
        return {name: float(one.selectivity.mean()) for name, one in self.answers.items()}

    @property
    def selectivity_by_chance(self) -> dict[str, float]:
        """The same with shuffled labels."""
        return {name: one.by_chance for name, one in self.answers.items()}

    @property
    def decoded_share(self) -> dict[str, float]:
        """Share of test images whose class the neurons tell; chance 0.1."""
        return {name: one.decoding for name, one in self.answers.items()}

    @property
    def spikes_per_image(self) -> dict[str, float]:
        """Of a neuron, in the mean."""
        return {name: float(one.tuning.mean()) for name, one in self.answers.items()}

    def table(self) -> dict[str, Any]:
        """Columns of equal length, one row per condition and neuron: its selectivity, preferred class and tuning."""
        rows = [
            {
                "condition": name,
                "neuron": n,
                "selectivity": one.selectivity[n],
                "preferred": int(one.tuning[n].argmax()),
            }
            | {f"class_{c}": one.tuning[n, c] for c in range(one.tuning.shape[1])}
            for name, one in self.answers.items()
            for n in range(len(one.tuning))
        ]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def to_dataframe(self) -> "DataFrame":
        """One row per condition and neuron: condition, neuron, selectivity, preferred, class_0 to class_9."""
        return dataframe(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw weights and tuning before and after, and selectivity; ax: whose place is taken."""
        return draw("spiking.dendrite_examples.plots_stdp:selective_neurons", self, ax)
