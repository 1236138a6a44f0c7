"""How the cost of a training update grows with units, time steps and batch size: a figure and a table.

    python benchmarks/growth.py --output bench

The figure in docs/training.md is made by this.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
import tensorflow as tf

from rate2spike.figures import Figure
from rate2spike.io.figure_file import save_figure
from rate2spike.machine.tensorflow_device import set_threads
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.hand_over import network_of
from rate2spike.rate.rate_evaluation import batch_arrays, noise_seed
from rate2spike.rate.update import compiled_update, make_optimizer
from rate2spike.rate.weights import draw_weights

from timing import machine, median_of_runs

N_UNITS, N_STEPS, BATCH = 200, 200, 16
STUDIES = {
    "units": [dict(n_units=n) for n in (50, 100, 200, 400, 700, 1000)],
    "time steps": [dict(n_steps=t) for t in (100, 200, 400, 800)],
    "batch size": [dict(batch_size=b) for b in (1, 2, 4, 8, 16, 32, 64, 128)],
}
_REPEATS = 7
_TICKS_MS = (0.25, 0.5, 1, 2, 4, 8)


def update_ms(n_units: int = N_UNITS, n_steps: int = N_STEPS, batch_size: int = BATCH) -> float:
    """Median time of one update on Go-NoGo trials of n_steps."""
    config = TrainConfig(n_units=n_units, batch_size=batch_size, task_options={"n_steps": n_steps}, seed=1)
    network = network_of(config, draw_weights(config, np.random.default_rng(1)))
    step = compiled_update(network, config, make_optimizer(network, config))
    rng = np.random.default_rng(0)

    def update():
        trials = [config.task.draw(rng) for _ in range(batch_size)]
        float(step(*batch_arrays(trials), noise_seed(rng)))

    return median_of_runs(update, _REPEATS) * 1e3


def figure_of(rows: list[tuple[str, int, float]]) -> Figure:
    """One panel per study; per trial for the batch size."""
    figure = Figure(figsize=(9, 3), layout="constrained")
    for axes, study in zip(figure.subplots(1, 3, sharey=True), STUDIES, strict=True):
        values, ms = (
            np.array(column, float) for column in zip(*((v, t) for s, v, t in rows if s == study), strict=True)
        )
        per_trial = ms / (values if study == "batch size" else BATCH)
        axes.loglog(values, per_trial, "o-", color="0.0", markersize=4)
        axes.set_xticks(values, [f"{value:g}" for value in values], rotation=45)
        axes.minorticks_off()
        axes.set(xlabel=study, title=_fixed(study))
        axes.tick_params(labelleft=True)
    axes.set_yticks(_TICKS_MS, [f"{value:g}" for value in _TICKS_MS])
    figure.axes[0].set(ylabel="ms per trial")
    return figure


def _fixed(study: str) -> str:
    parts = {"units": f"{N_UNITS} units", "time steps": f"{N_STEPS} steps", "batch size": f"batch {BATCH}"}
    return ", ".join(text for name, text in parts.items() if name != study)


def main() -> None:
    """Measure all, write growth.csv and the figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="bench", help="folder of growth.csv and training_growth.png")
    folder = Path(parser.parse_args().output)
    set_threads(tf)
    rows = []
    for study, settings in STUDIES.items():
        for setting in settings:
            (value,) = setting.values()
            rows.append((study, value, round(update_ms(**setting), 3)))
            print(*rows[-1], flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "growth.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("grows", "value", "ms_per_update"), *rows])
    print(machine()["processor"], *save_figure(figure_of(rows), folder / "training_growth"))


if __name__ == "__main__":
    main()
