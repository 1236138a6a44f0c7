"""What the study of a kind of cell is fitted and judged with, unless something else is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rate2spike.readable import Readable
from rate2spike.spiking.neuron_as_net.ball_and_stick_fit import ball_and_stick_fit
from rate2spike.spiking.neuron_as_net.heads import DENDRITIC, SPIKES, Head, layer_5_heads, point_heads
from rate2spike.spiking.neuron_as_net.schedule import (
    Schedule,
    cosine_schedule,
    falling_schedule,
    long_ball_and_stick_schedule,
    point_schedule,
    published_schedule,
    short_ball_and_stick_schedule,
)
from rate2spike.spiking.neuron_as_net.targets import POINT_TARGETS, Targets
from rate2spike.spiking.twin_data.shards import CellDataset

POINT, LAYER_5, STICKS = "point", "layer 5", ("AMPA_point", "NMDA_cable")
_COMPONENTS = {"NMDA": 20}  # of dendritic voltages, as published; cells without NMDA receptors have more
_OTHER_COMPONENTS = 30


@dataclass(frozen=True, eq=False, repr=False)
class CellKind(Readable):
    """Defaults of a study.

    Attributes
    ----------
    name : str
        'point', 'AMPA_point', 'NMDA_cable' or 'layer 5'.
    architecture : str
        Name of the network, see `named_architecture`.
    targets : Targets
        What is learnt.
    n_epochs, learning_rate
        Of the schedule; the learning rate is its highest.
    fit, evaluation : dict
        Options of the fit and of the evaluation that are not the published ones of the layer 5 cell.
    """

    shown = ("name", "architecture", "n_epochs", "learning_rate")

    name: str
    architecture: str
    targets: Targets
    n_epochs: int
    learning_rate: float
    fit: Mapping[str, Any]
    evaluation: Mapping[str, Any]

    def schedule(self, n_epochs: int, learning_rate: float, decay: str = "published") -> Schedule:
        """The schedule of the study, over so many epochs, with this highest learning rate.

        decay 'cosine': the rate falls along half a cosine, and losses have the weights that the study begins with.
        """
        if decay == "cosine":
            begins = self.schedule(n_epochs, learning_rate).phases[0]
            return cosine_schedule(n_epochs, learning_rate, begins.weights)
        if self.name == POINT:
            return point_schedule(n_epochs, learning_rate)
        if self.name in STICKS:
            return short_ball_and_stick_schedule(n_epochs, learning_rate)
        whole = published_schedule()
        return whole.scaled(n_epochs / whole.n_epochs).times(learning_rate / whole.phases[0].learning_rate)

    def long_schedule(self, n_epochs: int, learning_rate: float) -> Schedule:
        """That of a second fit, on long windows: the rate falls to 0, losses have the weights that the study ends with."""
        if self.name in STICKS:
            return long_ball_and_stick_schedule(n_epochs, learning_rate)
        return falling_schedule(n_epochs, learning_rate, self.schedule(1, learning_rate).phases[-1].weights)

    def heads(self, dataset: CellDataset, spike_bias: float | None) -> tuple[Head, ...]:
        """The outputs for what a data set holds: without dendritic voltages there is no output of them."""
        voltages = dataset[0].recording.v_dendrites_mv
        n_segments = 0 if voltages is None else len(voltages)
        if self.name == POINT:
            heads = point_heads()
        elif self.name in STICKS:
            heads = ball_and_stick_fit(self.name).architecture.heads
            heads = tuple(replace(one, n_outputs=n_segments) if one.name == DENDRITIC else one for one in heads)
            heads = tuple(one for one in heads if one.n_outputs)
        else:
            words = (dataset.cell or "").removesuffix("_SK").split()
            heads = layer_5_heads(min(n_segments, _COMPONENTS.get(words[-1] if words else "", _OTHER_COMPONENTS)))
        if spike_bias is None:
            return heads
        return tuple(replace(one, initial_bias=spike_bias) if one.name == SPIKES else one for one in heads)


_POINT_FIT = {
    "decay": "cosine",
    "batch_size": 32,
    "train_files_per_epoch": 100,  # as many as there are
    "files_in_memory": 100,
    "window_ms": 500,
    "left_out_ms": 0,
    "batches_per_epoch": 100,
    "valid_batches": 10,
    "epochs_per_stage": 1,
}


def kind_of(dataset: CellDataset) -> CellKind:
    """The kind of the cell that was simulated; any cell that is neither a point nor a ball with a stick is of the last."""
    name = dataset.cell or ""
    if name == "integrate_and_fire":
        every_bin = {"discard_ms": 0, "spike_ranges": ("0-90",)}
        return CellKind(POINT, "linear-80", POINT_TARGETS, 10, 1e-2, _POINT_FIT, every_bin)
    stick = name.removeprefix("ball and stick ")
    if stick in STICKS:
        how = ball_and_stick_fit(stick)
        settings = {key: value for key, value in how.settings.items() if key != "variant"}
        settings["long_epochs"] = how.long_schedule.n_epochs
        nearly_all = {"discard_ms": 16, "spike_ranges": ("0-1000",)}
        return CellKind(stick, "elm-64", how.targets, how.schedule.n_epochs, 3e-3, settings, nearly_all)
    return CellKind(LAYER_5, "tcn-3x64x100", Targets(), 250, 1e-4, {}, {})
