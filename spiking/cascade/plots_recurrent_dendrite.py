"""Figures of the recurrent dendrite: one run, the runs of Fig. 4, and a sweep."""

from collections.abc import Sequence

import matplotlib
import numpy as np

from rate2spike.figures import BESIDE, Axes, Figure, FigureBase, canvas, panel, whole
from rate2spike.spiking.cascade.recurrent_dendrite import RecurrentDendriteTraces
from rate2spike.spiking.cascade.recurrent_dendrite_demonstration import RecurrentDendriteDemonstration
from rate2spike.spiking.cascade.recurrent_dendrite_sweep_result import RecurrentDendriteSweep

_PULSE_SHOWN = 0.7  # of the pulse, on the potential of the soma
_SHOWN_MS = 30.0
_BAR = 0.2  # of amplitudes
_DENDRITE = dict(color="0.0", linewidth=1.3, label="dendrite")
_SOMA = dict(color="0.7", linewidth=2.5, label="soma")
_INPUT = dict(color="0.0", linewidth=1.3)
# how far each run is raised above the first
_RAISED = {"somatic_spike": (0.0, 0.5, 1.0), "dendritic_spike": (0.0, 0.3, 0.9)}
_LARGEST = 0.97  # for which these are made
_TITLES = {"somatic_spike": "with a somatic spike", "dendritic_spike": "dendritic spike alone"}


def one_run(traces: RecurrentDendriteTraces, ax: Axes | None = None) -> Figure:
    """Dendrite, its linear part, and soma with its pulses over time; below them the input."""
    figure = canvas(ax, (6, 4))
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    above.plot(traces.time_ms, _soma(traces), **_SOMA)
    above.plot(traces.time_ms, traces.dendrite, **_DENDRITE)
    above.plot(traces.time_ms, traces.dendrite_linear, color="0.35", linestyle="--", label="its linear part")
    above.set(ylabel="potential (a.u.)", title="recurrent dendrite")
    above.legend(**BESIDE)
    below.plot(traces.time_ms, traces.stimulus, **_INPUT)
    below.set(ylabel="input (a.u.)", xlabel="time (ms)")
    return whole(figure)


def demonstration(shown: RecurrentDendriteDemonstration, ax: Axes | None = None) -> Figure:
    """Runs above one another, a column per set, and their inputs below; amplitudes have a bar in the place of an axis."""
    figure = canvas(ax, (8, 5))
    panels = figure.subplots(2, len(shown.runs), sharex=True, height_ratios=(3, 2), squeeze=False)
    for (name, runs), (above, below) in zip(shown.runs.items(), panels.T, strict=True):
        raised = _raised(name, runs)
        for run, by in zip(runs, raised, strict=True):
            is_shown = run.time_ms <= _SHOWN_MS
            time_ms = run.time_ms[is_shown]
            above.plot(time_ms, (_soma(run) + by)[is_shown], **_SOMA)
            above.plot(time_ms, (run.dendrite + by)[is_shown], **_DENDRITE)
            below.plot(time_ms, (run.stimulus + by)[is_shown], **_INPUT)
            above.annotate(f"input {run.params.peak:g}", (time_ms[-1], by), (4, 0), **_BESIDE_CURVE)
        above.set(title=_TITLES[name])
        below.set(xlabel="time (ms)")
        for axes, what in ((above, "potential"), (below, "input")):
            _frameless(axes)
            _bar(axes, what if name == next(iter(shown.runs)) else "")
    _legend(figure, panels[0, -1])
    return whole(figure)


def sweep(found: RecurrentDendriteSweep, ax: Axes | None = None) -> Figure:
    """Largest potential of the dendrite over the height of the input, a curve per half-activation; of all else the middle."""
    axes = panel(ax, (6, 4))
    is_drawn = np.ones(found.n_runs, bool)
    middle = {}
    for name in ("gain", "sensitivity", "pulse_height", "soma_threshold"):
        values = np.unique(found.column(name))
        middle[name] = values[len(values) // 2]
        is_drawn &= found.column(name) == middle[name]
    halves = np.unique(found.column("half_activation"))
    shades = matplotlib.colormaps["viridis"](np.linspace(0, 0.9, len(halves)))
    for half, shade in zip(halves, shades, strict=True):
        rows = is_drawn & (found.column("half_activation") == half)
        order = np.argsort(found.column("peak")[rows])
        x, y = (found.column(name)[rows][order] for name in ("peak", "max_dendrite"))
        axes.plot(x, y, ".-", color=shade, markersize=3, label=f"{half:g}")
    others = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in middle.items())
    axes.set(xlabel="height of the input (a.u.)", ylabel="largest potential of the dendrite (a.u.)")
    axes.set_title(f"{found.n_runs} runs; drawn: {others}", fontsize="small")
    axes.legend(title="half-activation", **BESIDE)
    return whole(axes)


_BESIDE_CURVE = dict(textcoords="offset points", fontsize="small", va="center", annotation_clip=False)


def _soma(run: RecurrentDendriteTraces) -> np.ndarray:
    return run.soma_linear + _PULSE_SHOWN * run.pulse


def _raised(name: str, runs: Sequence[RecurrentDendriteTraces]) -> list[float]:
    """How far each run is raised: as published, or farther where dendrites are larger."""
    scale = max(1.0, *(run.max_dendrite / _LARGEST for run in runs))
    return [scale * by for by in _RAISED[name][: len(runs)]]


def _frameless(axes: Axes) -> None:
    axes.spines[["left", "top", "right"]].set_visible(False)
    axes.set_yticks([])


def _bar(axes: Axes, what: str) -> None:
    """A bar of amplitudes at the left, where no curve is."""
    low, _ = axes.get_ylim()
    place = axes.get_yaxis_transform()
    axes.plot([-0.03, -0.03], [low, low + _BAR], color="0.0", linewidth=2, transform=place, clip_on=False)
    text = f"{what} (bar: {_BAR:g} a.u.)" if what else f"{_BAR:g} a.u."
    axes.text(-0.05, low, text, transform=place, rotation=90, ha="right", va="bottom", fontsize="small")


def _legend(figure: FigureBase, axes: Axes) -> None:
    """The legend beside the panel."""
    handles, names = axes.get_legend_handles_labels()
    first = {name: handle for handle, name in zip(handles, names, strict=True)}
    figure.legend(first.values(), first.keys(), loc="outside right upper", frameon=False, fontsize="small")
