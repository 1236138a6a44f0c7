"""One simulation of a cell as a data set holds it: input, what was recorded, what was drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rate2spike.readable import Readable
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.recording import CellRecording


@dataclass(frozen=True, eq=False, repr=False)
class CellSimulation(Readable):
    """One simulation.

    Parameters
    ----------
    number : int
        Among all of its seed.
    events : SynapticEvents
        Input.
    recording : CellRecording
        What the cell did.
    drawn : dict of str to numbers
        What was drawn for the whole simulation, such as hold_ms.
    """

    shown = ("number", "n_events", "duration_ms", "n_spikes", "drawn")

    number: int
    events: SynapticEvents
    recording: CellRecording
    drawn: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_events(self) -> int:
        """Number of presynaptic events."""
        return self.events.n_events

    @property
    def duration_ms(self) -> int:
        """Length of the simulation."""
        return self.recording.duration_ms

    @property
    def n_spikes(self) -> int:
        """Number of output spikes."""
        return self.recording.n_spikes
