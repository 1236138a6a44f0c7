"""The tasks that come with the package, one class each, and how a task is found by name. NumPy only.

go-nogo, xor and mante are those of Kim, Li & Sejnowski (2019) with both published success rules; dms, afc and sine are
further ones that users of the method run. Timing and amplitudes are options.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError, nearest
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.rate.task import FINE_STEPS_PER_STEP, Label, Task, Trial, in_order, reference_of
from rate2spike.rate.task_plugins import from_file, from_neurogym, installed, is_file, made
from rate2spike.trained_model import STEP_S

HIGH, LOW = 0.7, 0.3  # output amplitudes that count as a response and as none
STEPS_PER_S = round(1 / STEP_S)


def _is_signed_response(window: np.ndarray, positive: bool) -> bool:
    return bool(window.max() > HIGH if positive else window.min() < -HIGH)


def _random_signs(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.where(rng.random(n) < 0.5, 1.0, -1.0)


@dataclass(frozen=True)
class GoNogo(Task):
    """Respond to a pulse, stay silent without one."""

    name = "go-nogo"
    n_inputs = 1
    label_names = {0: "NoGo", 1: "Go"}
    min_updates = 1500  # the authors found earlier networks unstable

    n_steps: int = 200
    stim_on: int = 50
    stim_dur: int = 25
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        in_order(self, self.stim_on, self.stim_on + self.stim_dur)

    @property
    def pulse(self) -> slice:
        """Steps of the Go stimulus."""
        return slice(self.stim_on, self.stim_on + self.stim_dur)

    @property
    def rate_window_start(self) -> int:
        """The response begins when the pulse ends."""
        return self.pulse.stop

    @property
    def spiking_window_start(self) -> int:
        """As published: 25 steps after the pulse, counted from 1."""
        return FINE_STEPS_PER_STEP * (self.pulse.stop + 25) - 1

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw a Go (1) or NoGo (0) trial with equal probability."""
        label = int(rng.random() < 0.5)
        stimulus, target = np.zeros((1, self.n_steps + 1)), np.zeros(self.n_steps)
        if label:
            stimulus[0, self.pulse] = self.amplitude
            target[self.pulse.stop :] = 1
        return Trial(self, label, stimulus, target)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """Go: the output exceeds 0.7. NoGo: it stays below 0.3, for rate networks in absolute value."""
        if label:
            return bool(window.max() > HIGH)
        return bool((window if spiking else np.abs(window)).max() < LOW)


