"""A network with single-exponential synapses as a NIR graph of one CubaLIF node: the form that Norse runs.

NIR's CubaLIF is

    tau_syn I' = -I + w_in x        tau_mem v' = v_leak - v + R I        x: what the edges bring

    input -> w_in -> units (CubaLIF) -> output: the spikes of the N units
                     ^ w <-'

and differs from a network of `nir_export` in four things, each mended so that both compute the same:

* x passes the synapse, our input does not. The graph therefore has 2 (n_inputs + 1) inputs: the inputs and a constant 1 (for
  the units' constant input), then their slopes, (value - value one step before) / dt, with 0 before the first step. The
  synapse turns the sum of a value and tau times its slope back into the value.
* Simulators add a spike as 1 during one step, not as an area of 1. So the graph belongs to one step, `dt_s` in its metadata.
* They integrate by forward Euler, we decay by exp(-dt / tau_d): tau_syn is such that 1 - dt / tau_syn = exp(-dt / tau_d).
* Norse resets to 0 and takes v_leak for the synapse too. So v is measured from v_reset, and v_leak is 0.

Neither Norse 1.1 nor snnTorch 1.0 knows the leaky integrator that the readout needs: w_out and tau_d_s are in the metadata.
"""

from typing import TYPE_CHECKING

import numpy as np

from rate2spike.errors import InputError
from rate2spike.extras import imported
from rate2spike.io.exports.nir_export import NIRNetwork, nir_metadata, refuse_filtered_input, warn_of_what_is_left_out

if TYPE_CHECKING:
    import nir

FORM = "cubalif"
KEPT = ("w_in", "w_out", "tau_d_s", "tau_m_s", "v_leak_mv", "v_threshold_mv", "v_reset_mv")  # in the metadata


def cubalif_graph(network: NIRNetwork) -> "nir.NIRGraph":
    """The graph of a network, arrays float64. Warns, in one line, of what it leaves out.

    Raises InputError if NIR is not installed, or if the synapses are not single-exponential.
    """
    nir = imported("nir", "nir", "a NIR graph")
    if network.tau_r_s.any():
        raise InputError(
            f"the form {FORM} is exact only for single-exponential synapses, here they rise within "
            f"{network.tau_r_s.max() * 1e3:g} ms: give {{neuron_options}} tau_r_s=0 (evaluate takes it too and says how "
            "well the network works so), or {form} cubali",
            "neuron_options",
            "form",
        )
    refuse_filtered_input(network)
    warn_of_what_is_left_out(network)
    n, dt_s = network.tau_d_s.size, network.dt_s
    tau_d_s, w_in = network.tau_d_s.astype(float), network.w_in.astype(float)
    passed = -np.expm1(-dt_s / tau_d_s)  # the share of x that reaches I in a step
    tau_syn_s = dt_s / passed
    gain = 1 / (passed * tau_d_s)
    inputs = np.column_stack([w_in, network.v_leak_mv - network.v_reset_mv]) / gain[:, None]
    nodes = {
        "input": nir.Input(input_type=np.array([2 * inputs.shape[1]])),
        "w_in": nir.Linear(weight=np.hstack([inputs, inputs * (tau_syn_s - dt_s)[:, None]])),
        "units": nir.CubaLIF(
            tau_syn=tau_syn_s,
            tau_mem=network.tau_m_s.astype(float),
            r=np.ones(n),
            v_leak=np.zeros(n),
            v_threshold=network.v_threshold_mv - network.v_reset_mv,
            v_reset=np.zeros(n),
            w_in=gain,
        ),
        "w": nir.Linear(weight=np.ascontiguousarray(network.w, dtype=np.float64)),
        "output": nir.Output(output_type=np.array([n])),
    }
    edges = [("input", "w_in"), ("w_in", "units"), ("units", "w"), ("w", "units"), ("units", "output")]
    kept = {name: np.ascontiguousarray(getattr(network, name), dtype=np.float64) for name in KEPT}
    return nir.NIRGraph(nodes=nodes, edges=edges, metadata=nir_metadata(network, FORM) | kept)


def cubalif_input(u: np.ndarray, dt_s: float, input_step_s: float) -> np.ndarray:
    """(steps, 2 (n_inputs + 1)) what to feed such a graph with, step by step, for u (n_inputs, columns).

    dt_s and input_step_s: those of the graph's metadata.
    """
    per_column = round(input_step_s / dt_s)
    step = np.arange(1, per_column * (u.shape[1] - 1) + 1)
    values = np.vstack([u[:, (step + per_column // 2) // per_column], np.ones(step.size)])
    slopes = np.diff(values, axis=1, prepend=0) / dt_s
    return np.vstack([values, slopes]).T
