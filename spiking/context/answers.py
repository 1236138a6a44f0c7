"""What a network answers in one trial, with what it saw and did on the way."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.readable import Readable, draw
from rate2spike.spiking.context.trials import ContextTrial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class AnsweredTrial(Readable):
    """A trial and what a network made of it.

    Attributes
    ----------
    trial : ContextTrial
        Input spikes, context spikes and targets.
    spikes : ndarray (T, N)
        0 and 1, of the units.
    readout : ndarray (T,)
        Potential of the readout in every step.
    logits : ndarray (L,)
        Mean readout of every item; above 0 the answer is yes.
    step_ms : float
        Duration of a step.
    class_names : tuple of str
        Of the recordings.
    """

    shown = ("asked_for", "n_items", "n_right", "duration_ms", "n_units", "spike_probability")

    trial: ContextTrial = field(repr=False)
    spikes: np.ndarray = field(repr=False)
    readout: np.ndarray = field(repr=False)
    logits: np.ndarray = field(repr=False)
    step_ms: float
    class_names: tuple[str, ...] = field(repr=False)

    @property
    def asked_for(self) -> str:
        """The class that the context names."""
        return self.class_names[self.trial.named]

    @property
    def targets(self) -> tuple[bool, ...]:
        """What is right for every item."""
        return tuple(bool(target > 0) for target in self.trial.targets)

    @property
    def answers(self) -> tuple[bool, ...]:
        """What the network says of every item."""
        return tuple(bool(logit > 0) for logit in self.logits)

    @property
    def n_items(self) -> int:
        """L."""
        return len(self.logits)

    @property
    def n_right(self) -> int:
        """Items of which the network says what is right."""
        return sum(answer == target for answer, target in zip(self.answers, self.targets, strict=True))

    @property
    def duration_ms(self) -> float:
        """Of the trial."""
        return len(self.readout) * self.step_ms

    @property
    def n_units(self) -> int:
        """N."""
        return self.spikes.shape[1]

    @property
    def spike_probability(self) -> float:
        """Per unit and step."""
        return float(self.spikes.mean())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw input, context, spikes and readout over time; ax: whose place is taken, in place of a new figure."""
        return draw("spiking.context.plots:trial_figure", self, ax)