@dataclass(frozen=True)
class Xor(Task):
    """Delayed exclusive or: do two pulses have the same sign?"""

    name = "xor"
    n_inputs = 2
    label_names = {"same": "same", "diff": "different"}

    n_steps: int = 300
    stim_on: int = 50
    stim_dur: int = 50
    delay: int = 10  # between the pulses, and between the second one and the response
    response_dur: int = 100
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        second, response = self.second_pulse, self.response
        in_order(self, self.stim_on, self.first_pulse.stop, second.start, second.stop, response.start, response.stop)

    @property
    def first_pulse(self) -> slice:
        """Steps of the first input's pulse."""
        return slice(self.stim_on, self.stim_on + self.stim_dur)

    @property
    def second_pulse(self) -> slice:
        """Steps of the second input's pulse."""
        start = self.first_pulse.stop + self.delay
        return slice(start, start + self.stim_dur)

    @property
    def response(self) -> slice:
        """Steps of the target."""
        start = self.second_pulse.stop + self.delay
        return slice(start, start + self.response_dur)

    @property
    def rate_window_start(self) -> int:
        """As published: 30 steps after the response begins."""
        return self.response.start + 30

    @property
    def spiking_window_start(self) -> int:
        """The same, counted from 1."""
        return FINE_STEPS_PER_STEP * self.rate_window_start - 1

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw both signs with equal probability."""
        signs = _random_signs(rng, 2)
        stimulus, target = np.zeros((2, self.n_steps + 1)), np.zeros(self.n_steps)
        stimulus[0, self.first_pulse], stimulus[1, self.second_pulse] = self.amplitude * signs
        target[self.response] = signs.prod()
        return Trial(self, "same" if signs.prod() > 0 else "diff", stimulus, target)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """Same: the output exceeds 0.7. Different: it falls below -0.7."""
        return _is_signed_response(window, label == "same")


@dataclass(frozen=True)
class Mante(Task):
    """Context-dependent integration of two noisy signals (Mante et al. 2013)."""

    name = "mante"
    n_inputs = 4
    label_names = {-1: "cued evidence -", 1: "cued evidence +"}

    n_steps: int = 500
    stim_on: int = 50
    stim_dur: int = 200
    offset: float = 0.5  # mean of the evidence
    noise_sd: float = 1.0  # of the evidence, fresh at every step
    amplitude: float = 1.0  # of the context

    def __post_init__(self) -> None:
        in_order(self, self.stim_on, self.evidence.stop)

    @property
    def evidence(self) -> slice:
        """Steps of the noisy signals."""
        return slice(self.stim_on, self.stim_on + self.stim_dur)

    @property
    def rate_window_start(self) -> int:
        """As published: the last 200 of the T - 1 outputs, or what follows the evidence if that is less."""
        return max(self.n_steps - 201, self.evidence.stop)

    @property
    def spiking_window_start(self) -> int:
        """As published: 10 steps after the evidence, counted from 1."""
        return FINE_STEPS_PER_STEP * (self.evidence.stop + 10) - 1

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw both offsets and the cued signal with equal probability, and fresh noise per step."""
        signs = _random_signs(rng, 2)
        cued = int(rng.random() < 0.5)
        stimulus, target = np.zeros((4, self.n_steps + 1)), np.zeros(self.n_steps)
        noise = self.noise_sd * rng.standard_normal((2, self.stim_dur))
        stimulus[:2, self.evidence] = noise + self.offset * signs[:, None]
        stimulus[2 + cued] = self.amplitude
        target[self.evidence.stop :] = signs[cued]
        return Trial(self, int(signs[cued]), stimulus, target)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """+1: the output exceeds 0.7. -1: it falls below -0.7."""
        return _is_signed_response(window, label == 1)


@dataclass(frozen=True)
class DelayedMatchToSample(Task):
    """Is the second of two pulses, a second apart, like the first?"""

    name = "dms"
    n_inputs = 2
    label_names = {"same": "match", "diff": "no match"}

    n_steps: int = 410
    stim_on: int = 30
    stim_dur: int = 50
    delay: int = 150  # between the pulses
    response_delay: int = 10
    response_dur: int = 100
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        sample, test, response = self.sample, self.test, self.response
        in_order(self, sample.start, sample.stop, test.start, test.stop, response.start, response.stop)

    @property
    def sample(self) -> slice:
        """Steps of the first input's pulse."""
        return slice(self.stim_on, self.stim_on + self.stim_dur)

    @property
    def test(self) -> slice:
        """Steps of the second input's pulse."""
        start = self.sample.stop + self.delay
        return slice(start, start + self.stim_dur)

    @property
    def response(self) -> slice:
        """Steps of the target."""
        start = self.test.stop + self.response_delay
        return slice(start, start + self.response_dur)

    @property
    def window_start(self) -> int:
        """The response is scored from its first step on."""
        return self.response.start

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw both signs with equal probability."""
        signs = _random_signs(rng, 2)
        stimulus, target = np.zeros((2, self.n_steps + 1)), np.zeros(self.n_steps)
        stimulus[0, self.sample], stimulus[1, self.test] = self.amplitude * signs
        target[self.response] = signs.prod()
        return Trial(self, "same" if signs.prod() > 0 else "diff", stimulus, target)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """Match: the output exceeds 0.7. No match: it falls below -0.7."""
        return _is_signed_response(window, label == "same")


@dataclass(frozen=True)
class AlternativeForcedChoice(Task):
    """Report the sign of a pulse (two alternatives)."""

    name = "afc"
    n_inputs = 1
    label_names = {-1: "left", 1: "right"}

    n_steps: int = 200
    stim_on: int = 30
    stim_dur: int = 50
    response_delay: int = 10
    response_dur: int = 100
    amplitude: float = 1.0

    def __post_init__(self) -> None:
        in_order(self, self.stim_on, self.pulse.stop, self.response.start, self.response.stop)

    @property
    def pulse(self) -> slice:
        """Steps of the stimulus."""
        return slice(self.stim_on, self.stim_on + self.stim_dur)

    @property
    def response(self) -> slice:
        """Steps of the target."""
        start = self.pulse.stop + self.response_delay
        return slice(start, start + self.response_dur)

    @property
    def window_start(self) -> int:
        """The response is scored from its first step on."""
        return self.response.start

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw the sign with equal probability."""
        sign = int(_random_signs(rng, 1)[0])
        stimulus, target = np.zeros((1, self.n_steps + 1)), np.zeros(self.n_steps)
        stimulus[0, self.pulse] = self.amplitude * sign
        target[self.response] = sign
        return Trial(self, sign, stimulus, target)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """+1: the output exceeds 0.7. -1: it falls below -0.7."""
        return _is_signed_response(window, label == 1)


