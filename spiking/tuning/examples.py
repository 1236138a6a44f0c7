"""A few trials of a network, for figures: the outputs of each, and how often the units fire."""

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from rate2spike.rate.task import Task
from rate2spike.readable import Readable
from rate2spike.seeding import Role
from rate2spike.spiking.scoring.trial_blocks import TRIALS_PER_BLOCK, TrialSeries
from rate2spike.spiking.simulator.network import SpikingNetwork

EXAMPLE_TRIALS = 20
_OUTPUT_STRIDE = 20  # one output per ms is plenty for a figure


@dataclass(frozen=True, eq=False, repr=False)
class Examples(Readable):
    """Trials of a network. K trials, P points of time, N units.

    Attributes
    ----------
    labels : tuple of str
        What each trial asks for.
    outputs : ndarray (K, n_outputs, P)
        Outputs over time.
    firing_rate_hz : ndarray (N,)
        Mean firing rate of each unit over the trials.
    point_s : float
        Time between two points.
    """

    shown = ("n_trials", "outputs", "firing_rate_hz", "point_s")

    labels: tuple[str, ...]
    outputs: np.ndarray
    firing_rate_hz: np.ndarray
    point_s: float

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return len(self.labels)


def examples_of(network: SpikingNetwork, task: Task, seed: int, pool: Executor) -> Examples:
    """Run trials; before and after tuning, the same seed gives the same stimuli and the same noise."""
    series = TrialSeries(task, seed, Role.FIGURE)
    blocks = [range(start, start + TRIALS_PER_BLOCK) for start in range(0, EXAMPLE_TRIALS, TRIALS_PER_BLOCK)]
    futures = [pool.submit(_run, network, series, block) for block in blocks]
    labels, outputs, rates_hz = zip(*(future.result() for future in futures), strict=True)
    return Examples(
        tuple(task.name_of(label) for block in labels for label in block),
        np.concatenate(outputs),
        np.concatenate(rates_hz).mean(0),
        network.dt_s * _OUTPUT_STRIDE,
    )


def _run(network: SpikingNetwork, series: TrialSeries, indices: range) -> tuple[list, np.ndarray, np.ndarray]:
    """Labels, outputs (n, n_outputs, P) and rates (n, N) of consecutive trials: a unit of work, picklable."""
    trials = [series.trial(index) for index in indices]
    keys = [series.noise_key(network.scaling_factor, index) for index in indices]
    outputs, rates_hz = network.run_trials([trial.stimulus for trial in trials], keys)
    return [trial.label for trial in trials], outputs[..., _OUTPUT_STRIDE - 1 :: _OUTPUT_STRIDE].copy(), rates_hz
