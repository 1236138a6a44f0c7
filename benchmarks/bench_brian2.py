"""One-second trials of the published network: the fast path against Brian2 (C++ standalone), same equations, noise on.

    python benchmarks/bench_brian2.py [--repeats 7]

Both on one thread, taking turns. Brian2 is compiled once. What counts is the time loop alone, as Brian2's own program reports
it: not starting that program, not its files. It is timed in float64, its default, and in float32. Mean rates and outputs are
compared too, so that both do the same job. A development-only rival: `pip install .[bench]`.
"""

import argparse
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, stdev

import numpy as np

from rate2spike.spiking.kernels.records import FIRST_COUNTED_STEP, V_START_SPAN_MV
from rate2spike.spiking.simulator.network import SpikingNetwork

from bench_lif import DURATION_S, N_STEPS, network, one_pulse

REPEATS = 15
PRECISIONS = ("float64", "float32")
# Euler steps are ours to the letter where the rates are (1 - exp(-dt / tau)) / dt: ours decay exactly. With 1 / tau instead,
# synapses would be 1 % weaker. xi is white noise, in the refractory period too. A spike acts at its own step.
# Input column (i + 50) // 100 belongs to the 1-based step i; Brian2's t is that of step i - 1, and half a step keeps clear
# of rounding.
EQUATIONS = """
dv/dt = (ipsc + bias + w_in * stimulus(t + column_shift) - v) / tau_m * int(not_refractory) + noise * xi : 1
dipsc/dt = -rate_d * ipsc + h : 1
dh/dt = -rate_r * h : Hz
dr/dt = -rate_d * r + hr : Hz
dhr/dt = -rate_r * hr : Hz ** 2
rate_d : Hz (constant)
r_jump : Hz ** 2 (constant)
w_in : 1 (constant)
n_spikes : integer
"""
RESET = "v = v_reset; hr += r_jump; n_spikes += int(t > first_counted)"


@dataclass(frozen=True)
class Trial:
    """What one trial took and gave."""

    seconds: float
    rate_hz: float
    output: np.ndarray  # (n_steps,)


@dataclass(frozen=True)
class BrianProgram:
    """A compiled Brian2 network; every run draws fresh noise."""

    folder: Path
    build_s: float
    files: dict[str, str]  # of the results, by what they hold
    kind: str  # precision

    def run(self) -> Trial:
        """One trial on one thread."""
        done = subprocess.run(["./main"], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"Brian2's program failed: {done.stderr}")
        results = self.folder / "results"
        counts = np.fromfile(results / self.files["n_spikes"], np.int32)
        output = np.fromfile(results / self.files["output"], self.kind)
        seconds = float((results / "last_run_info.txt").read_text().split()[0])
        return Trial(seconds, float(counts.mean() / DURATION_S), output)


