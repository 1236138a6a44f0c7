"""What became of model files that were tuned: a record of each, and a table of all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_paths import without_path
from rate2spike.readable import Readable, dataframe, draw
from rate2spike.spiking.scoring.result import GOOD_ACCURACY, wilson_interval
from rate2spike.spiking.tuning.result import TuningResult
from rate2spike.trained_model import TrainedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


class FileOutcome(Enum):
    """What became of a file."""

    TUNED = "tuned"
    NOT_REACHED = "not reached"
    CONVERTS_ALREADY = "converts already"
    ALREADY_TUNED = "already tuned"
    CLAIMED = "claimed"
    FAILED = "failed"


@dataclass(frozen=True, eq=False, repr=False)
class TunedFile(Readable):
    """One model file, and what became of it. None: not known.

    Attributes
    ----------
    path : Path
        The model file.
    outcome : FileOutcome
        TUNED; NOT_REACHED: better than before at most; CONVERTS_ALREADY: left as it is; ALREADY_TUNED: in an earlier call;
        CLAIMED: another process works on it; FAILED: see `note`.
    note : str
        A line for the user; `message` is the same with `fields`, the settings that it is about, as {name}.
    result : TuningResult or None
        Of this call.
    scaling_factor, accuracy_before, accuracy : float
        The factor, and the accuracies on fresh trials at it; `before_low`, `before_high`, `interval_low`, `interval_high` are
        their 95 % intervals, `n_trials` the number of trials.
    range_before_low, range_before_high, range_low, range_high : float
        Scaling factors from where to where the accuracy is reached, before and after.
    mean_rate_hz_before, mean_rate_hz : float
        Mean firing rates.
    step, seed, seconds : str, int, float
        The step that was kept, the seed, and the time that it took.
    """

    shown = ("path", "outcome", "accuracy_before", "accuracy", "step", "note")

    path: Path
    outcome: FileOutcome
    message: str = ""
    fields: tuple[str, ...] = ()
    result: TuningResult | None = field(default=None, repr=False)
    scaling_factor: float | None = None
    accuracy_before: float | None = None
    before_low: float | None = None
    before_high: float | None = None
    accuracy: float | None = None
    interval_low: float | None = None
    interval_high: float | None = None
    n_trials: int | None = None
    range_before_low: float | None = None
    range_before_high: float | None = None
    range_low: float | None = None
    range_high: float | None = None
    mean_rate_hz_before: float | None = None
    mean_rate_hz: float | None = None
    step: str | None = None
    seed: int | None = None
    seconds: float | None = field(default=None, compare=False)

    @property
    def note(self) -> str:
        """The line with fields by their names in Python."""
        return self.worded()

    def worded(self, spell: Callable[[str], str | None] = str) -> str:
        """The line with fields as `spell` has them, see `InputError.worded`."""
        return InputError(self.message, *self.fields).worded(spell)

    def summary(self) -> dict[str, Any]:
        """What `repr` shows."""
        return super().summary() | {"path": str(self.path), "outcome": self.outcome.value}

    def row(self) -> dict[str, Any]:
        """What tables hold of it."""
        first = {"file": str(self.path), "outcome": self.outcome.value}
        return first | {name: getattr(self, name) for name in NUMBERS} | {"note": self.note}

    @classmethod
    def failed(cls, path: Path, error: InputError) -> "TunedFile":
        """What cannot be tuned, and why."""
        return cls(path, FileOutcome.FAILED, without_path(InputError(str(error.args[0])), path), error.fields)

    @classmethod
    def of_result(cls, path: Path, result: TuningResult) -> "TunedFile":
        """What was done just now."""
        range_before, range_after = result.range_before or (None, None), result.range_after or (None, None)
        return cls(
            path,
            FileOutcome(result.outcome.value),
            result.in_words(),
            result=result,
            scaling_factor=result.scaling_factor,
            accuracy_before=result.before.accuracy,
            before_low=result.before.interval[0],
            before_high=result.before.interval[1],
            accuracy=result.accuracy,
            interval_low=result.interval[0],
            interval_high=result.interval[1],
            n_trials=result.after.n_trials,
            range_before_low=range_before[0],
            range_before_high=range_before[1],
            range_low=range_after[0],
            range_high=range_after[1],
            mean_rate_hz_before=result.mean_rate_hz_before,
            mean_rate_hz=result.mean_rate_hz,
            step=result.best_step,
            seed=result.seed,
            seconds=result.seconds,
        )

    @classmethod
    def of_tuned_model(cls, path: Path, model: TrainedModel, message: str, *names: str) -> "TunedFile":
        """What a file says that was tuned before."""
        numbers: dict[str, Any] = {
            name: model.stored(f"tune_{name}") for name in ("accuracy_before", "accuracy", "n_trials", "seed")
        }
        step, n_trials, seed = model.settings.get("tune_step"), numbers.pop("n_trials"), numbers.pop("seed")
        intervals: dict[str, float] = {}
        for name, edges in (
            ("accuracy_before", ("before_low", "before_high")),
            ("accuracy", ("interval_low", "interval_high")),
        ):
            share = numbers[name]
            if share is not None and n_trials:
                intervals |= zip(edges, wilson_interval(round(share * n_trials), int(n_trials)), strict=True)
        return cls(
            path,
            FileOutcome.ALREADY_TUNED,
            message,
            names,
            scaling_factor=model.scaling_factor,
            **(numbers | intervals),
            n_trials=None if n_trials is None else int(n_trials),
            seed=None if seed is None else int(seed),
            mean_rate_hz_before=model.stored("tune_rate_hz_before"),
            mean_rate_hz=model.stored("tune_rate_hz"),
            step=step if isinstance(step, str) else None,
        )


NUMBERS = tuple(
    item.name for item in fields(TunedFile) if item.name not in ("path", "outcome", "message", "fields", "result")
)
COLUMNS = ("file", "outcome", *NUMBERS, "note")


@dataclass(frozen=True, eq=False, repr=False)
class TuningTable(Readable):
    """What became of several model files.

    Attributes
    ----------
    rows : tuple of TunedFile
        One per file; the table can be iterated over and indexed as they can.
    n_networks : int
        Number of files.
    converting_before, converting : int
        How many reached the accuracy before, and reach it now.
    n_failed : int or None
        Number of files that could not be tuned; None: none.
    """

    shown = ("n_networks", "converting_before", "converting", "n_failed")

    rows: tuple[TunedFile, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[TunedFile]:
        return iter(self.rows)

    def __getitem__(self, index: int) -> TunedFile:
        return self.rows[index]

    @property
    def n_networks(self) -> int:
        """Number of files."""
        return len(self.rows)

    @property
    def converting_before(self) -> int:
        """How many converted before."""
        return sum(row.outcome is FileOutcome.CONVERTS_ALREADY for row in self.rows)

    @property
    def converting(self) -> int:
        """How many convert now; of those tuned in an earlier call, whose accuracy is at least 0.95."""
        good = (FileOutcome.CONVERTS_ALREADY, FileOutcome.TUNED)
        earlier = FileOutcome.ALREADY_TUNED
        return sum(
            row.outcome in good or (row.outcome is earlier and (row.accuracy or 0) >= GOOD_ACCURACY)
            for row in self.rows
        )

    @property
    def n_failed(self) -> int | None:
        """Number of files that could not be tuned; None: none."""
        return sum(row.outcome is FileOutcome.FAILED for row in self.rows) or None

    def to_dataframe(self) -> "DataFrame":
        """One row per file: outcome, accuracies with their 95 % intervals, ranges of factors, rates in Hz, seconds."""
        return dataframe(columns_of(self.rows))

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw accuracy and rate before and after; ax: where, made by `subplots`, in place of a new figure."""
        return draw("spiking.tuning.plots_population:tunings_figure", self.rows, ax)


def columns_of(rows: Sequence[TunedFile]) -> dict[str, list[Any]]:
    """The columns of tables."""
    values = [row.row() for row in rows]
    return {name: [one[name] for one in values] for name in COLUMNS}