@dataclass(frozen=True)
class Sine(Task):
    """Oscillate without further input after a start pulse; the phase is that of sin(2π f t), t from the trial's start."""

    name = "sine"
    n_inputs = 1
    label_names = {"sine": "oscillation"}
    min_correlation, max_lag, min_amplitude, max_amplitude = 0.9, 10, 0.7, 1.3

    n_steps: int = 400
    stim_on: int = 20
    stim_dur: int = 10
    amplitude: float = 1.0
    frequency_hz: float = 2.0
    window_start: int = 100

    def __post_init__(self) -> None:
        in_order(self, self.stim_on, self.stim_on + self.stim_dur, self.window_start)

    def trial(self, rng: np.random.Generator) -> Trial:
        """The one kind of trial there is."""
        stimulus, target = np.zeros((1, self.n_steps + 1)), np.zeros(self.n_steps)
        pulse_end = self.stim_on + self.stim_dur
        stimulus[0, self.stim_on : pulse_end] = self.amplitude
        target[pulse_end:] = self._wave(np.arange(pulse_end, self.n_steps))
        return Trial(self, "sine", stimulus, target)

    @one_blas_thread()
    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """Correlation above 0.9 at a lag within 10 steps, and half the peak-to-peak amplitude in 0.7 to 1.3."""
        if not self.min_amplitude <= np.ptp(window) / 2 <= self.max_amplitude:
            return False
        points_per_step: float = FINE_STEPS_PER_STEP if spiking else 1
        # with another step the window holds another number of them
        n_points = points_per_step * (self.n_steps - self.window_start)
        points_per_step /= n_points / window.size if spiking else 1
        steps = self.window_start + np.arange(window.size) / points_per_step
        deviation = window - window.mean()
        lags = np.arange(-self.max_lag, self.max_lag + 1)
        waves = self._wave(steps - lags[:, None])
        waves -= waves.mean(1, keepdims=True)
        correlations = waves @ deviation / (np.linalg.norm(waves, axis=1) * np.linalg.norm(deviation))
        return bool(correlations.max() > self.min_correlation)

    def _wave(self, steps: np.ndarray) -> np.ndarray:
        return np.sin(2 * np.pi * self.frequency_hz / STEPS_PER_S * steps)


_ALL: tuple[type[Task], ...] = (GoNogo, Xor, Mante, DelayedMatchToSample, AlternativeForcedChoice, Sine)
TASKS: dict[str, type[Task]] = {task.name: task for task in _ALL}