def build(net: SpikingNetwork, u: np.ndarray, kind: str, folder: Path) -> BrianProgram:
    """Write and compile the network. Voltages are plain numbers in mV: the same values, and no units to divide by."""
    import brian2 as b2

    b2.set_device("cpp_standalone", build_on_run=False, directory=str(folder))
    b2.prefs.core.default_float_dtype = np.dtype(kind).type
    dt = net.dt_s * b2.second
    b2.defaultclock.dt = dt
    params = net.params
    per_spike = 1 / (params.tau_r_s * net.tau_d_s)
    names = {
        "bias": params.bias_mv,
        "v_reset": params.v_reset_mv,
        "v_peak": params.v_peak_mv,
        "tau_m": params.tau_m_s * b2.second,
        "rate_r": -np.expm1(-net.dt_s / params.tau_r_s) / dt,
        "noise": params.noise_sd_mv / dt**0.5,
        "first_counted": (FIRST_COUNTED_STEP - 1.5) * dt,
        "column_shift": (net.steps_per_column // 2 + 1.5) * dt,
        "stimulus": b2.TimedArray(u[0], dt=net.steps_per_column * dt),
    }
    refractory = (round(params.t_ref_s / net.dt_s) + 1) * dt  # ours integrates when more than t_ref has passed
    units = b2.NeuronGroup(
        net.n_units,
        EQUATIONS,
        threshold="v >= v_peak",
        reset=RESET,
        refractory=refractory,
        method="euler",
        namespace=names,
    )
    units.rate_d, units.r_jump = -np.expm1(-net.dt_s / net.tau_d_s) / dt, per_spike * b2.Hz**2
    units.w_in = net.w_in[:, 0]
    units.v = f"v_reset + {V_START_SPAN_MV} * rand()"
    target, source = np.nonzero(net.w)
    recurrent = b2.Synapses(units, units, "jump : Hz (constant)", on_pre="h_post += jump")
    recurrent.connect(i=source, j=target)
    recurrent.jump = net.w[target, source] * per_spike[target] * b2.Hz
    readout = b2.NeuronGroup(1, "output : 1")
    to_readout = b2.Synapses(units, readout, "weight : 1 (constant)\noutput_post = weight * r_pre / Hz : 1 (summed)")
    to_readout.connect()
    to_readout.weight = net.readout[0]
    monitor = b2.StateMonitor(readout, "output", record=0)
    everything = b2.Network(units, recurrent, readout, to_readout, monitor)
    everything.run(N_STEPS * dt)
    start = time.perf_counter()
    b2.device.build(directory=str(folder), compile=True, run=False)
    seconds = time.perf_counter() - start
    files = {
        "n_spikes": os.path.basename(b2.device.get_array_filename(units.variables["n_spikes"])),
        "output": os.path.basename(b2.device.get_array_filename(monitor.variables["output"])),
    }
    b2.device.reinit()
    return BrianProgram(folder, seconds, files, kind)


def run(repeats: int = REPEATS) -> dict[str, float]:
    """Medians in ms per trial, ratios, and z scores of the differences; nothing where Brian2 is not usable."""
    try:
        import brian2  # noqa: F401
    except (ImportError, AttributeError) as error:  # the latter from versions that do not fit NumPy
        print(f"no comparison with Brian2: {type(error).__name__}: {error}")
        return {}
    net, u = network(), one_pulse()
    with tempfile.TemporaryDirectory() as folder:
        programs = {kind: build(net, u, kind, Path(folder) / kind) for kind in PRECISIONS}
        _our_trial(net, u, 0)
        ours, theirs = [], {kind: [] for kind in PRECISIONS}
        for k in range(repeats):
            ours.append(_our_trial(net, u, k))
            for kind, program in programs.items():
                theirs[kind].append(program.run())
    results = {"fast path, ms per 1-s trial (beside Brian2)": _median_ms(ours)}
    for kind, trials in theirs.items():
        results |= {
            f"Brian2 {kind}, ms per 1-s trial": _median_ms(trials),
            f"Brian2 {kind} / fast path": _median_ms(trials) / _median_ms(ours),
            f"Brian2 {kind}, compiling, s": programs[kind].build_s,
            f"Brian2 {kind}, mean rate / ours": fmean(t.rate_hz for t in trials) / fmean(t.rate_hz for t in ours),
            f"Brian2 {kind}, z of the rates' difference": _z([t.rate_hz for t in trials], [t.rate_hz for t in ours]),
            f"Brian2 {kind}, z of the outputs' difference": _z([_late(t) for t in trials], [_late(t) for t in ours]),
        }
    return results


def _our_trial(net: SpikingNetwork, u: np.ndarray, k: int) -> Trial:
    """Trial k, after an untimed one: Brian2's clock does not see its program's cold start either."""
    net.run_fast(u, np.uint64(k))
    start = time.perf_counter()
    record = net.run_fast(u, np.uint64(k))
    seconds = time.perf_counter() - start
    assert record.output is not None
    return Trial(seconds, float(record.firing_rate_hz.mean()), record.output[0])


def _median_ms(trials: list[Trial]) -> float:
    return median(trial.seconds for trial in trials) * 1e3


def _late(trial: Trial) -> float:
    """Mean output of the last quarter, long after the pulse."""
    return float(trial.output[-N_STEPS // 4 :].mean())


def _z(a: list[float], b: list[float]) -> float:
    return (fmean(a) - fmean(b)) / (stdev(a) ** 2 / len(a) + stdev(b) ** 2 / len(b)) ** 0.5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=REPEATS, help=f"trials of each, at least 2 (default: {REPEATS})")
    for name, value in run(parser.parse_args().repeats).items():
        print(f"  {name:<48} {value:10.3f}")


if __name__ == "__main__":
    main()
