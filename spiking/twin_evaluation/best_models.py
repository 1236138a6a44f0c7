"""Tables of trained networks and their scores, as published: one row per network, the best of each size, CSV."""

import csv
import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.calls import public
from rate2spike.checks import choice, several, shown
from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder, write_atomically
from rate2spike.options import check_options, option
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.twin_evaluation.complexity import BestSoFar, best_so_far
from rate2spike.spiking.twin_evaluation.model_row import COLUMNS, OPTIONAL, SCORES, TEST_COLUMNS, ModelRow

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

SPLITS = ("valid", "test")
CRITERIA = ("auc", "soma_rmse_mv")  # by which one network of several alike is best
SMALL_IS_GOOD = ("soma_rmse_mv", "soma_mae_mv")
# of a curve over complexity, as published: how much a point must rise to be drawn, as a share of the span
MIN_CHANGES = {"depth": 0.01, "width": 0.05, "history_ms": 0.03, "n_parameters": 0.02}


@public()
@dataclass(frozen=True, repr=False)
class ModelLimits(Readable):
    """Which networks a table keeps; defaults as published.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.best_models import ModelLimits
    >>> ModelLimits(most_width=64).most_history_ms
    260
    """

    least_d_prime: float = option(0.5, "least D'")
    least_auc: float = option(0.6, "least AUC")
    least_explained_percent: float = option(60.0, "least explained variance of the soma, percent")
    most_width: int = option(256, "largest width")
    least_history_ms: int = option(1, "shortest history, ms")
    most_history_ms: int = option(260, "longest history, ms; a memory without end passes")
    least_train_windows: int = option(50_000, "fewest windows trained with", least=0)
    most_train_windows: int = option(5_000_000, "most windows trained with", least=0)

    def __post_init__(self) -> None:
        check_options(self)

    def keep(self, row: ModelRow) -> bool:
        """Whether a network stays. What is not known is no reason to drop it, but for the AUC."""
        history_ms = self.least_history_ms if row.history_ms is None else row.history_ms
        return (
            row.auc >= self.least_auc
            and row.d_prime >= self.least_d_prime
            and not row.soma_explained_percent < self.least_explained_percent
            and row.width <= self.most_width
            and self.least_history_ms <= history_ms <= self.most_history_ms
            and self.least_train_windows <= row.n_train_windows <= self.most_train_windows
        )


