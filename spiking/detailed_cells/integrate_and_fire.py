"""The integrate-and-fire cell whose deep twin is a single linear unit (Beniaguev, Segev & London 2021, Fig. 1)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE
from rate2spike.errors import InputError
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.spiking.detailed_cells.events import SynapticEvents
from rate2spike.spiking.detailed_cells.given_inputs import events_given
from rate2spike.spiking.detailed_cells.recording import CellRecording
from rate2spike.spiking.kernels.integrate_and_fire import run_membrane

_TIME_CONSTANTS = 7  # after which what an event did is forgotten
_ABOVE_THRESHOLD_MV = 0.1  # how far voltages above it are recorded
_WITHIN_BIN_MS = 0.5  # of a spike


@public()
@dataclass(frozen=True, repr=False)
class IntegrateAndFire(Readable):
    """A leaky integrate-and-fire cell with 100 synapses; defaults as published.

    An event of an excitatory synapse raises the voltage by mv_per_event in its millisecond, one of an inhibitory synapse
    lowers it (a weight multiplies that); the change decays with tau_ms and ends after 7 tau_ms. Above threshold the cell
    spikes, and is at rest in the next millisecond, whatever arrives then. Voltages above threshold are recorded as 0.1 mV
    above it, as published. The time of a spike is the middle of its millisecond, so that `int(t - 0.5)` and `floor(t)`, the
    two published rules for the bin of a spike, agree.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    References
    ----------
    .. [1] D. Beniaguev, I. Segev & M. London (2021). Single cortical neurons as deep artificial neural networks.
           Neuron 109:2727-2739.

    Examples
    --------
    >>> from rate2spike.spiking.detailed_cells.events import SynapticEvents
    >>> from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
    >>> cell = IntegrateAndFire()
    >>> recording = cell.run(SynapticEvents(cell.n_synapses, 100, time_ms=[10], synapse=[0]))[0]
    >>> recording.v_soma_mv[[9, 10, 30]].round(2)
    array([-75.  , -73.  , -74.26], dtype=float32)
    """

    name: ClassVar[str] = "integrate_and_fire"
    segments: ClassVar[None] = None  # it is a point

    n_excitatory: int = option(80, "excitatory synapses", what="number of excitatory synapses")
    n_inhibitory: int = option(20, "inhibitory synapses", what="number of inhibitory synapses", least=0)
    tau_ms: float = option(20.0, "membrane time constant, ms", what="membrane time constant", allowed=POSITIVE)
    rest_mv: float = option(-75.0, "voltage at rest and after a spike, mV", what="voltage at rest")
    threshold_mv: float = option(-55.0, "voltage above which it spikes, mV", what="threshold")
    mv_per_event: float = option(2.0, "jump of voltage that an event makes, mV", what="jump", allowed=POSITIVE)

    def __post_init__(self) -> None:
        check_options(self)
        if self.threshold_mv <= self.rest_mv:
            values = f"{self.threshold_mv:g} and {self.rest_mv:g}"
            raise InputError(f"{{threshold_mv}} must be above {{rest_mv}}, got {values}", "threshold_mv", "rest_mv")

    def summary(self) -> dict[str, Any]:
        """Every setting that is not the default."""
        return not_default(self)

    @property
    def n_synapses(self) -> int:
        """Excitatory ones, then inhibitory ones."""
        return self.n_excitatory + self.n_inhibitory

    @public()
    def run(
        self,
        inputs: SynapticEvents | Iterable[SynapticEvents],
        *,
        with_dendrites: bool = False,
        with_fine_soma: bool = False,
    ) -> list[CellRecording]:
        """Simulate.

        Parameters
        ----------
        inputs : SynapticEvents, or several
            The events of each simulation.
        with_dendrites, with_fine_soma : bool, default False
            What other cells can record beside the soma at every millisecond; this cell has no dendrites and no finer time.

        Returns
        -------
        list of CellRecording
            One for each.

        Raises
        ------
        InputError
            For events of another number of synapses, and for what this cell cannot record.

        Examples
        --------
        >>> from rate2spike.spiking.detailed_cells.events import SynapticEvents
        >>> from rate2spike.spiking.detailed_cells.integrate_and_fire import IntegrateAndFire
        >>> IntegrateAndFire().run(SynapticEvents(100, 1000, time_ms=[5] * 12, synapse=range(12)))
        [CellRecording(duration_ms=1000, n_spikes=1, rate_hz=1)]
        """
        for asked, what in ((with_dendrites, "with_dendrites"), (with_fine_soma, "with_fine_soma")):
            if asked:
                raise InputError(f"{{{what}}}: {self.name} is a point in steps of 1 ms", what)
        return [self._recording(events) for events in events_given(inputs, self.n_synapses, self.name)]

    def _recording(self, events: SynapticEvents) -> CellRecording:
        sign = np.where(events.synapse < self.n_excitatory, self.mv_per_event, -self.mv_per_event)
        jumps_mv = sign if events.weight is None else sign * events.weight
        per_ms = np.bincount(events.time_ms, jumps_mv, events.duration_ms)
        above_rest_mv = self.threshold_mv - self.rest_mv
        decay, n_taps = math.exp(-1 / self.tau_ms), int(_TIME_CONSTANTS * self.tau_ms) + 1
        v_mv, is_spike = run_membrane(per_ms, decay, n_taps, above_rest_mv)
        v_mv[v_mv > above_rest_mv] = above_rest_mv + _ABOVE_THRESHOLD_MV
        return CellRecording((v_mv + self.rest_mv).astype(np.float32), np.flatnonzero(is_spike) + _WITHIN_BIN_MS)
