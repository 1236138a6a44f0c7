"""Figures of trainings: accuracies of models over epochs, and before and after; rasters of spoken digits."""

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from rate2spike.figures import Axes, Figure, FigureBase, MaxNLocator, canvas, whole
from rate2spike.spiking.cascade_networks.digit_counts import N_CHANNELS, bin_edges_s
from rate2spike.spiking.cascade_networks.digits import DigitFrames
from rate2spike.spiking.cascade_networks.result import CascadeResult
from rate2spike.spiking.cascade_networks.variants import MEMORIZE, N_CLASSES, SHD, VARIANTS

# by model: the published colours; lines and marks tell them apart in grey
STYLES: dict[str, dict[str, Any]] = {
    name: dict(color=color, linestyle=line, marker=marker)
    for name, color, line, marker in zip(
        VARIANTS,
        ("xkcd:gray", "xkcd:ocean", "xkcd:cherry", "xkcd:iris", "xkcd:blood orange"),
        ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1))),
        "os^Dv",
        strict=True,
    )
}
_CHANCE: dict[str, Any] = dict(color="0.5", linewidth=1, linestyle=(0, (1, 3)), zorder=0, label="chance")
_WIDEST = 13  # letters of a line below an axis
_BARS: dict[str, Any] = dict(elinewidth=0.8, capsize=2, capthick=0.8)
_N_MARKS = 6  # on a curve
_LOWEST = {MEMORIZE: 0.36, SHD: -0.03}  # of accuracies that are shown, unless there are lower ones
PUBLISHED_RECORDINGS = (14, 221, 53)


def accuracy_of_models(result: CascadeResult, ax: Axes | None = None) -> Figure:
    """Accuracy over epochs, mean ± SD over seeds; beside it, the seeds before and after."""
    figure = canvas(ax, (11, 4.8))
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    for m, name in enumerate(result.models):
        _draw_curve(left, result.accuracies[m], STYLES[name], result.labels[m], m / len(result.models))
    over_seeds = f" (mean ± SD, n = {result.n_seeds})" if result.n_seeds > 1 else ""
    left.set(xlabel="epoch", ylabel=f"accuracy in training{over_seeds}")
    left.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1, steps=(1, 2, 5, 10)))
    (_draw_boxes if result.task == MEMORIZE else _draw_swarm)(right, result)
    for axes in (left, right):
        draw_chance(axes, result.task)
        axes.set_ylim(*accuracy_range(result.task, *_shown(result)))
        axes.spines[["top", "right"]].set_visible(False)
    right.set_xticks(range(len(result.models)), [_narrow(label) for label in result.labels], fontsize="small")
    right.set(xlim=(-0.6, len(result.models) - 0.4), ylabel="accuracy")
    _legend(figure, left)
    return whole(figure)


def digit_rasters(frames: DigitFrames, indices: Sequence[int] | None = None, ax: Axes | None = None) -> Figure:
    """Events of some recordings, channel over time; without indices the published ones, as far as there are so many."""
    chosen = [k for k in PUBLISHED_RECORDINGS if k < len(frames)] or [0] if indices is None else list(indices)
    figure = canvas(ax, (3.2 * len(chosen) + 0.6, 3.2))
    panels = figure.subplots(1, len(chosen), sharex=True, sharey=True, squeeze=False)[0]
    middles_s = _middles_s(frames)
    for axes, k in zip(panels, chosen, strict=True):
        bins, channels, counts = frames.triples(k)
        axes.scatter(middles_s[bins], channels, s=1 + counts, color="0.0", linewidths=0, alpha=0.6, rasterized=True)
        axes.set(title=f"recording {k}: {frames.class_names[frames.labels[k]]}", xlabel="time (s)")
        axes.set(ylim=(0, N_CHANNELS))
        axes.xaxis.set_major_locator(
            MaxNLocator(nbins=4, steps=(1, 2, 5, 10))
        )  # the last number does not touch the next panel's first
    panels[0].set(ylabel="channel", xlim=(0, _end_s(frames, chosen)))
    return whole(figure)


def draw_chance(axes: Axes, task: str) -> None:
    """A line at the accuracy of guessing."""
    axes.axhline(1 / N_CLASSES[task], **_CHANCE)


def accuracy_range(task: str, *accuracies: np.ndarray) -> tuple[float, float]:
    """Of an axis that shows them."""
    return min(_LOWEST[task], *(float(one.min()) - 0.03 for one in accuracies)), 1.05


