"""What a training tells of its epochs, as the log has it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from rate2spike.errors import InputError
from rate2spike.readable import Readable, dataframe, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class TrainingHistory(Readable, Sequence[dict[str, Any]]):
    """One dict per finished epoch, in order: names and values of a line of log.jsonl.

    Attributes
    ----------
    records : tuple of dict
        Of each epoch: epoch (from 1), lr, loss, accuracy, balanced_accuracy, precision, recall, f1, accuracy_per_position and
        spike_probability (per unit and step); all but epoch and lr also with `val_`, of validation.
    best_epoch : int or None
        The first with the highest balanced accuracy in validation, counted from 1; None before the first epoch.
    """

    shown = ("n_epochs", "last_loss", "last_val_loss", "last_val_accuracy", "best_epoch")

    records: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @classmethod
    def read(cls, path: str | Path) -> "TrainingHistory":
        """Of the log.jsonl of a run, or of its folder. Raises InputError if there is none that can be read."""
        path = Path(path)
        path = path / "log.jsonl" if path.is_dir() else path
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            records = tuple(json.loads(line) for line in lines)
        except (OSError, ValueError) as error:
            raise InputError(f"no log of a training can be read from {path}: {error}", "path") from None
        if not all(isinstance(record, dict) and "val_balanced_accuracy" in record for record in records):
            raise InputError(f"{path} is no log of the training of a context-dependent classifier", "path")
        return cls(records)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[dict[str, Any], ...]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | tuple[dict[str, Any], ...]:
        return self.records[index]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records)

    @property
    def n_epochs(self) -> int:
        """Finished epochs."""
        return len(self.records)

    @property
    def last_loss(self) -> float | None:
        """Of training in the last epoch, with the penalty on spikes; None before the first."""
        return self._last("loss")

    @property
    def last_val_loss(self) -> float | None:
        """Of validation in the last epoch; None before the first."""
        return self._last("val_loss")

    @property
    def last_val_accuracy(self) -> float | None:
        """Of validation in the last epoch; None before the first."""
        return self._last("val_accuracy")

    @property
    def best_epoch(self) -> int | None:
        """The first with the highest balanced accuracy in validation."""
        if not self.records:
            return None
        return max(self.records, key=lambda record: record["val_balanced_accuracy"])["epoch"]

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw loss, accuracies and spikes over epochs; ax: whose place is taken, in place of a new figure."""
        return draw("spiking.context.plots:learning_curves", self, ax, chance=0.5)

    def to_dataframe(self) -> "DataFrame":
        """One row per epoch, one column per entry of the log; accuracy per position as one column per item, from 1."""
        rows = [_flat(record) for record in self.records]
        names = list(dict.fromkeys(name for row in rows for name in row))
        return dataframe({name: [row.get(name) for row in rows] for name in names})

    def _last(self, name: str) -> Any:
        return self.records[-1].get(name) if self.records else None


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """An entry that is a list, as one entry per item of it."""
    row: dict[str, Any] = {}
    for name, value in record.items():
        row |= {f"{name}_{k}": one for k, one in enumerate(value, 1)} if isinstance(value, list) else {name: value}
    return row
