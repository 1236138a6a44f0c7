"""What a fitted network says of a data set, and what the neuron did."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from rate2spike.errors import InputError
from rate2spike.progress import Advance
from rate2spike.spiking.neuron_as_net.checkpoints import SavedTwin
from rate2spike.spiking.neuron_as_net.heads import SOMATIC, SPIKES
from rate2spike.spiking.twin_data.cell_simulation import CellSimulation
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_evaluation.head_scores import DetectionSums, ErrorSums
from rate2spike.spiking.twin_evaluation.predictions import TwinPredictions

_AT_ONCE = 16  # simulations


class Predicted(NamedTuple):
    """Predictions of spikes and soma; the scores of every other head."""

    spikes: TwinPredictions
    heads: dict[str, dict[str, float]]


def predicted(
    twin: SavedTwin,
    dataset: CellDataset | Sequence[CellSimulation],
    discard_ms: int = 0,
    advance: Advance | None = None,
) -> Predicted:
    """Predict every simulation in one causal pass each. The other heads are scored from discard_ms on.

    advance: called with n=, as simulations are done. Raises InputError for data that do not fit the network.
    """
    heads = twin.network.architecture.heads
    names = [head.name for head in heads]
    if SPIKES not in names:
        raise InputError("a network without the head 'spikes' cannot be evaluated", "twin")
    others = {
        head.name: DetectionSums() if head.loss == "crossentropy" else ErrorSums()
        for head in heads
        if head.name not in (SPIKES, SOMATIC)
    }
    parts: dict[str, list[np.ndarray]] = {}
    simulations = iter(dataset)
    while group := list(islice(simulations, _AT_ONCE)):
        for truth, said in _pairs(twin, group):
            for name, sums in others.items():
                sums.add(
                    twin.targets.in_units(name, truth[name][discard_ms:]),
                    twin.targets.in_units(name, said[name][discard_ms:]),
                )
            _keep(parts, twin, truth, said)
        if advance is not None:
            advance("", len(group))
    predictions = TwinPredictions(**{name: np.stack(rows) for name, rows in parts.items()})
    return Predicted(predictions, {name: sums.scores() for name, sums in others.items()})


def _pairs(twin: SavedTwin, group: Sequence[CellSimulation]) -> Iterator[tuple[Mapping, Mapping]]:
    """Truth and prediction of each simulation, (T, n) by the name of the head."""
    said = twin.network.predict([one.events for one in group])
    for k, one in enumerate(group):
        truth = twin.targets.of(one, twin.network.architecture.heads, twin.pca)
        yield truth, {name: values[k] for name, values in said.items()}


def _keep(parts: dict[str, list[np.ndarray]], twin: SavedTwin, truth: Mapping, said: Mapping) -> None:
    rows = {"scores": said[SPIKES][:, 0], "true_spikes": truth[SPIKES][:, 0] > 0}
    if SOMATIC in said:
        rows |= {"soma_mv": said[SOMATIC][:, 0], "true_soma_mv": truth[SOMATIC][:, 0]}
        rows |= {name: twin.targets.in_units(SOMATIC, rows[name]) for name in ("soma_mv", "true_soma_mv")}
    for name, row in rows.items():
        parts.setdefault(name, []).append(row)
