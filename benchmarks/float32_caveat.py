"""What float32 and a generator of its own change: the fast path against the reference path, and the noise against normal.

    python benchmarks/float32_caveat.py [--trials 100]

Accuracies and mean rates of the published Go-NoGo network over the scaling factors, both paths on the same stimuli with
noise of their own: paired differences and their z scores, with the bound that the largest of as many exceeds by chance in
5 % of runs. Then the moments and tails of the generator's normals, and what float32 resolves.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.stats import binomtest, norm

from rate2spike.machine.resource_limits import usable_cores
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate import tasks
from rate2spike.rate.task import Task
from rate2spike.seeding import Role
from rate2spike.spiking.kernels import noise as kernel
from rate2spike.spiking.scoring.result import Scored
from rate2spike.spiking.scoring.trial_blocks import TrialSeries, run_block
from rate2spike.spiking.search.options import HISTORIC_FACTORS
from rate2spike.spiking.search.result import FactorResult
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import LIFParams

from bench_lif import model_path

N_TRIALS, SEED = 100, 1
N_NORMALS = 2**28
_PER_FILLING = 2**20
TAILS_SD = (3, 4, 5)
FAMILY_ERROR = 0.05


def reference_trial(network: SpikingNetwork, task: Task, index: int) -> tuple[bool, float]:
    """As one trial of `run_block`, on the reference path."""
    series = TrialSeries(task, SEED, Role.SEARCH)
    trial = series.trial(index)
    noise_seed = int(series.noise_key(network.scaling_factor, index) >> np.uint64(12))
    record = network.run(trial.stimulus, seed=noise_seed, record=("output",), precision="float64")
    assert record.output is not None
    return trial.score_spiking(record.output, network.step_ratio), float(record.firing_rate_hz.mean())


def compare(n_trials: int) -> None:
    """Print the table of both paths, and the largest z."""
    model, task = load_model(model_path()), tasks.get("go-nogo")
    scores: list[float] = []
    heads = ("fast: accuracy", "reference: accuracy")
    print(f"factor  {heads[0]:>20}  {heads[1]:>20}      z  fast, Hz  ref., Hz      z")
    with ThreadPoolExecutor(usable_cores()) as pool:
        for factor in HISTORIC_FACTORS:
            network = SpikingNetwork.from_model(model, factor)
            ours = run_block(network, TrialSeries(task, SEED, Role.SEARCH), range(n_trials))
            trials = pool.map(lambda index, network=network: reference_trial(network, task, index), range(n_trials))
            correct, rates = (np.array(column) for column in zip(*trials, strict=True))
            z_correct, z_rate = sign_z(ours.correct, correct), paired_z(ours.firing_rate_hz, rates)
            scores += [z_correct, z_rate]
            print(
                f"{factor:6g}  {_accuracy(factor, ours.correct):>20}  {_accuracy(factor, correct):>20}  {z_correct:5.1f}  "
                f"{ours.firing_rate_hz.mean():8.3f}  {rates.mean():8.3f}  {z_rate:5.1f}",
                flush=True,
            )
    bound = norm.isf(FAMILY_ERROR / 2 / len(scores))
    largest = max(map(abs, scores))
    print(f"largest |z| of {len(scores)}: {largest:.1f}; by chance below {bound:.1f} in {1 - FAMILY_ERROR:.0%} of runs")


def _accuracy(factor: float, correct: np.ndarray) -> str:
    result: Scored = FactorResult(factor, int(correct.sum()), correct.size, 0.0)
    return "{:.2f} [{:.2f}, {:.2f}]".format(result.accuracy, *result.interval)


def sign_z(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Of trials that only one path solves (McNemar's exact test), as a z score."""
    more, fewer = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    if abs(more - fewer) <= 1:  # p = 1
        return 0.0
    p = binomtest(more, more + fewer).pvalue
    return float(np.copysign(norm.isf(p / 2), more - fewer))


def paired_z(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Mean difference over its standard error."""
    difference = ours - theirs
    return float(difference.mean() / (difference.std(ddof=1) / difference.size**0.5))


def normals() -> None:
    """Print moments and tails of the generator's normals beside those of the normal distribution."""
    words = [np.empty(kernel.LANES, np.uint32) for _ in range(4)]
    kernel.seed_lanes(np.uint64(SEED), *words)
    values = np.empty(_PER_FILLING, np.float32)
    powers, beyond, largest = np.zeros(4), np.zeros(len(TAILS_SD)), 0.0
    for _ in range(N_NORMALS // _PER_FILLING):
        kernel.fill_normals(*words, values)
        wide = values.astype(np.float64)
        square = wide * wide
        powers += wide.sum(), square.sum(), (square * wide).sum(), (square * square).sum()
        beyond += [np.count_nonzero(square > sd**2) for sd in TAILS_SD]
        largest = max(largest, float(np.sqrt(square.max())))
    print(f"{N_NORMALS} normals of the generator; z: against the normal distribution")
    # variances of the powers of a normal number: E x^2k - (E x^k)^2
    for k, (total, expected, variance) in enumerate(zip(powers, (0, 1, 0, 3), (1, 2, 15, 96), strict=True), start=1):
        z = (total / N_NORMALS - expected) / np.sqrt(variance / N_NORMALS)
        print(f"  mean of x^{k}: {total / N_NORMALS:.6f}, expected {expected}, z {z:.1f}")
    for sd, count in zip(TAILS_SD, beyond, strict=True):
        expected = N_NORMALS * 2 * norm.sf(sd)
        print(f"  beyond {sd} SD: {count:.0f}, expected {expected:.0f}, z {(count - expected) / np.sqrt(expected):.1f}")
    bound = np.sqrt(2 * np.log(2.0**25))
    print(
        f"  largest: {largest:.2f} SD; none can be beyond {bound:.2f} SD, of which {2 * norm.sf(bound):.1e} are missing"
    )


def resolution() -> None:
    """Print what float32 resolves."""
    params = LIFParams()
    reset, depth = abs(params.v_reset_mv), params.v_peak_mv - params.v_reset_mv
    v, u = np.spacing(np.float32(reset)), np.spacing(np.float32(depth))
    print(
        f"float32 resolves {v:.1e} mV at {reset:g} mV; the kernel keeps v - v_peak, {u:.1e} mV at {depth:g} mV after a reset"
    )
    print(f"the noise, {params.noise_sd_mv:g} mV per step, is {params.noise_sd_mv / u:.0f} times that")


def main() -> None:
    """Print all three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=N_TRIALS, help=f"per factor and path (default: {N_TRIALS})")
    arguments = parser.parse_args()
    resolution()
    normals()
    compare(arguments.trials)


if __name__ == "__main__":
    main()
