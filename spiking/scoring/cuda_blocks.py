"""Trials of a task scored on an NVIDIA GPU, as `evaluate` scores them on the CPU."""

from collections.abc import Sequence

import numpy as np

from rate2spike.rate.task import Task
from rate2spike.seeding import Role
from rate2spike.spiking.scoring.evaluate import BlockResult, draw_trial, noise_key, scored
from rate2spike.spiking.simulator import simulate_cuda
from rate2spike.spiking.simulator.network import SpikingNetwork


def run_block_cuda(network: SpikingNetwork, task: Task, seed: int, role: Role, start: int, stop: int) -> BlockResult:
    """As `evaluate.run_block`, on the GPU: same stimuli, keys and initial voltages, noise of another generator.

    So results agree with the CPU's statistically, not trial by trial. Give it all trials at once. Raises InputError.
    """
    return run_blocks_cuda([network], task, seed, role, range(start, stop))[0]


def run_blocks_cuda(
    networks: Sequence[SpikingNetwork],
    task: Task,
    seed: int,
    role: Role,
    trials: range,
    rate_outputs: np.ndarray | None = None,
    frozen_noise: bool = False,
) -> list[BlockResult]:
    """`run_block_cuda` of several scaling factors of one network at once; a block does not depend on the others.

    rate_outputs, frozen_noise: as in `evaluate.run_block`.
    """
    drawn = [draw_trial(task, seed, role, index) for index in trials]
    blocks: list[list[BlockResult]] = [[] for _ in networks]
    n, total = len(drawn), len(drawn) * len(networks)
    for first in range(0, total, simulate_cuda.TRIALS_PER_LAUNCH):  # outputs of all at once might not fit into memory
        which, index = np.divmod(np.arange(first, min(first + simulate_cuda.TRIALS_PER_LAUNCH, total)), n)
        keys = [
            noise_key(seed, role, networks[w].scaling_factor, trials[i], frozen=frozen_noise)
            for w, i in zip(which.tolist(), index.tolist(), strict=True)
        ]
        inputs = np.array([drawn[i].stimulus for i in index])
        outputs, counts = simulate_cuda.run_trials_cuda(networks, inputs, np.array(keys, np.uint64), which)
        rates_hz = counts / (outputs.shape[2] * networks[0].dt_s)
        for w in sorted(set(which.tolist())):
            own = np.flatnonzero(which == w)
            wanted = None if rate_outputs is None else rate_outputs[index[own][index[own] < len(rate_outputs)]]
            blocks[w].append(scored(networks[w], [drawn[i] for i in index[own]], outputs[own], rates_hz[own], wanted))
    return [BlockResult.joined(parts) for parts in blocks]
