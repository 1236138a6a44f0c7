"""What was learnt in turn, and what was forgotten: losses and accuracies of all tasks after each."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.readable import Readable, dataframe, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class ContinualResult(Readable):
    """K tasks. Matrices [learnt, tested] are lower-triangular: what is not learnt yet is not tested.

    Forgetting of a task is its accuracy right after it was learnt less that after the last task.
    """

    shown = ("forgetting", "accuracy_when_learnt", "accuracy_at_the_end", "images")

    kind: tuple[str, str]  # neuron and firing
    images: str  # where those of the test are from
    losses: np.ndarray = field(repr=False)  # (K, K) in the test
    accuracies: np.ndarray = field(repr=False)  # (K, K)

    @property
    def accuracy_when_learnt(self) -> list[float]:
        """Of each task."""
        return np.diag(self.accuracies).tolist()

    @property
    def accuracy_at_the_end(self) -> list[float]:
        """Of each task after the last one."""
        return self.accuracies[-1].tolist()

    @property
    def forgetting(self) -> list[float]:
        """Of each task but the last one."""
        return (np.diag(self.accuracies) - self.accuracies[-1])[:-1].tolist()

    def rows(self, name: str) -> list[list[float]]:
        """A row per task learnt, of those tested up to it; name: 'losses' or 'accuracies'."""
        return [row[: k + 1] for k, row in enumerate(getattr(self, name).tolist())]

    def table(self) -> dict[str, Any]:
        """Columns of equal length, one row per task learnt and task tested, counted from 1."""
        learnt, tested = np.tril_indices(len(self.losses))
        found = {"loss": self.losses[learnt, tested], "accuracy": self.accuracies[learnt, tested]}
        return {"learnt": learnt + 1, "tested": tested + 1} | found

    def to_dataframe(self) -> "DataFrame":
        """One row per task learnt and task tested: learnt, tested, loss, accuracy."""
        return dataframe(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the accuracy of each task after each; ax: where, in place of a new figure."""
        return draw("spiking.dendrite_examples.plots_images:learnt_in_turn", self, ax)
