"""Figures of how well a network imitates a neuron.

ax: where to draw, in place of a new figure.
"""

from rate2spike.figures import Axes, Figure, panel, whole
from rate2spike.spiking.twin_evaluation.cross_correlation import CrossCorrelation
from rate2spike.spiking.twin_evaluation.roc import OPERATING_FPR, Roc

_INSET_FPR = 0.05  # as far as the inset goes


def roc(curve: Roc, ax: Axes | None = None) -> Figure:
    """The whole curve; its left end in an inset, with the operating point."""
    axes = panel(ax, (4.2, 3.8))
    corners = curve.corners
    false_rate, true_rate = curve.false_positive_rate[corners], curve.true_positive_rate[corners]
    axes.plot([0, 1], [0, 1], color="0.7", linestyle=":", linewidth=1)
    axes.plot(false_rate, true_rate, color="0.0")
    inset = axes.inset_axes((0.42, 0.16, 0.54, 0.56))
    inset.plot(false_rate, true_rate, color="0.0")
    inset.plot(
        OPERATING_FPR, curve.tpr_at(OPERATING_FPR), "o", color="0.0", fillstyle="none", markersize=7, clip_on=False
    )
    inset.set(xlim=(-0.02 * _INSET_FPR, _INSET_FPR), ylim=(-0.03, 1.03))
    inset.set_title(f"circle: {curve.tpr_at(OPERATING_FPR):.2f} at {OPERATING_FPR:g}", fontsize="small")
    inset.tick_params(labelsize="small")
    axes.set(xlabel="false positive rate", ylabel="true positive rate", title=f"AUC {curve.auc:.4f}")
    axes.margins(0.03)
    return whole(axes)


def cross_correlation(found: CrossCorrelation, ax: Axes | None = None) -> Figure:
    """Share of the predicted spikes over their distance from true ones; a dotted line is where chance would have them."""
    axes = panel(ax, (4.2, 3))
    axes.axvline(0, color="0.8", linewidth=0.8)
    axes.axhline(1 / found.lag_ms.size, color="0.6", linestyle=":", linewidth=1)
    axes.plot(found.lag_ms, found.share, color="0.0")
    axes.set(xlabel="predicted minus true spike (ms)", ylabel="share per ms")
    axes.set_title(f"{found.within_10_ms:.0%} within 10 ms, SD {found.width_ms:.1f} ms", fontsize="medium")
    axes.margins(x=0.02, y=0.06)
    return whole(axes)
