"""Twins of cells in detail at a scale that a laptop reaches: balls with a stick as published, layer 5 cells in short fits.

    python benchmarks/twin_studies.py [--cell NMDA_cable] [--data bench/twin] [--seeds 3] [--n_workers 2]

Balls with a stick: an ELM neuron of 64 memory units with the settings of `ball_and_stick_fit`, and simulations as many as
were published. Layer 5 cells with NMDA receptors and without: one layer of 128 units on 43 ms, three layers of 64 on 100 ms,
and an ELM neuron of 50 memory units, several seeds each, the same number of updates for all; and their scores on input that
they were not fitted on, too.

Each cell has a folder <data>/<cell> with simulations, which are made where they lack, and fits, which go on where they were.
The threshold of spikes is chosen on validation data, all scores are those of test data: of balls with a stick all bins but
the first 16 ms, of layer 5 cells from 500 ms on, in simulations with up to 24 spikes. Rows replace those of the same cell;
then the rows of layer 5 cells are drawn, <table>_layer_5.png.
"""

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rate2spike.io.atomic_file import write_atomically
from rate2spike.spiking.twin_data.config import OUT_OF_DISTRIBUTION, STICKS, SimulationConfig, simulate_sets
from rate2spike.spiking.twin_study.cell_kinds import kind_of
from rate2spike.spiking.twin_study.evaluating import StudyScores, evaluate_study
from rate2spike.spiking.twin_study.fitting import fit_networks
from rate2spike.spiking.twin_study.plan import resolved

from twin_tables import draw

SETS: dict[str, dict[str, Any]] = {
    "AMPA_point": {"n_train": 3068, "n_valid": 263, "n_test": 251, "with_dendrites": True},  # as published
    "NMDA_cable": {"n_train": 7132, "n_valid": 582, "n_test": 598, "with_dendrites": True},
    "L5PC_NMDA": {"n_train": 3072, "n_valid": 128, "n_test": 256, "simulations_per_shard": 128},
    "L5PC_AMPA": {"n_train": 3072, "n_valid": 128, "n_test": 256, "simulations_per_shard": 128},
}
NOT_FITTED_ON = {"n_train": 0, "n_valid": 0, "n_test": 384, "simulations_per_shard": 128}  # of layer 5 cells
UPDATES_PER_EPOCH = 150
SHORT: dict[str, Any] = dict(  # of layer 5 cells
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
HEADS = {
    "near_spikes": ("AUC", "TP @ 0.0020 FP"),
    "rate": ("explained_variance_percent", "rmse", "mae"),
    "dendritic": ("explained_variance_percent", "rmse", "mae"),
}
COLUMNS = (
    *("cell", "data", "name", "parameters", "updates", "minutes", "auc", "auc_interval low", "auc_interval high"),
    *("TP @ 0.0020 FP", "threshold", "false_positive_rate", "true_positive_rate"),
    *("raw_soma_explained_variance_percent", "raw_soma_RMSE", "raw_soma_MAE"),
    *(f"{head} {score}" for head, scores in HEADS.items() for score in scores),
    *("calibration_r", "complexity_index"),
)
TABLE = Path(__file__).parents[1] / "docs" / "twin_studies.csv"


def scores_of(cell: str, folder: Path, updates: int, n_seeds: int, n_workers: int) -> list[StudyScores]:
    """Simulate, fit and evaluate what is not there; of layer 5 cells on input they were not fitted on, too."""
    sets = simulate_sets(SimulationConfig(cell=cell, seed=1, **SETS[cell]), folder / "data")
    kind = kind_of(sets["train"])
    if cell in STICKS:
        plans = [resolved(kind, {"seed": 1, "variant": cell})]
    else:
        shared = SHORT | {"seed": 1, "n_seeds": n_seeds, "n_epochs": round(updates / UPDATES_PER_EPOCH)}
        plans = [resolved(kind, shared | one | {"architectures": (name,)}) for name, one in NETWORKS.items()]
    twins = []
    for plan in plans:
        twins += fit_networks(folder / "data", plan, folder / "fits", n_workers=n_workers, announce=print)
    judged_by = {"test": sets["test"]}
    if cell not in STICKS:
        config = SimulationConfig(cell=cell, seed=1, input_kind=OUT_OF_DISTRIBUTION, **NOT_FITTED_ON)
        judged_by[OUT_OF_DISTRIBUTION] = simulate_sets(config, folder / OUT_OF_DISTRIBUTION)["test"]
    return [evaluate_study(twins, data, sets["valid"], label=label) for label, data in judged_by.items()]


def write(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
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
    parser.add_argument("--cell", choices=(*SETS, "all"), default="all")
    parser.add_argument("--data", type=Path, default=Path("bench/twin"), help="folder with a folder per cell")
    parser.add_argument("--updates", type=int, default=7500, help="of each fit of a layer 5 cell")
    parser.add_argument("--seeds", type=int, default=3, help="fits of each network of a layer 5 cell")
    parser.add_argument("--n_workers", type=int, default=2, help="fits side by side")
    parser.add_argument("--table", type=Path, default=TABLE, help=f"gets the rows (docs/{TABLE.name})")
    arguments = parser.parse_args()
    for cell in SETS if arguments.cell == "all" else (arguments.cell,):
        folder = arguments.data / cell
        scores = scores_of(cell, folder, arguments.updates, arguments.seeds, arguments.n_workers)
        rows = [
            {name: row.get(name, "") for name in COLUMNS} | {"cell": cell, "data": one.label}
            for one in scores
            for row in one.flat_rows()
        ]
        write(rows, arguments.table)
        with arguments.table.open(newline="") as file:
            draw(list(csv.DictReader(file)), arguments.table.with_name(f"{arguments.table.stem}_layer_5.png"))
        for row in rows:
            print("  ".join(f"{name}: {_text(value)}" for name, value in row.items() if value != ""), flush=True)


if __name__ == "__main__":
    main()
