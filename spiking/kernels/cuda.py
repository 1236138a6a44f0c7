"""CUDA kernel: the LIF equations of `fast`, one thread block per trial, the time loop inside the kernel.

Imported only where CUDA is asked for: importing numba.cuda looks for a driver.

A thread holds the state of its units (thread, thread + T, ..., with T threads per block) in registers. Within a step units
meet only through the spikes, a bit mask in shared memory: whatever the order in which threads set bits, columns are added in
the order of units, so results repeat bit for bit.

Noise: Philox4x32-10 (Salmon et al. 2011, SC11), a function of the trial's 64-bit key, the unit and the step alone: nothing
is carried from step to step, nothing depends on the grid. Box-Muller makes normals of it. Not the numbers of `fast`.
"""

import math
from functools import cache

import numpy as np
from numba import config, cuda, float32, int32, uint32

from rate2spike.spiking.kernels.compiled import kept_on_disk
from rate2spike.spiking.kernels.records import FIRST_COUNTED_STEP

MAX_THREADS = 256
PARTIAL_SUMS = 8192  # 32 of the 48 kB of shared memory that a block may have on every device
MAX_OUTPUTS = PARTIAL_SUMS // (MAX_THREADS + 1)
WORD = 32  # bits
NORMALS_PER_DRAW = 4
# rows of the tables of the units' constants, see `fast.Units`; CONSTANT_INPUT in mV
LEAK, NOISE_SD, RESET, DECAY_D, DECAY_R, R_JUMP, CONSTANT_INPUT = range(7)  # float32
REFRACTORY, FREE_FROM, IS_SINGLE = range(3)  # int32

# so few that no state leaves the registers with one unit per thread, and blocks can share a multiprocessor; the simulator
# does not know the option
_OPTIONS = {} if config.ENABLE_CUDASIM else {"max_registers": 96}
_f4, _i4, _u4, _u8 = np.float32, np.int32, np.uint32, np.uint64
_LOW_WORD = _u8(0xFFFFFFFF)
_RADIANS = _f4(2 * np.pi / 2**32)


@cuda.jit(device=True, fastmath=True)
def philox(counter0, counter1, key0, key1):
    """Four uniform 32-bit words from the counter (counter0, counter1, 0, 0) and the key, all uint32."""
    a, b, c, d = counter0, counter1, _u4(0), _u4(0)
    for _ in range(10):
        ab = _u8(a) * _u8(0xD2511F53)
        cd = _u8(c) * _u8(0xCD9E8D57)
        a, b = _u4(_u4(cd >> _u8(32)) ^ _u4(b ^ key0)), _u4(cd & _LOW_WORD)
        c, d = _u4(_u4(ab >> _u8(32)) ^ _u4(d ^ key1)), _u4(ab & _LOW_WORD)
        key0 = _u4((_u8(key0) + _u8(0x9E3779B9)) & _LOW_WORD)
        key1 = _u4((_u8(key1) + _u8(0xBB67AE85)) & _LOW_WORD)
    return a, b, c, d


@cuda.jit(device=True, fastmath=True)
def box_muller(word0, word1):
    """Two standard normals from two uniform words."""
    u = (_f4(word0 >> _u4(8)) + _f4(0.5)) * _f4(2.0**-24)
    radius = _f4(math.sqrt(abs(_f4(2.0) * _f4(math.log(u)))))  # the fast logarithm of 1 may miss 0 on either side
    angle = _f4(_i4(word1)) * _RADIANS
    return radius * _f4(math.cos(angle)), radius * _f4(math.sin(angle))


@cuda.jit(device=True, fastmath=True)
def standard_normals(unit, draw, key0, key1):
    """The normals of a unit for steps 4 draw + 1 to 4 draw + 4."""
    word0, word1, word2, word3 = philox(_u4(unit), _u4(draw), key0, key1)
    normal0, normal1 = box_muller(word0, word1)
    normal2, normal3 = box_muller(word2, word3)
    return normal0, normal1, normal2, normal3


@cuda.jit(device=True, fastmath=True)
def input_current(inputs, w_in, column, unit):
    """What the inputs of a trial, (n_inputs, columns), send into a unit."""
    total = _f4(0.0)
    for i in range(w_in.shape[0]):
        total += w_in[i, unit] * inputs[i, column]
    return total


