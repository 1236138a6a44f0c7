"""A data set of simulations for MATLAB."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike import checks
from rate2spike.calls import public
from rate2spike.errors import InputError
from rate2spike.matlab_compat.matfile import savemat
from rate2spike.readable import as_json
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.shards import CellDataset


@public()
def save_mat(
    dataset: CellDataset, path: str | os.PathLike, simulations: Sequence[int] | None = None, *, version: str = "7"
) -> None:
    """Write simulations of a data set as a MAT file.

    Its variables are configuration (JSON, for `jsondecode`), n_synapses, duration_ms, and simulations, a cell array of
    structs: number, event_time_ms, event_synapse (from 1, as MATLAB counts), event_weight if events have any, v_soma_mv,
    spike_times_ms, drawn; and where these were recorded v_nexus_mv, v_dendrites_mv (in single precision), v_soma_fine_mv
    and fine_per_ms.

    Parameters
    ----------
    dataset : CellDataset
        The data set.
    path : path
        The file.
    simulations : sequence of int, optional
        Which of its simulations. Default: all.
    version : {'7', '5', '7.3'}, default '7'
        Format of the file; '7.3' for more than 2 GB.

    Raises
    ------
    InputError
        For a simulation that there is not, and if the file cannot be written.

    Examples
    --------
    >>> import rate2spike as r2s
    >>> from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
    >>> from rate2spike.spiking.twin_data.mat_file import save_mat
    >>> from rate2spike.spiking.twin_data.random_input import POINT_INPUT
    >>> from rate2spike.spiking.twin_data.simulate import simulate
    >>> save_mat(simulate(IntegrateAndFire(), POINT_INPUT, "for_matlab", n_simulations=2, seed=0), "twin.mat")
    >>> r2s.loadmat("twin.mat", simplify=True)["n_synapses"]
    100.0
    """
    n = dataset.n_simulations
    chosen = range(n) if simulations is None else simulations
    for k in chosen:
        checks.whole_number(k, "number of a simulation", "simulations", -n, n - 1)
    if not len(chosen):
        raise InputError("{simulations} must name one at least", "simulations")
    rows = list(dataset) if simulations is None else [dataset[int(k)] for k in chosen]
    variables = {
        "configuration": as_json(dataset.configuration),
        "n_synapses": rows[0].events.n_synapses,
        "duration_ms": rows[0].duration_ms,
        "simulations": [_as_struct(one) for one in rows],
    }
    savemat(path, variables, version)


def _as_struct(one: CellSimulation) -> dict[str, Any]:
    events, recording = one.events, one.recording
    struct: dict[str, Any] = {
        "number": one.number,
        "drawn": {name: _as_value(value) for name, value in one.drawn.items() if value is not None},
        "event_time_ms": events.time_ms,
        "event_synapse": events.synapse + 1,
        "event_weight": events.weight,
        "v_soma_mv": recording.v_soma_mv,
        "v_nexus_mv": recording.v_nexus_mv,
        "v_dendrites_mv": None if recording.v_dendrites_mv is None else recording.v_dendrites_mv.astype("f4"),
        "spike_times_ms": recording.spike_times_ms,
        "v_soma_fine_mv": recording.v_soma_fine_mv,
        "fine_per_ms": None if recording.v_soma_fine_mv is None else recording.fine_per_ms,
    }
    return {name: value for name, value in struct.items() if value is not None}


def _as_value(value: Any) -> Any:
    """Several numbers as a vector, where a list would be a cell array."""
    return np.array(value) if isinstance(value, list) else value
