"""NEST's program for engines.py, for an environment with nest-simulator alone. See engines_programs.py.

The model is iaf_psc_exp_multisynapse, whose equations are linear between spikes and solved exactly; with these constants its
step is ours to rounding, docs/engines.md says why. Two ports per unit, of tau_d and tau_r, make the double exponential.
"""

import argparse
import time
from collections.abc import Callable

import nest
import numpy as np

from engines_programs import Network, Run, serve, timed

_PER_CALL = 1_000_000  # synapses


def make(its: Network, options: argparse.Namespace) -> Callable[[int], Run]:
    """The network, and its runs: each starts with the network's voltages, and with the currents that the last has left."""
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = its.dt_ms
    nest.local_num_threads = options.threads
    nest.SetDefaults("static_synapse", {"delay": its.dt_ms})
    units = _units(its)
    units.V_m = float(its.v_peak_mv)
    nest.Simulate(its.dt_ms)  # all fire while nothing hears them: trials begin with a refractory period
    _connect(units, its)
    recorder = nest.Create("spike_recorder")
    nest.Connect(units, recorder)
    if its.noise_mv > 0:  # a current of x mV moves a voltage by x dt / tau_m
        noise = nest.Create("noise_generator", params={"std": its.noise_mv * its.tau_m_ms / its.dt_ms, "dt": its.dt_ms})
        nest.Connect(noise, units)
    clock = time.thread_time if options.threads == 1 else time.process_time
    duration = options.trials * its.n_steps * its.dt_ms

    def run(k: int) -> Run:
        recorder.n_events = 0
        units.V_m = its.v_start_mv.tolist()
        began = nest.biological_time
        seconds = timed(lambda: nest.Simulate(duration), clock)
        events = recorder.events
        steps = np.rint((events["times"] - began) / its.dt_ms).astype(np.int64) - 1
        return Run(*seconds, (events["senders"] - units[0].global_id, steps))

    return run


def leak_ms(its: Network) -> float:
    """The time constant of whose exact solution a step is our Euler step: exp(-dt / it) = 1 - dt / tau_m."""
    return -its.dt_ms / np.log1p(-its.dt_ms / its.tau_m_ms)


def _units(its: Network) -> "nest.NodeCollection":
    tau = leak_ms(its)
    common = {
        "E_L": 0.0,
        "tau_m": tau,
        "C_m": tau,  # so that a constant current of x pA moves a voltage by x dt / tau_m mV per step
        "V_th": float(its.v_peak_mv),
        "V_reset": float(its.v_reset_mv),
        "t_ref": its.t_ref_ms,
    }
    units = nest.Create("iaf_psc_exp_multisynapse", its.n_units, common)
    units.I_e = its.bias_mv.tolist()
    units.set([{"tau_syn": [tau_d, its.tau_r_ms]} for tau_d in its.tau_d_ms])
    return units


def port_weights(its: Network) -> tuple[np.ndarray, np.ndarray]:
    """Weights on the ports of tau_d and tau_r, per synapse, pA.

    Our current n steps after a spike is J dt (d^n - r^n) / (d - r), d and r the decays per step: two exponentials, which
    arrive with a delay of one step. J = w / (tau_r tau_d). A current x moves our voltage by x dt / tau_m, and NEST's by
    what is integrated over the step while it decays: a factor for each port.
    """
    tau_d = its.tau_d_ms[its.target]
    d, r = np.exp(-its.dt_ms / tau_d), np.exp(-its.dt_ms / its.tau_r_ms)
    height = 1000 * its.weight / (its.tau_r_ms * tau_d) * its.dt_ms / (d - r)
    moved = its.dt_ms / its.tau_m_ms
    return height * d * moved / _integrated(its, tau_d), -height * r * moved / _integrated(its, its.tau_r_ms)


def _integrated(its: Network, tau_syn):
    """What a decaying current of 1 pA adds to the voltage in a step (P21 of the model)."""
    tau = leak_ms(its)
    return tau_syn / (tau - tau_syn) * (np.exp(-its.dt_ms / tau) - np.exp(-its.dt_ms / tau_syn))


def _connect(units: "nest.NodeCollection", its: Network) -> None:
    first = units[0].global_id
    for port, weights in enumerate(port_weights(its), start=1):
        for start in range(0, weights.size, _PER_CALL):
            part = slice(start, start + _PER_CALL)
            n = weights[part].size
            nest.Connect(
                its.source[part] + first,
                its.target[part] + first,
                "one_to_one",
                {"weight": weights[part], "delay": np.full(n, its.dt_ms), "receptor_type": np.full(n, port)},
            )


if __name__ == "__main__":
    serve(make)
