"""The CUDA path against the CPU's, in Numba's simulator of CUDA, and on a GPU where there is one.

The simulator is chosen before numba is imported, so this file also runs as a script of its own, which writes what the
kernel computed; the tests compare it. `python test_cuda.py RESULTS.npz`
"""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numba.np.numpy_support import as_dtype
from scipy import stats

from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate import tasks
from rate2spike.rate.task import Task, Trial
from rate2spike.seeding import Role
from rate2spike.spiking.scoring import cuda_blocks
from rate2spike.spiking.scoring.trial_blocks import TrialSeries, run_block
from rate2spike.spiking.simulator import simulate_cuda
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.params import LIFParams, QIFParams
from rate2spike.spiking.simulator.simulate_reference import InjectedDraws

from helpers import small_model

N_UNITS = 12
KEYS = np.array([5, 2**63 + 7, 11], np.uint64)
QUIET, NOISY = LIFParams(noise_sd_mv=0.0), LIFParams(noise_sd_mv=0.5)
PHILOX = {  # known answers of Random123 (Salmon et al. 2011), for counters that end in 0
    (0, 0, 0, 0): (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
}


@dataclass(frozen=True)
class Tiny(Task):
    """A task short enough for the simulator."""

    name = "tiny"
    n_inputs = 1
    n_steps: int = 2

    def trial(self, rng):
        label = int(rng.random() < 0.5)
        return Trial(self, label, np.full((1, 3), 20.0 + 10 * label), np.zeros(2))

    def is_correct(self, window, label, *, spiking):
        return bool(window.mean() > 0)


TASK_BLOCK = (TrialSeries(Tiny(), 3, Role.SEARCH), range(1, 3))


def factors(params) -> list[SpikingNetwork]:
    """A network at two scaling factors, with more units than threads in the simulated blocks."""
    model = small_model(n_units=N_UNITS, n_som=2)
    return [SpikingNetwork.from_model(model, factor, params=params) for factor in (2.0, 3.0)]


def single_exponential() -> SpikingNetwork:
    """Everything else that the kernel can: no rise, two outputs, two inputs, constants per unit, silence, another step."""
    rng = np.random.default_rng(1)
    model = small_model(n_units=7, n_inputs=2, w_out=rng.normal(size=(2, 7)).astype(np.float32))
    params = LIFParams(
        noise_sd_mv=0.0, tau_r_s=np.array([0.002, 0, 0, 0, 0, 0, 0.002]), tau_m_s=np.linspace(0.008, 0.012, 7)
    )
    network = SpikingNetwork.from_model(model, 1.5, params=params, downsample=2, dt_s=1e-4)
    return replace(network, silent=np.arange(7) == 3)


def inputs(n_inputs: int, n_columns: int) -> np.ndarray:
    """(3, n_inputs, n_columns) of three trials."""
    return np.random.default_rng(2).uniform(10, 30, (3, n_inputs, n_columns))


def shared_array(memory, shape, dtype) -> np.ndarray:
    """The simulator's `cuda.shared.array`, by lines of source; its own gives two threads that ask at once an array each."""
    frame = sys._getframe(1)
    where = frame.f_code.co_filename, frame.f_lineno
    return memory._allocations.setdefault(where, np.empty(shape, as_dtype(dtype)))


def simulate(path: str) -> None:
    """What the simulated kernel computes in every case below."""
    from numba.cuda.simulator.kernelapi import FakeCUDAShared

    from rate2spike.spiking.kernels import cuda as kernel

    sys.setswitchinterval(1e-5)  # the simulator polls its threads
    FakeCUDAShared.array = shared_array
    simulate_cuda._WARP = kernel.MAX_THREADS = 8
    results = {}
    results["outputs"], results["counts"] = simulate_cuda.run_trials_cuda(factors(QUIET), inputs(1, 3), KEYS, [0, 1, 1])
    results["single_outputs"], results["single_counts"] = simulate_cuda.run_trials_cuda(
        single_exponential(), inputs(2, 7), KEYS
    )
    noisy, u = factors(NOISY)[0], inputs(1, 2)
    results["noisy_outputs"], results["noisy_counts"] = simulate_cuda.run_trials_cuda(noisy, u, KEYS)
    simulate_cuda.TRIALS_PER_LAUNCH = 2
    results["reversed_outputs"], results["reversed_counts"] = simulate_cuda.run_trials_cuda(noisy, u[::-1], KEYS[::-1])
    blocks = cuda_blocks.run_blocks_cuda(factors(QUIET), *TASK_BLOCK)
    results["correct"], results["rates_hz"] = zip(
        *((block.correct, block.firing_rate_hz) for block in blocks), strict=True
    )
    words = np.array([KEYS & np.uint64(0xFFFFFFFF), KEYS >> np.uint64(32)]).astype(np.uint32).T
    results["normals"] = [
        [[kernel.standard_normals(unit, draw, *key) for draw in range(25)] for unit in range(N_UNITS)] for key in words
    ]
    results["philox"] = [kernel.philox(*map(np.uint32, counter_and_key)) for counter_and_key in PHILOX]
    np.savez(path, **results)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    path = tmp_path_factory.mktemp("cuda") / "results.npz"
    folders = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": os.pathsep.join(filter(None, folders))}
    command = [sys.executable, "-W", "error", __file__, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return np.load(path)


def assert_same_trial(record, output, count):
    np.testing.assert_array_equal(count, np.rint(record.firing_rate_hz * record.duration_s))
    np.testing.assert_allclose(output, record.output, rtol=1e-4, atol=1e-4 * np.abs(record.output).max())


def test_without_noise_it_is_the_fast_path(simulated):
    networks = factors(QUIET)
    for k, which in enumerate((0, 1, 1)):
        record = networks[which].run_fast(inputs(1, 3)[k], KEYS[k])
        assert_same_trial(record, simulated["outputs"][k], simulated["counts"][k])
    assert simulated["counts"].sum() > 10


def test_single_exponential_filter_two_outputs_constants_per_unit(simulated):
    network = single_exponential()
    for k, u in enumerate(inputs(2, 7)):
        record = network.run_fast(u, KEYS[k])
        assert_same_trial(record, simulated["single_outputs"][k], simulated["single_counts"][k])
    assert simulated["single_outputs"].shape[1] == 2
    assert simulated["single_counts"].sum() > 10 and not simulated["single_counts"][:, 3].any()


def test_with_its_noise_given_to_the_reference_path_it_is_that(simulated):
    """So the kernel adds the normals below, of the right unit and step, to the voltage."""
    network = factors(NOISY)[0]
    for k, u in enumerate(inputs(1, 2)):
        start = simulate_cuda._start_voltages(network, KEYS[k : k + 1])[0] - network.fast.u_start[:N_UNITS]
        normals = simulated["normals"][k].reshape(N_UNITS, 100).T
        draws = InjectedDraws((start.astype(np.float64) + 65) / 95, normals)
        record = network.run(u, draws=draws, record=("output",))
        assert_same_trial(record, simulated["noisy_outputs"][k], simulated["noisy_counts"][k])
    assert not np.array_equal(simulated["noisy_outputs"][0], simulated["noisy_outputs"][1])


def test_same_key_same_result_whatever_the_order_and_the_launches(simulated):
    np.testing.assert_array_equal(simulated["reversed_outputs"][::-1], simulated["noisy_outputs"])
    np.testing.assert_array_equal(simulated["reversed_counts"][::-1], simulated["noisy_counts"])


def test_noise_is_standard_normal_and_white(simulated):
    noise = simulated["normals"].reshape(3 * N_UNITS, 100)
    n = noise.size
    for power, expected, variance in ((1, 0, 1), (2, 1, 2), (4, 3, 96)):
        assert abs((noise**power).mean() - expected) < 5 * np.sqrt(variance / n)
    assert stats.kstest(noise.ravel(), "norm").pvalue > 1e-3
    for one, other in ((noise[:, 1:], noise[:, :-1]), (noise[1:], noise[:-1]), (noise[:, 2:], noise[:, :-2])):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 5 / np.sqrt(n)


def test_generator_is_philox(simulated):
    np.testing.assert_array_equal(simulated["philox"], list(PHILOX.values()))


def test_blocks_of_a_task_are_those_of_the_cpu(simulated):
    """Without noise: same stimuli, same initial voltages, same scores."""
    for k, network in enumerate(factors(QUIET)):
        block = run_block(network, *TASK_BLOCK)
        np.testing.assert_array_equal(simulated["correct"][k], block.correct)
        np.testing.assert_allclose(simulated["rates_hz"][k], block.firing_rate_hz)
        assert block.mean_rate_hz.min() > 0


def test_initial_voltages_are_those_of_the_fast_path():
    for network in (factors(QUIET)[0], single_exponential()):
        expected = [network.fast.start(key, 0).u[: network.n_units].copy() for key in KEYS]
        # to rounding: the compiler may fuse the fast path's multiplication and addition
        np.testing.assert_allclose(simulate_cuda._start_voltages(network, KEYS), expected, rtol=1e-5)


def test_asking_for_cuda_without_a_gpu_is_one_clear_line():
    if simulate_cuda.cuda_available():
        pytest.skip("there is a GPU")
    with pytest.raises(InputError, match=r"^no CUDA device can be used: .*`numba -s`.*$"):
        cuda_blocks.run_block_cuda(factors(QUIET)[0], *TASK_BLOCK)


def test_what_it_cannot_run_is_refused():
    with pytest.raises(InputError, match="lif neurons alone, the network's are qif"):
        simulate_cuda.run_trials_cuda(factors(QIFParams())[0], inputs(1, 2), KEYS)
    with pytest.raises(InputError, match="3 inputs, 2 keys and 2 networks"):
        simulate_cuda.run_trials_cuda(factors(QUIET)[0], inputs(1, 2), KEYS[:2])
    with pytest.raises(InputError, match="indices of the 2 network"):
        simulate_cuda.run_trials_cuda(factors(QUIET), inputs(1, 2), KEYS, [0, 1, 2])
    with pytest.raises(InputError, match="u must have 1 row"):
        simulate_cuda.run_trials_cuda(factors(QUIET), inputs(2, 2), KEYS)


def test_nothing_imports_numba_cuda_unasked():
    code = """
import sys, rate2spike.spiking, rate2spike.spiking.simulator.simulate_cuda, rate2spike.spiking.search.grid
print([name for name in sys.modules if name.startswith("numba.cuda")])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_on_a_gpu_the_published_network_does_as_on_the_cpu(go_nogo_path):
    if not simulate_cuda.cuda_available():
        pytest.skip("there is no GPU")
    network, task = SpikingNetwork.from_model(load_model(go_nogo_path), 25), tasks.get("go-nogo")
    on_gpu, again = (
        cuda_blocks.run_block_cuda(network, TrialSeries(task, 1, Role.SEARCH), range(500)) for _ in range(2)
    )
    on_cpu = run_block(network, TrialSeries(task, 1, Role.SEARCH), range(500))
    assert on_gpu.correct.mean() >= 0.95
    assert on_gpu.firing_rate_hz.mean() == pytest.approx(on_cpu.firing_rate_hz.mean(), rel=0.03)
    np.testing.assert_array_equal(on_gpu.firing_rate_hz, again.firing_rate_hz)


if __name__ == "__main__":
    simulate(sys.argv[1])
