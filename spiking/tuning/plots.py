"""The figure of a tuning: outputs, firing rates, weights and accuracies, before and after."""

from typing import Any

import numpy as np

from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, MaxNLocator, canvas, whole
from rate2spike.spiking.search.result import SearchResult
from rate2spike.spiking.tuning.examples import Examples
from rate2spike.spiking.tuning.result import TuningResult

_MARKERS = "osv^Dx"
_TRIALS_PER_LABEL = 4
_LABELS = 4
_MOST_POINTS = 4000  # of connections: more would only be ink


def tuning_figure(result: TuningResult, ax: Axes | None = None) -> Figure:
    """Six panels; the title says what became of the network. ax: where, in place of a new figure. Raises InputError."""
    figure = canvas(ax, (13, 6.5))
    panels = figure.subplots(2, 3)
    before, after = result.examples_before, result.examples_after
    panels[0, 0].sharey(panels[0, 1])
    _outputs(panels[0, 0], before, f"before: accuracy {result.accuracy_before:.3f}")
    _outputs(panels[0, 1], after, f"after: accuracy {result.accuracy:.3f}")
    panels[0, 1].legend(**BESIDE)
    _steps(panels[0, 2], result)
    _rates(panels[1, 0], result)
    _weights(panels[1, 1], result)
    _factors(panels[1, 2], result)
    figure.suptitle(f"{result.task}, scaling factor {result.scaling_factor:g}: {result.outcome.value}", fontsize=10)
    return whole(figure)


def _outputs(axes: Axes, examples: Examples, title: str) -> None:
    """Single trials, of each label a few."""
    time_s = np.arange(1, examples.outputs.shape[2] + 1) * examples.point_s
    labels = np.array(examples.labels)
    for index, label in enumerate(sorted(set(examples.labels))[:_LABELS]):
        shade, style = SHADES[index % len(SHADES)], LINE_STYLES[index % len(LINE_STYLES)]
        for k, output in enumerate(examples.outputs[labels == label][:_TRIALS_PER_LABEL, 0]):
            name = None if k else label
            axes.plot(time_s, output, color=shade, linestyle=style, linewidth=0.9, label=name)
    axes.set(xlabel="time (s)", ylabel="output of single trials", title=title)


def _steps(axes: Axes, result: TuningResult) -> None:
    """Accuracy of every step with its 95 % interval; the one that was kept is filled."""
    at = np.arange(len(result.steps))
    accuracies = np.array([step.accuracy for step in result.steps])
    errors = np.abs(np.array([step.interval for step in result.steps]).T - accuracies)
    axes.errorbar(at, accuracies, errors, fmt="o-", color="0.45", fillstyle="none", linewidth=0.9, label="step")
    kept = [k for k in at if result.steps[k].name == result.best_step]
    axes.plot(kept, accuracies[kept], "o", color="0.0", label="kept")
    _wanted(axes, result)
    axes.set_xticks(at, [step.name for step in result.steps], rotation=30, ha="right", fontsize="small")
    axes.set(ylabel="accuracy (fraction of trials)", ylim=(-0.05, 1.05), title="steps, 95 % intervals")
    axes.legend(**BESIDE)


def _rates(axes: Axes, result: TuningResult) -> None:
    types = result.model.unit_types
    before, after = result.examples_before.firing_rate_hz, result.examples_after.firing_rate_hz
    for index, name in enumerate(sorted(set(types.tolist()))):
        style = dict(color=SHADES[index % len(SHADES)], markersize=4, fillstyle="none", label=name)
        axes.plot(before[types == name], after[types == name], _MARKERS[index % len(_MARKERS)], **style)
    _equal(axes, max(before.max(), after.max(), 1.0), 0.0)
    means = f"{result.mean_rate_hz_before:.1f} Hz before, {result.mean_rate_hz:.1f} Hz after"
    axes.set(xlabel="firing rate before (Hz)", ylabel="firing rate after (Hz)", title=f"units: mean {means}")
    axes.legend(**BESIDE)


def _weights(axes: Axes, result: TuningResult) -> None:
    """Of the spiking network, divided by the largest before."""
    model, untuned = result.model, result.model.untuned()
    pairs: dict[str, tuple[np.ndarray, np.ndarray, dict[str, Any]]] = {
        "recurrent": (untuned.effective_w().ravel(), model.effective_w().ravel(), dict(marker=".", color="0.6")),
        "output": (untuned.w_out.ravel(), model.w_out.ravel(), dict(marker="x", color="0.0")),
    }
    for name, (before, after, style) in pairs.items():
        most = float(np.abs(before).max()) or 1.0
        there = np.flatnonzero((before != 0) | (after != 0))
        there = there[:: max(there.size // _MOST_POINTS, 1)]
        shown: dict[str, Any] = dict(linestyle="none", markersize=3, rasterized=True, label=name)
        axes.plot(before[there] / most, after[there] / most, **style, **shown)
    _equal(axes, 1.0, -1.0)
    axes.set(xlabel="weight before (of the largest)", ylabel="weight after (of the largest before)", title="weights")
    axes.legend(**BESIDE)


def _factors(axes: Axes, result: TuningResult) -> None:
    """Accuracy over the scaling factor."""
    drawn = (("before", result.factors_before, "s--", "0.6"), ("after", result.factors_after, "o-", "0.0"))
    for name, search, style, shade in drawn:
        factors, accuracies = _in_order(search)
        axes.plot(factors, accuracies, style, color=shade, markersize=4, label=name)
    axes.axvline(result.scaling_factor, color="0.8", linewidth=3, zorder=0, label="used")
    _wanted(axes, result)
    n_trials = result.factors_after.n_trials
    axes.set(
        xlabel="scaling factor (1/λ)", ylabel="accuracy", ylim=(-0.05, 1.05), title=f"{n_trials} trials per factor"
    )
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6))
    axes.legend(**BESIDE)


def _in_order(search: SearchResult) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(search.scaling_factors)
    return search.scaling_factors[order], search.accuracies[order]


def _wanted(axes: Axes, result: TuningResult) -> None:
    wanted = result.wanted_accuracy
    axes.axhline(wanted, color="0.5", linestyle=":", linewidth=1, label=f"{wanted:g}: asked for")


def _equal(axes: Axes, high: float, low: float) -> None:
    axes.plot([low, high], [low, high], color="0.0", linewidth=1, linestyle=":", label="unchanged")
