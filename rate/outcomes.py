"""What became of the networks of a population: `Outcome` of one, `Population` of all."""

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from rate2spike.errors import InputError
from rate2spike.readable import Readable, dataframe, draw, html_table, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class Outcome(Readable):
    """What became of one network of a population."""

    shown = ("seed", "state", "criteria_met", "updates", "accuracy", "message")

    seed: int
    state: str  # finished, diverged, interrupted or failed
    criteria_met: bool = False
    updates: int = 0
    loss: float | None = None
    accuracy: float | None = None
    training_s: float = 0.0  # of the last process that worked on it
    model: str = ""  # path of the model file
    message: str = ""
    error: InputError | None = field(default=None, compare=False, repr=False)  # what it failed with; in no file

    def row(self) -> dict[str, Any]:
        """What files and tables hold of it."""
        return {name: value for name, value in vars(self).items() if name != "error"}

    def to_dict(self) -> dict[str, Any]:
        """What files and tables hold of it."""
        return self.row()

    def summary(self) -> dict[str, Any]:
        """What matters; a message only if there is one."""
        return {name: value for name, value in super().summary().items() if value != ""}


class Population(list[Outcome]):
    """What became of the networks of a population, in the order of their seeds: a list of Outcome that can be read."""

    def summary(self) -> dict[str, Any]:
        """Numbers of networks, and their mean accuracy."""
        accuracies = [one.accuracy for one in self if one.accuracy is not None]
        mean = {"mean_accuracy": sum(accuracies) / len(accuracies)} if accuracies else {}
        return {
            "n_networks": len(self),
            "criteria_met": sum(one.criteria_met for one in self),
            "failed": sum(one.state == "failed" for one in self),
        } | mean

    def __repr__(self) -> str:
        return one_line("Population", self.summary())

    def _repr_html_(self) -> str:
        return html_table("Population", self.summary())

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw length of training and accuracy of every network; ax: where, in place of a new figure."""
        return draw("rate.plots:population_outcomes", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per network, a column per field of Outcome."""
        names = [item.name for item in fields(Outcome) if item.name != "error"]
        return dataframe({name: [getattr(one, name) for one in self] for name in names})
