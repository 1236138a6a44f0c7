"""What a spiking network does on a task: trials per condition, for figures."""

from dataclasses import dataclass, field

import numpy as np

from rate2spike.io.records import SpikeRecord
from rate2spike.rate.tasks import Task
from rate2spike.seeding import Role
from rate2spike.spiking.evaluate import draw_trial, noise_key
from rate2spike.spiking.network import SpikingNetwork

TRIALS_PER_CONDITION = 50
_OUTPUT_STRIDE = 20  # one output per ms is plenty for a figure


@dataclass(frozen=True)
class Condition:
    """Trials of one label."""

    name: str
    outputs: np.ndarray = field(repr=False)  # (n_trials, n_points)
    example: SpikeRecord = field(repr=False)  # the first trial, with spikes


def demonstrate(
    network: SpikingNetwork, task: Task, seed: int, n_trials: int = TRIALS_PER_CONDITION
) -> tuple[list[Condition], float]:
    """Run n_trials fresh trials of every condition; returns them and the time between two points of their outputs, s."""
    examples: dict[int | str, SpikeRecord] = {}
    outputs: dict[int | str, list[np.ndarray]] = {label: [] for label in task.label_names}
    index = 0
    while any(len(trials) < n_trials for trials in outputs.values()):
        trial = draw_trial(task, seed, Role.FIGURE, index)
        if len(outputs[trial.label]) < n_trials:
            wanted = ("output",) if trial.label in examples else ("output", "spikes")
            key = noise_key(seed, Role.FIGURE, network.scaling_factor, index)
            record = network.run_fast(trial.stimulus, key, wanted)
            assert record.output is not None
            examples.setdefault(trial.label, record)
            outputs[trial.label].append(record.output[0, _OUTPUT_STRIDE - 1 :: _OUTPUT_STRIDE])
        index += 1
    conditions = [
        Condition(name, np.array(outputs[label]), examples[label]) for label, name in task.label_names.items()
    ]
    return conditions, network.dt_s * _OUTPUT_STRIDE
