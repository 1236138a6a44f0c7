"""Twins of the layer 5 cell with and without NMDA receptors at a scale that a laptop reaches: depth, and ELM neurons.

    python benchmarks/layer_5_twins.py [--cell L5PC_NMDA] [--data bench/twin] [--updates 3000] [--seeds 3]

One layer of 128 units on 43 ms, three layers of 64 on 100 ms, and an ELM neuron with 50 memory units, each with several seeds
and as many updates. Each cell has a folder <data>/<cell> with simulations, which are made where they lack, and fits, which go on
where they were. The threshold of spikes is chosen on validation data, scores are those of test simulations with up to 24
spikes from 500 ms on. Rows of all networks replace those of the same cell in the table.
"""

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rate2spike.io.atomic_file import write_atomically
from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
from rate2spike.spiking.twin_study.evaluating import StudyScores, evaluate_study
from rate2spike.spiking.twin_study.fitting import fit_networks
from rate2spike.spiking.twin_study.plan import FitPlan

CELLS = ("L5PC_NMDA", "L5PC_AMPA")
SIZES = {"n_train": 768, "n_valid": 128, "n_test": 128, "simulations_per_shard": 128}
UPDATES_PER_EPOCH = 150
SHORT = dict(
    epochs_per_stage=1,
    batches_per_epoch=UPDATES_PER_EPOCH,
    valid_batches=30,
    files_in_memory=6,
    decay="cosine",
    clip_norm=1.0,
    spike_bias=-6.5,
    somatic_weight=0.3,
)
NETWORKS: dict[str, dict[str, Any]] = {
    "fcn-1x128x43": {"learning_rate": 3e-3},
    "tcn-3x64x100": {"learning_rate": 3e-3},
    "elm-50": {"learning_rate": 5e-3, "left_out_ms": 100},
}
COLUMNS = (
    "cell",
    "name",
    "parameters",
    "updates",
    "minutes",
    "auc",
    "auc_interval low",
    "auc_interval high",
    "TP @ 0.0020 FP",
    "false_positive_rate",
    "true_positive_rate",
    "raw_soma_explained_variance_percent",
    "raw_soma_RMSE",
    "raw_soma_MAE",
    "complexity_index",
)
TABLE = Path(__file__).parents[1] / "docs" / "layer_5_twins.csv"


def scores_of(cell: str, folder: Path, updates: int, n_seeds: int, n_workers: int) -> StudyScores:
    """Simulate, fit and evaluate what is not there."""
    sets = simulate_sets(SimulationConfig(cell=cell, seed=1, **SIZES), folder / "data")
    twins = []
    for name, settings in NETWORKS.items():
        n_epochs = round(updates / UPDATES_PER_EPOCH)
        plan = FitPlan(architectures=(name,), n_seeds=n_seeds, seed=1, n_epochs=n_epochs, **SHORT, **settings)
        twins += fit_networks(folder / "data", plan, folder / "fits", n_workers=n_workers, announce=print)
    return evaluate_study(twins, sets["test"], sets["valid"])


def rows_of(cell: str, scores: StudyScores) -> list[dict[str, Any]]:
    """What is told of each network."""
    return [{"cell": cell} | {name: row[name] for name in COLUMNS[1:]} for row in scores.flat_rows()]


def write(rows: list[dict[str, Any]], path: Path) -> None:
    """Replace the rows of the cells."""
    cells = {row["cell"] for row in rows}
    kept: list[Mapping[str, Any]] = []
    if path.exists():
        with path.open(newline="") as file:
            kept = [row for row in csv.DictReader(file) if row["cell"] not in cells]
    lines = [",".join(COLUMNS), *(",".join(_text(row[name]) for name in COLUMNS) for row in [*kept, *rows])]
    write_atomically(path, "\n".join(lines) + "\n")


def _text(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Fit and score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell", choices=(*CELLS, "all"), default="all")
    parser.add_argument("--data", type=Path, default=Path("bench/twin"), help="folder with a folder per cell")
    parser.add_argument("--updates", type=int, default=3000, help="of each fit")
    parser.add_argument("--seeds", type=int, default=3, help="fits of each network")
    parser.add_argument("--n_workers", type=int, default=2, help="fits side by side")
    parser.add_argument("--table", type=Path, default=TABLE, help=f"gets the rows (docs/{TABLE.name})")
    arguments = parser.parse_args()
    for cell in CELLS if arguments.cell == "all" else (arguments.cell,):
        folder = arguments.data / cell
        scores = scores_of(cell, folder, arguments.updates, arguments.seeds, arguments.n_workers)
        rows = rows_of(cell, scores)
        write(rows, arguments.table)
        for row in rows:
            print("  ".join(_text(row[name]) for name in COLUMNS), flush=True)


if __name__ == "__main__":
    main()
