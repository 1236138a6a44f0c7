"""Trials of a task run and scored: numbered, independent of one another, in blocks for any executor."""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, fields

import numpy as np

from rate2spike.machine.blas_threads import one_blas_thread
from rate2spike.rate.task import Task, Trial
from rate2spike.readable import Readable
from rate2spike.seeding import Role, float_key, generator, key64
from rate2spike.spiking.simulator.network import SpikingNetwork

TRIALS_PER_BLOCK = 5  # small enough to balance threads, large enough to hide the cost of handing out work
_POINTS_PER_COLUMN = 10


@dataclass(frozen=True)
class TrialSeries:
    """Numbered trials of a task, drawn from a seed and a role: for every scaling factor the same stimuli and other noise.

    frozen_noise: the same noise in every trial and for every factor.
    """

    task: Task
    seed: int
    role: Role
    frozen_noise: bool = False

    def trial(self, index: int) -> Trial:
        """A trial of the series."""
        return self.task.draw(generator(self.seed, self.role, index))

    def noise_key(self, scaling_factor: float, index: int) -> np.uint64:
        """Key of the noise of a trial at a scaling factor."""
        if self.frozen_noise:
            return key64(self.seed, self.role)
        return key64(self.seed, self.role, float_key(scaling_factor), index)


@dataclass(frozen=True, eq=False, repr=False)
class BlockResult(Readable):
    """Scores of consecutive trials."""

    correct: np.ndarray  # (n,) bool
    firing_rate_hz: np.ndarray  # (n, n_types) mean over the units of each type, in the order of `unit_groups`
    mean_rate_hz: np.ndarray  # (n,) mean over all units
    output_error: np.ndarray  # (n,) see `output_error`; NaN where no rate network was given

    @classmethod
    def joined(cls, blocks: Sequence["BlockResult"]) -> "BlockResult":
        """Consecutive blocks as one."""
        return cls(*(np.concatenate([getattr(block, item.name) for block in blocks]) for item in fields(cls)))


def run_block(
    network: SpikingNetwork,
    series: TrialSeries,
    indices: range,
    drawn: list[Trial] | None = None,
    rate_outputs: np.ndarray | None = None,
) -> BlockResult:
    """Run and score consecutive trials on the fast path: one unit of work, picklable, independent of all others.

    drawn: these trials, if somebody has drawn them; rate_outputs (n, n_outputs, T): what the rate network does in the first n
    of them.
    """
    trials = drawn or [series.trial(index) for index in indices]
    keys = [series.noise_key(network.scaling_factor, index) for index in indices]
    outputs, rates_hz = network.run_trials([trial.stimulus for trial in trials], keys)
    return scored(network, trials, outputs, rates_hz, rate_outputs)


def submit_trials(
    pool: Executor,
    network: SpikingNetwork,
    series: TrialSeries,
    indices: range,
    drawn: list[Trial] | None = None,
    rate_outputs: np.ndarray | None = None,
) -> list["Future[BlockResult]"]:
    """Hand out trials of one network in blocks, in order; drawn, rate_outputs: of trials from 0 on."""
    futures = []
    for start in indices[::TRIALS_PER_BLOCK]:
        block = range(start, min(start + TRIALS_PER_BLOCK, indices.stop))
        own = None if drawn is None else drawn[block.start : block.stop]
        wanted = None if rate_outputs is None else rate_outputs[block.start : block.stop]
        futures.append(pool.submit(run_block, network, series, block, own, wanted))
    return futures


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


def output_error(output: np.ndarray, rate_output: np.ndarray, network: SpikingNetwork) -> float:
    """RMS difference between the outputs of the spiking and of the rate network over a trial, in units of the output.

    output (n_outputs, n_steps), averaged over each column of the input; rate_output (n_outputs, T), without noise.
    """
    columns = output.reshape(len(output), -1, network.steps_per_column)
    columns = columns[:, :, :: max(network.steps_per_column // _POINTS_PER_COLUMN, 1)].mean(2)  # it is smooth
    wanted = rate_output[:, network.downsample :: network.downsample]  # what follows the first column
    n = min(columns.shape[1], wanted.shape[1])
    return float(np.sqrt(np.mean((columns[:, :n] - wanted[:, :n]) ** 2)))