@public(hint="options are given together: tasks.get(name, {option: value})")
def get(reference: str | Path, options: Mapping[str, Any] | None = None) -> Task:
    """A task by its name.

    Parameters
    ----------
    reference : str
        A name of `tasks.list()` (any case, underscores accepted), `FILE.py:CLASS`, or `neurogym:ENVIRONMENT`. Names of other
        packages' tasks are those of the entry-point group `rate2spike.tasks`.
    options : mapping, optional
        Timing, in steps of 5 ms, and amplitudes that differ from the task's: `{"stim_dur": 30}`.

    Returns
    -------
    Task
        The task.

    Raises
    ------
    InputError
        If there is no such task or option.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.tasks.get("go-nogo", {"stim_dur": 30})
    GoNogo(n_steps=200, stim_on=50, stim_dur=30, amplitude=1.0)
    """
    if not isinstance(reference, str | Path):
        raise InputError(f"{{task}} must be a Task or its name, got {shown(reference)}{_hint(reference)}", "task")
    reference = str(reference)
    if reference.startswith("neurogym:"):
        return from_neurogym(reference.removeprefix("neurogym:"), options or {})
    if is_file(reference):
        return from_file(reference).with_options(options or {})
    name = canonical_name(reference)
    if name in TASKS:
        return TASKS[name]().with_options(options or {})
    plugins = installed()
    if name not in plugins:
        raise InputError(
            f"unknown task {reference!r}: choose from {', '.join([*TASKS, *plugins])}, or give FILE.py:CLASS"
            f"{nearest(name, (*TASKS, *plugins))}"
        )
    return made(plugins[name], f"installed as {name}").with_options(options or {})


def as_task(task: Task | str | Path, options: Mapping[str, Any] | None = None) -> Task:
    """A task as it is, or by its name, with the given options. Raises InputError for anything else."""
    return task.with_options(options or {}) if isinstance(task, Task) else get(task, options)


@public()
def list_tasks() -> dict[str, str]:
    """The names of all tasks that are installed, each with what is done in it, in a line; as `tasks.list()`.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> r2s.tasks.list()["go-nogo"]
    'Respond to a pulse, stay silent without one.'
    """
    return {name: (task.__doc__ or "").partition("\n")[0] for name, task in {**TASKS, **installed()}.items()}


def _hint(task: object) -> str:
    return f": give {task.__name__}(), an object" if isinstance(task, type) and issubclass(task, Task) else ""


def canonical_name(name: str) -> str:
    """`Go_NoGo` as `go-nogo`."""
    return str(name).lower().replace("_", "-")


def resolve(
    explicit: str | Task | None,
    recorded: str | None,
    in_path: str | None,
    source: str,
    *,
    recorded_options: Mapping[str, Any] | None = None,
    recorded_reference: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Task:
    """The task of a model: given explicitly, else recorded in its file, else named by its path.

    Options recorded in the file hold for the task recorded there; `options` change them. A class in a user's file is not
    loaded because a model file says so, only if `explicit` does. It is never guessed from the number of inputs. Raises
    InputError asking for `task`.
    """
    if isinstance(explicit, Task):
        return explicit.with_options(options or {})
    reference = explicit or recorded or in_path
    if reference is None:
        raise InputError(
            f"{source}: neither the file nor its path names a task: give {{task}} ({', '.join(TASKS)})", "task"
        )
    if explicit is None and recorded_reference:
        if is_file(recorded_reference):
            raise InputError(
                f"{source}: its task {reference} is the user's own: give {{task}} {recorded_reference}", "task"
            )
        reference = recorded_reference
    own = recorded_options or {}
    if explicit is None:
        return get(reference, {**own, **(options or {})})
    task = get(reference)
    is_recorded = recorded is not None and canonical_name(task.name) == canonical_name(recorded)
    return task.with_options({**(own if is_recorded else {}), **(options or {})})


list = list_tasks  # last, since it hides Python's own: `tasks.list()`

__all__ = ["TASKS", "GoNogo", "Mante", "Task", "Trial", "Xor", "as_task", "get", "list", "reference_of", "resolve"]
