"""The figures and the table of paper.py: ours beside the published numbers, with what chance alone would do."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest, fisher_exact, t, ttest_ind, ttest_ind_from_stats, ttest_rel

from rate2spike.figures import Axes, Figure

from paper_measures import Row
from paper_studies import Published, Quantity, Study

LEVEL = 0.05  # of the tests whether a difference exceeds the sampling error
_LETTERS_PER_INCH = 12  # of a title
_OFFSET = 0.16  # of ours and the published number from the middle of a point


def draw(study: Study, name: str, rows: Sequence[Row]) -> Figure:
    """One panel per quantity: networks, their mean ± SD or share, and the published number."""
    n = len(study.quantities)
    panel_width = 1.6 + 0.4 * len(study.points)
    figure = Figure(figsize=(max(panel_width * n, 5), 3.8), layout="constrained")
    legend: dict[str, Any] = {}
    for axes, quantity in zip(figure.subplots(1, n, squeeze=False)[0], study.quantities, strict=True):
        _panel(axes, study, quantity, rows)
        handles, labels = axes.get_legend_handles_labels()
        legend |= dict(zip(labels, handles, strict=True))
    of_paper = "" if name.islower() else "Figure "  # our own studies have a word for a name
    lines = [f"{of_paper}{name}. {study.title}", *([f"published: {study.in_words}"] if study.in_words else ())]
    wrapped = "\n".join(textwrap.fill(line, int(_LETTERS_PER_INCH * figure.get_figwidth())) for line in lines)
    figure.suptitle(wrapped, fontsize="medium")
    figure.legend(legend.values(), legend.keys(), loc="outside lower center", ncols=2, frameon=False, fontsize="small")
    return figure


def _panel(axes: Axes, study: Study, quantity: Quantity, rows: Sequence[Row]) -> None:
    names = [point.name for point in study.points]
    for x, name in enumerate(names):
        values = values_of(quantity, rows, name)
        if values.size and quantity.is_share:
            _draw_share(axes, x, values)
        elif values.size:
            _draw_networks(axes, x, values)
        if published := quantity.published.get(name):
            label = "published" if published.sd is None else "published mean ± SD"
            axes.errorbar(
                x + _OFFSET, published.mean, published.sd, fmt="s", color="0.35", mfc="white", capsize=3, label=label
            )
    slanted = dict(rotation=20, ha="right", rotation_mode="anchor") if max(map(len, names)) > 6 else {}
    axes.set_xticks(range(len(names)), names, **slanted)
    axes.set(xlabel=study.axis, ylabel=quantity.name, xlim=(-0.6, len(names) - 0.4))
    if quantity.is_share:
        axes.set(ylim=(-4, 104))


def _draw_share(axes: Axes, x: float, values: np.ndarray) -> None:
    share, (low, high) = values.mean(), share_interval(values)
    axes.errorbar(
        x - _OFFSET,
        share,
        [[share - low], [high - share]],
        fmt="D",
        color="0",
        capsize=3,
        label="ours: share, 95 % interval",
    )


def _draw_networks(axes: Axes, x: float, values: np.ndarray) -> None:
    # side by side in the order of the seeds, so that equal values are seen
    aside = np.linspace(-_OFFSET, _OFFSET, values.size) / 2 if values.size > 1 else 0
    axes.plot(x - 2 * _OFFSET + aside, values, ".", color="0.6", markersize=4, label="ours: each network")
    axes.errorbar(x - 0.5 * _OFFSET, values.mean(), _sd(values), fmt="o", color="0", capsize=3, label="ours: mean ± SD")


def table(studies: Mapping[str, tuple[Study, Sequence[Row]]]) -> str:
    """A Markdown table per set of quantities: a row per point, ours, published, and where they differ."""
    lines: list[str] = []
    columns: list[str] = []
    for name, (study, rows) in studies.items():
        quantities = [quantity.name for quantity in study.quantities]
        if quantities != columns:
            columns = quantities
            heads = ("figure", "point", "networks (trained)", *columns, "published", "differs")
            lines += ["", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        lines += [_table_row(name, study, point.name, rows) for point in study.points if _of_point(rows, point.name)]
    return "\n".join(lines[1:])


def _table_row(figure: str, study: Study, point: str, rows: Sequence[Row]) -> str:
    mine = _of_point(rows, point)
    n_trained = sum(row["criteria_met"] == "yes" for row in mine)
    ours = [_ours(quantity, values_of(quantity, rows, point)) for quantity in study.quantities]
    published = [
        _published(quantity, number) for quantity in study.quantities if (number := quantity.published.get(point))
    ]
    differing = [q.name for q in study.quantities if differs(q, values_of(q, rows, point), point)]
    cells = (
        f"{figure}: {study.axis}",
        point,
        f"{len(mine)} ({n_trained})",
        *ours,
        ", ".join(published) or study.in_words,
        "; ".join(differing),
    )
    return f"| {' | '.join(cells)} |"


def _published(quantity: Quantity, number: Published) -> str:
    if quantity.is_share:
        return f"{number.mean:g} %"
    return f"{quantity.name} {number.mean:g}" if number.sd is None else f"{number.mean:g} ± {number.sd:g}"


def _ours(quantity: Quantity, values: np.ndarray) -> str:
    if values.size == 0:
        return ""
    if quantity.is_share:
        low, high = share_interval(values)
        return f"{values.mean():.0f} ({low:.0f} to {high:.0f})"
    if values.size == 1:
        return f"{values[0]:.1f}"
    low, high = mean_interval(values)
    if quantity.name.endswith("(%)"):  # Student's interval does not know that there is no more than 100 %
        low, high = max(low, 0.0), min(high, 100.0)
    return f"{values.mean():.1f} ± {_sd(values):.1f} ({low:.1f} to {high:.1f})"


def values_of(quantity: Quantity, rows: Sequence[Row], point: str) -> np.ndarray:
    """One value per network of a point."""
    values = np.array([quantity.value(row, rows) for row in _of_point(rows, point)], float)
    return values[~np.isnan(values)]


def share_interval(values: np.ndarray) -> tuple[float, float]:
    """95 % interval (Wilson) of a share in percent."""
    interval = binomtest(int((values > 0).sum()), values.size).proportion_ci(method="wilson")
    return 100 * interval.low, 100 * interval.high


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean (Student)."""
    half = t.ppf(0.975, values.size - 1) * _sd(values) / np.sqrt(values.size)
    return values.mean() - half, values.mean() + half


