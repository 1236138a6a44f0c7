"""What a cell is asked to run: the events of one simulation, or of several."""

from typing import Any

from rate2spike.checks import several, shown
from rate2spike.errors import InputError
from rate2spike.spiking.detailed_cells.events import SynapticEvents


def events_given(inputs: Any, n_synapses: int, cell: str) -> list[SynapticEvents]:
    """The events of every simulation. Raises InputError for anything else, and for another number of synapses."""
    given = several(inputs)
    for one in given:
        if not isinstance(one, SynapticEvents):
            raise InputError(f"{{inputs}} must be SynapticEvents, one or several, got {shown(one)}", "inputs")
        if one.n_synapses != n_synapses:
            raise InputError(
                f"{{inputs}} must be for the {n_synapses} synapses of {cell}, got {one.n_synapses}", "inputs"
            )
    return given
