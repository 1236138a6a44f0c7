"""Twins of the two ball-and-stick cells: fitted on one core, and scored on test data, all five outputs.

    python benchmarks/ball_and_stick_twins.py [--cell AMPA_point] [--data bench/twin] [--output bench/twin_fits]

Each cell has a folder <data>/<cell>/data with train, valid and test, which are simulated where they lack simulations; as many
as in the published sets. Interrupted, fits go on in <output>/<cell>; the last one adds a row to the table.
All bins of test simulations count but the first 16 ms. The threshold of spikes is that of a false positive rate of 0.002 on
validation data. Published are the figures of a TCN of 189 644 weights, fitted on a GPU to simulations of the same kind.
"""

import argparse
import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rate2spike.spiking.neuron_as_net.ball_and_stick_fit import BallAndStickFit, ball_and_stick_fit
from rate2spike.spiking.neuron_as_net.fit import fit
from rate2spike.spiking.neuron_as_net.fit_result import FitResult
from rate2spike.spiking.neuron_as_net.heads import DENDRITIC, NEAR_SPIKES, RATE, SOMATIC, SPIKES
from rate2spike.spiking.neuron_as_net.network import TwinNetwork
from rate2spike.spiking.twin_data.config import SimulationConfig, simulate_sets
from rate2spike.spiking.twin_data.shards import CellDataset
from rate2spike.spiking.twin_evaluation.calibration import calibration
from rate2spike.spiking.twin_evaluation.roc import roc_of
from rate2spike.spiking.twin_evaluation.voltage_scores import voltage_scores

SIZES = {"AMPA_point": (3068, 263, 251), "NMDA_cable": (7132, 582, 598)}  # train, valid, test, as published
TARGETS = {"AMPA_point": (0.9990, None), "NMDA_cable": (0.9755, 0.25)}  # AUC, and TPR at FPR, of spikes, at least
# of the published TCN on test data: AUC and TPR; explained variance, RMSE and MAE; r and explained variance of calibration
PUBLISHED = {
    "AMPA_point": (
        *(0.99904, 0.88589, 0.99812, 0.85854),
        *(93.94, 1.418, 0.596, 94.71, 0.00256, 0.00134, 87.83, 3.364, 0.917),
        *(0.9962, 99.23),
    ),
    "NMDA_cable": (
        *(0.97555, 0.24828, 0.98024, 0.39864),
        *(66.12, 3.013, 1.543, 85.73, 0.00412, 0.00230, 93.61, 5.942, 3.623),
        *(0.9919, 98.38),
    ),
}
FPR, DISCARD_MS = 0.002, 16
TABLE = Path(__file__).parents[1] / "docs" / "ball_and_stick_twins.csv"

Outputs = dict[str, np.ndarray]


def data_of(cell: str, folder: Path, sizes: Sequence[int], seed: int) -> Mapping[str, CellDataset]:
    """The three sets, simulated where they are not complete."""
    n_train, n_valid, n_test = sizes
    config = SimulationConfig(
        cell=cell, n_train=n_train, n_valid=n_valid, n_test=n_test, with_dendrites=True, seed=seed
    )
    return simulate_sets(config, folder)


def fitted(how: BallAndStickFit, data: Mapping[str, CellDataset], folder: Path, seed: int) -> list[FitResult]:
    """The two fits of one network, on short windows and on long ones, gone on with where they were."""
    network = TwinNetwork(how.architecture, seed)
    sets, more = (data["train"], data["valid"]), dict(targets=how.targets, seed=seed)
    return [
        fit(network, *sets, how.schedule, folder=folder / "short", **more, **how.settings),
        fit(network, *sets, how.long_schedule, folder=folder / "long", **more, **how.long_settings),
    ]


def outputs_of(how: BallAndStickFit, network: TwinNetwork, data: CellDataset) -> tuple[Outputs, Outputs]:
    """By the name of the output: what the cell did, and what the network says, (n, T', n_outputs), of voltages in mV."""
    simulations = list(data)
    said = network.predict([one.events for one in simulations])
    targets = [how.targets.of(one, how.architecture.heads) for one in simulations]
    truth = {name: np.stack([one[name] for one in targets]) for name in said}
    scale = {
        SOMATIC: how.targets.soma_scale_mv,
        DENDRITIC: how.targets.dendrite_scale_mv,
        RATE: 1 / how.targets.rate_scale,
    }
    return tuple(
        {name: values[:, DISCARD_MS:] * np.float32(scale.get(name, 1)) for name, values in one.items()}
        for one in (truth, said)
    )


