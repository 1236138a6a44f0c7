"""Figures of firing rates, variability and timescales. Each takes the record of an analysis (and ax: where to draw)."""

import numpy as np

from rate2spike.figures import BESIDE, LINE_STYLES, SHADES, Axes, Figure, MaxNLocator, canvas, panel, whole
from rate2spike.spiking.analysis.firing_rates import PSTH, FiringRates
from rate2spike.spiking.analysis.timescale import IntrinsicTimescales
from rate2spike.spiking.analysis.variability import FanoFactor, ISIVariability

_MARKERS = "os^D"
_SPREAD = 0.12  # half-width of a cloud of units, in groups
_BIN_SHARE = 30  # bins of a histogram


def rates_by_type(result: FiringRates, ax: Axes | None = None) -> Figure:
    """Mean ± SD over units per type and condition, every unit behind it as a dot."""
    axes = panel(ax, (3 + 1.5 * len(result.unit_types), 3.2))
    n_conditions = len(result.conditions)
    for c, condition in enumerate(result.conditions):
        place = np.arange(len(result.unit_types)) + (c - (n_conditions - 1) / 2) * 0.8 / n_conditions
        for k, middle in enumerate(place):
            rates = np.sort(result.unit_rate_hz[c, result.unit_type_index == k])
            # spread over the width in the order of a fixed pattern, so that dots do not lie on one another
            offset = (np.arange(rates.size) * 0.618 % 1 - 0.5) * 2 * _SPREAD * 2 / max(n_conditions, 2)
            axes.plot(middle + offset, rates, ".", color="0.8", markersize=3, zorder=1)
        axes.errorbar(
            place,
            result.mean_hz[c],
            np.nan_to_num(result.sd_hz[c]),
            fmt=_MARKERS[c % len(_MARKERS)],
            capsize=3,
            color=SHADES[c % len(SHADES)],
            label=f"{condition} (n = {result.n_trials[c]})",
            zorder=2,
        )
    counts = [int((result.unit_type_index == k).sum()) for k in range(len(result.unit_types))]
    names = [f"{name}\n(n = {count})" for name, count in zip(result.unit_types, counts, strict=True)]
    axes.set_xticks(range(len(names)), names)
    axes.set(ylabel="firing rate (Hz)", ylim=(0, None), title="Mean ± SD over units")
    axes.legend(**BESIDE)
    return whole(axes)


def psth_by_type(result: PSTH, ax: Axes | None = None) -> Figure:
    """Population rate over time, a panel per unit type: mean with a band of one standard error over trials."""
    n_types = len(result.unit_types)
    figure = canvas(ax, (6, 1 + 1.8 * n_types))
    panels = figure.subplots(n_types, 1, sharex=True, squeeze=False)[:, 0]
    for k, (axes, name) in enumerate(zip(panels, result.unit_types, strict=True)):
        for c, condition in enumerate(result.conditions):
            style = dict(color=SHADES[c % len(SHADES)], linestyle=LINE_STYLES[c % len(LINE_STYLES)])
            mean, sem = result.rate_hz[c, k], np.nan_to_num(result.sem_hz[c, k])
            axes.fill_between(result.time_s, mean - sem, mean + sem, color=style["color"], alpha=0.25, linewidth=0)
            axes.plot(result.time_s, mean, label=f"{condition} (n = {result.n_trials[c]})", **style)
        axes.set(ylabel="firing rate (Hz)", title=name, ylim=(0, None))
    panels[-1].set(xlabel="time (s)")
    panels[0].legend(**BESIDE)
    return whole(figure)


def isi_variability_histograms(result: ISIVariability, ax: Axes | None = None) -> Figure:
    """Distributions of CV, CV2 and LV over units; the line is a Poisson process."""
    figure = canvas(ax, (7, 2.6))
    panels = figure.subplots(1, 3, sharey=True)
    for axes, values, name in zip(panels, (result.cv, result.cv2, result.lv), ("CV", "CV2", "LV"), strict=True):
        _histogram(axes, values, np.linspace(0, max(2.0, _most(values)), _BIN_SHARE + 1))
        axes.axvline(1, color="0.0", linestyle="--", linewidth=1, label="Poisson")
        axes.set(xlabel=f"{name} of intervals")
        axes.set_title(_median_of(values, between="\n"), fontsize="small")
    panels[0].set(ylabel="units")
    panels[0].yaxis.set_major_locator(MaxNLocator(integer=True))
    panels[2].legend(**BESIDE)
    return whole(figure)


def fano_scatter(result: FanoFactor, ax: Axes | None = None) -> Figure:
    """Variance of the spike counts over their mean, a dot per unit; the line is a Fano factor of 1."""
    axes = panel(ax, (5, 3.4))
    fires = (result.mean_count > 0) & (result.count_variance > 0)
    mean, variance = result.mean_count[fires], result.count_variance[fires]
    axes.loglog(mean, variance, "o", color="0.4", markersize=3, fillstyle="none")
    if mean.size:
        ends = np.array([mean.min(), mean.max()])
        axes.loglog(ends, ends, "--", color="0.0", linewidth=1, label="Fano factor 1")
        axes.legend(**BESIDE)
    start_s, stop_s = result.window_s
    axes.set(xlabel=f"mean count (spikes in {stop_s - start_s:g} s)", ylabel="variance (spikes²)")
    axes.set_title(f"{_median_of(result.fano)}, {result.n_trials} trials", fontsize="medium")
    return whole(axes)


def timescales(result: IntrinsicTimescales, ax: Axes | None = None) -> Figure:
    """Mean autocorrelation of the spike counts with its fit, and the distribution of the units' timescales."""
    figure = canvas(ax, (8, 3))
    left, right = figure.subplots(1, 2)
    lag_ms = result.lag_s * 1e3
    if result.usable.any():
        rows = result.autocorrelation[result.usable]
        error = rows.std(0) / np.sqrt(len(rows))
        left.errorbar(lag_ms, rows.mean(0), error, fmt="o", color="0.4", markersize=4, label=f"{len(rows)} units, ± SE")
    fit = result.population
    if fit.failure is None:
        lag = np.linspace(fit.first_lag_s, result.lag_s[-1], 200)
        curve = fit.amplitude * (np.exp(-lag / fit.tau_s) + fit.offset)
        left.plot(lag * 1e3, curve, color="0.0", label=f"τ = {fit.tau_s * 1e3:.0f} ms")
    left.axhline(0, color="0.7", linewidth=0.8)
    left.set(xlabel="lag (ms)", ylabel="autocorrelation", title=fit.failure or "Population")
    if left.get_legend_handles_labels()[1]:
        left.legend(**BESIDE)
    tau_ms = result.tau_s * 1e3
    _histogram(right, tau_ms, np.linspace(0, max(_most(tau_ms), lag_ms[0]), _BIN_SHARE + 1))
    right.set(xlabel="intrinsic timescale (ms)", ylabel="units", title=_median_of(tau_ms, " ms", "\n"))
    right.yaxis.set_major_locator(MaxNLocator(integer=True))
    return whole(figure)


def _histogram(axes: Axes, values: np.ndarray, edges: np.ndarray) -> None:
    axes.hist(values[np.isfinite(values)], bins=edges.tolist(), color="0.7", edgecolor="0.3", linewidth=0.5)


def _most(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else 0.0


def _median_of(values: np.ndarray, unit: str = "", between: str = ", ") -> str:
    finite = values[np.isfinite(values)]
    middle = f"median {np.median(finite):.3g}{unit}{between}" if finite.size else ""
    return f"{middle}{finite.size} of {values.size} units"
