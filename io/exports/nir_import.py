"""Reading NIR: graphs that `nir_export` and `nir_cubalif` wrote, to the bit, and those of other programs (`nir_foreign`)."""

import json
import os
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rate2spike.errors import InputError
from rate2spike.extras import imported
from rate2spike.io.exports.nir_cubalif import KEPT, cubalif_graph
from rate2spike.io.exports.nir_export import NIRNetwork, nir_graph
from rate2spike.io.exports.nir_foreign import foreign_network
from rate2spike.io.hdf5_file import locked_if_possible

if TYPE_CHECKING:
    import nir

# what values and shapes that make no sense lead to, here and in the library
_DAMAGE = (ValueError, TypeError, AttributeError, LookupError, AssertionError, ArithmeticError)
FOREIGN_STEP_S = 1e-4  # as snnTorch fixes it; NIR has no place for a step


def read_nir_network(path: str | os.PathLike, dt_s: float | None, input_step_s: float) -> NIRNetwork:
    """The network of a .nir file.

    dt_s: step of another program's graph (None: its metadata's, else 0.1 ms), whose input columns last input_step_s; ours
    hold their own. Raises InputError, naming the file.
    """
    graph = _read(path)
    try:
        own = own_network(graph)
        if own is not None and dt_s not in (None, own.dt_s):
            raise InputError(f"it was written for steps of {own.dt_s * 1e3:g} ms, not {dt_s * 1e3:g} ms")
        return foreign_network(graph, dt_s or _step_s(graph), input_step_s) if own is None else own
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except _DAMAGE as error:
        raise InputError(f"{path}: its graph is damaged: {error}") from None


def own_network(graph: "nir.NIRGraph") -> NIRNetwork | None:
    """The network that this package wrote; None if it is another program's, or was changed since."""
    about = graph.metadata
    if not str(about.get("software", "")).startswith("rate2spike "):
        return None
    is_cubalif = about.get("form") == "cubalif"
    try:
        network = _of_cubalif(graph) if is_cubalif else _of_cubali(graph)
        again = _silently(cubalif_graph if is_cubalif else nir_graph, network)
    except _DAMAGE:
        return None
    return network if _same(graph, again) else None


def _read(path: str | os.PathLike) -> "nir.NIRGraph":
    nir = imported("nir", "nir", "a NIR graph")

    def read_unlocked() -> Any:
        with open(path, "rb") as file:
            return nir.read(file, type_check=False)

    try:
        graph = locked_if_possible(lambda: nir.read(str(path), type_check=False), read_unlocked)
    except Exception as error:  # whatever h5py and the library's classes make of a damaged file
        number = getattr(error, "errno", None)
        if number:
            raise InputError(f"cannot read {path}: {os.strerror(number)}") from None
        reason = str(error).strip("\"'") or type(error).__name__
        raise InputError(f"{path} is not a NIR graph: {reason}") from None
    return graph


def _step_s(graph: "nir.NIRGraph") -> float:
    """The step of a graph that is not, or no longer, ours: as its metadata say, else the usual one."""
    return float(graph.metadata.get("dt_s", FOREIGN_STEP_S))


def _of_cubali(graph: "nir.NIRGraph") -> NIRNetwork:
    nodes = graph.nodes
    synapse, membrane = nodes["synapse"], nodes["membrane"]
    is_single = hasattr(synapse, "tau")
    return NIRNetwork(
        w=nodes["w"].weight,
        w_in=nodes["w_in"].weight,
        w_out=nodes["w_out"].weight,
        tau_d_s=synapse.tau if is_single else synapse.tau_mem,
        tau_r_s=np.zeros_like(synapse.tau) if is_single else synapse.tau_syn,
        tau_m_s=membrane.tau,
        v_leak_mv=membrane.v_leak,
        v_threshold_mv=membrane.v_threshold,
        v_reset_mv=membrane.v_reset,
        **_from_metadata(graph.metadata),
    )


def _of_cubalif(graph: "nir.NIRGraph") -> NIRNetwork:
    kept: dict[str, Any] = {name: np.asarray(graph.metadata[name], dtype=np.float64) for name in KEPT}
    tau_r_s = np.zeros_like(kept["tau_d_s"])
    return NIRNetwork(w=graph.nodes["w"].weight, tau_r_s=tau_r_s, **kept, **_from_metadata(graph.metadata))


def _from_metadata(about: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: float(about[name]) for name in ("dt_s", "input_step_s", "start_span_mv", "scaling_factor")}
    arrays = {name: np.asarray(about[name], dtype=np.float64) for name in ("t_ref_s", "noise_sd_mv")}
    return numbers | arrays | {"unit_types": np.array(json.loads(about["unit_types"]))}


def _silently(make: Callable[[NIRNetwork], Any], network: NIRNetwork) -> "nir.NIRGraph":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(network)


def _same(graph: "nir.NIRGraph", other: "nir.NIRGraph") -> bool:
    """Whether nodes and edges are equal, to rounding."""
    if graph.nodes.keys() != other.nodes.keys() or set(graph.edges) != set(other.edges):
        return False
    for name, node in graph.nodes.items():
        ours = other.nodes[name]
        if type(node) is not type(ours):
            return False
        fields = [key for key, value in vars(ours).items() if isinstance(value, np.ndarray)]
        if not all(_close(getattr(node, key), getattr(ours, key)) for key in fields):
            return False
    return True


def _close(one: Any, other: np.ndarray) -> bool:
    return np.shape(one) == other.shape and np.allclose(one, other, rtol=1e-12, atol=0)
