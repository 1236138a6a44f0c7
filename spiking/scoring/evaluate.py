"""Score a spiking network on fresh trials of a task."""

import warnings
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import binomtest

from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.machine.thread_pool import executor_of
from rate2spike.rate import tasks
from rate2spike.rate.task import Task
from rate2spike.seeding import Role, resolve_seed
from rate2spike.spiking.scoring.options import EvaluationOptions
from rate2spike.spiking.scoring.trial_blocks import BlockResult, TrialSeries, submit_trials
from rate2spike.spiking.simulator.network import SpikingNetwork

GOOD_ACCURACY = 0.95  # the paper counts a network as converted from here on
SILENT_HZ = 0.1  # a mean rate below this: who fires so says nothing
SATURATED_SHARE = 0.5  # of the highest rate that the refractory period allows


def wilson_interval(n_correct: int, n_trials: int) -> tuple[float, float]:
    """95 % confidence interval of a fraction (Wilson)."""
    interval = binomtest(n_correct, n_trials).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


class Scored:
    """What follows from n_correct of n_trials."""

    n_correct: int
    n_trials: int

    @property
    def accuracy(self) -> float:
        """Fraction of trials solved."""
        return self.n_correct / self.n_trials

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of the accuracy (Wilson)."""
        return wilson_interval(self.n_correct, self.n_trials)


@dataclass(frozen=True)
class Evaluation(Scored):
    """A spiking network on fresh trials."""

    task: str
    scaling_factor: float
    seed: int
    n_trials: int
    n_correct: int
    mean_rate_hz: float
    correct: np.ndarray = field(repr=False)  # (n_trials,) bool
    type_rates_hz: dict[str, float] = field(default_factory=dict)  # mean rate of each unit type


def accuracy(
    network: SpikingNetwork,
    task: Task | str,
    n_trials: int = 100,
    seed: int | None = None,
    *,
    n_threads: int | None = None,
) -> float:
    """Fraction of fresh trials that the network solves by the task's rule for spiking networks. Raises InputError."""
    return evaluate(network, task, n_trials, seed, n_threads=n_threads).accuracy


def evaluate(
    network: SpikingNetwork,
    task: Task | str,
    n_trials: int = 100,
    seed: int | None = None,
    *,
    n_threads: int | None = None,
    executor: Executor | None = None,
    frozen_noise: bool = False,
) -> Evaluation:
    """Run and score fresh trials, other ones than any λ search uses. frozen_noise: all with the same noise.

    A network that is silent or saturated is warned of. Raises InputError.
    """
    options = EvaluationOptions(n_trials=n_trials, seed=seed, frozen_noise=frozen_noise)
    found = score_fresh(network, task, options, n_threads=n_threads, executor=executor)
    remark = activity_remark(network, found.mean_rate_hz)
    if remark:
        warnings.warn(remark, stacklevel=2)
    return found


def activity_remark(network: SpikingNetwork, rate_hz: float) -> str:
    """What to say of a network that is silent or saturated, else nothing: a success rule may be met without a spike."""
    ceiling_hz = 1 / np.maximum(network.params.per_unit("t_ref_s", network.n_units), network.dt_s).mean()
    if rate_hz < SILENT_HZ:
        state = "silent: its units fire"
    elif rate_hz > SATURATED_SHARE * ceiling_hz:
        state = f"saturated: of the {ceiling_hz:.3g} Hz that the refractory period allows its units fire"
    else:
        return ""
    return (
        f"the network is {state} {rate_hz:.3g} Hz on average, so that its accuracy says little; `rate2spike diagnose` "
        "looks for a scaling factor that mends it"
    )


@one_blas_thread()
def score_fresh(
    network: SpikingNetwork,
    task: Task | str,
    options: EvaluationOptions,
    *,
    n_threads: int | None = None,
    executor: Executor | None = None,
) -> Evaluation:
    """As `evaluate`, without a word about the activity. Raises InputError."""
    task = checked_task(task, network)
    series = TrialSeries(task, resolve_seed(options.seed), Role.EVALUATION, options.frozen_noise)
    with executor_of(n_threads, executor) as pool:
        futures = submit_trials(pool, network, series, range(options.n_trials))
        block = BlockResult.joined([future.result() for future in futures])
    return Evaluation(
        task=task.name,
        scaling_factor=network.scaling_factor,
        seed=series.seed,
        n_trials=options.n_trials,
        n_correct=int(block.correct.sum()),
        mean_rate_hz=float(block.mean_rate_hz.mean()),
        correct=block.correct,
        type_rates_hz=dict(zip(network.unit_groups[0], block.firing_rate_hz.mean(0).tolist(), strict=True)),
    )


def checked_task(task: Task | str, network: SpikingNetwork) -> Task:
    """The task object. Raises InputError if it does not fit the network."""
    task = tasks.get(task) if isinstance(task, str) else task
    if network.w_in.shape[1] != task.n_inputs:
        raise InputError(f"task {task.name} has {task.n_inputs} input(s), the network has {network.w_in.shape[1]}")
    if network.n_outputs != task.n_outputs:
        raise InputError(f"task {task.name} has {task.n_outputs} output(s), the network has {network.n_outputs}")
    return task
