"""What a spiking network does on a task: trials per condition, for figures."""

from dataclasses import dataclass, field

import numpy as np

from rate2spike.rate.task import Label, Task
from rate2spike.seeding import Role
from rate2spike.spiking.scoring.trial_blocks import TrialSeries
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.spike_record import SpikeRecord

TRIALS_PER_CONDITION = 50
_OUTPUT_STRIDE = 20  # one output per ms is plenty for a figure


@dataclass(frozen=True)
class Condition:
    """Trials of one label."""

    name: str
    outputs: np.ndarray = field(repr=False)  # (n_trials, n_points), or (n_trials, n_points, n_outputs)
    example: SpikeRecord = field(repr=False)  # the first trial, with spikes


def demonstrate(
    network: SpikingNetwork, task: Task, seed: int, n_trials: int = TRIALS_PER_CONDITION
) -> tuple[list[Condition], float]:
    """Run up to n_trials fresh trials of every condition; returns them and the time between two points of outputs, s."""
    examples: dict[Label, SpikeRecord] = {}
    labels = task.labels()
    outputs: dict[Label, list[np.ndarray]] = {label: [] for label in labels}
    series = TrialSeries(task, seed, Role.FIGURE)
    index = 0
    # rare conditions end with fewer trials
    while any(len(trials) < n_trials for trials in outputs.values()) and index < 4 * n_trials * len(labels):
        trial = series.trial(index)
        if trial.label in outputs and len(outputs[trial.label]) < n_trials:
            wanted = ("output",) if trial.label in examples else ("output", "spikes")
            key = series.noise_key(network.scaling_factor, index)
            record = network.run_fast(trial.stimulus, key, wanted)
            assert record.output is not None
            examples.setdefault(trial.label, record)
            points = record.output[:, _OUTPUT_STRIDE - 1 :: _OUTPUT_STRIDE].T
            outputs[trial.label].append(points[:, 0] if network.n_outputs == 1 else points)
        index += 1
    conditions = [
        Condition(task.name_of(label), np.array(outputs[label]), examples[label]) for label in labels if outputs[label]
    ]
    return conditions, network.dt_s * _OUTPUT_STRIDE
