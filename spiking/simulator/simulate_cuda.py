"""Many trials at once on an NVIDIA GPU (Numba's CUDA), for searches and evaluations: outputs and spike counts alone.

Optional: numba.cuda is imported where a function that needs the device is called, not before. Equations, stimuli, keys and
initial voltages are those of the fast path, the noise is another generator's: the two agree statistically, and without noise
to rounding. LIF neurons without dendrites, no stimulation.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rate2spike.errors import InputError
from rate2spike.machine.memory import check_memory
from rate2spike.spiking.kernels.noise import COINS, SPLITMIX_FIRST, SPLITMIX_SECOND, SPLITMIX_STEP
from rate2spike.spiking.kernels.records import V_START_SPAN_MV
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.simulate_fast import FastNetwork

TRIALS_PER_LAUNCH = 1024  # fills a device; the outputs of 1-s trials take 80 MB
_STEPS_PER_SUM = 64  # at most
_USABLE_SHARE = 0.8  # of free device memory
_WARP = 32  # threads that a multiprocessor runs together
_f4, _u8 = np.float32, np.uint64


def cuda_available() -> bool:
    """Whether Numba finds an NVIDIA GPU, its driver and the CUDA toolkit."""
    from numba import cuda

    return bool(cuda.is_available())


def check_cuda() -> None:
    """Raise InputError, in one line, unless `cuda_available`."""
    if not cuda_available():
        raise InputError(
            "no CUDA device can be used: it takes an NVIDIA GPU with its driver, and a CUDA toolkit that Numba finds "
            "(`numba -s` says what is missing); device 'cpu' needs neither"
        )


def run_trials_cuda(
    network: SpikingNetwork | Sequence[SpikingNetwork],
    inputs: np.ndarray,
    keys: np.ndarray,
    network_of: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Run trials of a network, or of several scaling factors of one, on the GPU.

    inputs (n_trials, n_inputs, K): as `SpikingNetwork.run` takes them. keys (n_trials,) uint64: of the noise. network_of
    (n_trials,): index of each trial's network, where there are several. Returns outputs (n_trials, n_outputs, n_steps)
    float32 and spike_counts (n_trials, N) int32, from step 10 on. A trial's result depends on its network, input and key
    alone, not on the other trials. Raises InputError.
    """
    networks = [network] if isinstance(network, SpikingNetwork) else list(network)
    first = networks[0]
    if any(one.input_tau_s is not None for one in networks):
        raise InputError("a network whose inputs pass synapses runs on the CPU only (device 'cpu')")
    if any(one.dendrites is not None for one in networks):
        raise InputError("a network with dendrites runs on the CPU only (device 'cpu')")
    keys = np.asarray(keys, _u8)
    network_of = np.zeros(keys.size, np.int32) if network_of is None else np.asarray(network_of, np.int32)
    if not 1 <= len(inputs) == keys.size == network_of.size:
        raise InputError(
            f"{len(inputs)} inputs, {keys.size} keys and {network_of.size} networks: one of each per trial"
        )
    if first.params.kind != "lif":
        raise InputError(
            f"CUDA runs lif neurons alone, the network's are {first.params.kind}; device 'cpu' runs all kinds"
        )
    if not 0 <= network_of.min() <= network_of.max() < len(networks):
        raise InputError(f"network_of must hold indices of the {len(networks)} network(s)")
    u = np.array([first.checked(one) for one in inputs], _f4)  # as `run` checks and subsamples an input
    check_cuda()
    n_trials, n_steps = keys.size, first.steps_per_column * (u.shape[2] - 1)
    check_memory(
        4.0 * n_trials * (first.n_outputs * n_steps + first.n_units), f"{n_trials} trials", "run fewer at once"
    )
    outputs = np.empty((n_trials, first.n_outputs, n_steps), _f4)
    spike_counts = np.empty((n_trials, first.n_units), np.int32)
    on_device = _Networks.of(networks)
    at_once = _trials_at_once(first, n_steps)
    for start in range(0, n_trials, at_once):
        part = slice(start, start + at_once)
        u_start = _start_voltages(first, keys[part])
        on_device.launch(network_of[part], u_start, u[part], keys[part], outputs[part], spike_counts[part])
    return outputs, spike_counts


