"""What a task is: `Task`, the class to subclass for an own one, and `Trial`. NumPy only.

    @dataclass(frozen=True)
    class Delay(Task):
        name = "delay"
        n_inputs = 1
        n_steps: int = 150          # every annotated field is an option: --task-option n_steps=200
        window_start = 100          # first step that is scored

        def trial(self, rng):
            label = int(rng.random() < 0.5)
            stimulus, target = np.zeros((1, self.n_steps)), np.zeros(self.n_steps)
            stimulus[0, 20:40] = target[100:] = label
            return Trial(self, label, stimulus, target)

        def is_correct(self, window, label, *, spiking):
            return abs(window.mean() - label) < 0.3

One definition serves training, λ search and evaluation. Arrays are (channels, time); one step is 5 ms.
"""

import dataclasses
import traceback
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np

from rate2spike.errors import InputError, nearest

FINE_STEPS_PER_STEP = 100  # simulation steps of 0.05 ms per task step of 5 ms
Label = int | float | str
_LARGEST_LABEL = 2**53  # that a double in a file holds exactly


@dataclass(frozen=True)
class Trial:
    """One trial of a task. T task steps."""

    task: "Task"
    label: Label
    stimulus: np.ndarray  # (n_inputs, T + 1): the spiking network needs one column more than the rate network
    target: np.ndarray  # (T,), or (n_outputs, T)
    window_start: int | None = None  # first scored step of this trial, where it differs from trial to trial

    @property
    def u(self) -> np.ndarray:
        """(n_inputs, T) input of the rate network."""
        return self.stimulus[:, :-1]

    def score_rate(self, o: np.ndarray) -> bool:
        """Whether a rate network's output, (T-1,) or (n_outputs, T-1) from t = 1 on, solves this trial."""
        return self.task.score_rate(o, self.label, self.window_start)

    def score_spiking(self, out: np.ndarray, downsample: float = 1) -> bool:
        """Whether a spiking network's output, one value per fine step of `downsample` times 0.05 ms, solves this trial."""
        return self.task.score_spiking(out, self.label, downsample, self.window_start)


