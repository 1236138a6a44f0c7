"""All that the figures of one network need: what the neuron did, what the network says of it, and its scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rate2spike.calls import public
from rate2spike.checks import shown
from rate2spike.errors import InputError
from rate2spike.readable import Readable
from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
from rate2spike.spiking.twin_evaluation.result import TwinEvaluation
from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
from rate2spike.spiking.twin_figures.first_layer import FirstLayer
from rate2spike.spiking.twin_figures.selection import Simulations, Window, chosen_rows, zoom_window

if TYPE_CHECKING:
    from rate2spike.spiking.neuron_as_net.network import TwinNetwork


class Trace(NamedTuple):
    """One simulation: spikes (ms) and voltage of the neuron and of the network, scores, and a piece to enlarge."""

    row: int
    true_spikes_ms: np.ndarray
    predicted_spikes_ms: np.ndarray
    true_mv: np.ndarray | None
    predicted_mv: np.ndarray | None
    scores: np.ndarray
    threshold: float
    zoom: Window

    @property
    def duration_ms(self) -> int:
        """Length of the simulation."""
        return self.scores.size


@public()
@dataclass(frozen=True, eq=False, repr=False)
class Imitation(Readable):
    """A network beside the neuron that it imitates.

    Parameters
    ----------
    synapses : CellSynapses
        Of the neuron.
    predictions : TwinPredictions
        Of test data.
    evaluation : TwinEvaluation
        Of these predictions.
    simulations : CellDataset, or list of CellSimulation, or None, default None
        The test data, in the order of the predictions; None: figures show no input.
    network : TwinNetwork, or None, default None
        None: figures show neither the network nor its filters.
    history : list of dict, default ()
        Losses by epoch, as `FitResult.history`.

    Raises
    ------
    InputError
        If they do not belong together.

    Examples
    --------
    >>> import numpy as np
    >>> from rate2spike.spiking.twin_evaluation.evaluate import evaluate_twin
    >>> from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions
    >>> from rate2spike.spiking.twin_figures.cell_synapses import CellSynapses
    >>> from rate2spike.spiking.twin_figures.imitation import Imitation
    >>> spikes = np.arange(6000).reshape(2, 3000) % 400 == 7
    >>> predictions = TwinPredictions(0.9 * spikes + 0.01, spikes)
    >>> Imitation(CellSynapses(80, 20), predictions, evaluate_twin(predictions, n_resamples=0))
    Imitation(n_simulations=2, duration_ms=3000, auc=1)
    """

    shown = ("n_simulations", "duration_ms", "auc", "network")

    synapses: CellSynapses
    predictions: TwinPredictions
    evaluation: TwinEvaluation
    simulations: Simulations | None = None
    network: "TwinNetwork | None" = None
    history: Sequence[Mapping[str, Any]] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        kinds = {"synapses": CellSynapses, "predictions": TwinPredictions, "evaluation": TwinEvaluation}
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                raise InputError(f"{{{name}}} must be {kind.__name__}, got {shown(getattr(self, name))}", name)
        if self.simulations is not None and len(self.simulations) != self.predictions.n_simulations:
            raise InputError(
                f"{{simulations}} must be those predicted, {self.predictions.n_simulations}, got {len(self.simulations)}",
                "simulations",
            )
        if self.network is not None and self.network.architecture.n_synapses != self.synapses.n_synapses:
            raise InputError(
                f"{{network}} must be of {self.synapses.n_synapses} synapses, as the cell, "
                f"got {self.network.architecture.n_synapses}",
                "network",
            )

    @property
    def n_simulations(self) -> int:
        """Number of simulations."""
        return self.predictions.n_simulations

    @property
    def duration_ms(self) -> int:
        """Length of each."""
        return self.predictions.duration_ms

    @property
    def auc(self) -> float:
        """Of the evaluation."""
        return self.evaluation.auc

    @cached_property
    def first_layer(self) -> FirstLayer | None:
        """Filters of the network; None of one that has none, such as an ELM neuron."""
        if self.network is None or self.network.architecture.kind == "ELM":
            return None
        return FirstLayer.of(self.network.first_layer(), self.synapses)

    def traces(self, n: int = 1, spikes: tuple[int, int] = (3, 10), seed: int = 0) -> list[Trace]:
        """Up to n simulations, at random, with numbers of spikes in a range or, where there are too few, nearest to it."""
        rows = chosen_rows(self.predictions.true_spikes.sum(1), n, spikes, seed)
        return [self._trace(int(row), seed) for row in rows]

    def _trace(self, row: int, seed: int) -> Trace:
        given, threshold = self.predictions, self.evaluation.operating_point.threshold
        true_ms = np.flatnonzero(given.true_spikes[row])
        predicted_ms = np.flatnonzero(given.scores[row] > threshold)
        true_mv, predicted_mv = (None if one is None else one[row] for one in (given.true_soma_mv, given.soma_mv))
        zoom = zoom_window(true_ms, given.duration_ms, seed, row)
        return Trace(row, true_ms, predicted_ms, true_mv, predicted_mv, given.scores[row], threshold, zoom)
