"""A fitted network of a study: its folder, and what is known of it."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.errors import InputError
from rate2spike.readable import Readable, draw
from rate2spike.spiking.neuron_as_net.architecture import ConvolutionalArchitecture
from rate2spike.spiking.neuron_as_net.checkpoints import SavedTwin, load_twin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HISTORY = "history.jsonl"  # one line per epoch
_LOG = "log.jsonl"  # the same while a fit is running, of each of its stages
TWIN = "twin.keras"  # the network after its fit, in the folder of the fit
_NEEDED = {"n_steps", "batch_size", "val_loss"}  # of every epoch


@dataclass(frozen=True, eq=False, repr=False)
class FittedTwin(Readable):
    """A network after its fit: `FittedTwin.read(folder)`.

    Attributes
    ----------
    folder : Path
        Of the fit.
    twin : SavedTwin
        Network, targets, components, and the metadata of the fit.
    name, overview, n_parameters
        Name of the folder; kind and size of the network.
    """

    shown = ("name", "overview", "n_parameters")

    folder: Path
    twin: SavedTwin = field(repr=False)

    @classmethod
    def read(cls, folder: Path) -> "FittedTwin":
        """The network in a folder. Raises InputError."""
        return cls(folder, load_twin(folder / TWIN))

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.folder.name

    @property
    def overview(self) -> str:
        """Kind and size in one word."""
        return self.twin.network.overview

    @property
    def n_parameters(self) -> int:
        """Weights of the network."""
        return self.twin.network.n_parameters

    @cached_property
    def history(self) -> list[dict[str, Any]]:
        """One record per epoch. Raises InputError if the file is damaged."""
        path = self.folder / HISTORY
        try:
            records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            if not records or not all(isinstance(one, dict) and one.keys() >= _NEEDED for one in records):
                raise ValueError(f"every epoch needs a line with {', '.join(sorted(_NEEDED))}")
            return records
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(
                f"{path} is no history of a fit: {reason}; `rate2spike twin fit --resume` writes it anew"
            ) from None

    @property
    def minutes(self) -> float:
        """How long the fit took."""
        return sum(record.get("seconds", 0.0) for record in self.history) / 60

    @property
    def n_updates(self) -> int:
        """Updates of all epochs."""
        return sum(record["n_steps"] for record in self.history)

    @property
    def has_more_begun(self) -> bool:
        """Whether the fit went on after the network was written, and did not come to its end."""
        try:
            lines = (self.folder / _LOG).read_text(encoding="utf-8").splitlines()
            long = long_folder(self.folder, len(lines)) / _LOG
            if long.is_file():
                lines = long.read_text(encoding="utf-8").splitlines()
            return json.loads(lines[-1])["val_loss"] != self.history[-1]["val_loss"]
        except (OSError, LookupError, TypeError, ValueError):  # a log that cannot be read says nothing
            return False

    @property
    def validation_loss(self) -> float:
        """Of spikes, after the last epoch; without such a head of all."""
        return self.history[-1].get("val_spikes_loss", self.history[-1]["val_loss"])

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the losses over the epochs; ax: whose place is taken."""
        return draw("spiking.twin_figures.plots_fit:learning_curves", self.history, ax)

    def described(self) -> dict[str, Any]:
        """What a row of a table of models says of the network, by field of `ModelRow`."""
        architecture = self.twin.network.architecture
        known = {
            "net_type": architecture.kind,
            "n_parameters": self.n_parameters,
            "n_train_windows": sum(record["n_steps"] * record["batch_size"] for record in self.history),
            "n_train_files": len(self.twin.metadata["data_dict"]["train_files"]),
        }
        if isinstance(architecture, ConvolutionalArchitecture):
            sizes: tuple[int, int, int | None] = (
                architecture.depth,
                architecture.average_width,
                architecture.history_ms,
            )
        else:
            sizes = (1, architecture.n_memory, None)  # its memory has no end
        return known | dict(zip(("depth", "width", "history_ms"), sizes, strict=True))


def long_folder(folder: Path, n_epochs: int) -> Path:
    """Where the second stage of a fit works, on long windows; there is another one after more epochs of the first."""
    return folder / f"long_after_{n_epochs}_epochs"


def fitted_in(folder: Path) -> list[FittedTwin]:
    """All finished fits in a folder, by name. Raises InputError if there is none."""
    found = [FittedTwin.read(path.parent) for path in sorted(folder.glob(f"*/{TWIN}"))]
    if not found:
        begun = ", ".join(unfinished_in(folder))
        how = (
            f"{begun} not finished, `rate2spike twin fit --resume` goes on"
            if begun
            else "`rate2spike twin fit` makes them"
        )
        raise InputError(f"{folder} holds no fitted network: {how}")
    return found


def unfinished_in(folder: Path) -> list[str]:
    """Names of the fits in a folder that were begun, and have no network yet."""
    begun = (path.parent for path in sorted(folder.glob("*/checkpoints")))
    return [place.name for place in begun if not (place / TWIN).exists()]
