"""A spiking network as a graph of the Neuromorphic Intermediate Representation (NIR).

NIR: Pedersen et al., Nature Communications 15:8122 (2024). Its nodes are differential equations, ours are (Kim, Li &
Sejnowski 2019, Methods), with spikes S = sum of delta functions, for the N units

    tau_m v' = -v + ipsc + bias + w_in u          ipsc' = -ipsc / tau_d + h       h' = -h / tau_r + W S / (tau_r tau_d)

and the output is w_out r, where r is S filtered as ipsc is. NIR's CubaLI is

    tau_syn I' = -I + w_in S                      tau_mem v' = v_leak - v + R I

so that with tau_syn = tau_r, tau_mem = tau_d, w_in = R = 1, v_leak = 0 its v is ipsc and its I is tau_d h: the same
equations, not an approximation. LIF, tau v' = v_leak - v + R I, is the membrane with tau = tau_m, R = 1 and the constant
input (bias and the units' own) as v_leak. With tau_r = 0 the filter is LI, tau v' = v_leak - v + R I with tau = tau_d.

    input -> w_in --------------------v
    w -> synapse (CubaLI or LI) -> membrane (LIF) -> filter (CubaLI or LI) -> w_out -> output
    ^-------------------------------------|

Times are in s, voltages in mV (currents are times the membrane's resistance). A unit fires at v >= v_threshold here, at
v > v_threshold in NIR. NIR has no refractory period, noise or start voltages: they are left out of the equations and kept in
the graph's metadata.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.deprecated import warn_of_old_name
from rate2spike.errors import InputError
from rate2spike.extras import imported
from rate2spike.io.atomic_file import write_atomically
from rate2spike.io.hdf5_file import locked_if_possible
from rate2spike.plausible import warn_caller
from rate2spike.readable import Readable
from rate2spike.version import __version__

if TYPE_CHECKING:
    import nir


@dataclass(frozen=True, eq=False, repr=False)
class NIRNetwork(Readable):
    """What the graph is made of: N leaky integrate-and-fire units. `spiking.nir_network` makes it of a SpikingNetwork."""

    shown = ("n_units", "n_inputs", "n_outputs", "scaling_factor", "dt_s", "input_step_s")

    w: np.ndarray = field(repr=False)  # (N, N) [target, source], divided by the scaling factor
    w_in: np.ndarray = field(repr=False)  # (N, n_inputs) mV per unit of input
    w_out: np.ndarray = field(repr=False)  # (n_outputs, N), divided by the scaling factor
    tau_d_s: np.ndarray = field(repr=False)  # (N,) synaptic decay
    tau_r_s: np.ndarray = field(repr=False)  # (N,) synaptic rise; 0 everywhere: single-exponential filter
    tau_m_s: np.ndarray = field(repr=False)  # (N,) membrane
    v_leak_mv: np.ndarray = field(repr=False)  # (N,) constant input
    v_threshold_mv: np.ndarray = field(repr=False)  # (N,)
    v_reset_mv: np.ndarray = field(repr=False)  # (N,)
    t_ref_s: np.ndarray = field(repr=False)  # (N,) refractory period, for the metadata
    noise_sd_mv: np.ndarray = field(repr=False)  # (N,) added to v at each step of dt_s, for the metadata
    unit_types: np.ndarray = field(repr=False)  # (N,) names
    dt_s: float
    input_step_s: float  # input column k (from 0) acts from (k - 1/2) to (k + 1/2) times this
    start_span_mv: float  # v starts uniformly within this above v_reset
    scaling_factor: float
    input_tau_s: np.ndarray | None = field(default=None, repr=False)  # (N,) of a filter that inputs pass; 0: none

    @property
    def n_units(self) -> int:
        """Number of units N."""
        return len(self.w)

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return self.w_in.shape[1]

    @property
    def n_outputs(self) -> int:
        """Number of outputs."""
        return len(self.w_out)


def nir_graph(network: NIRNetwork) -> "nir.NIRGraph":
    """The graph of a network, arrays float64. Warns, in one line, of what it leaves out.

    Raises InputError if NIR is not installed, or if the filter is single-exponential for some units only.
    """
    nir = imported("nir", "nir", "a NIR graph")
    refuse_filtered_input(network)
    warn_of_what_is_left_out(network)
    nodes = {
        "input": nir.Input(input_type=np.array([network.w_in.shape[1]])),
        "w_in": nir.Linear(weight=_array(network.w_in)),
        "w": nir.Linear(weight=_array(network.w)),
        "synapse": _filter(nir, network),
        "membrane": nir.LIF(
            tau=_array(network.tau_m_s),
            r=np.ones(network.w.shape[0]),
            v_leak=_array(network.v_leak_mv),
            v_threshold=_array(network.v_threshold_mv),
            v_reset=_array(network.v_reset_mv),
        ),
        "filter": _filter(nir, network),
        "w_out": nir.Linear(weight=_array(network.w_out)),
        "output": nir.Output(output_type=np.array([network.w_out.shape[0]])),
    }
    edges = [
        ("input", "w_in"),
        ("w_in", "membrane"),
        ("membrane", "w"),
        ("w", "synapse"),
        ("synapse", "membrane"),
        ("membrane", "filter"),
        ("filter", "w_out"),
        ("w_out", "output"),
    ]
    return nir.NIRGraph(nodes=nodes, edges=edges, metadata=nir_metadata(network, "cubali"))


def write_nir(graph: "nir.NIRGraph", path: str | os.PathLike) -> None:
    """Write a graph as HDF5, atomically; `nir.read` reads it. Raises InputError."""
    if isinstance(graph, str | os.PathLike):
        warn_of_old_name("write_nir(path, graph)", "write_nir(graph, path)")
        graph, path = path, graph  # the order of an earlier version
    nir = imported("nir", "nir", "a NIR file")

    def write(temporary: Path) -> None:
        locked_if_possible(lambda: nir.write(temporary, graph), lambda: write_unlocked(temporary))

    def write_unlocked(temporary: Path) -> None:
        with open(temporary, "w+b") as file:
            nir.write(file, graph)

    write_atomically(path, write)


def _filter(nir: Any, network: NIRNetwork) -> "nir.LI | nir.CubaLI":
    """Spikes to what they are filtered to; of the weighted spikes the synaptic current, of a unit's own its rate."""
    n, single = network.tau_d_s.size, network.tau_r_s == 0
    if single.all():
        return nir.LI(tau=_array(network.tau_d_s), r=np.ones(n), v_leak=np.zeros(n))
    if single.any():
        raise InputError(
            f"tau_r_s is 0 for {int(single.sum())} of {n} units: NIR needs one filter for all, single-exponential (0 "
            "everywhere) or double-exponential (above 0 everywhere)"
        )
    return nir.CubaLI(
        tau_syn=_array(network.tau_r_s),
        tau_mem=_array(network.tau_d_s),
        r=np.ones(n),
        v_leak=np.zeros(n),
        w_in=np.ones(n),
    )


