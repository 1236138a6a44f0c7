"""What the training of classifiers of images found: losses and accuracies of networks, epoch by epoch."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.readable import Readable, dataframe, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class ClassifyResult(Readable):
    """K networks, E epochs. Losses and accuracies in training are means over an epoch, each before its update."""

    shown = ("final_accuracy", "lowest_accuracy", "final_loss", "forward_strength", "images")

    kinds: tuple[tuple[str, str], ...]  # neuron and firing of each network
    images: str  # where those of the test are from
    strengths: np.ndarray = field(repr=False)  # (K, 2) mean forward strength of each layer at the end; 1 at first
    loss: np.ndarray = field(repr=False)  # (K, E)
    accuracy: np.ndarray = field(repr=False)
    test_loss: np.ndarray = field(repr=False)
    test_accuracy: np.ndarray = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the networks."""
        return tuple(f"{neuron} {firing}" for neuron, firing in self.kinds)

    @property
    def final_accuracy(self) -> dict[str, float]:
        """In the test, by network."""
        return self._by_name(self.test_accuracy[:, -1])

    @property
    def lowest_accuracy(self) -> float | None:
        """Of several networks in the test; None of one."""
        return float(self.test_accuracy[:, -1].min()) if len(self.kinds) > 1 else None

    @property
    def final_loss(self) -> dict[str, float]:
        """Cross-entropy in the test, by network."""
        return self._by_name(self.test_loss[:, -1])

    @property
    def forward_strength(self) -> dict[str, list[float]]:
        """Mean of each layer at the end, of networks that learn it."""
        return {name: row for name, row in self._by_name(self.strengths).items() if "VDiff" not in name}

    def table(self) -> dict[str, Any]:
        """Columns of equal length, one row per network and epoch."""
        k, e = (index.ravel() for index in np.indices(self.loss.shape))
        neurons, firings = zip(*self.kinds, strict=True)
        of_rows = {"neuron": np.array(neurons)[k], "firing": np.array(firings)[k], "epoch": e + 1}
        found = {name: getattr(self, name).ravel() for name in ("loss", "accuracy", "test_loss", "test_accuracy")}
        return of_rows | found

    def to_dataframe(self) -> "DataFrame":
        """One row per network and epoch: neuron, firing, epoch, loss, accuracy, test_loss, test_accuracy."""
        return dataframe(self.table())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw losses and accuracies over epochs; ax: whose place is taken, in place of a new figure."""
        return draw("spiking.dendrite_examples.plots_images:classifiers", self, ax)

    def _by_name(self, values: np.ndarray) -> dict[str, Any]:
        return dict(zip(self.names, values.tolist(), strict=True))
