"""Figure of training by gradients: losses."""

from typing import Any

from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, MaxNLocator, panel, whole
from rate2spike.spiking.dendrite_examples.always_fire_result import AlwaysFireResult

NAMES = {"dendritic": "dendritic neurons", "point": "point neurons"}


def losses(result: AlwaysFireResult, ax: Axes | None = None) -> Figure:
    """Loss over iterations, one curve per network."""
    axes = panel(ax, (7, 3.6))
    for m, model in enumerate(result.models):
        for s, of_network in enumerate(result.losses[m]):
            label = f"{NAMES[model]}\n(n = {len(result.seeds)})" if s == 0 else None
            style: dict[str, Any] = dict(color=SHADES[m], linestyle=LINE_STYLES[m], linewidth=1.2)
            style |= dict(marker="o" if len(of_network) == 1 else "", markersize=4, clip_on=len(of_network) > 1)
            axes.plot(of_network, **style, label=label)
    axes.set(xlabel="iteration", ylabel="loss (share of steps without a spike)", xlim=(0, None), ylim=(0, 1.05))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(**BESIDE)
    axes.spines[["top", "right"]].set_visible(False)
    return whole(axes)
