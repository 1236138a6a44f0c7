"""Figure of dendritic prediction: inputs, what the soma was to do and does by itself, and the error while it learns."""

from typing import Any

import numpy as np

from rate2spike.figures import BESIDE, Axes, Figure, MaxNLocator, canvas, whole
from rate2spike.spiking.dendrite_examples.dpp_result import SETTLED, DppResult

_MOST_INPUTS = 40  # that are shown
_VOLTAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "before": ("before learning", dict(color="0.45", linestyle=":", linewidth=1.4)),
    "control": ("control:\nspikes that do not repeat", dict(color="0.55", linestyle="-.", linewidth=1.2)),
    "after": ("after learning", dict(color="0.0", linestyle="-", linewidth=1.2)),
}


def learnt_time_course(result: DppResult, ax: Axes | None = None) -> Figure:
    """Input spikes, voltages without the teacher over the target, and errors over repeats."""
    figure = canvas(ax, (9, 6.4))
    inputs, voltages, errors = figure.subplots(3, 1, height_ratios=(0.8, 1.6, 1.2))
    _draw_inputs(inputs, result.spikes[:, :_MOST_INPUTS])
    _draw_voltages(voltages, result)
    _draw_errors(errors, result)
    inputs.sharex(voltages)
    inputs.tick_params(labelbottom=False)
    for axes in (inputs, voltages, errors):
        axes.spines[["top", "right"]].set_visible(False)
    figure.align_ylabels([inputs, voltages, errors])
    return whole(figure)


def _draw_inputs(axes: Axes, spikes: np.ndarray) -> None:
    steps, which = np.nonzero(spikes)
    axes.scatter(steps, which + 1, s=2, color="0.0", linewidths=0)
    axes.set(ylabel=f"input\n(the first {spikes.shape[1]})", ylim=(0, spikes.shape[1] + 1))


def _draw_voltages(axes: Axes, result: DppResult) -> None:
    time_ms = np.arange(len(result.target))
    axes.plot(time_ms, result.target, color="0.75", linewidth=5, solid_capstyle="butt", label="target")
    for name, (label, style) in _VOLTAGES.items():
        axes.plot(time_ms, result.voltages[name], **style, label=label)
    axes.set(xlabel="time (ms)", ylabel="somatic voltage,\nwithout teacher", xlim=(0, len(time_ms) - 1))
    low, high = axes.get_ylim()
    axes.fill_betweenx((low, high), 0, SETTLED, color="0.93", linewidth=0, zorder=0)
    axes.set(ylim=(low, high))
    axes.legend(**BESIDE)


def _draw_errors(axes: Axes, result: DppResult) -> None:
    repeats = np.arange(1, len(result.errors_learning) + 1)
    few: dict[str, Any] = dict(marker="o", clip_on=False) if len(repeats) < 3 else {}
    axes.plot(repeats, result.errors_learning, color="0.0", linewidth=1.2, **few, label="spikes that repeat")
    style = _VOLTAGES["control"][1]
    axes.plot(repeats, result.errors_control, **style, **few, label=_VOLTAGES["control"][0])
    axes.axhline(result.rms_error["before"], color="0.45", linestyle=":", linewidth=1.4, label="before learning")
    axes.set(xlabel="repeats learnt from", ylabel="RMS error,\nwithout teacher", ylim=(0, None))
    axes.set(xlim=(repeats[0] - (len(repeats) == 1), repeats[-1]))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.legend(**BESIDE)
