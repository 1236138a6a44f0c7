"""Figures of population activity. Each takes the record of an analysis (and ax: where to draw, in place of a new figure)."""

from collections.abc import Mapping

import numpy as np

from rate2spike.errors import InputError
from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, MaxNLocator, canvas, panel, whole
from rate2spike.spiking.analysis.discriminability import CrossTemporalDiscriminability
from rate2spike.spiking.analysis.population_pca import PopulationPCA
from rate2spike.spiking.analysis.targeted_reduction import TargetedReduction

_MARKERS = "os^D"


def explained_variance(
    populations: PopulationPCA | Mapping[str, PopulationPCA], n_components: int = 10, ax: Axes | None = None
) -> Figure:
    """Cumulative share of the variance over the number of components, a line per population: one, or several by name."""
    if isinstance(populations, PopulationPCA):
        populations = {"population": populations}
    axes = panel(ax, (5.5, 3))
    for k, (name, population) in enumerate(populations.items()):
        share = np.cumsum(population.explained_variance_ratio)[:n_components]
        axes.plot(
            np.arange(1, share.size + 1),
            100 * share,
            marker=_MARKERS[k % len(_MARKERS)],
            label=name,
            **_style(k),
            markersize=4,
        )
    axes.axhline(99, color="0.7", linewidth=0.8, linestyle=":", label="99 %")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="number of principal components", ylabel="variance explained (%)", ylim=(0, 104))
    axes.legend(**BESIDE)
    return whole(axes)


def trajectories(
    population: PopulationPCA, title: str = "", *, n_components: int = 3, unit: str = "Hz", ax: Axes | None = None
) -> Figure:
    """The first components over time (in s, or in bins if the times are not known), a line per condition.

    unit: of the rates; those of a rate network are 'a.u.'.
    """
    shown = min(n_components, len(population.components))
    figure = canvas(ax, (6, 1 + 1.5 * shown))
    panels = figure.subplots(shown, 1, sharex=True, squeeze=False)[:, 0]
    time, label = _time(population.time_s, population.trajectories.shape[2])
    for k, axes in enumerate(panels):
        for c, condition in enumerate(population.conditions):
            axes.plot(time, population.trajectories[c, k], label=str(condition), **_style(c))
        axes.set(ylabel=f"PC {k + 1} ({unit})")
        axes.set_title(f"{100 * population.explained_variance_ratio[k]:.1f} % of the variance", fontsize="small")
    panels[-1].set(xlabel=label)
    panels[0].legend(**BESIDE)
    if title:
        figure.suptitle(title)
    return whole(figure)


def task_axes(result: TargetedReduction, ax: Axes | None = None) -> Figure:
    """Condition averages on the axis of each task variable over time; the mark is where the axis was taken."""
    figure = canvas(ax, (6, 1 + 1.7 * len(result.variables)))
    panels = figure.subplots(len(result.variables), 1, sharex=True, squeeze=False)[:, 0]
    time, label = _time(result.time_s, result.projections.shape[2])
    for k, (axes, name) in enumerate(zip(panels, result.variables, strict=True)):
        for c, condition in enumerate(result.conditions):
            axes.plot(time, result.projections[c, k], label=_condition(condition), **_style(c))
        axes.axvline(time[result.peak_index[k]], color="0.7", linewidth=0.8)
        axes.set(ylabel=f"{name} axis (SD)")
    panels[-1].set(xlabel=label)
    panels[0].legend(title=", ".join(result.variables), title_fontsize="small", **BESIDE)
    return whole(figure)


def task_plane(result: TargetedReduction, horizontal: str, vertical: str, ax: Axes | None = None) -> Figure:
    """Condition averages in the plane of two task variables; a circle marks the start. Raises InputError."""
    unknown = [name for name in (horizontal, vertical) if name not in result.variables]
    if unknown:
        raise InputError(f"no task variable {', '.join(unknown)}: there are {', '.join(result.variables)}")
    axes = panel(ax, (5.5, 3.6))
    across, up = (result.variables.index(name) for name in (horizontal, vertical))
    for c, condition in enumerate(result.conditions):
        x, y = result.projections[c, across], result.projections[c, up]
        axes.plot(x, y, label=_condition(condition), **_style(c))
        axes.plot(x[0], y[0], "o", color="0.0", fillstyle="none", markersize=4)
    axes.set(xlabel=f"{horizontal} axis (SD)", ylabel=f"{vertical} axis (SD)")
    axes.legend(title=", ".join(result.variables), title_fontsize="small", **BESIDE)
    return whole(axes)


def discriminability_matrix(result: CrossTemporalDiscriminability, ax: Axes | None = None) -> Figure:
    """The time x time matrix; white: no correlation or a negative one, hatched: undefined."""
    axes = panel(ax, (4.6, 3.6))
    time, label = _time(result.time_s, len(result.correlation))
    half = (time[1] - time[0]) / 2 if time.size > 1 else 0.5
    ends = (time[0] - half, time[-1] + half)
    axes.patch.set(hatch="////", edgecolor="0.8")
    image = axes.imshow(
        result.correlation.T,
        origin="lower",
        extent=(*ends, *ends),
        cmap="gray_r",
        vmin=0,
        vmax=1,
        aspect="auto",
        interpolation="nearest",
    )
    whole(axes).colorbar(image, ax=axes, label="correlation over units")
    one, other = result.classes
    axes.set(
        xlabel=f"{label}, one half of the trials",
        ylabel=f"{label}, other half",
        title=f"{one} against {other}, {result.n_splits} splits",
    )
    return whole(axes)


def _style(index: int) -> dict:
    """16 styles that are told apart in grey."""
    return {
        "linestyle": LINE_STYLES[index % len(LINE_STYLES)],
        "color": SHADES[(index + index // len(LINE_STYLES)) % len(SHADES)],
    }


def _time(time_s: np.ndarray | None, n_times: int) -> tuple[np.ndarray, str]:
    return (np.arange(n_times), "time (bins)") if time_s is None else (np.asarray(time_s), "time (s)")


def _condition(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:+g}" for value in values)
