"""Rate networks with dendrites as spiking ones, beside the same networks of points: what they gain and lose.

    python benchmarks/dendrites_study.py [--networks 5] [--kinds none active subunit] --output bench/dendrites
    python benchmarks/dendrites_study.py table --output bench/dendrites

Go-NoGo, XOR and Mante with the settings of their recipes, N = 50, 100 and 200, seeds from 1. Networks are trained where
<output>/models lacks them; every row goes to <output>/dendrites.csv as it is measured; interrupted, it goes on where it was.
At the end the figures <output>/dendrites.png and .pdf, and a table in Markdown. What a step costs: bench_dendritic_engine.py.
"""

import argparse
import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from scipy.stats import wilcoxon

from rate2spike.figures import Figure
from rate2spike.io.figure_file import save_figure
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.population import train_population
from rate2spike.rate.recipes import recipe
from rate2spike.spiking.diagnosis.diagnose import diagnose
from rate2spike.trained_model import TrainedModel

from paper_measures import conversion

TASKS = ("go-nogo", "xor", "mante")
SIZES = (50, 100, 200)
KINDS = ("none", "active", "subunit")
NAMES = {"none": "points", "active": "active dendrites", "subunit": "subunits"}
SOLVES = 0.95  # of fresh trials
_MARKERS = {"none": "o", "active": "s", "subunit": "^"}
_GREYS = {"none": "0", "active": "0.35", "subunit": "0.6"}

Row = dict[str, str]
Point = tuple[str, int, str]  # task, number of units, kind of dendrites


def config_of(point: Point) -> TrainConfig:
    """The recipe's settings with these units."""
    task, n_units, kind = point
    return replace(recipe(task), n_units=n_units, **({} if kind == "none" else {"dendrites": kind}))


def measure(points: Iterable[Point], n_networks: int, folder: Path) -> None:
    """Train and measure what the CSV file does not hold yet."""
    done = {(row["task"], int(row["n_units"]), row["dendrites"], int(row["seed"])) for row in rows_of(folder)}
    for point in points:
        seeds = [seed for seed in range(1, n_networks + 1) if (*point, seed) not in done]
        place = folder / "models" / "_".join(map(str, point))
        for outcome in train_population(config_of(point), seeds, place) if seeds else ():
            if not outcome.model:
                raise SystemExit(f"{point}, seed {outcome.seed}: {outcome.state} {outcome.message}")
            row = dict(zip(("task", "n_units", "dendrites"), point, strict=True)) | {
                "seed": outcome.seed,
                "criteria_met": "yes" if outcome.criteria_met else "no",
                "updates": outcome.updates,
            }
            row |= measured(load_model(place / f"seed_{outcome.seed}" / "model.mat"), outcome.seed)
            append(folder, row)
            print(*row.values(), flush=True)


def measured(model: TrainedModel, seed: int) -> dict[str, object]:
    """Of one network: the rate network, its conversion, and what diagnosis finds."""
    row = {"rate_accuracy": model.eval_accuracy, **conversion(model, seed, None)}
    factor = float(row["best_factor"])
    found = diagnose(model, scaling_factor=factor, seed=seed)
    return row | {
        name: round(getattr(found, name), 3) for name in ("output_gain", "output_correlation", "silent_share")
    }


def rows_of(folder: Path) -> list[Row]:
    """The rows measured so far."""
    path = folder / "dendrites.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def append(folder: Path, row: dict) -> None:
    """Add a row, and the header to a new file."""
    path = folder / "dendrites.csv"
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def of_point(rows: Sequence[Row], point: Point, column: str) -> np.ndarray:
    """The values of a column, one per seed."""
    task, n_units, kind = point
    chosen = [row for row in rows if (row["task"], row["n_units"], row["dendrites"]) == (task, str(n_units), kind)]
    return np.array([float(row[column]) for row in chosen])


