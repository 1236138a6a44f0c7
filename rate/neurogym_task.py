"""Any NeuroGym environment as a task: `--task neurogym:PerceptualDecisionMaking-v0`. Needs the extra `[neurogym]`.

The environment runs at our step of 5 ms. Its ground truth is the target: one output per action (one-hot), or the vector of
a continuous action space. Trials differ in length, a rate network's do not: shorter ones begin with rest. A trial is
solved if, from the last change of the ground truth to the trial's end, the mean output is highest for the right action
(continuous: within `tolerance` of it). Source of the environments: Molano-Mazón et al. 2022, NeuroGym.
"""

import json
import threading
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import numpy as np

from rate2spike.errors import InputError
from rate2spike.rate.task import Label, Task, Trial
from rate2spike.trained_model import STEP_S

STEP_MS = round(1e3 * STEP_S)
_ONE_AT_A_TIME = threading.Lock()  # an environment has state, and a search draws trials in several threads
_SIZING_TRIALS = 100  # trials drawn to find how long a trial may be
_LABELLED_TRIALS = 30  # trials drawn to see whether the right answer changes


@dataclass(frozen=True)
class NeuroGymTask(Task):
    """One environment. `arguments` go to neurogym.make, as JSON: '{"timing": {"decision": 300}}'."""

    environment: str = "PerceptualDecisionMaking-v0"
    arguments: str = "{}"
    n_steps: int = 0  # 0: as long as the longest of 100 trials
    loss_threshold: float = 1e9  # of noisy evidence no small loss can be asked
    accuracy_threshold: float = 0.95
    tolerance: float = 0.3

    def __post_init__(self) -> None:
        if self.n_steps == 0:
            object.__setattr__(self, "n_steps", max(self._trial_arrays(k)[1].shape[0] for k in range(_SIZING_TRIALS)))

    @classmethod
    def make(cls, environment: str, options: Mapping[str, Any]) -> Self:
        """The task of an environment; options that are not fields here are arguments of the environment, as JSON."""
        own = {field.name for field in fields(cls)}
        base = {name: value for name, value in options.items() if name in own and name != "environment"}
        arguments = {name: _from_json(value) for name, value in options.items() if name not in own}
        if arguments:
            base["arguments"] = json.dumps(arguments)
        if "n_steps" not in base:
            base["n_steps"] = cls(environment, str(base.get("arguments", "{}"))).n_steps
        task = cls(environment=environment, n_steps=1).with_options(base)
        task._warn_if_trivial()
        return task

    def __reduce_ex__(self, protocol: Any) -> Any:
        """To other processes without the environment, which each makes itself."""
        return type(self).make, (self.environment, self.options())

    @property
    def name(self) -> str:  # type: ignore[override]
        """The environment's."""
        return self.environment.lower()

    @property
    def reference(self) -> str:  # type: ignore[override]
        """What `task` must be to find it."""
        return f"neurogym:{self.environment}"

    @property
    def n_inputs(self) -> int:
        """Channels of an observation."""
        return int(self._env.observation_space.shape[0])

    @property
    def n_outputs(self) -> int:
        """Actions, or numbers in a continuous action."""
        space = self._env.action_space
        return int(space.n) if hasattr(space, "n") else int(np.prod(space.shape))

    def trial(self, rng: np.random.Generator) -> Trial:
        """Draw one trial; the environment is seeded from rng."""
        observation, truth = self._trial_arrays(int(rng.integers(2**31)))
        if len(truth) > self.n_steps:
            observation, truth = observation[-self.n_steps :], truth[-self.n_steps :]
        rest = self.n_steps - len(truth)
        stimulus = np.zeros((self.n_inputs, self.n_steps + 1))
        stimulus[:, rest:-1] = observation.T
        stimulus[:, -1] = observation[-1]
        target = np.zeros((self.n_outputs, self.n_steps))
        is_discrete = hasattr(self._env.action_space, "n")
        if is_discrete:
            target[0, :rest] = 1  # action 0 is to wait
            target[truth.astype(int), np.arange(rest, self.n_steps)] = 1
        else:
            target[:, rest:] = truth.reshape(len(truth), -1).T
        answer = target[:, -1]
        changes = np.flatnonzero((target[:, 1:] != target[:, :-1]).any(0))
        start = min(int(changes[-1]) + 1 if changes.size else 0, self.n_steps - 2)
        label: Label = int(answer.argmax()) if is_discrete else json.dumps(answer.tolist())
        return Trial(self, label, stimulus, target if self.n_outputs > 1 else target[0], window_start=start)

    def is_correct(self, window: np.ndarray, label: Label, *, spiking: bool) -> bool:
        """The mean output is highest for the right action, or near the right vector."""
        mean = np.atleast_1d(np.atleast_2d(window).mean(1))
        if isinstance(label, str):
            return bool(np.abs(mean - json.loads(label)).max() <= self.tolerance)
        return int(mean.argmax()) == label

    def name_of(self, label: Label) -> str:
        """The action."""
        return f"action {label}"

    @cached_property
    def _env(self) -> Any:
        from rate2spike.machine import matplotlib_anywhere  # noqa: F401 - NeuroGym imports matplotlib

        try:
            import neurogym
        except ImportError as error:
            raise InputError(f"{self.reference} needs NeuroGym ({error}): pip install 'rate2spike[neurogym]'") from None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of gymnasium, about rendering
                return neurogym.make(self.environment, dt=STEP_MS, **_from_json(self.arguments)).unwrapped
        except Exception as error:
            raise InputError(f"NeuroGym cannot make {self.environment} with {self.arguments}: {error}") from None

    def _trial_arrays(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Observations (steps, n_inputs) and ground truth (steps, ...) of a trial. Raises InputError where there are none."""
        env = self._env
        with _ONE_AT_A_TIME:
            try:
                env.seed(seed)
                env.new_trial()
                observation, truth = np.asarray(env.ob, float), np.asarray(env.gt, float)
            except AttributeError as error:  # Bandit, DawTwoStep, EconomicDecisionMaking, Null
                raise self._unfit(
                    f"its trials hold no observations with the right answer at each step ({error})"
                ) from None
            except Exception as error:
                raise self._unfit(f"a trial fails with {type(error).__name__}: {error}") from None
        if observation.ndim != 2 or len(truth) != len(observation) or not np.isfinite(truth).all():
            raise self._unfit("its observations must be (steps, channels), with a finite right answer at each step")
        n_actions = getattr(env.action_space, "n", None)
        if n_actions is not None and not np.isin(truth, np.arange(n_actions)).all():
            wrong = truth[~np.isin(truth, np.arange(n_actions))].flat[0]
            raise self._unfit(f"its ground truth holds {wrong:.4g}, which is none of its actions 0 to {n_actions - 1}")
        return observation, truth

    def _warn_if_trivial(self) -> None:
        """In environments of timing the answer is a moment, which the rule here does not judge."""
        labels = {self.draw(np.random.default_rng(k)).label for k in range(_LABELLED_TRIALS)}
        if len(labels) == 1:
            warnings.warn(
                f"{self.reference}: every trial ends with the same right answer ({self.name_of(labels.pop())}), so that a "
                "network which always gives it has accuracy 1",
                stacklevel=4,
            )

    def _unfit(self, why: str) -> InputError:
        return InputError(
            f"a network cannot be trained on {self.reference}, which is not for supervised learning: {why}"
        )


def _from_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
