"""What each head of a network is to say, of a simulation."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import POSITIVE
from rate2spike.errors import InputError
from rate2spike.options import check_options, not_default, option
from rate2spike.readable import Readable
from rate2spike.spiking.neuron_as_net.dendritic_pca import DendriticPCA
from rate2spike.spiking.neuron_as_net.heads import DENDRITIC, NEAR_SPIKES, RATE, SOMATIC, SPIKES, Head
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.labels import near_spikes, soma_target, spike_labels, spike_rate_per_ms

COMPONENTS, SEGMENTS = "components", "segments"


@public()
@dataclass(frozen=True, repr=False)
class Targets(Readable):
    """How recordings become targets; defaults as published for the layer-5 cell.

    spikes are 0 or 1 per ms; somatic is the voltage, clipped above, minus a constant, over a scale; dendritic are principal
    components (see `DendriticPCA`) or the voltages of all segments, clipped, minus a constant, over a scale; near_spikes and
    rate are those of ball-and-stick twins (see `spiking.twin_data.labels`).

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.targets import Targets
    >>> Targets(zero_soma_mv=-70)
    Targets(zero_soma_mv=-70)
    """

    spike_rule: str = option("half_before", "the bin of a spike", choices=("half_before", "floor"))
    most_soma_mv: float = option(-55.0, "higher somatic voltages count as this, mV", what="highest somatic voltage")
    zero_soma_mv: float = option(-67.7, "what is taken away from them, mV", what="zero of the soma")
    soma_scale_mv: float = option(1.0, "what they are divided by, mV", what="scale of the soma", allowed=POSITIVE)
    dendrites: str = option(COMPONENTS, "what the dendritic head says", choices=(COMPONENTS, SEGMENTS))
    most_dendrite_mv: float = option(0.0, "of segments: higher voltages count as this, mV", what="highest voltage")
    zero_dendrite_mv: float = option(-85.0, "what is taken away from them, mV", what="zero of dendrites")
    dendrite_scale_mv: float = option(42.5, "what they are divided by, mV", what="scale", allowed=POSITIVE)
    rate_scale: float = option(10.0, "times which rates per ms are learnt", what="scale of rates", allowed=POSITIVE)

    def __post_init__(self) -> None:
        check_options(self)

    def summary(self) -> dict[str, Any]:
        """Every setting that is not the default."""
        return not_default(self)

    def of(
        self, simulation: CellSimulation, heads: Sequence[Head], pca: DendriticPCA | None = None
    ) -> dict[str, np.ndarray]:
        """(T, n_outputs) float32 by the name of the head. Raises InputError for what the simulation does not hold."""
        return {head.name: self._of_head(simulation, head, pca) for head in heads}

    def in_units(self, name: str, values: np.ndarray) -> np.ndarray:
        """Targets of a head, or predictions, in mV (soma, segments), Hz (rate), or as they are (components, spikes)."""
        if name == SOMATIC:
            return self.somatic_mv(values)
        if name == RATE:
            return 1000 / self.rate_scale * values
        if name == DENDRITIC and self.dendrites == SEGMENTS:
            return values * self.dendrite_scale_mv + self.zero_dendrite_mv
        return values

    def somatic_mv(self, target: np.ndarray) -> np.ndarray:
        """The voltage of a somatic target, or prediction."""
        return target * self.soma_scale_mv + self.zero_soma_mv

    def _of_head(self, simulation: CellSimulation, head: Head, pca: DendriticPCA | None) -> np.ndarray:
        recording = simulation.recording
        if head.name == SPIKES:
            values: np.ndarray = spike_labels(recording.spike_times_ms, recording.duration_ms, self.spike_rule)
        elif head.name == SOMATIC:
            values = soma_target(recording.v_soma_mv, self.most_soma_mv, self.zero_soma_mv) / self.soma_scale_mv
        elif head.name == NEAR_SPIKES:
            values = near_spikes(recording)
        elif head.name == RATE:
            values = self.rate_scale * spike_rate_per_ms(recording)
        elif head.name == DENDRITIC:
            values = self._of_dendrites(recording.v_dendrites_mv, pca)
        else:
            known = ", ".join((SPIKES, SOMATIC, DENDRITIC, NEAR_SPIKES, RATE))
            raise InputError(f"no target is known for head {head.name!r}: known are {known}", "heads")
        values = np.asarray(values, np.float32).reshape(recording.duration_ms, -1)
        if values.shape[1] != head.n_outputs:
            raise InputError(
                f"head {head.name} has {head.n_outputs} outputs, and its target {values.shape[1]} numbers per ms",
                "heads",
            )
        return values

    def _of_dendrites(self, v_mv: np.ndarray | None, pca: DendriticPCA | None) -> np.ndarray:
        if v_mv is None:
            raise InputError("the simulations hold no dendritic voltages, which the dendritic head needs", "heads")
        if self.dendrites == SEGMENTS:
            return (
                np.minimum(v_mv.T.astype(np.float32), self.most_dendrite_mv) - self.zero_dendrite_mv
            ) / self.dendrite_scale_mv
        if pca is None:
            raise InputError("the dendritic head needs components: give {pca}", "pca")
        return pca.targets(v_mv)


POINT_TARGETS = Targets(most_soma_mv=-54.9)
BALL_AND_STICK_TARGETS = Targets(
    spike_rule="floor", most_soma_mv=-62.0, zero_soma_mv=-85.0, soma_scale_mv=11.5, dendrites=SEGMENTS
)