@cache
def simulation_of(units_per_thread):
    """The kernel for blocks whose threads hold so many units: a constant to the compiler, or registers would not do."""
    n_words = -(-MAX_THREADS * units_per_thread // WORD)

    @cuda.jit(fastmath=True, **_OPTIONS)
    def simulate(
        n_steps,
        steps_per_column,
        steps_per_sum,
        dt,
        real_constants,
        whole_constants,
        w_in,
        jumps,
        readout,
        network_of,
        u_start,
        inputs,
        keys,
        output,
        spike_count,
    ):
        """Run one trial per block.

        dt: float32. real_constants (7, N) float32, whole_constants (3, N) int32, w_in (n_inputs, N). Per network: jumps
        (networks, N, N) [source, target] of h, readout (networks, n_outputs, N). Per trial: network_of (trials,) int32,
        u_start (trials, N) mV relative to v_peak, inputs (trials, n_inputs, columns), keys (trials, 2) uint32. Results:
        output (trials, n_outputs, n_steps), spike_count (trials, N) int32 from step 10 on. steps_per_sum: of the
        output, summed over threads every so many steps: steps_per_sum * n_outputs * (T + 1) <= PARTIAL_SUMS.
        """
        trial, thread, n_threads = cuda.blockIdx.x, cuda.threadIdx.x, cuda.blockDim.x
        n_units, n_outputs, network = u_start.shape[1], output.shape[1], network_of[trial]
        key0, key1 = keys[trial, 0], keys[trial, 1]
        u = cuda.local.array(units_per_thread, float32)
        ipsc = cuda.local.array(units_per_thread, float32)
        h = cuda.local.array(units_per_thread, float32)
        r = cuda.local.array(units_per_thread, float32)
        hr = cuda.local.array(units_per_thread, float32)
        current = cuda.local.array(units_per_thread, float32)
        free_from = cuda.local.array(units_per_thread, int32)
        count = cuda.local.array(units_per_thread, int32)
        noise = cuda.local.array((units_per_thread, NORMALS_PER_DRAW), float32)
        spikes = cuda.shared.array(n_words, uint32)
        partial = cuda.shared.array(PARTIAL_SUMS, float32)
        for j in range(units_per_thread):
            k = thread + j * n_threads
            u[j] = ipsc[j] = h[j] = r[j] = hr[j] = current[j] = _f4(0.0)
            free_from[j] = count[j] = _i4(0)
            if k < n_units:
                u[j], free_from[j] = u_start[trial, k], whole_constants[FREE_FROM, k]
        for word in range(thread, n_words, n_threads):
            spikes[word] = _u4(0)
        cuda.syncthreads()

        half = steps_per_column // 2  # columns come half a column early
        column, column_begins = (1 + half) // steps_per_column - 1, 1
        draw, in_draw, n_summed = -1, NORMALS_PER_DRAW - 1, 0
        width = n_threads + 1  # an odd number, or the sums below would all read from one bank of shared memory
        for step in range(1, n_steps + 1):
            if step == column_begins:
                column, column_begins = column + 1, (column + 2) * steps_per_column - half
                for j in range(units_per_thread):
                    k = thread + j * n_threads
                    if k < n_units:
                        current[j] = input_current(inputs[trial], w_in, column, k) + real_constants[CONSTANT_INPUT, k]
            in_draw += 1
            if in_draw == NORMALS_PER_DRAW:
                draw, in_draw = draw + 1, 0
                for j in range(units_per_thread):
                    noise[j, 0], noise[j, 1], noise[j, 2], noise[j, 3] = standard_normals(
                        thread + j * n_threads, draw, key0, key1
                    )

            fired = 0
            for j in range(units_per_thread):
                k = thread + j * n_threads
                if k < n_units:
                    if free_from[j] <= step:
                        u[j] += real_constants[LEAK, k] * (ipsc[j] + current[j] - u[j])
                    u[j] += real_constants[NOISE_SD, k] * noise[j, in_draw]
                    decay_d, decay_r = real_constants[DECAY_D, k], real_constants[DECAY_R, k]
                    ipsc[j] = ipsc[j] * decay_d + h[j] * dt
                    h[j] *= decay_r
                    r[j] = r[j] * decay_d + hr[j] * dt
                    hr[j] *= decay_r
                    if u[j] >= _f4(0.0):
                        fired = 1
                        cuda.atomic.or_(spikes, k // WORD, _u4(_u4(1) << _u4(k % WORD)))
                        u[j], free_from[j] = real_constants[RESET, k], step + whole_constants[REFRACTORY, k]
                        if step >= FIRST_COUNTED_STEP:
                            count[j] += 1
                        if whole_constants[IS_SINGLE, k]:
                            r[j] += real_constants[R_JUMP, k]
                        else:
                            hr[j] += real_constants[R_JUMP, k]
            for out in range(n_outputs):
                total = _f4(0.0)
                for j in range(units_per_thread):
                    k = thread + j * n_threads
                    if k < n_units:
                        total += readout[network, out, k] * r[j]
                partial[(n_summed * n_outputs + out) * width + thread] = total
            n_summed += 1

            if cuda.syncthreads_or(fired):  # from here on all threads see the spikes and the partial sums of this step
                for word in range(n_words):
                    bits = spikes[word]
                    while bits != 0:
                        source = word * WORD + cuda.ffs(bits) - 1
                        bits = _u4(bits & _u4(bits - _u4(1)))
                        for j in range(units_per_thread):
                            k = thread + j * n_threads
                            if k < n_units:
                                h[j] += jumps[network, source, k]
                for j in range(units_per_thread):
                    k = thread + j * n_threads
                    if k < n_units and whole_constants[IS_SINGLE, k]:  # no rise: what has arrived acts at once
                        ipsc[j] += h[j]
                        h[j] = _f4(0.0)
                cuda.syncthreads()
                for word in range(thread, n_words, n_threads):
                    spikes[word] = _u4(0)
                cuda.syncthreads()

            if n_summed == steps_per_sum or step == n_steps:
                for line in range(thread, n_summed * n_outputs, n_threads):
                    total = _f4(0.0)
                    for other in range(n_threads):
                        total += partial[line * width + other]
                    output[trial, line % n_outputs, step - n_summed + line // n_outputs] = total
                n_summed = 0
                cuda.syncthreads()
        for j in range(units_per_thread):
            k = thread + j * n_threads
            if k < n_units:
                spike_count[trial, k] = count[j]

    return kept_on_disk(simulate)