def _draw_curve(axes: Axes, accuracies: np.ndarray, style: dict[str, Any], label: str, shift: float) -> None:
    """(S, E). Where bands lie on one another, the bars at the marks tell which is whose; shift: of the marks, 0 to 1."""
    epochs, mean, sd = np.arange(accuracies.shape[1]), accuracies.mean(0), accuracies.std(0)
    axes.fill_between(epochs, mean - sd, mean + sd, color=style["color"], alpha=0.1, linewidth=0)
    every = max(len(epochs) // _N_MARKS, 1)
    marked = slice(int(shift * every), None, every)
    if len(accuracies) > 1:
        axes.errorbar(epochs[marked], mean[marked], sd[marked], fmt="none", ecolor=style["color"], **_BARS)
    axes.plot(epochs, mean, **style, markevery=marked, markersize=5, linewidth=1.3, label=label)


def _draw_boxes(axes: Axes, result: CascadeResult) -> None:
    """Before training white with circles, after it in the colour of the model with dots: one per seed."""
    for m, name in enumerate(result.models):
        color = STYLES[name]["color"]
        ends = ((m - 0.2, result.initial[m], "white", "white"), (m + 0.2, result.final[m], color, "black"))
        for x, values, face, dot in ends:
            drawn = axes.boxplot([values], positions=[x], widths=0.3, patch_artist=True, showfliers=False, zorder=1)
            for box in drawn["boxes"]:
                box.set(facecolor=face, edgecolor=color, alpha=0.6)
            for line in drawn["medians"]:
                line.set(color="black", linewidth=1.5)
            _draw_points(axes, x, values, facecolors=dot, edgecolors="black", s=12)
    axes.set_title("before (○) and after (●) training, one point per seed", fontsize="small")


def _draw_swarm(axes: Axes, result: CascadeResult) -> None:
    """Training before and after, and the test after it: one point per seed."""
    kinds: tuple[tuple[float, np.ndarray, dict[str, Any], str], ...] = (
        (-0.25, result.training_initial, dict(facecolors="none"), "training, before"),
        (0.0, result.training_final, {}, "training, after"),
        (0.25, result.final, dict(marker="^"), "test, after"),
    )
    for x, values, how, label in kinds:
        for m, name in enumerate(result.models):
            color = STYLES[name]["color"]
            known = {"edgecolors": color, **({} if "facecolors" in how else {"color": color}), **how}
            _draw_points(axes, m + x, values[m], s=28, **known)
        axes.scatter(
            [],
            [],
            **({"color": "0.3", **how} if "facecolors" not in how else dict(edgecolors="0.3", **how)),
            label=label,
        )
    axes.legend(
        frameon=False, fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=1
    )


def _draw_points(axes: Axes, x: float, values: np.ndarray, **how: Any) -> None:
    """Beside each other as the seeds are, so that equal ones are seen."""
    beside = np.linspace(-0.08, 0.08, len(values)) if len(values) > 1 else np.zeros(1)
    axes.scatter(x + beside, values, linewidths=0.9, zorder=3, **how)


def _legend(figure: FigureBase, axes: Axes) -> None:
    """Below all panels."""
    how: dict[str, Any] = dict(ncols=3, frameon=False, fontsize="small", handlelength=4)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", **how)


def _shown(result: CascadeResult) -> tuple[np.ndarray, ...]:
    return result.accuracies, result.initial, result.final, result.training_initial, result.training_final


def _end_s(frames: DigitFrames, chosen: Sequence[int]) -> float:
    """A little after the last event, for most recordings are shorter than the window; without events, its end."""
    last = max(int(frames.triples(k)[0].max(initial=0)) for k in chosen)
    return min(frames.window_s, 1.05 * float(_middles_s(frames)[last])) if last else frames.window_s


def _middles_s(frames: DigitFrames) -> np.ndarray:
    """Of the time bins, (T,), s. The first bin as published, which is always empty, lies before the window."""
    edges_s = bin_edges_s(frames.n_steps, frames.window_s, frames.legacy_bins)
    width_s = edges_s[1]
    return (np.arange(frames.n_steps) + (-0.5 if frames.legacy_bins else 0.5)) * width_s


def _narrow(label: str) -> str:
    return "\n".join(textwrap.wrap(label, _WIDEST))
