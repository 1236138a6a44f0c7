"""What training to fire at every step gave: losses of models and seeds."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.readable import Readable, dataframe, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

N_LAST = 100  # iterations that the final loss is the mean of
HALFWAY = 499  # iteration, from 0, that the published figures name


@dataclass(frozen=True, eq=False, repr=False)
class AlwaysFireResult(Readable):
    """M models, S seeds, I iterations. Losses are those before the update of an iteration.

    The loss is the mean square of what is missing to a spike at every step: the share of steps without one.
    """

    shown = ("final_loss", "loss_at_499", "seeds")

    example: str
    models: tuple[str, ...]
    seeds: tuple[int, ...]
    losses: np.ndarray = field(repr=False)  # (M, S, I)

    @property
    def final_losses(self) -> np.ndarray:
        """(M, S): mean of the last 100 iterations."""
        return self.losses[:, :, -N_LAST:].mean(2)

    @property
    def final_loss(self) -> dict[str, float]:
        """Its mean over seeds, by model."""
        return self._by_model(self.final_losses)

    @property
    def loss_at_499(self) -> dict[str, float] | None:
        """Mean over seeds at that iteration, by model; None if there are not so many."""
        return self._by_model(self.losses[:, :, HALFWAY]) if self.losses.shape[2] > HALFWAY else None

    def table(self) -> dict[str, Any]:
        """Columns of equal length, one row per model, seed and iteration."""
        m, s, i = (index.ravel() for index in np.indices(self.losses.shape))
        of_rows = {"model": np.array(self.models)[m], "seed": np.array(self.seeds)[s], "iteration": i}
        return of_rows | {"loss": self.losses.ravel()}

    def to_dataframe(self) -> "DataFrame":
        """One row per model, seed and iteration: model, seed, iteration, loss."""
        return dataframe(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the losses over iterations, one curve per network; ax: where, in place of a new figure."""
        return draw("spiking.dendrite_examples.plots:losses", self, ax)

    def _by_model(self, losses: np.ndarray) -> dict[str, float]:
        return dict(zip(self.models, losses.mean(1).tolist(), strict=True))
