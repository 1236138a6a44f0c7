"""The tasks: one class each, used by training, λ search and evaluation alike. NumPy only.

A task draws trials and holds both published success rules (Kim, Li & Sejnowski 2019): one for the rate network's output
(one value per 5 ms step), one for the spiking network's (one value per simulation step, 100 per task step).
A new task is a subclass of `Task` listed in `TASKS`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rate2spike.errors import InputError

FINE_STEPS_PER_STEP = 100  # simulation steps of 0.05 ms per task step of 5 ms
HIGH, LOW = 0.7, 0.3  # output amplitudes that count as a response and as none


@dataclass(frozen=True)
class Trial:
    """One trial of a task. T task steps."""

    task: "Task"
    label: int | str
    stimulus: np.ndarray  # (n_inputs, T + 1): the spiking network needs one column more
    target: np.ndarray  # (T,)

    @property
    def u(self) -> np.ndarray:
        """(n_inputs, T) input of the rate network."""
        return self.stimulus[:, :-1]

    def score_rate(self, o: np.ndarray) -> bool:
        """Whether a rate network's output, (T-1,) from t = 1 on, solves this trial."""
        return self.task.score_rate(o, self.label)

    def score_spiking(self, out: np.ndarray, downsample: int = 1) -> bool:
        """Whether a spiking network's output, one value per fine step, solves this trial."""
        return self.task.score_spiking(out, self.label, downsample)


class Task(ABC):
    """What every task has: sizes, a way to draw trials, and the two success rules."""

    name: ClassVar[str]
    n_steps: ClassVar[int]  # T, steps of 5 ms
    n_inputs: ClassVar[int]
    label_names: ClassVar[dict[int | str, str]]  # label in files -> words for figures
    rate_window_start: ClassVar[int]  # first index of o that is scored
    spiking_window_start: ClassVar[int]  # first fine step that is scored, without downsampling
    min_updates: ClassVar[int] = 0  # training does not stop before
    loss_threshold: ClassVar[float] = 7.0
    accuracy_threshold: ClassVar[float] = 0.95

    @abstractmethod
    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw one trial."""

    @abstractmethod
    def is_correct(self, window: np.ndarray, label: int | str, *, spiking: bool) -> bool:
        """The success rule on the scored part of an output."""

    def score_rate(self, o: np.ndarray, label: int | str) -> bool:
        """Apply the published rule for rate networks to o, (T-1,) from t = 1 on."""
        return self.is_correct(np.ravel(o)[self.rate_window_start :], label, spiking=False)

    def score_spiking(self, out: np.ndarray, label: int | str, downsample: int = 1) -> bool:
        """Apply the published rule for spiking networks to out, one value per fine step."""
        return self.is_correct(np.ravel(out)[self.spiking_window_start // downsample :], label, spiking=True)

    def stops_training(self, update: int, loss: float, accuracy: float) -> bool:
        """The historic stopping rule, looked at after `update` (counted from 0)."""
        good = loss < self.loss_threshold and accuracy > self.accuracy_threshold
        return good and update > self.min_updates


class GoNogo(Task):
    """Respond to a pulse, stay silent without one."""

    name = "go-nogo"
    n_steps, n_inputs = 200, 1
    label_names = {0: "NoGo", 1: "Go"}
    rate_window_start, spiking_window_start = 75, 9999
    min_updates = 1500  # the authors found earlier networks unstable
    pulse = slice(50, 75)

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw a Go (1) or NoGo (0) trial with equal probability."""
        label = int(rng.random() < 0.5)
        stimulus, target = np.zeros((1, self.n_steps + 1)), np.zeros(self.n_steps)
        if label:
            stimulus[0, self.pulse] = 1
            target[self.pulse.stop :] = 1
        return Trial(self, label, stimulus, target)

    def is_correct(self, window: np.ndarray, label: int | str, *, spiking: bool) -> bool:
        """Go: the output exceeds 0.7. NoGo: it stays below 0.3, for rate networks in absolute value."""
        if label:
            return bool(window.max() > HIGH)
        return bool((window if spiking else np.abs(window)).max() < LOW)


class Xor(Task):
    """Delayed exclusive or: do two pulses have the same sign?"""

    name = "xor"
    n_steps, n_inputs = 300, 2
    label_names = {"same": "same", "diff": "different"}
    rate_window_start, spiking_window_start = 200, 19999
    first_pulse, second_pulse, response = slice(50, 100), slice(110, 160), slice(170, 270)

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw both signs with equal probability."""
        signs = np.where(rng.random(2) < 0.5, 1.0, -1.0)
        stimulus, target = np.zeros((2, self.n_steps + 1)), np.zeros(self.n_steps)
        stimulus[0, self.first_pulse], stimulus[1, self.second_pulse] = signs
        target[self.response] = signs.prod()
        return Trial(self, "same" if signs.prod() > 0 else "diff", stimulus, target)

    def is_correct(self, window: np.ndarray, label: int | str, *, spiking: bool) -> bool:
        """Same: the output exceeds 0.7. Different: it falls below -0.7."""
        return bool(window.max() > HIGH if label == "same" else window.min() < -HIGH)


class Mante(Task):
    """Context-dependent integration of two noisy signals (Mante et al. 2013)."""

    name = "mante"
    n_steps, n_inputs = 500, 4
    label_names = {-1: "cued evidence -", 1: "cued evidence +"}
    rate_window_start, spiking_window_start = 299, 25999  # the last 200 of the 499 outputs
    evidence = slice(50, 250)
    offset = 0.5

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw both offsets and the cued signal with equal probability, and fresh noise per step."""
        signs = np.where(rng.random(2) < 0.5, 1.0, -1.0)
        cued = int(rng.random() < 0.5)
        stimulus, target = np.zeros((4, self.n_steps + 1)), np.zeros(self.n_steps)
        n_evidence = self.evidence.stop - self.evidence.start
        stimulus[:2, self.evidence] = rng.standard_normal((2, n_evidence)) + self.offset * signs[:, None]
        stimulus[2 + cued] = 1
        target[self.evidence.stop :] = signs[cued]
        return Trial(self, int(signs[cued]), stimulus, target)

    def is_correct(self, window: np.ndarray, label: int | str, *, spiking: bool) -> bool:
        """+1: the output exceeds 0.7. -1: it falls below -0.7."""
        return bool(window.max() > HIGH if label == 1 else window.min() < -HIGH)


TASKS: dict[str, type[Task]] = {task.name: task for task in (GoNogo, Xor, Mante)}


def get(name: str) -> Task:
    """The task called `name` (any case, underscores accepted). Raises InputError naming the choices."""
    task = TASKS.get(canonical_name(name))
    if task is None:
        raise InputError(f"unknown task {name!r}: choose from {', '.join(TASKS)}")
    return task()


def canonical_name(name: str) -> str:
    """`Go_NoGo` as `go-nogo`."""
    return str(name).lower().replace("_", "-")


def resolve(explicit: str | Task | None, recorded: str | None, in_path: str | None, source: str) -> Task:
    """The task of a model: given explicitly, else recorded in its file, else named by its path.

    It is never guessed from the number of inputs. Raises InputError asking for --task.
    """
    if isinstance(explicit, Task):
        return explicit
    name = explicit or recorded or in_path
    if name is None:
        raise InputError(f"{source}: neither the file nor its path names a task: give --task ({', '.join(TASKS)})")
    return get(name)
