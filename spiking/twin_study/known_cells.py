"""The synapses of the cell that a data set is of, and where they are."""

from typing import Any

from rate2spike.spiking.detailed_cells.ball_and_stick import ball_and_stick
from rate2spike.spiking.detailed_cells.l5_pyramidal import l5_pyramidal
from rate2spike.spiking.twin_data.config import STICKS
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses

_STICK, _LAYER_5 = "ball and stick ", "L5PC "


def synapses_of(dataset: CellDataset) -> CellSynapses:
    """Those of our cells with their segments; of any other cell their numbers alone."""
    described = dataset.configuration["cell"]
    n_synapses = described["n_synapses"]
    cell = _our_cell(dataset.cell or "")
    if cell is not None and cell.n_synapses == n_synapses:
        return CellSynapses.of(cell)
    n_excitatory = described.get("n_excitatory", n_synapses // 2)
    return CellSynapses(n_excitatory, n_synapses - n_excitatory)


def _our_cell(name: str) -> Any:
    stick = name.removeprefix(_STICK)
    if stick != name and stick in STICKS:
        return ball_and_stick(stick)
    kind = name.removeprefix(_LAYER_5).removesuffix("_SK")  # segments do not depend on channels
    return l5_pyramidal(kind) if kind != name and kind in ("NMDA", "AMPA") else None