def differs(quantity: Quantity, values: np.ndarray, point: str) -> bool:
    """Whether ours and the published number differ by more than the sampling error of both: Welch's, or Fisher's test."""
    published = quantity.published.get(point)
    if published is None or values.size < 2:
        return False
    if quantity.is_share:
        theirs = round(published.mean / 100 * published.n_networks)
        ours = int((values > 0).sum())
        counts = [[ours, values.size - ours], [theirs, published.n_networks - theirs]]
        return bool(fisher_exact(counts).pvalue < LEVEL)
    if published.sd is None:
        return False
    test = ttest_ind_from_stats(
        values.mean(), _sd(values), values.size, published.mean, published.sd, published.n_networks, equal_var=False
    )
    return bool(test.pvalue < LEVEL)


def comparison(study: Study, rows: Sequence[Row], one: str, other: str) -> str:
    """Two points of a study, one line per quantity: means, and p by the paired t test over seeds and by Welch's test.

    Shares of networks by Fisher's test alone.
    """
    lines = []
    for quantity in study.quantities:
        first, second = (values_of(quantity, rows, point) for point in (one, other))
        if quantity.is_share:
            counts = [[int((values > 0).sum()), int((values == 0).sum())] for values in (first, second)]
            lines.append(
                f"{quantity.name}: {first.mean():.0f}, {second.mean():.0f}; p = {fisher_exact(counts).pvalue:.2g}"
            )
            continue
        if np.ptp(np.concatenate([first, second])) == 0:
            lines.append(f"{quantity.name}: {first[0]:.1f} in all")
            continue
        seeds = [[row["seed"] for row in _of_point(rows, point)] for point in (one, other)]
        paired = ttest_rel(first, second).pvalue if seeds[0] == seeds[1] and first.size == second.size else np.nan
        welch = ttest_ind(first, second, equal_var=False).pvalue
        lines.append(
            f"{quantity.name}: {first.mean():.1f}, {second.mean():.1f}; p = {paired:.2g} (paired), {welch:.2g} (Welch)"
        )
    return "\n".join(lines)


def _of_point(rows: Sequence[Row], point: str) -> list[Row]:
    return [row for row in rows if row["point"] == point]


def _sd(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if values.size > 1 else 0.0
