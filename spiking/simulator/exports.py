"""What is written for other programs, in one place: networks as NIR, spike records as NWB and Neo (`r2s.exports`).

Reading NIR is `read_nir`. Each needs a package of its own, which the error names if it is not there.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.calls import public
from rate2spike.checks import choice, shown
from rate2spike.checks import path as checked_path
from rate2spike.errors import InputError
from rate2spike.io.exports import nir_export
from rate2spike.io.exports.neo_export import to_neo, write_neo
from rate2spike.io.exports.nir_cubalif import cubalif_graph
from rate2spike.io.exports.nwb_export import NWBSession, nwb_file, write_nwb
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.simulator.nir_network import nir_network

if TYPE_CHECKING:
    import nir

__all__ = ["FORMS", "NWBSession", "nwb_file", "to_neo", "to_nir", "write_neo", "write_nir", "write_nwb"]

FORMS = ("cubali", "cubalif")


@public()
def to_nir(network: SpikingNetwork, form: str | None = None) -> "nir.NIRGraph":
    """A network as a graph of the Neuromorphic Intermediate Representation (Pedersen et al. 2024).

    NIR has no refractory period and no noise: one line warns of what the graph is without, and its metadata name it.

    Parameters
    ----------
    network : SpikingNetwork
        Of LIF neurons without dendrites.
    form : str, default None
        'cubali': synapses, membranes and readout as nodes of their own, for readers of all nodes of NIR. 'cubalif': one
        recurrent node, which Norse runs too, exact for single-exponential synapses (tau_r_s=0) and for one step. None:
        cubalif where it is exact.

    Returns
    -------
    nir.NIRGraph

    Raises
    ------
    InputError
        For other neurons, for dendrites and what else the form cannot hold, and where the package nir is not installed
        (extra `nir`).
    """
    if not isinstance(network, SpikingNetwork):
        raise InputError(f"{{network}} must be a SpikingNetwork, got {shown(network)}", "network")
    described = nir_network(network)
    if form is None:
        form = "cubali" if described.tau_r_s.any() else "cubalif"
    is_cubalif = choice(form, "form", "form", FORMS) == "cubalif"
    return (cubalif_graph if is_cubalif else nir_export.nir_graph)(described)


@public()
def write_nir(network: SpikingNetwork, path: str | os.PathLike, *, form: str | None = None) -> None:
    """Write a network as a .nir file, atomically; `read_nir` and other programs read it.

    Parameters
    ----------
    network : SpikingNetwork
        Of LIF neurons without dendrites.
    path : path
        With the suffix .nir.
    form : str, default None
        As for `to_nir`.

    Raises
    ------
    InputError
        As of `to_nir`, and for another suffix.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> params = r2s.LIFParams(tau_r_s=0.0, t_ref_s=0.0, noise_sd_mv=0.0)  # what NIR can hold
    >>> network = r2s.SpikingNetwork.from_model("go_nogo.mat", 25, params=params)
    >>> r2s.exports.write_nir(network, "go_nogo.nir")
    >>> r2s.read_nir("go_nogo.nir").n_units
    200
    """
    if checked_path(path, "path").suffix.lower() != ".nir":
        raise InputError(f"{Path(path)}: a NIR graph is saved as .nir")
    nir_export.write_nir(to_nir(network, form), path)
