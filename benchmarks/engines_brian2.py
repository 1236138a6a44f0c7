"""Brian2's program for engines.py (C++ standalone), for an environment with brian2 alone. See engines_programs.py.

The equations are those of bench_brian2.py without the readout.
"""

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import brian2 as b2
import numpy as np

from engines_programs import Network, Run, peak_mb_of, serve

EQUATIONS = """
dv/dt = (ipsc + bias - v) / tau_m * int(not_refractory) + noise * xi : 1
dipsc/dt = -rate_d * ipsc + h : 1
dh/dt = -rate_r * h : Hz
rate_d : Hz (constant)
bias : 1 (constant)
"""
WITHOUT_NOISE = EQUATIONS.replace(" + noise * xi", "")
CLOCK = """struct timespec _{0};
clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &_{0});"""
SECONDS = """std::ofstream _cpu(brian::results_dir + "cpu.txt");
_cpu << (_after.tv_sec - _before.tv_sec) + 1e-9 * (_after.tv_nsec - _before.tv_nsec) << std::endl;
std::ofstream(brian::results_dir + "status.txt") << std::ifstream("/proc/self/status").rdbuf();"""


def make(its: Network, options: argparse.Namespace) -> Callable[[int], Run]:
    """The compiled network; every run is a start of it, with fresh noise."""
    folder = Path(tempfile.mkdtemp(dir=options.network.parent))
    b2.set_device("cpp_standalone", build_on_run=False, directory=str(folder))
    b2.prefs.core.default_float_dtype = np.dtype(options.precision).type
    b2.prefs.devices.cpp_standalone.openmp_threads = options.threads if options.threads > 1 else 0
    b2.prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    b2.defaultclock.dt = its.dt_ms * b2.ms
    units = _units(its)
    synapses = b2.Synapses(units, units, "jump : Hz (constant)", on_pre="h_post += jump")
    synapses.connect(i=its.source, j=its.target)
    synapses.jump = its.weight * _per_spike(its)[its.target] * b2.Hz
    monitor = b2.SpikeMonitor(units)
    b2.device.insert_code("before_network_run", CLOCK.format("before"))
    b2.device.insert_code("after_network_run", f"{CLOCK.format('after')}\n{SECONDS}")
    b2.Network(units, synapses, monitor).run(options.trials * its.n_steps * its.dt_ms * b2.ms)
    b2.device.build(directory=str(folder), compile=True, run=False)
    files = [os.path.basename(b2.device.get_array_filename(monitor.variables[name])) for name in ("i", "t")]

    def run(k: int) -> Run:
        subprocess.run(["./main"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        results = folder / "results"
        unit, t_s = np.fromfile(results / files[0], np.int32), np.fromfile(results / files[1])
        wall_s = float((results / "last_run_info.txt").read_text().split()[0])
        cpu_s = float((results / "cpu.txt").read_text())
        spikes = unit, np.rint(t_s * 1000 / its.dt_ms).astype(np.int64)
        return Run(wall_s, cpu_s, spikes, peak_mb_of((results / "status.txt").read_text()))

    return run


def _units(its: Network) -> b2.NeuronGroup:
    """Voltages are plain numbers in mV. Decays per step are exact, so that Euler steps are ours to the letter."""
    dt = its.dt_ms * b2.ms
    units = b2.NeuronGroup(
        its.n_units,
        EQUATIONS if its.noise_mv > 0 else WITHOUT_NOISE,
        threshold="v >= v_peak",
        reset="v = v_reset",
        refractory=(round(its.t_ref_ms / its.dt_ms) + 1) * dt,  # ours integrates when more than t_ref has passed
        method="euler",
        namespace={
            "v_reset": float(its.v_reset_mv),
            "v_peak": float(its.v_peak_mv),
            "tau_m": its.tau_m_ms * b2.ms,
            "rate_r": -np.expm1(-its.dt_ms / its.tau_r_ms) / dt,
            "noise": float(its.noise_mv) / dt**0.5,
        },
    )
    units.rate_d = -np.expm1(-its.dt_ms / its.tau_d_ms) / dt
    units.bias, units.v = its.bias_mv, its.v_start_mv
    # trials begin with a refractory period, in which Brian2 would not let those fire that start above their peak
    units.lastspike = np.where(its.v_start_mv >= its.v_peak_mv, -1e4, -its.dt_ms / 1000) * b2.second
    return units


def _per_spike(its: Network) -> np.ndarray:
    """(N,) 1 / s²: what a weight of 1 mV s adds to h, 1 / (tau_r tau_d)."""
    return 1e6 / (its.tau_r_ms * its.tau_d_ms)


if __name__ == "__main__":
    serve(make)
