"""Figures of trials: outputs and rasters. Each function takes data and returns a Figure; nothing is shown.

ax: where to draw, in place of a new figure.
"""

from collections.abc import Mapping

import numpy as np

from rate2spike.figures import BESIDE, Axes, Figure, draw_conditions, panel, whole
from rate2spike.spiking.scoring.demonstrate import Condition
from rate2spike.spiking.simulator.plots import raster as draw_raster
from rate2spike.spiking.simulator.spike_record import SpikeRecord


def condition_outputs(outputs: Mapping[str, np.ndarray], dt_s: float, ax: Axes | None = None) -> Figure:
    """Output of the spiking network per condition, {name: (n_trials, n_steps[, n_outputs])}: mean ± SD over trials."""
    return draw_conditions(outputs, dt_s, "Spiking network, mean ± SD", ax)


def one_condition(condition: Condition, ax: Axes | None = None) -> Figure:
    """The same of a single condition."""
    return condition_outputs({condition.name: condition.outputs}, condition.point_s, ax)


def raster(record: SpikeRecord, title: str, ax: Axes | None = None) -> Figure:
    """Spikes of one trial, units grouped by type, excitatory ones first; names stand beside them in their colours."""
    axes = panel(ax, (5, 4))
    draw_raster(record, axes)
    axes.set_title(title)
    return whole(axes)


def go_nogo_outputs(nogo: SpikeRecord, go: SpikeRecord, ax: Axes | None = None) -> Figure:
    """The two outputs in one figure, as the published script draws them: NoGo magenta, Go green."""
    axes = panel(ax, (5.5, 3))
    assert nogo.output is not None and go.output is not None
    axes.plot(nogo.time_s, nogo.output[0], color="m", linewidth=2, linestyle="--", label="NoGo")
    axes.plot(go.time_s, go.output[0], color="g", linewidth=2, label="Go")
    axes.margins(y=0.08)
    axes.set(xlabel="time (s)", ylabel="output", title="Go-NoGo, spiking network")
    axes.legend(**BESIDE)
    return whole(axes)
