"""Figures of a dendritic subunit: traces, transfer curves, and the experiment of Fig. 3.

ax: where to draw, in place of a new figure.
"""

import numpy as np

from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, canvas, panel, whole
from rate2spike.spiking.cascade.subunit import SubunitTraces
from rate2spike.spiking.cascade.subunit_result import SubunitCondition, SubunitDemonstration
from rate2spike.spiking.cascade.transfer_curve import TransferCurve

_FILTERS_MS = 60.0  # as much of the filters is drawn


def subunit_traces(traces: SubunitTraces, ax: Axes | None = None) -> Figure:
    """The dendrite with its linear part, and below the stimulus, over time."""
    figure = canvas(ax, (7, 4))
    dendrite, stimulus = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    _draw_traces(dendrite, traces)
    dendrite.set(ylabel="dendrite")
    dendrite.legend(**BESIDE)
    stimulus.plot(traces.time_ms, traces.stimulus, color="0.0", linewidth=0.8)
    stimulus.set(xlabel="time (ms)", ylabel="stimulus")
    stimulus.margins(y=0.08)
    return whole(figure)


def transfer_curve(curve: TransferCurve, ax: Axes | None = None) -> Figure:
    """Largest answers over the amplitude of the pulse."""
    axes = panel(ax, (5, 3.5))
    axes.plot(curve.amplitudes, curve.peaks, "o-", color="0.0", markersize=2, linewidth=1)
    axes.set(xlabel="amplitude of the pulse", ylabel="largest answer")
    axes.margins(0.05)
    return whole(axes)


def demonstration(found: SubunitDemonstration, ax: Axes | None = None) -> Figure:
    """Filters and noise; of each condition a row with its traces for three mean inputs and its transfer curve."""
    n_rows, n_means = len(found.conditions), max(len(one.traces) for one in found.conditions.values())
    figure = canvas(ax, (12, 2.2 * (1 + n_rows)))
    top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, n_rows))[:, 0]
    filters, noise, key = top.subplots(1, 3, width_ratios=(1, 2, 0.5))
    _draw_filters(filters, found)
    _draw_noise(noise, found)
    left, right = bottom.subfigures(1, 2, squeeze=False, width_ratios=(3.4, 1))[0]
    rows = left.subplots(n_rows, n_means, squeeze=False, sharex=True, sharey="row")
    curves = right.subplots(n_rows, 1, squeeze=False, sharex=True)[:, 0]
    for row, axes, (name, condition) in zip(rows, curves, found.conditions.items(), strict=True):
        _draw_condition(row, name, condition)
        _draw_curve(axes, condition)
    key.set_axis_off()
    key.legend(*rows[0, 0].get_legend_handles_labels(), loc="lower left", frameon=False, title="rows below")
    for axes in rows[-1]:
        axes.set(xlabel="time (ms)")
    curves[-1].set(xlabel="amplitude of the pulse")
    return whole(figure)


def _draw_traces(axes: Axes, traces: SubunitTraces) -> None:
    axes.axhline(0, color="0.6", linestyle=":", linewidth=0.8)
    axes.plot(traces.time_ms, traces.v_dendrite, color="0.0", linewidth=0.8, label="dendrite")
    axes.plot(traces.time_ms, traces.v_linear, color="0.6", linewidth=1.0, label="its linear part")
    axes.margins(x=0.01, y=0.08)


def _draw_condition(row: np.ndarray, name: str, condition: SubunitCondition) -> None:
    """The traces, a panel per mean input."""
    for axes, traces, mean, n in zip(row, condition.traces, condition.mean_inputs, condition.n_events, strict=True):
        _draw_traces(axes, traces)
        axes.set_title(f"mean input {mean:g}: {n} events in 4.9 s", fontsize="small")
    row[0].set(ylabel=f"{name.replace('_', ' ')}\ndendrite")


def _draw_curve(axes: Axes, condition: SubunitCondition) -> None:
    curve = condition.curve
    axes.plot(curve.amplitudes, curve.peaks, color="0.0")
    axes.plot(curve.amplitudes, condition.linear_slope * curve.amplitudes, color="0.6")
    axes.set(ylabel="largest answer")
    axes.set_title(f"steepest: {curve.steepest_slope:.3g} at {curve.steepest_at:.3g}", fontsize="small")
    axes.margins(0.05)


def _draw_filters(axes: Axes, found: SubunitDemonstration) -> None:
    """The membrane's, and those before the sigmoids that differ."""
    params = [one.params for one in found.conditions.values()]
    taus = sorted({one.tau_na_ms for one in params})
    for index, tau_ms in enumerate(taus):
        one = params[0].filter(tau_ms)
        shade, style = SHADES[index % len(SHADES)], LINE_STYLES[index % len(LINE_STYLES)]
        axes.plot(one.time_ms, one.taps, color=shade, linestyle=style, label=f"sodium, {tau_ms:g} ms")
    membrane = params[0].filter(params[0].tau_membrane_ms)
    axes.plot(
        membrane.time_ms, membrane.taps, color="0.5", linewidth=3, alpha=0.5, label=f"membrane, {membrane.tau_ms:g} ms"
    )
    axes.set(xlabel="time (ms)", ylabel="filter", title="Filters", xlim=(-1, min(_FILTERS_MS, membrane.length_ms)))
    axes.legend(**BESIDE)


def _draw_noise(axes: Axes, found: SubunitDemonstration) -> None:
    axes.plot(found.time_ms, found.noise, color="0.0", linewidth=0.4)
    axes.set(xlabel="time (ms)", ylabel="stimulus", title="Noise that all share; the mean input is added to it")
    axes.margins(x=0.01, y=0.08)
