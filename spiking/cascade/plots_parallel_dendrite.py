"""Figures of a dendrite of parallel cascades: traces of its stages, and the experiment of Fig. 5.

ax: where to draw, in place of a new figure.
"""

from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, canvas, whole
from rate2spike.spiking.cascade.parallel_dendrite import ParallelDendriteTraces
from rate2spike.spiking.cascade.pharmacological_block import THRESHOLD_LEVEL, ParallelDendriteDemonstration

_NAMES = {"na": "Na", "ca": "Ca", "nmda": "NMDA"}
_EACH = 3  # of the amplitudes are marked


def dendrite_traces(traces: ParallelDendriteTraces, ax: Axes | None = None) -> Figure:
    """The stimulus, and below the stages, over time."""
    figure = canvas(ax, (7, 4.5))
    stimulus, stages = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2))
    _draw_stimulus(stimulus, traces)
    _draw_stages(stages, traces)
    stages.set(xlabel="time (ms)", ylabel="stages")
    stages.legend(**BESIDE)
    return whole(figure)


def demonstration(found: ParallelDendriteDemonstration, ax: Axes | None = None) -> Figure:
    """The stimulus, the stages with and without the block, and the largest NMDA answer over the amplitude."""
    figure = canvas(ax, (10.5, 5.5))
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.3, 1))[0]
    panels = left.subplots(1 + len(found.runs), 1, sharex=True, height_ratios=[1] + [2] * len(found.runs))
    _draw_stimulus(panels[0], found.runs["control"])
    for axes, (name, run) in zip(panels[1:], found.runs.items(), strict=True):
        _draw_stages(axes, run)
        axes.set(ylabel=f"{'Na and Ca blocked' if name == 'blocked' else name}\nvoltage")
        axes.sharey(panels[1])
    panels[-1].set(xlabel="time (ms)")
    panels[1].legend(**BESIDE)
    _draw_curves(right.subplots(), found)
    return whole(figure)


def _draw_stimulus(axes: Axes, traces: ParallelDendriteTraces) -> None:
    axes.plot(traces.time_ms, traces.stimulus, color="0.0", linewidth=1)
    axes.set(ylabel="stimulus")
    axes.margins(x=0.02, y=0.1)


def _draw_stages(axes: Axes, traces: ParallelDendriteTraces) -> None:
    for index, (name, trace) in enumerate(traces.stages.items()):
        shade, style = ("0.45", "0.6", "0.0")[index], LINE_STYLES[(1, 2, 0)[index]]
        axes.plot(traces.time_ms, trace, color=shade, linestyle=style, label=_NAMES[name])
    axes.margins(x=0.02, y=0.08)


def _draw_curves(axes: Axes, found: ParallelDendriteDemonstration) -> None:
    """Every third amplitude is marked, filled before the block and open under it."""
    for name, curve in found.curves.items():
        label, shade, filling = (
            ("Na and Ca blocked", SHADES[1], "1.0") if name == "blocked" else (name, *SHADES[:1] * 2)
        )
        axes.plot(
            curve.amplitudes,
            curve.peaks,
            "o-",
            color=shade,
            markerfacecolor=filling,
            markevery=_EACH,
            markersize=5,
            label=label,
        )
    axes.axhline(THRESHOLD_LEVEL, color="0.6", linestyle=":", linewidth=1)
    shift = found.threshold_shift
    title = f"The block shifts the amplitude\nthat reaches {THRESHOLD_LEVEL:g} by {shift:.3g}" if shift == shift else ""
    axes.set(xlabel="amplitude of the input", ylabel="largest NMDA voltage", title=title)
    axes.margins(0.05)
    axes.legend(frameon=False, loc="best")
