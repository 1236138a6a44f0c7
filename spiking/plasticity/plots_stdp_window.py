"""Figure of the window of spike-timing-dependent plasticity. ax: where to draw, in place of a new figure."""

import numpy as np

from rate2spike.figures import Axes, Figure, panel, whole
from rate2spike.spiking.plasticity.stdp_window import STDPWindow


def stdp_window(window: STDPWindow, ax: Axes | None = None) -> Figure:
    """Change of the weight over the lag, a curve for each order of the spikes; the step in which they meet by itself."""
    axes = panel(ax, (5, 3.5))
    axes.axhline(0, color="0.6", linestyle=":", linewidth=0.8)
    axes.axvline(0, color="0.6", linestyle=":", linewidth=0.8)
    for side, style in (
        (np.sign(window.lags_steps) == sign, style) for sign, style in ((-1, "s--"), (0, "D"), (1, "o-"))
    ):
        axes.plot(window.lags_steps[side], window.changes[side], style, color="0.0", markersize=3, linewidth=1)
    axes.set(xlabel="postsynaptic less presynaptic spike (steps)", ylabel="change of the weight")
    axes.margins(0.05)
    return whole(axes)