class Task(ABC):
    """What every task has: sizes, a way to draw trials, and the two success rules.

    A subclass gives `name`, `n_inputs`, `n_steps`, `trial` and `is_correct`; the rest has defaults. Options are the
    fields of a dataclass.
    """

    name: ClassVar[str]
    n_inputs: Any  # int
    n_steps: Any  # int: T, steps of 5 ms
    n_outputs: Any = 1
    window_start: Any = 0  # first step that is scored
    label_names: ClassVar[Mapping[Label, str]] = {}  # label in files -> words for figures
    min_updates: ClassVar[int] = 0  # the criteria are not met before
    loss_threshold: Any = 7.0  # the criteria: mean loss below, and ...
    accuracy_threshold: Any = 0.95  # ... accuracy above, on fresh trials
    reference: ClassVar[str] = ""  # what `task` must be to find this class, if that is not its name

    @abstractmethod
    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw one trial; every random number comes from rng."""

    @abstractmethod
    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """The success rule on the scored part of an output, (n,) or (n_outputs, n)."""

    @property
    def rate_window_start(self) -> int:
        """First index of o that is scored."""
        return self.window_start

    @property
    def spiking_window_start(self) -> int:
        """First fine step that is scored, without downsampling."""
        return FINE_STEPS_PER_STEP * self.window_start

    def score_rate(self, o: np.ndarray, label: Label, window_start: int | None = None) -> bool:
        """Apply the rule for rate networks to o, (T-1,) or (n_outputs, T-1), from t = 1 on."""
        start = self.rate_window_start if window_start is None else window_start
        return self._judged(self._rows(o)[..., start:], label, spiking=False)

    def score_spiking(
        self, out: np.ndarray, label: Label, downsample: float = 1, window_start: int | None = None
    ) -> bool:
        """Apply the rule for spiking networks to out, one value per fine step (downsample x 0.05 ms) and output."""
        start = self.spiking_window_start if window_start is None else FINE_STEPS_PER_STEP * window_start
        return self._judged(self._rows(out)[..., int(start / downsample + 1e-9) :], label, spiking=True)

    def draw(self, rng: np.random.Generator) -> Trial:
        """One trial, checked: shapes and finite values as `Trial` says. Raises InputError naming the task.

        A stimulus of T columns is given its last column once more.
        """
        try:
            trial = self.trial(rng)
        except InputError:
            raise
        except Exception as error:
            raise self._failed("trial()", error) from error
        if not isinstance(trial, Trial):
            raise InputError(f"{self._who()}: trial() must return a Trial, got {type(trial).__name__}")
        stimulus = self._checked("stimulus", trial.stimulus, (self.n_inputs, self.n_steps + 1), last_may_lack=True)
        if stimulus.shape[1] == self.n_steps:
            stimulus = np.concatenate([stimulus, stimulus[:, -1:]], 1)
        shape = (self.n_steps,) if self.n_outputs == 1 else (self.n_outputs, self.n_steps)
        target = self._checked("target", trial.target, shape)
        label, start = _plain(trial.label), _plain(trial.window_start)
        if not isinstance(label, Label) or (isinstance(label, int | float) and not abs(label) <= _LARGEST_LABEL):
            raise InputError(f"{self._who()}: a label must be a number or text, got {trial.label!r}")
        if not (start is None or (isinstance(start, int) and 0 <= start < self.n_steps - 1)):
            raise InputError(
                f"{self._who()}: window_start must be a step from 0 to {self.n_steps - 2}, got {trial.window_start!r}"
            )
        return dataclasses.replace(trial, task=self, label=label, stimulus=stimulus, target=target, window_start=start)

    def options(self) -> dict[str, Any]:
        """Every option with its value."""
        if not dataclasses.is_dataclass(self):
            return {}
        return {field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}

    def with_options(self, options: Mapping[str, Any]) -> Self:
        """The task with other values, numbers or their text. Raises InputError."""
        if not options:
            return self
        known = self.options()
        for name in options:
            if name not in known:
                choices = f"choose from {', '.join(known)}" if known else "it has none"
                raise InputError(
                    f"task {self.name} has no option {name!r}: {choices}{nearest(name, known)}", "task_options"
                )
        given = {name: _like(known[name], value, f"{self.name}: option {name}") for name, value in options.items()}
        return dataclasses.replace(self, **given)  # type: ignore[type-var]  # only dataclasses have options

    def name_of(self, label: Label) -> str:
        """The label in words."""
        return self.label_names.get(label, str(label))

    def labels(self) -> list[Label]:
        """All labels: those that are named, else those of 100 trials."""
        if self.label_names:
            return list(self.label_names)
        rng = np.random.default_rng(0)
        return sorted({self.draw(rng).label for _ in range(100)}, key=str)

    def _rows(self, output: np.ndarray) -> np.ndarray:
        return np.ravel(output) if self.n_outputs == 1 else np.asarray(output).reshape(self.n_outputs, -1)

    def _checked(self, what: str, value: Any, shape: tuple[int, ...], *, last_may_lack: bool = False) -> np.ndarray:
        """As float64 array of that shape, or of one column less if allowed. Raises InputError."""
        try:
            array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise InputError(f"{self._who()}: {what} must be numbers, got {type(value).__name__}") from None
        shorter = (*shape[:-1], shape[-1] - 1)
        if array.shape != shape and not (last_may_lack and array.shape == shorter):
            expected = _by(shorter if last_may_lack else shape)
            raise InputError(f"{self._who()}: {what} must be {expected}, got {_by(array.shape)}")
        if not np.isfinite(array).all():
            channel_step = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
            raise InputError(f"{self._who()}: {what} holds {array[channel_step]} at index {channel_step}")
        return array

    def _judged(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """The success rule, which may be a user's code. Raises InputError."""
        try:
            solved = self.is_correct(window, label, spiking=spiking)
        except InputError:
            raise
        except Exception as error:
            raise self._failed("is_correct()", error) from error
        if not isinstance(solved, bool | np.bool_):
            raise InputError(f"{self._who()}: is_correct() must return True or False, got {solved!r}")
        return bool(solved)

    def _failed(self, what: str, error: Exception) -> InputError:
        """A user's code may fail in any way; where it did is what the user needs."""
        where = traceback.extract_tb(error.__traceback__)[-1]
        return InputError(
            f"{self._who()}: {what} failed with {type(error).__name__}: {error} ({where.filename}, line {where.lineno})"
        )

    def _who(self) -> str:
        return f"task {getattr(self, 'name', type(self).__name__)}" + (f" ({self.reference})" if self.reference else "")