def table(rows: Sequence[Row]) -> str:
    """Markdown: a row per point; mean and range over seeds."""
    solve = f"solve {100 * SOLVES:g} %"
    heads = ("task", "N", "units", "networks", "updates, median", "rate network", "spiking, fresh trials", solve, "Hz")
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for point in product(TASKS, SIZES, KINDS):
        fresh = of_point(rows, point, "fresh_accuracy")
        if not fresh.size:
            continue
        rate = of_point(rows, point, "rate_accuracy")
        updates = np.median(of_point(rows, point, "updates"))
        cells = [point[0], str(point[1]), NAMES[point[2]], str(fresh.size), f"{updates:g}", f"{rate.mean():.3f}"]
        cells += [f"{fresh.mean():.3f} ({fresh.min():.3f} to {fresh.max():.3f})", str((fresh >= SOLVES).sum())]
        cells += [f"{of_point(rows, point, 'rate_hz').mean():.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def pairs_table(rows: Sequence[Row]) -> str:
    """Markdown: networks with dendrites against those of points of the same task and seed, by number of units."""
    heads = ("N", "units", "pairs", "better than points", "worse", "mean difference", "Wilcoxon signed-rank p")
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for n_units, kind in product(SIZES, KINDS[1:]):
        apart = [
            of_point(rows, (task, n_units, kind), "fresh_accuracy")
            - of_point(rows, (task, n_units, "none"), "fresh_accuracy")
            for task in TASKS
        ]
        apart = np.concatenate(apart)
        cells = [str(n_units), NAMES[kind], str(apart.size), str((apart > 0).sum()), str((apart < 0).sum())]
        lines.append(f"| {' | '.join(cells)} | {apart.mean():+.3f} | {wilcoxon(apart).pvalue:.2g} |")
    return "\n".join(lines)


def draw(rows: Sequence[Row]) -> Figure:
    """Accuracy, rates and updates of training over the number of units, a column per task."""
    panels = (
        ("fresh_accuracy", "accuracy, fresh trials"),
        ("rate_hz", "mean firing rate (Hz)"),
        ("updates", "updates of training"),
    )
    figure = Figure(figsize=(9, 7.5), layout="constrained")
    grid = figure.subplots(len(panels), len(TASKS), sharex=True, sharey="row")
    for (column, label), line in zip(panels, grid, strict=True):
        for axes, task in zip(line, TASKS, strict=True):
            for shift, kind in enumerate(KINDS):
                _draw_kind(axes, rows, task, kind, column, shift)
            axes.set_xticks(range(len(SIZES)), [str(n) for n in SIZES])
            axes.set_xlim(-0.5, len(SIZES) - 0.5)
        line[0].set_ylabel(label)
    for axes, task in zip(grid[0], TASKS, strict=True):
        axes.set_title(task)
    for axes in grid[-1]:
        axes.set_xlabel("number of units N")
    for line in grid[1:]:
        line[0].set_ylim(bottom=0)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(KINDS), frameon=False)
    return figure


def _draw_kind(axes, rows: Sequence[Row], task: str, kind: str, column: str, shift: int) -> None:
    aside = 0.22 * (shift - 1)
    for x, n_units in enumerate(SIZES):
        values = of_point(rows, (task, n_units, kind), column)
        if values.size:
            style = dict(color=_GREYS[kind], marker=_MARKERS[kind], linestyle="none")
            axes.plot(np.full(values.size, x + aside), values, markersize=4, markerfacecolor="white", **style)
            label = f"{NAMES[kind]} (filled: mean)" if x == 0 else None
            axes.plot(x + aside + 0.08, values.mean(), markersize=7, label=label, **style)


def main() -> None:
    """Run, or print the table of what is measured so far."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("run", "table"), default="run")
    parser.add_argument("--networks", type=int, default=5, help="per point, seeds from 1 (default 5)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--sizes", nargs="+", type=int, choices=SIZES, default=SIZES)
    parser.add_argument("--output", type=Path, default=Path("bench/dendrites"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    if arguments.what == "run":
        points = product(TASKS, arguments.sizes, arguments.kinds)
        try:
            measure(points, arguments.networks, arguments.output)
        except KeyboardInterrupt:
            raise SystemExit("interrupted: what is finished is kept; the same command goes on") from None
    rows = rows_of(arguments.output)
    if rows:
        print(*save_figure(draw(rows), arguments.output / "dendrites"))
    print(table(rows))
    if {row["dendrites"] for row in rows} == set(KINDS):
        print("", pairs_table(rows), sep="\n")


if __name__ == "__main__":
    main()