@public()
@dataclass(frozen=True, eq=False, repr=False)
class ModelTable(Readable):
    """Networks and their scores.

    Parameters
    ----------
    rows : tuple of ModelRow
        In any order.

    Raises
    ------
    InputError
        If there is something else among them.

    Examples
    --------
    >>> from rate2spike.spiking.twin_evaluation.best_models import ModelTable
    >>> from rate2spike.spiking.twin_evaluation.model_row import ModelRow
    >>> shared = dict(biophysical_model_type="NMDA", width=128, history_ms=153, net_type="TCN", n_train_windows=10**6)
    >>> made = [ModelRow(depth=d, auc=a, file_name=f"{d}", **shared) for d, a in ((1, 0.97), (1, 0.98), (7, 0.99))]
    >>> table = ModelTable(made)
    >>> table.best()
    ModelTable(n_models=2, best_auc=0.99, best_model='7')
    """

    shown = ("n_models", "best_auc", "best_model")

    rows: tuple[ModelRow, ...] = field(repr=False)

    def __post_init__(self) -> None:
        rows = tuple(several(self.rows))
        for row in rows:
            if not isinstance(row, ModelRow):
                raise InputError(f"{{rows}} must be ModelRow(...), got {type(row).__name__}", "rows")
        object.__setattr__(self, "rows", rows)

    @property
    def n_models(self) -> int:
        """Number of networks."""
        return len(self.rows)

    @property
    def best_auc(self) -> float | None:
        """Highest AUC."""
        return max((row.auc for row in self.rows if row.auc == row.auc), default=None)

    @property
    def best_model(self) -> str | None:
        """File of the network that has it."""
        return next((row.file_name for row in self.rows if row.auc == self.best_auc), None)

    def kept(self, limits: ModelLimits | None = None) -> "ModelTable":
        """The networks within limits; None: the published ones. Raises InputError for what is none."""
        limits = ModelLimits() if limits is None else limits
        if not isinstance(limits, ModelLimits):
            raise InputError(f"{{limits}} must be ModelLimits(...), got {shown(limits)}", "limits")
        return ModelTable(tuple(row for row in self.rows if limits.keep(row)))

    def best(self, by: str = "auc") -> "ModelTable":
        """The best network of each variant, depth, width, history and type, sorted by these.

        by: 'auc' (highest) or 'soma_rmse_mv' (lowest); of equal ones the first. Raises InputError.
        """
        by = choice(by, "criterion", "by", CRITERIA)
        sign = -1 if by in SMALL_IS_GOOD else 1
        best: dict[tuple, ModelRow] = {}
        for row in self.rows:
            there = best.get(row.key)
            if there is None or sign * getattr(row, by) > sign * getattr(there, by):
                best[row.key] = row
        return ModelTable(tuple(best[key] for key in sorted(best)))

    def curve(self, axis: str = "depth", metric: str = "auc") -> BestSoFar:
        """Best value of a metric up to each depth, width, history_ms or n_parameters, with the SD over subsets if known.

        Raises InputError for other names, and if no network has both.
        """
        axis = choice(axis, "axis", "axis", MIN_CHANGES)
        metric = choice(metric, "metric", "metric", SCORES)
        known = [row for row in self.rows if getattr(row, axis) is not None]
        if not known:
            raise InputError(f"no network of the table has a known {axis}", "axis")
        error = {"auc": "auc_sd", "soma_explained_percent": "soma_explained_sd"}.get(metric)
        return best_so_far(
            [getattr(row, axis) for row in known],
            [getattr(row, metric) for row in known],
            None if error is None else [getattr(row, error) for row in known],
            MIN_CHANGES[axis],
            metric not in SMALL_IS_GOOD,
        )

    def by_variant(self) -> dict[str, "ModelTable"]:
        """A table per variant of the neuron, sorted by name."""
        names = sorted({row.biophysical_model_type for row in self.rows})
        return {name: self._where(lambda row, name=name: row.biophysical_model_type == name) for name in names}

    def by_family(self) -> dict[str, "ModelTable"]:
        """A table per type of network; an FCN, which is the simplest case of a TCN, counts as one as well."""
        types = sorted({row.net_type for row in self.rows})
        wider = {"TCN": ("TCN", "FCN")}
        return {name: self._where(lambda row, name=name: row.net_type in wider.get(name, (name,))) for name in types}

    def write(self, folder: str | os.PathLike, split: str = "valid") -> Path:
        """Write `best_results_<split>_<n>_models.csv`; split: 'valid', or 'test' with SDs over subsets. Raises InputError."""
        split = choice(split, "split", "split", SPLITS)
        columns = self.columns(split)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns.values())
        writer.writerows([_as_text(getattr(row, name)) for name in columns] for row in self.rows)
        path = make_folder(checked_path(folder, "folder")) / f"best_results_{split}_{self.n_models}_models.csv"
        write_atomically(path, text.getvalue())
        return path

    @classmethod
    def read(cls, path: str | os.PathLike) -> "ModelTable":
        """The table of such a file. Raises InputError naming file and line."""
        try:
            text = checked_path(path, "path").read_text(encoding="utf-8")
        except (OSError, ValueError) as error:  # of a path with a zero byte, and of what is no UTF-8
            raise InputError(f"cannot read {path}: {error}") from None
        reader = csv.DictReader(io.StringIO(text))
        needed = [text for name, text in COLUMNS.items() if name not in TEST_COLUMNS]
        missing = [text for text in needed if text not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{path} is no table of models: it has no column {missing[0]!r}")
        return cls(tuple(_row_of_texts(values, f"{path}, line {reader.line_num}") for values in reader))

    def columns(self, split: str = "valid") -> dict[str, str]:
        """The published names of the columns, by field; last, numbers of parameters, if any is known."""
        known = any(row.n_parameters is not None for row in self.rows)
        left_out = () if split == "test" else TEST_COLUMNS
        return {name: text for name, text in COLUMNS.items() if name not in left_out} | (OPTIONAL if known else {})

    def to_dataframe(self) -> "DataFrame":
        """One row per network, columns as published."""
        columns = self.columns("test").items()
        return dataframe({text: [getattr(row, name) for row in self.rows] for name, text in columns})

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw AUC and explained variance against complexity; ax: whose place is taken."""
        return draw("spiking.twin_evaluation.plots_complexity:accuracy_over_complexity", self, ax)

    def _where(self, holds: Any) -> "ModelTable":
        return ModelTable(tuple(filter(holds, self.rows)))


def _as_text(value: Any) -> str:
    """As a cell: nothing for what is not known."""
    return "" if value is None or value != value else str(value)


def _row_of_texts(values: Mapping[str, str], where: str) -> ModelRow:
    found: dict[str, Any] = {"history_ms": None}  # an empty cell: a memory without end
    for item in fields(ModelRow):
        text = values.get((COLUMNS | OPTIONAL).get(item.name, ""))
        if text:
            found[item.name] = text if item.type is str else _number(text, item.name, where)
    try:
        return ModelRow(**found)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _number(text: str, name: str, where: str) -> int | float:
    try:
        return int(text) if re.fullmatch(r"-?\d+", text) else float(text)
    except ValueError:
        raise InputError(f"{where}: {name} must be a number, got {text!r}") from None
