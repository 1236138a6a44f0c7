"""What a spiking network does on a task: trials per condition, for figures."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rate2spike.rate.task import Label, Task
from rate2spike.readable import Readable, draw
from rate2spike.seeding import Role
from rate2spike.spiking.scoring.trial_blocks import TrialSeries
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.spike_record import SpikeRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRIALS_PER_CONDITION = 50
_OUTPUT_STRIDE = 20  # one output per ms is plenty for a figure
POINT_S = 1e-3


@dataclass(frozen=True, eq=False, repr=False)
class Condition(Readable):
    """Trials of one label."""

    shown = ("name", "n_trials", "point_s")

    name: str
    outputs: np.ndarray  # (n_trials, n_points), or (n_trials, n_points, n_outputs)
    example: SpikeRecord  # the first trial, with spikes
    point_s: float = POINT_S  # from one point of the outputs to the next

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return len(self.outputs)

    def plot(self, ax: "Axes | None" = None) -> "Figure":
        """Draw the outputs over time, mean ± SD over trials; ax: where, in place of a new figure."""
        return draw("spiking.scoring.plots:one_condition", self, ax)


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
    point_s = network.dt_s * _OUTPUT_STRIDE
    conditions = [
        Condition(task.name_of(label), np.array(outputs[label]), examples[label], point_s)
        for label in labels
        if outputs[label]
    ]
    return conditions, point_s
