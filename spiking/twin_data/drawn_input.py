"""The input of one simulation, and what was drawn for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rate2spike.readable import Readable
from rate2spike.spiking.detailed_cells.events import SynapticEvents


@dataclass(frozen=True, eq=False, repr=False)
class DrawnInput(Readable):
    """Events that were drawn.

    Parameters
    ----------
    events : SynapticEvents
        Which synapse receives an event when.
    drawn : dict of str to numbers
        What was drawn for the whole simulation, such as hold_ms and sigma_ms.
    """

    events: SynapticEvents
    drawn: Mapping[str, Any] = field(default_factory=dict)
