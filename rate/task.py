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
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown, whole_number
from rate2spike.errors import InputError, nearest
from rate2spike.rate.option_values import in_order as in_order  # tasks take it from here
from rate2spike.rate.option_values import in_type_of, plain
from rate2spike.readable import Readable, draw, html_table, one_line
from rate2spike.seeding import SEED_LIMIT
from rate2spike.trained_model import STEP_S

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FINE_STEPS_PER_STEP = 100  # simulation steps of 0.05 ms per task step of 5 ms
Label = int | float | str
_LARGEST_LABEL = 2**53  # that a double in a file holds exactly


@public()
@dataclass(frozen=True, eq=False, repr=False)
class Trial(Readable):
    """One trial of a task. T task steps of 5 ms.

    Attributes
    ----------
    task : Task
        The task that it is of.
    label : int, float or str
        What is right in this trial; `task.name_of(label)` is it in words.
    stimulus : ndarray (n_inputs, T + 1)
        Input of the spiking network; `u`, (n_inputs, T), is that of the rate network.
    target : ndarray (T,) or (n_outputs, T)
        The output that is right.
    window_start : int, optional
        First scored step, where it differs from trial to trial.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> trial = r2s.tasks.get("go-nogo").draw(1)
    >>> trial.stimulus.shape, trial.target.shape
    ((1, 201), (200,))
    """

    task: "Task"
    label: Label
    stimulus: np.ndarray  # (n_inputs, T + 1): the spiking network needs one column more than the rate network
    target: np.ndarray  # (T,), or (n_outputs, T)
    window_start: int | None = None  # first scored step of this trial, where it differs from trial to trial

    def __post_init__(self) -> None:
        if not isinstance(self.task, Task):
            raise InputError(f"{{task}} must be a Task, such as tasks.get(name) gives, got {shown(self.task)}", "task")

    def summary(self) -> dict[str, Any]:
        """Task and label in words, sizes, duration."""
        n_outputs, n_steps = np.atleast_2d(self.target).shape
        sizes = {"n_inputs": len(self.stimulus), "n_outputs": n_outputs, "duration_s": n_steps * STEP_S}
        return {"task": getattr(self.task, "name", None), "label": self.label} | sizes

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw stimulus and target over time; ax: where, in place of a new figure."""
        return draw("rate.plots:trial_course", self, ax)

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
    fields of a dataclass. Whoever wants a trial calls `draw`.

    Attributes
    ----------
    name : str
        Without blanks and slashes: it becomes a folder.
    n_inputs, n_steps, n_outputs : int
        Sizes of a trial; one step is 5 ms, n_outputs is 1 unless given.
    window_start : int, default 0
        First step that is scored.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> task = r2s.tasks.get("go-nogo")
    >>> isinstance(task, r2s.Task), task.n_steps
    (True, 200)
    """

    name: ClassVar[str]
    n_inputs: Any  # int
    n_steps: Any  # int: T, steps of 5 ms
    n_outputs: Any = 1
    window_start: Any = 0  # first step that is scored
    label_names: ClassVar[Mapping[Label, str]] = {}  # label in files -> words for figures
    option_help: ClassVar[Mapping[str, str]] = {}  # what an option means, for `rate2spike tasks NAME`
    min_updates: ClassVar[int] = 0  # the criteria are not met before
    loss_threshold: Any = 7.0  # the criteria: mean loss below, and ...
    accuracy_threshold: Any = 0.95  # ... accuracy above, on fresh trials
    reference: ClassVar[str] = ""  # what `task` must be to find this class, if that is not its name

    @abstractmethod
    def trial(self, rng: np.random.Generator) -> Trial:
        """Make one trial, every random number from rng: what a task of yours gives. To have one, call `draw`."""

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

    @public()
    def draw(self, rng: np.random.Generator | int) -> Trial:
        """One trial, checked: shapes and finite values as `Trial` says.

        Parameters
        ----------
        rng : numpy.random.Generator or int
            Where random numbers come from: a generator, for one trial after another, or a seed.

        Returns
        -------
        Trial
            The trial. To a stimulus of T columns its last one is added once more.

        Raises
        ------
        InputError
            Naming the task, if what it made is no trial of its sizes.

        Examples
        --------
        >>> import rate2spike as r2s
        >>> r2s.tasks.get("go-nogo").draw(1)
        Trial(task='go-nogo', label=0, n_inputs=1, n_outputs=1, duration_s=1)
        """
        if not isinstance(rng, np.random.Generator):
            rng = np.random.default_rng(
                whole_number(rng, "{rng}, if it is no numpy.random.Generator,", "rng", 0, SEED_LIMIT - 1)
            )
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
        label, start = plain(trial.label), plain(trial.window_start)
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
        return {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self)}

    @public()
    def with_options(self, options: Mapping[str, Any]) -> Self:
        """The task with other values.

        Parameters
        ----------
        options : mapping
            Values, or their text, by the names of options: `{"stim_dur": 30}`, in steps of 5 ms.

        Returns
        -------
        Task
            Of the same class.

        Raises
        ------
        InputError
            For an option that there is not, and for values that do not fit.
        """
        if not isinstance(options, Mapping):
            raise InputError(f"{{task_options}} must be a mapping of names and values, got {options!r}", "task_options")
        if not options:
            return self
        known = self.options()
        for name in options:
            if name not in known:
                choices = f"choose from {', '.join(known)}" if known else "it has none"
                raise InputError(
                    f"task {self.name} has no option {name!r}: {choices}{nearest(name, known)}", "task_options"
                )
        given = {name: in_type_of(known[name], value, f"{self.name}: option {name}") for name, value in options.items()}
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

    def __repr__(self) -> str:
        return one_line(type(self).__name__, self.options())

    def _repr_html_(self) -> str:
        sizes = {name: getattr(self, name) for name in ("n_inputs", "n_outputs", "n_steps")}
        return html_table(f"task {self.name}", sizes | self.options())

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
        if not window.shape[-1]:
            raise InputError(f"{self._who()}: the output ends before the part that is scored")
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


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) if shape else "a single number"