@dataclass(frozen=True, eq=False)
class _Networks:
    """Networks that differ in their scaling factor alone, in device memory; shapes as the kernel says."""

    steps_per_column: int
    dt_s: float
    real: np.ndarray
    whole: np.ndarray
    w_in: np.ndarray
    jumps: np.ndarray
    readout: np.ndarray

    @classmethod
    def of(cls, networks: Sequence[SpikingNetwork]) -> "_Networks":
        """Copy them to the device. Raises InputError if they differ in more."""
        from numba import cuda

        from rate2spike.spiking.kernels.cuda import MAX_OUTPUTS

        first, n = networks[0], networks[0].n_units
        if first.n_outputs > MAX_OUTPUTS:
            raise InputError(f"CUDA takes up to {MAX_OUTPUTS} outputs, the network has {first.n_outputs}")
        fast = [FastNetwork.of(one, sparse=False) for one in networks]
        tables = _tables(fast[0], n)
        for one, its in zip(networks[1:], fast[1:], strict=True):
            same_shape = one.w.shape == first.w.shape and one.w_out.shape == first.w_out.shape
            same_step = (one.steps_per_column, one.downsample) == (first.steps_per_column, first.downsample)
            if not (same_shape and same_step and all(map(np.array_equal, _tables(its, n), tables))):
                raise InputError("networks that run on CUDA together must be one network at several scaling factors")
        jumps = np.stack([its.weights.dense[:, :n] for its in fast])
        readout = np.stack([its.readout[:, :n] for its in fast])
        return cls(first.steps_per_column, first.dt_s, *(cuda.to_device(array) for array in (*tables, jumps, readout)))

    def launch(
        self,
        network_of: np.ndarray,
        u_start: np.ndarray,
        inputs: np.ndarray,
        keys: np.ndarray,
        output: np.ndarray,
        spike_count: np.ndarray,
    ) -> None:
        """Run one block of threads per trial; fill output and spike_count."""
        from numba import cuda
        from numba.core.errors import NumbaPerformanceWarning

        from rate2spike.spiking.kernels import cuda as kernel

        n_trials, n_outputs, n_steps = output.shape
        n_units = u_start.shape[1]
        n_threads = min(-(-n_units // _WARP) * _WARP, kernel.MAX_THREADS)
        steps_per_sum = min(_STEPS_PER_SUM, kernel.PARTIAL_SUMS // (n_outputs * (n_threads + 1)))
        key_words = np.stack([keys & _u8(0xFFFFFFFF), keys >> _u8(32)], 1).astype(np.uint32)
        per_trial = [cuda.to_device(array) for array in (network_of, u_start, inputs, key_words)]
        results = [cuda.device_array(array.shape, array.dtype) for array in (output, spike_count)]
        simulate = kernel.simulation_of(-(-n_units // n_threads))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NumbaPerformanceWarning)  # few trials leave a device idle: no news
            simulate[n_trials, n_threads](
                n_steps,
                self.steps_per_column,
                steps_per_sum,
                _f4(self.dt_s),
                self.real,
                self.whole,
                self.w_in,
                self.jumps,
                self.readout,
                *per_trial,
                *results,
            )
        for result, array in zip(results, (output, spike_count), strict=True):
            result.copy_to_host(array)


def _tables(fast: FastNetwork, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The kernel's real_constants, whole_constants and w_in."""
    from rate2spike.spiking.kernels import cuda as kernel

    real, whole, units = np.empty((7, n), _f4), np.empty((3, n), np.int32), fast.units
    for row, values in (
        (kernel.LEAK, units.leak),
        (kernel.NOISE_SD, units.noise_sd),
        (kernel.RESET, units.reset),
        (kernel.DECAY_D, units.decay_d),
        (kernel.DECAY_R, units.decay_r),
        (kernel.R_JUMP, units.r_jump),
        (kernel.CONSTANT_INPUT, fast.feed.constant),
    ):
        real[row] = np.broadcast_to(values, fast.u_start.shape)[:n]  # one number, or one per unit
    whole[kernel.REFRACTORY], whole[kernel.FREE_FROM] = units.refractory[:n], fast.free_from[:n]
    whole[kernel.IS_SINGLE] = units.is_single
    return real, whole, np.ascontiguousarray(fast.feed.w_in[:, :n])


def _start_voltages(network: SpikingNetwork, keys: np.ndarray) -> np.ndarray:
    """(n_trials, N) initial voltages in u = v - v_peak: those of the fast path, all trials at once."""
    fast, n = network.fast, network.n_units
    # as kernels.fast.start; SplitMix64 mixes a counter, so that all of its numbers can be had at once
    z = (keys ^ COINS)[:, None] + np.arange(1, n + 1, dtype=_u8) * SPLITMIX_STEP
    z = (z ^ (z >> _u8(30))) * SPLITMIX_FIRST
    z = (z ^ (z >> _u8(27))) * SPLITMIX_SECOND
    uniform = ((z ^ (z >> _u8(31))) >> _u8(40)).astype(_f4) * _f4(2.0**-24)
    start = fast.u_start[:n] + (fast.v_reset + _f4(V_START_SPAN_MV) * uniform)
    return start if network.silent is None else np.where(network.silent, fast.units.reset[:n], start)


def _trials_at_once(network: SpikingNetwork, n_steps: int) -> int:
    """Trials per launch: as many as fill a device, fewer where their results exceed its free memory."""
    from numba import cuda

    bytes_per_trial = 4 * (network.n_outputs * n_steps + 2 * network.n_units + network.w_in.shape[1] * n_steps)
    fitting = _USABLE_SHARE * cuda.current_context().get_memory_info().free / bytes_per_trial
    return max(int(min(TRIALS_PER_LAUNCH, fitting)), 1)
