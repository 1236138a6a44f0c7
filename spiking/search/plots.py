"""Figure of a λ search."""

import numpy as np

from rate2spike.figures import BESIDE, Axes, Figure, panel, whole
from rate2spike.spiking.scoring.result import GOOD_ACCURACY
from rate2spike.spiking.search.result import SearchResult


def accuracy_over_factor(result: SearchResult, ax: Axes | None = None) -> Figure:
    """Accuracy over the scaling factor with 95 % confidence band; the chosen factor is marked."""
    axes = panel(ax, (6, 3))
    order = np.argsort(result.scaling_factors)
    factors, accuracies, intervals = (a[order] for a in (result.scaling_factors, result.accuracies, result.intervals))
    axes.fill_between(factors, intervals[:, 0], intervals[:, 1], color="0.8", label="95 % interval")
    each = f"{'up to ' if result.strategy == 'adaptive' else ''}{result.n_trials} trials each"
    axes.plot(factors, accuracies, "o-", color="0.0", markersize=4, label=each)
    axes.plot(
        result.best_factor,
        result.best_accuracy,
        "s",
        color="0.0",
        markersize=9,
        fillstyle="none",
        label=f"best: {result.best_factor:g}",
    )
    axes.axhline(GOOD_ACCURACY, color="0.5", linestyle=":", linewidth=1, label=f"{GOOD_ACCURACY:g}: converted")
    axes.set(xlabel="scaling factor (1/λ)", ylabel="accuracy", ylim=(-0.05, 1.05), title=f"λ search, {result.task}")
    axes.legend(**BESIDE)
    return whole(axes)
