"""Patterns as a network answers them: its potentials, spikes and outputs over time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.machine.keras_on_tensorflow import keras
from rate2spike.readable import Readable, draw
from rate2spike.spiking.cascade_networks.patterns import Patterns
from rate2spike.spiking.layers.recorded_states import record_states

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class AnsweredPattern(Readable):
    """A pattern of T steps of 1 ms. Potentials have no unit; those of a step are the ones after it, the first are 0."""

    shown = ("label", "answer")

    input_spikes: np.ndarray = field(repr=False)  # (T, I) of 0 and 1
    potentials: np.ndarray = field(repr=False)  # (T + 1, N) of the somata of the hidden units
    spikes: np.ndarray = field(repr=False)  # (T + 1, N) of 0 and 1
    outputs: np.ndarray = field(repr=False)  # (T + 1, classes)
    label: int  # what is right

    @property
    def answer(self) -> int:
        """The output with the largest maximum over time, the first of equal ones."""
        return int(np.argmax(self.outputs.max(0)))

    @property
    def is_right(self) -> bool:
        """Whether the answer is the label."""
        return self.answer == self.label

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw input spikes, the somata with their spikes, and the outputs; ax: whose place is taken."""
        return draw("spiking.cascade_networks.plots_patterns:answered_pattern", self, ax)


def answered(network: keras.Model, patterns: Patterns, indices: Sequence[int]) -> list[AnsweredPattern]:
    """Some of the patterns, as a network of a hidden layer and a readout answers them."""
    spikes = patterns.spikes[list(indices)]
    hidden, readout = record_states(network, spikes).values()
    potentials, fired, outputs = (np.asarray(one).swapaxes(0, 1) for one in (hidden.v, hidden.z, readout.v))
    return [
        AnsweredPattern(spikes[k], potentials[k], fired[k], outputs[k], int(patterns.labels[index]))
        for k, index in enumerate(indices)
    ]
