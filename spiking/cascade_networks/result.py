"""What a training of several models and seeds found, epoch by epoch; its published tables."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.run_folder import RunFolder
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.cascade_networks.variants import MEMORIZE, SHD, VARIANTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

HEADER = ("model_name", "epoch", "loss", "accuracy")
# what the published scripts called their files
TABLE_NAMES = {MEMORIZE: "memorization_training_results", SHD: "heidelberg_training_results"}
ACCURACY_NAMES = {MEMORIZE: "memorization_accuracy", SHD: "heidelberg_test_accuracy"}


@dataclass(frozen=True, eq=False, repr=False)
class CascadeResult(Readable):
    """M models, S seeds, E epochs. Losses and accuracies are those before the update, or updates, of an epoch."""

    shown = ("task", "n_seeds", "n_epochs", "final_accuracies")

    task: str
    models: tuple[str, ...]  # names of variants
    seeds: tuple[int, ...]
    losses: np.ndarray = field(repr=False)  # (M, S, E)
    accuracies: np.ndarray = field(repr=False)  # (M, S, E)
    spikes: np.ndarray = field(repr=False)  # (M, S, E) per hidden unit and trial
    initial: np.ndarray = field(repr=False)  # (M, S) accuracy in the test before training
    final: np.ndarray = field(repr=False)  # (M, S) and after it
    training_initial: np.ndarray = field(repr=False)  # (M, S) the same for what was learnt; memorised is what is tested
    training_final: np.ndarray = field(repr=False)  # (M, S)

    @property
    def labels(self) -> tuple[str, ...]:
        """The models, as published."""
        return tuple(VARIANTS[name].label for name in self.models)

    @property
    def n_seeds(self) -> int:
        """Networks of each model."""
        return len(self.seeds)

    @property
    def n_epochs(self) -> int:
        """Finished epochs."""
        return self.losses.shape[2]

    @property
    def final_accuracies(self) -> dict[str, float]:
        """Mean over seeds, by model."""
        return dict(zip(self.models, self.final.mean(1).tolist(), strict=True))

    def by_model(self) -> dict[str, dict[str, float]]:
        """Label -> accuracies over seeds, and how many networks are silent at the end, which learn nothing any more."""
        return {
            label: {
                "initial": float(self.initial[m].mean()),
                "final": float(self.final[m].mean()),
                "final_sd": float(self.final[m].std()),
                "final_min": float(self.final[m].min()),
                "final_max": float(self.final[m].max()),
                "training_final": float(self.training_final[m].mean()),
                "silent": int(np.count_nonzero(self.spikes[m, :, -1] == 0)),
            }
            for m, label in enumerate(self.labels)
        }

    def rows(self, seed: int) -> list[tuple[str, int, float, float]]:
        """model_name, epoch (from 0), loss and accuracy of a seed: the published table. Raises InputError."""
        if seed not in self.seeds:
            raise InputError(
                f"no network has the {{seed}} {seed}: they are {self.seeds[0]} to {self.seeds[-1]}", "seed"
            )
        k = self.seeds.index(seed)
        return [
            (label, epoch, float(self.losses[m, k, epoch]), float(self.accuracies[m, k, epoch]))
            for m, label in enumerate(self.labels)
            for epoch in range(self.n_epochs)
        ]

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw accuracy over epochs, mean ± SD over seeds, and accuracies before and after; ax: whose place is taken."""
        return draw("spiking.cascade_networks.plots:accuracy_of_models", self, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per model, seed and epoch: model, seed, epoch, loss, accuracy, spikes."""
        m, s, e = (index.ravel() for index in np.indices(self.losses.shape))
        columns: dict[str, Any] = {"model_name": np.array(self.labels)[m], "seed": np.array(self.seeds)[s], "epoch": e}
        return dataframe(
            columns
            | {name: getattr(self, f).ravel() for name, f in (("loss", "losses"), ("accuracy", "accuracies"))}
            | {"spikes": self.spikes.ravel()}
        )

    def save_tables(self, folder: Path) -> list[Path]:
        """Per seed a CSV of all epochs and a JSON of the accuracies before and after, under their published names."""
        place = RunFolder(folder, resume=True)
        written = []
        for k, seed in enumerate(self.seeds):
            ends = {
                label: {"initial": float(self.initial[m, k]), "final": float(self.final[m, k])}
                for m, label in enumerate(self.labels)
            }
            accuracies = folder / f"{ACCURACY_NAMES[self.task]}_{seed}.json"
            write_atomically(accuracies, json.dumps(ends, indent=1) + "\n")
            table = place.write_table(f"{TABLE_NAMES[self.task]}_{seed}", HEADER, self.rows(seed))
            written += [table, accuracies]
        return written
