"""Score a spiking network on fresh trials of a task. Trials are independent units of work for any executor."""

import warnings
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, fields

import numpy as np
from scipy.stats import binomtest

from rate2spike.errors import InputError
from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.machine.memory import check_memory
from rate2spike.machine.thread_pool import executor_of
from rate2spike.rate import tasks
from rate2spike.rate.task import Task, Trial
from rate2spike.seeding import Role, float_key, generator, key64, resolve_seed
from rate2spike.spiking.simulator.network import SpikingNetwork

SILENT_HZ = 0.1  # a mean rate below this: who fires so says nothing
SATURATED_SHARE = 0.5  # of the highest rate that the refractory period allows
_POINTS_PER_COLUMN = 10
_BYTES_PER_TRIAL = 2000  # futures and results
TRIALS_PER_BLOCK = 5  # small enough to balance threads, large enough to hide the cost of handing out work


@dataclass(frozen=True)
class BlockResult:
    """Scores of consecutive trials."""

    correct: np.ndarray  # (n,) bool
    firing_rate_hz: np.ndarray  # (n, n_types) mean over the units of each type, in the order of `unit_groups`
    mean_rate_hz: np.ndarray  # (n,) mean over all units
    output_error: np.ndarray  # (n,) see `output_error`; NaN where no rate network was given

    @classmethod
    def joined(cls, blocks: Sequence["BlockResult"]) -> "BlockResult":
        """Consecutive blocks as one."""
        return cls(*(np.concatenate([getattr(block, item.name) for block in blocks]) for item in fields(cls)))


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
    found = score_fresh(
        network, task, n_trials, seed, n_threads=n_threads, executor=executor, frozen_noise=frozen_noise
    )
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
    n_trials: int = 100,
    seed: int | None = None,
    *,
    n_threads: int | None = None,
    executor: Executor | None = None,
    frozen_noise: bool = False,
) -> Evaluation:
    """As `evaluate`, without a word about the activity. Raises InputError."""
    task = checked_task(task, network, n_trials)
    seed = resolve_seed(seed)
    with executor_of(n_threads, executor) as pool:
        futures = submit_trials(pool, network, task, seed, Role.EVALUATION, range(n_trials), frozen_noise=frozen_noise)
        blocks = [future.result() for future in futures]
    block = BlockResult.joined(blocks)
    return Evaluation(
        task.name,
        network.scaling_factor,
        seed,
        n_trials,
        int(block.correct.sum()),
        float(block.mean_rate_hz.mean()),
        block.correct,
        dict(zip(network.unit_groups[0], block.firing_rate_hz.mean(0).tolist(), strict=True)),
    )


def draw_trial(task: Task, seed: int, role: Role, index: int) -> Trial:
    """Trial `index` of a role: the same for every scaling factor."""
    return task.draw(generator(seed, role, index))


def noise_key(seed: int, role: Role, scaling_factor: float, index: int, *, frozen: bool = False) -> np.uint64:
    """Noise of trial `index` at a scaling factor; if frozen, the same for all of them."""
    return key64(seed, role) if frozen else key64(seed, role, float_key(scaling_factor), index)


def output_error(output: np.ndarray, rate_output: np.ndarray, network: SpikingNetwork) -> float:
    """RMS difference between the outputs of the spiking and of the rate network over a trial, in units of the output.

    output (n_outputs, n_steps), averaged over each column of the input; rate_output (n_outputs, T), without noise.
    """
    columns = output.reshape(len(output), -1, network.steps_per_column)
    columns = columns[:, :, :: max(network.steps_per_column // _POINTS_PER_COLUMN, 1)].mean(2)  # it is smooth
    wanted = rate_output[:, network.downsample :: network.downsample]  # what follows the first column
    n = min(columns.shape[1], wanted.shape[1])
    return float(np.sqrt(np.mean((columns[:, :n] - wanted[:, :n]) ** 2)))


def run_block(
    network: SpikingNetwork,
    task: Task,
    seed: int,
    role: Role,
    start: int,
    stop: int,
    drawn: list[Trial] | None = None,
    rate_outputs: np.ndarray | None = None,
    frozen_noise: bool = False,
) -> BlockResult:
    """Run and score trials start..stop-1 on the fast path: one unit of work, picklable, independent of all others.

    drawn: these trials, if somebody has drawn them; rate_outputs (n, n_outputs, T): what the rate network does in the first n
    of them. frozen_noise: the same noise in every trial and for every factor.
    """
    trials = drawn or [draw_trial(task, seed, role, index) for index in range(start, stop)]
    keys = [noise_key(seed, role, network.scaling_factor, k, frozen=frozen_noise) for k in range(start, stop)]
    outputs, rates_hz = network.run_trials([trial.stimulus for trial in trials], keys)
    return scored(network, trials, outputs, rates_hz, rate_outputs)


@one_blas_thread()
def scored(
    network: SpikingNetwork,
    trials: list[Trial],
    outputs: np.ndarray,
    rates_hz: np.ndarray,
    rate_outputs: np.ndarray | None = None,
) -> BlockResult:
    """Scores of simulated trials: outputs (n, n_outputs, n_steps), rates_hz (n, N), rate_outputs (up to n, n_outputs, T)."""
    pairs = list(zip(trials, outputs, strict=True))
    errors = np.full(len(trials), np.nan)
    if rate_outputs is not None:
        for k, wanted in enumerate(rate_outputs):
            errors[k] = output_error(outputs[k], wanted, network)
    return BlockResult(
        correct=np.array([trial.score_spiking(output, network.step_ratio) for trial, output in pairs], bool),
        firing_rate_hz=rates_hz @ network.unit_groups[1].T,
        mean_rate_hz=rates_hz.mean(1),
        output_error=errors,
    )


def submit_trials(
    pool: Executor,
    network: SpikingNetwork,
    task: Task,
    seed: int,
    role: Role,
    trials: range,
    drawn: list[Trial] | None = None,
    rate_outputs: np.ndarray | None = None,
    frozen_noise: bool = False,
) -> list["Future[BlockResult]"]:
    """Hand out trials of one network in blocks, in order; drawn, rate_outputs: of trials from 0 on."""
    futures = []
    for start in trials[::TRIALS_PER_BLOCK]:
        stop = min(start + TRIALS_PER_BLOCK, trials.stop)
        own = None if drawn is None else drawn[start:stop]
        wanted = None if rate_outputs is None else rate_outputs[start:stop]
        futures.append(pool.submit(run_block, network, task, seed, role, start, stop, own, wanted, frozen_noise))
    return futures


def checked_task(task: Task | str, network: SpikingNetwork, n_trials: int) -> Task:
    """The task object. Raises InputError if it does not fit the network or n_trials < 1."""
    task = tasks.get(task) if isinstance(task, str) else task
    if network.w_in.shape[1] != task.n_inputs:
        raise InputError(f"task {task.name} has {task.n_inputs} input(s), the network has {network.w_in.shape[1]}")
    if network.n_outputs != task.n_outputs:
        raise InputError(f"task {task.name} has {task.n_outputs} output(s), the network has {network.n_outputs}")
    check_n_trials(n_trials)
    return task


def check_n_trials(n_trials: int, flag: str = "--n-trials") -> None:
    """Raise InputError for a number of trials that is none, or too large for the memory."""
    if n_trials < 1 or int(n_trials) != n_trials:
        raise InputError(f"number of trials must be a whole number from 1, got {n_trials} ({flag})")
    check_memory(n_trials * _BYTES_PER_TRIAL, f"keeping the results of {n_trials} trials", f"ask for fewer ({flag})")
