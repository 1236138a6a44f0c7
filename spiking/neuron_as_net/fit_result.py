"""What a fit gives: the network, how the losses went, and the same under the published names."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.readable import Readable, dataframe
from rate2spike.spiking.neuron_as_net.checkpoints import SavedTwin, architecture_dict
from rate2spike.spiking.neuron_as_net.fit_options import FitOptions
from rate2spike.spiking.neuron_as_net.heads import DENDRITIC, SOMATIC, SPIKES
from rate2spike.spiking.neuron_as_net.schedule import Schedule

if TYPE_CHECKING:
    from pandas import DataFrame

History = Sequence[Mapping[str, Any]]  # one record per finished epoch


@dataclass(frozen=True, eq=False, repr=False)
class FitResult(Readable):
    """A fitted network.

    Parameters
    ----------
    twin : SavedTwin
        Network, targets and components, as `load_twin` gives them; its metadata are those of the last epoch.
    history : tuple of dict
        One record per epoch: learning rate, losses in training and (val_...) validation, batches of every file.
    snapshots : tuple of Path
        Files written when an epoch of the schedule ended with a loss below the gate.
    """

    shown = ("overview", "n_parameters", "n_epochs", "n_updates", "spikes_loss", "valid_spikes_loss")

    twin: SavedTwin
    history: tuple[Mapping[str, Any], ...]
    snapshots: tuple[Path, ...] = ()

    @property
    def overview(self) -> str:
        """Kind and size of the network."""
        return self.twin.network.overview

    @property
    def n_parameters(self) -> int:
        """Weights of the network."""
        return self.twin.network.n_parameters

    @property
    def n_epochs(self) -> int:
        """Finished epochs."""
        return len(self.history)

    @property
    def n_updates(self) -> int:
        """Updates of all epochs."""
        return sum(record["n_steps"] for record in self.history)

    @property
    def spikes_loss(self) -> float | None:
        """Of the last epoch, in training."""
        return self.history[-1].get("spikes_loss") if self.history else None

    @property
    def valid_spikes_loss(self) -> float | None:
        """Of the last epoch, in validation."""
        return self.history[-1].get("val_spikes_loss") if self.history else None

    def to_dataframe(self) -> "DataFrame":
        """One row per epoch, with what is a number. Raises InputError if pandas is not installed."""
        names = (
            [name for name, value in self.history[0].items() if isinstance(value, int | float)] if self.history else []
        )
        return dataframe({name: [record[name] for record in self.history] for name in names})


def published_metadata(
    twin: SavedTwin, options: FitOptions, schedule: Schedule, history: History, files: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The four tables that the published fits save beside a network; lists have one entry per epoch."""
    return {
        "data_dict": {"train_files": list(files["train"]), "valid_files": list(files["valid"]), "test_files": []},
        "architecture_dict": architecture_dict(twin.network.architecture, options.window_ms),
        "learning_schedule_dict": _schedule_dict(options, schedule, history),
        "training_history_dict": _history_dict(options, history),
    }


def joined_metadata(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The four tables of a fit that went on with other windows: epochs after epochs, sizes as they were at the end.

    first {}: those of the second.
    """
    if not first:
        return dict(second)
    names = ("learning_schedule_dict", "training_history_dict")
    schedule, history = ({**second[name], **_lists_joined(first[name], second[name])} for name in names)
    n_before = first["learning_schedule_dict"]["num_epochs"]
    schedule["num_epochs"] += n_before
    later = [n_before + k for k in second["training_history_dict"]["learning_schedule"]]
    history["learning_schedule"] = [*first["training_history_dict"]["learning_schedule"], *later]
    return {**second, **dict(zip(names, (schedule, history), strict=True))}


def _lists_joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [*value, *second[name]] for name, value in first.items() if isinstance(value, list)}


def _schedule_dict(options: FitOptions, schedule: Schedule, history: History) -> dict[str, Any]:
    phases = [schedule.at(k) for k in range(schedule.n_epochs)]
    n_steps = history[-1]["n_steps"] if history else 0
    return {
        "train_file_load": options.load_fraction,
        "valid_file_load": options.load_fraction,
        "validation_fraction": options.valid_files_per_epoch / options.train_files_per_epoch,
        "num_epochs": schedule.n_epochs,
        "num_steps_multiplier": options.epochs_per_stage,
        "batch_size_per_epoch": [options.batch_size] * len(phases),
        "loss_weights_per_epoch": [_three(phase.weights) for phase in phases],
        "learning_rate_per_epoch": [phase.learning_rate for phase in phases],
        "num_train_steps_per_epoch": [n_steps] * len(phases),
    }


def _history_dict(options: FitOptions, history: History) -> dict[str, Any]:
    losses = ["loss", *(f"{name}_loss" for name in (SPIKES, SOMATIC, DENDRITIC))]
    names = [*losses, *(f"val_{name}" for name in losses)]
    stages = [history[k : k + options.epochs_per_stage] for k in range(0, len(history), options.epochs_per_stage)]
    return {
        **{name: [record.get(name) for record in history] for name in names},
        "learning_schedule": [(record["epoch"] - 1) // options.epochs_per_stage for record in history],
        "batch_size": [options.batch_size] * len(history),
        "learning_rate": [record["lr"] for record in history],
        "loss_weights": [_three(record["loss_weights"]) for record in history],
        "num_train_samples": [record["n_steps"] * options.batch_size for record in history],
        "num_train_steps": [record["n_steps"] for record in history],
        "train_files_histogram": [_counted(stage, "train_files") for stage in stages],
        "valid_files_histogram": [_counted(stage, "valid_files") for stage in stages],
    }


def _three(weights: Mapping[str, float]) -> list[float]:
    return [weights.get(name, 0.0) for name in (SPIKES, SOMATIC, DENDRITIC)]


def _counted(stage: History, name: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for record in stage:
        total.update(record[name])
    return dict(total)