def scores_of(truth: Outputs, said: Outputs) -> dict[str, float]:
    """Scores of all five outputs, and whether the probabilities of spikes are right."""
    found: dict[str, float] = {}
    for name in (SPIKES, NEAR_SPIKES):
        curve = roc_of(truth[name][..., 0] > 0, said[name][..., 0])
        found |= {f"{name}_auc": curve.auc, f"{name}_tpr_at_fpr_{FPR}": curve.tpr_at(FPR)}
    for name, column, unit in ((SOMATIC, "soma", "mv"), (RATE, "rate", "per_ms"), (DENDRITIC, "dendrites", "mv")):
        one = voltage_scores(truth[name], said[name])
        found |= {
            f"{column}_explained_percent": one.explained_variance_percent,
            f"{column}_rmse_{unit}": one.rmse_mv,
            f"{column}_mae_{unit}": one.mae_mv,
        }
    are_right = calibration(truth[SPIKES][..., 0] > 0, said[SPIKES][..., 0])
    found["calibration_correlation"] = are_right.correlation
    found["calibration_explained_percent"] = are_right.explained_variance_percent
    return found


def at_threshold(truth: Outputs, said: Outputs, threshold: float) -> dict[str, float]:
    """What a threshold from validation data gives on test data."""
    spikes, above = truth[SPIKES] > 0, said[SPIKES] > threshold
    return {
        "threshold": threshold,
        "test_fpr": float(above[~spikes].mean()),
        "test_tpr": float(above[spikes].mean()),
        "test_precision": float(spikes[above].mean()),
    }


def row_of(
    cell: str, how: BallAndStickFit, results: Sequence[FitResult], data: Mapping[str, CellDataset], seed: int
) -> dict:
    """All that is told of a network after its fits."""
    network = results[-1].twin.network
    truth, said = outputs_of(how, network, data["valid"])
    threshold = roc_of(truth[SPIKES][..., 0] > 0, said[SPIKES][..., 0]).threshold_at(FPR)
    truth, said = outputs_of(how, network, data["test"])
    numbers = scores_of(truth, said) | at_threshold(truth, said, threshold)
    return {
        "cell": cell,
        "network": network.overview,
        "parameters": network.n_parameters,
        "updates": sum(one.n_updates for one in results),
        "minutes": round(sum(epoch["seconds"] for one in results for epoch in one.history) / 60, 1),
        "train": len(data["train"]),
        "valid": len(data["valid"]),
        "test": len(data["test"]),
        "seed": seed,
    } | {name: float(f"{value:.5g}") for name, value in numbers.items()}


def append(row: Mapping[str, object], path: Path) -> None:
    """Add a row, and the header to a new file."""
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def told(row: Mapping[str, object]) -> str:
    """A line of each number, with the published one of the scores, and whether what was asked for is reached."""
    cell, scores = str(row["cell"]), list(row)[list(row).index("spikes_auc") :]
    published = dict(zip(scores, PUBLISHED[cell], strict=False))
    auc, tpr = TARGETS[cell]
    reached = row["spikes_auc"] >= auc and (tpr is None or row[f"spikes_tpr_at_fpr_{FPR}"] >= tpr)
    asked = f"AUC {auc}" + ("" if tpr is None else f", TPR {tpr}")
    lines = [f"  {'':34} {'here':10} published"]
    lines += [f"  {name:34} {value!s:10} {published.get(name, '')}".rstrip() for name, value in row.items()]
    return "\n".join([*lines, f"  asked for: {asked}: {'reached' if reached else 'not reached'}"])


def main() -> None:
    """Fit and score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cell", choices=(*SIZES, "all"), default="all")
    parser.add_argument("--data", type=Path, default=Path("bench/twin"), help="folder with a folder per cell")
    parser.add_argument(
        "--sizes", type=int, nargs=3, metavar=("TRAIN", "VALID", "TEST"), help="simulations (published ones)"
    )
    parser.add_argument("--epochs", type=int, help="of the schedule")
    parser.add_argument("--seed", type=int, default=1, help="of the simulations and of the fit")
    parser.add_argument("--output", type=Path, default=Path("bench/twin_fits"), help="folder of the fitted networks")
    parser.add_argument("--table", type=Path, default=TABLE, help=f"gets the rows (docs/{TABLE.name})")
    arguments = parser.parse_args()
    more = {} if arguments.epochs is None else {"n_epochs": arguments.epochs}
    for cell in SIZES if arguments.cell == "all" else (arguments.cell,):
        data = data_of(cell, arguments.data / cell / "data", arguments.sizes or SIZES[cell], arguments.seed)
        how = ball_and_stick_fit(cell, **more)
        results = fitted(how, data, arguments.output / cell, arguments.seed)
        row = row_of(cell, how, results, data, arguments.seed)
        append(row, arguments.table)
        print(told(row))


if __name__ == "__main__":
    main()
