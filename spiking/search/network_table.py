"""What is known of each network of a population, one record per network: training, λ search, fresh trials."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.matlab_compat.model_paths import distinct_names, each_path, model_files, task_in_path, without_path
from rate2spike.rate import tasks
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.scoring.result import GOOD_ACCURACY, Evaluation, wilson_interval
from rate2spike.spiking.search.files import diagnose_command
from rate2spike.spiking.search.remarks import remarks_on
from rate2spike.spiking.search.tunable import tune_command
from rate2spike.spiking.simulator.params import SEARCHED_NETWORK
from rate2spike.trained_model import TrainedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


@dataclass(frozen=True, eq=False, repr=False)
class NetworkRow(Readable):
    """One network; the fields are the columns of the CSV table. None: not known, or not done."""

    shown = ("network", "task", "criteria_met", "best_factor", "search_accuracy", "converts", "accuracy", "n_trials")

    network: str  # a short name
    model: str  # path of the file
    task: str | None = None
    criteria_met: bool | None = None  # of the training
    updates: int | None = None
    rate_accuracy: float | None = None  # of the rate network, when its training ended
    rate_loss: float | None = None
    best_factor: float | None = None  # of the λ search
    search_accuracy: float | None = None  # at the best factor, on the search's trials
    search_low: float | None = None  # 95 % interval
    search_high: float | None = None
    converts: bool | None = None  # the paper's word for at least 95 % of the search's trials
    scaling_factor: float | None = None  # used for the fresh trials
    accuracy: float | None = None  # on fresh trials
    interval_low: float | None = None  # 95 % interval
    interval_high: float | None = None
    n_correct: int | None = None
    n_trials: int | None = None
    mean_rate_hz: float | None = None
    seed: int | None = None  # of the fresh trials
    remarks: str = ""
    problem: str = ""  # why the row is not complete


@dataclass(frozen=True, eq=False, repr=False)
class NetworkTable(Readable):
    """What is known of several networks.

    Attributes
    ----------
    rows : tuple of NetworkRow
        One per network; the table can be iterated over and indexed as they can.
    n_networks : int
        Number of networks.
    n_unreadable : int or None
        Number of files that could not be read; None: none. Their rows say the `problem`.
    converting : tuple of int
        How many convert, of how many that have been searched.
    """

    shown = ("n_networks", "n_unreadable", "converting", "mean_search_accuracy", "mean_accuracy")

    rows: tuple[NetworkRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[NetworkRow]:
        return iter(self.rows)

    def __getitem__(self, index: int) -> NetworkRow:
        return self.rows[index]

    @property
    def n_networks(self) -> int:
        """Number of networks."""
        return len(self.rows)

    @property
    def n_unreadable(self) -> int | None:
        """Number of files that could not be read; None: none."""
        return sum(bool(row.problem) for row in self.rows) or None

    @property
    def converting(self) -> tuple[int, int]:
        """How many convert, of how many that have been searched."""
        return n_converting(self.rows)

    @property
    def mean_search_accuracy(self) -> float | None:
        """Mean accuracy at the best factor, on the searches' trials."""
        return (mean_sd(self.rows, "search_accuracy") or (None,))[0]

    @property
    def mean_accuracy(self) -> float | None:
        """Mean accuracy on fresh trials."""
        return (mean_sd(self.rows, "accuracy") or (None,))[0]

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw accuracies and scaling factors of all networks; ax: where, made by `subplots`, in place of a new figure."""
        return draw("spiking.search.plots_population:networks_figure", self.rows, ax)

    def to_dataframe(self) -> "DataFrame":
        """One row per network, with the columns of the CSV tables."""
        return dataframe({item.name: [getattr(row, item.name) for row in self.rows] for item in fields(NetworkRow)})


FRESH_TRIALS = (
    "scaling_factor",
    "accuracy",
    "interval_low",
    "interval_high",
    "n_correct",
    "n_trials",
    "mean_rate_hz",
    "seed",
)  # columns that an evaluation fills


@public()
def network_table(paths: str | PathLike | Iterable[str | PathLike]) -> NetworkTable:
    """What model files say of their training and their λ search.

    Parameters
    ----------
    paths : str, path, or several
        Model files, and folders (runs, populations, folders of those): every model in them and below.

    Returns
    -------
    NetworkTable
        One row per network, in natural order; `plot()`, `to_dataframe()`. A file that cannot be read has its `problem` said.

    Raises
    ------
    InputError
        For a folder without models.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> [found] = r2s.search_files("go_nogo.mat", "go-nogo", (40, 60), n_trials=10, seed=1)
    >>> r2s.network_table("go_nogo.mat")
    NetworkTable(n_networks=1, converting=(1, 1), mean_search_accuracy=1)
    """
    files = model_files(*each_path(paths))
    rows = []
    for name, file in zip(distinct_names(files), files, strict=True):
        try:
            rows.append(network_row(name, file, load_model(file)))
        except InputError as error:
            rows.append(NetworkRow(name, str(file), problem=without_path(error, file)))
    return NetworkTable(tuple(rows))


def network_row(
    network: str,
    path: Path,
    model: TrainedModel,
    evaluation: Evaluation | None = None,
    *,
    activity: str = "",
    problem: str = "",
) -> NetworkRow:
    """The row of a model that could be read. activity: what must be said of it on the fresh trials."""
    training = dict(
        task=model.task or task_in_path(path, tuple(tasks.TASKS)),
        criteria_met=model.training_success,
        updates=None if model.last_update is None else model.n_updates_done,
        rate_accuracy=model.eval_accuracy,
        rate_loss=model.eval_loss,
    )
    fresh = (
        {}
        if evaluation is None
        else dict(
            task=evaluation.task,
            scaling_factor=evaluation.scaling_factor,
            accuracy=evaluation.accuracy,
            interval_low=evaluation.interval[0],
            interval_high=evaluation.interval[1],
            n_correct=evaluation.n_correct,
            n_trials=evaluation.n_trials,
            mean_rate_hz=evaluation.mean_rate_hz,
            seed=evaluation.seed,
        )
    )
    found = _search(path, model)
    remarks = [text for text in (activity, *found.pop("remarks", ())) if text]
    return NetworkRow(network, str(path), **{**training, **found, **fresh}, remarks="; ".join(remarks), problem=problem)


def n_converting(rows: Sequence[NetworkRow]) -> tuple[int, int]:
    """How many networks convert, of how many that have been searched."""
    known = [row.converts for row in rows if row.converts is not None]
    return sum(known), len(known)


def mean_sd(rows: Sequence[NetworkRow], column: str) -> tuple[float, float, int] | None:
    """Mean, SD (n - 1; 0 for one network) and number of networks of a column, or None if it is empty."""
    values = [value for row in rows if (value := getattr(row, column)) is not None]
    if not values:
        return None
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0, len(values)


def _search(path: Path, model: TrainedModel) -> dict:
    """What the file says of its λ search; files of other programs do not say how many trials it had."""
    best = model.scaling_factor
    if best is None or np.isnan(best):
        return {}
    factors, accuracies = model.scaling_factors, model.scaling_accuracies
    if factors is None or accuracies is None or factors.shape != accuracies.shape or best not in factors:
        return {"best_factor": best}
    at = int(np.flatnonzero(factors == best)[0])
    accuracy = float(accuracies[at])
    if not 0 <= accuracy <= 1:  # NaN, or percent
        return {"best_factor": best}
    found = {"best_factor": best, "search_accuracy": accuracy, "converts": accuracy >= GOOD_ACCURACY}
    n_trials = np.ravel(model.settings.get("search_trials_per_factor", np.zeros(0)))
    counts = n_trials if n_trials.size == factors.size and np.all(n_trials >= 1) else None
    if counts is not None:
        interval = wilson_interval(round(accuracy * counts[at]), int(counts[at]))
        found |= {"search_low": interval[0], "search_high": interval[1]}
    tune = "" if SEARCHED_NETWORK in model.settings or model.is_tuned else tune_command(path)
    return found | {"remarks": remarks_on(factors, accuracies, best, counts, diagnose_command(path), tune)}