def refuse_filtered_input(network: NIRNetwork) -> None:
    """Raise InputError where inputs pass a synapse: our graphs have none there."""
    if network.input_tau_s is not None:
        raise InputError("the inputs of this network pass its synapses: use the graph it was imported from")


def warn_of_what_is_left_out(network: NIRNetwork) -> None:
    """Warn of what NIR cannot hold."""
    left_out = []
    if network.t_ref_s.any():
        left_out.append(f"the refractory period ({_span(network.t_ref_s * 1e3)} ms)")
    if network.noise_sd_mv.any():
        left_out.append(f"the noise (SD {_span(network.noise_sd_mv)} mV per step)")
    if left_out:
        warn_caller(f"NIR cannot hold {' and '.join(left_out)}: only the metadata names them")


def _span(values: np.ndarray) -> str:
    low, high = values.min(), values.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def nir_metadata(network: NIRNetwork, form: str) -> dict[str, Any]:
    """What the nodes do not say."""
    return {
        "software": f"rate2spike {__version__}",
        "form": form,
        "time_unit": "s",
        "voltage_unit": "mV",
        "scaling_factor": float(network.scaling_factor),
        "dt_s": float(network.dt_s),
        "input_step_s": float(network.input_step_s),
        "start_span_mv": float(network.start_span_mv),
        "t_ref_s": _array(network.t_ref_s),
        "noise_sd_mv": _array(network.noise_sd_mv),
        "unit_types": json.dumps([str(name) for name in network.unit_types]),
    }


def _array(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float64)
