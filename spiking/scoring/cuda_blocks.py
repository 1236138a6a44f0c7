"""Trials of a task scored on an NVIDIA GPU, as `trial_blocks` scores them on the CPU."""

from collections.abc import Sequence

import numpy as np

from rate2spike.spiking.scoring.trial_blocks import BlockResult, TrialSeries, scored
from rate2spike.spiking.simulator import simulate_cuda
from rate2spike.spiking.simulator.network import SpikingNetwork


def run_block_cuda(network: SpikingNetwork, series: TrialSeries, indices: range) -> BlockResult:
    """As `trial_blocks.run_block`, on the GPU: same stimuli, keys and initial voltages, noise of another generator.

    So results agree with the CPU's statistically, not trial by trial. Give it all trials at once. Raises InputError.
    """
    return run_blocks_cuda([network], series, indices)[0]


def run_blocks_cuda(
    networks: Sequence[SpikingNetwork], series: TrialSeries, indices: range, rate_outputs: np.ndarray | None = None
) -> list[BlockResult]:
    """`run_block_cuda` of several scaling factors of one network at once; a block does not depend on the others.

    rate_outputs: as in `trial_blocks.run_block`.
    """
    drawn = [series.trial(index) for index in indices]
    blocks: list[list[BlockResult]] = [[] for _ in networks]
    n, total = len(drawn), len(drawn) * len(networks)
    for first in range(0, total, simulate_cuda.TRIALS_PER_LAUNCH):  # outputs of all at once might not fit into memory
        which, index = np.divmod(np.arange(first, min(first + simulate_cuda.TRIALS_PER_LAUNCH, total)), n)
        keys = [
            series.noise_key(networks[w].scaling_factor, indices[i])
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
