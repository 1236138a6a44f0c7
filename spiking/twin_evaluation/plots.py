"""Figures of how well a network imitates a neuron.

ax: where to draw, in place of a new figure.
"""

import numpy as np

from rate2spike.figures import Axes, Figure, canvas, panel, whole
from rate2spike.spiking.twin_evaluation.calibration import Calibration
from rate2spike.spiking.twin_evaluation.cross_correlation import CrossCorrelation
from rate2spike.spiking.twin_evaluation.result import TwinEvaluation
from rate2spike.spiking.twin_evaluation.roc import OPERATING_FPR, PrecisionRecall, Roc

_INSET_FPR = 0.05  # as far as the inset goes


def roc(curve: Roc, ax: Axes | None = None) -> Figure:
    """The whole curve; its left end in an inset, with the operating point."""
    axes = panel(ax, (4.2, 3.8))
    corners = curve.corners
    false_rate, true_rate = curve.false_positive_rate[corners], curve.true_positive_rate[corners]
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


def precision_recall(curve: PrecisionRecall, ax: Axes | None = None) -> Figure:
    """Precision over recall; dotted: what chance would give."""
    axes = panel(ax, (4.2, 3.6))
    axes.axhline(curve.base_rate, color="0.6", linestyle=":", linewidth=1)
    axes.plot(curve.recall, curve.precision, color="0.0", linewidth=1, rasterized=True)
    axes.set(xlabel="recall", ylabel="precision", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    axes.set_title(f"average precision {curve.area:.3f}", fontsize="medium")
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


def voltage_scatter(pairs_mv: np.ndarray, ax: Axes | None = None) -> Figure:
    """Predicted over true voltage, (2, m) mV, with the line of equality; the highest voltage is that of the cap."""
    axes = panel(ax, (3.8, 3.6))
    true_mv, predicted_mv = pairs_mv
    low, high = np.quantile(pairs_mv, 0.001), max(true_mv.max(), np.quantile(predicted_mv, 0.999))
    axes.plot(true_mv, predicted_mv, ",", color="0.0", alpha=0.3, rasterized=True)
    axes.plot([low, high], [low, high], color="0.5", linestyle="--", linewidth=1)
    edge = 0.04 * (high - low)
    axes.set(xlim=(low - edge, high + edge), ylim=(low - edge, high + edge))
    axes.set(xlabel="true voltage (mV)", ylabel="predicted voltage (mV)", aspect="equal")
    return whole(axes)


def voltage_title(found: TwinEvaluation) -> str:
    """Scores of the voltage that is drawn; tables of `twin evaluate` have those of the voltage as it is predicted."""
    explained, rmse = found.soma_explained_variance_percent, found.soma_rmse_mv
    return f"explained {explained:.1f} %, RMSE {rmse:.2f} mV\n(mean and SD matched)"


def evaluation(found: TwinEvaluation, ax: Axes | None = None) -> Figure:
    """ROC, cross-correlation and voltage, side by side, as far as there are any."""
    correlation = found.operating_point.cross_correlation
    n_panels = 1 + (correlation is not None) + (found.voltage_pairs_mv is not None)
    figure = canvas(ax, (4.1 * n_panels, 3.9))
    panels = list(figure.subplots(1, n_panels, squeeze=False)[0])
    roc(found.roc, panels.pop(0))
    if correlation is not None:
        cross_correlation(correlation, panels.pop(0))
    if found.voltage_pairs_mv is not None:
        voltage_scatter(found.voltage_pairs_mv, panels[0])
        panels[0].set_title(voltage_title(found), fontsize="medium")
    return whole(figure)


def calibration(found: Calibration, ax: Axes | None = None) -> Figure:
    """Spikes over what was predicted, in Hz, a dot per part of a simulation, with the line of equality."""
    axes = panel(ax, (3.8, 3.6))
    predicted_hz, true_hz = 1000 * found.probability.ravel(), 1000 * found.spikes.ravel()
    highest = max(predicted_hz.max(), true_hz.max())
    axes.plot([0, highest], [0, highest], color="0.5", linestyle="--", linewidth=1)
    axes.plot(predicted_hz, true_hz, ".", color="0.0", alpha=0.4, markersize=3, rasterized=True)
    axes.set(xlabel="predicted rate (Hz)", ylabel="true rate (Hz)")
    axes.set_title(f"r {found.correlation:.3f}, parts of {found.part_ms} ms", fontsize="medium")
    axes.margins(0.05)
    return whole(axes)