def reference_of(task: Task) -> str:
    """What `task` must be to find this task again."""
    return task.reference or task.name


def check_sizes(task: Task) -> None:
    """Raise InputError unless the sizes of a task are whole numbers that make sense, and a first trial can be drawn."""
    who = task._who()
    name = getattr(task, "name", None)
    if not isinstance(name, str) or not name or name.startswith(".") or set(name) & set('/\\:*?"<>| '):
        raise InputError(
            f"{who}: its name must be text without blanks and slashes, since it becomes a folder; got {name!r}"
        )
    for field, least in (("n_inputs", 1), ("n_steps", 2), ("n_outputs", 1), ("window_start", 0), ("min_updates", 0)):
        value = getattr(task, field, None)
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
            raise InputError(f"{who}: {field} must be a whole number from {least}, got {value!r}")
    if task.rate_window_start >= task.n_steps - 1:
        raise InputError(
            f"{who}: nothing is scored: window_start {task.rate_window_start} leaves no output of {task.n_steps} steps"
        )
    for field in ("loss_threshold", "accuracy_threshold"):
        if not isinstance(getattr(task, field), int | float):
            raise InputError(f"{who}: {field} must be a number, got {getattr(task, field)!r}")
    if task.spiking_window_start >= FINE_STEPS_PER_STEP * task.n_steps:
        raise InputError(
            f"{who}: nothing is scored of the spiking network: its window begins at step "
            f"{task.spiking_window_start // FINE_STEPS_PER_STEP} of {task.n_steps}"
        )
    trial = task.draw(np.random.default_rng(0))
    trial.score_rate(trial.target[..., :-1])
    trial.score_spiking(np.repeat(trial.target, FINE_STEPS_PER_STEP, axis=-1))


def in_order(task: Task, *steps: int) -> None:
    """Raise InputError unless 0 <= steps[0] <= steps[1] ... <= n_steps: a check for the timing of a task.

    Options that end in _dur must be a step or more: a stimulus or a response without duration is none.
    """
    for name, value in task.options().items():
        if name.endswith("_dur") and value < 1:
            raise InputError(f"task {task.name}: {name} must be at least 1 step of 5 ms, got {value}", "task_options")
    times = (0, *steps, task.n_steps)
    if any(later < earlier for earlier, later in pairwise(times)):
        raise InputError(
            f"task {task.name}: its events must follow one another within n_steps = {task.n_steps}, "
            f"got steps {', '.join(map(str, steps))}",
            "task_options",
        )


def _like(default: Any, value: Any, what: str) -> Any:
    """value, or its text, in the type of default. Raises InputError."""
    try:
        if isinstance(default, bool):
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
        if isinstance(default, int):
            if float(value) % 1 != 0:
                raise ValueError
            return int(float(value))
        if isinstance(default, float):
            if not np.isfinite(float(value)):
                raise ValueError
            return float(value)
    except (KeyError, TypeError, ValueError):
        kind = {bool: "true or false", int: "a whole number", float: "a number"}[type(default)]
        raise InputError(f"task {what} must be {kind}, got {value!r}", "task_options") from None
    return value


def _plain(value: Any) -> Any:
    """NumPy's scalars as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) if shape else "a single number"
