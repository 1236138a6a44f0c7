"""Does following the advice of `diagnose` ever lower the accuracy? Networks of three tasks at factors around their best one.

    python benchmarks/diagnosis_advice.py --output bench/diagnosis

Trains the networks by their recipes, searches each (20:5:75), diagnoses it at the best factor and at too low and too high
ones, and scores the factor diagnosed and the one advised on the same 500 fresh trials, which neither search nor diagnosis has
seen.
Finished rows of diagnosis_advice.csv are kept: the same command goes on.
"""

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from scipy.stats import binomtest

from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate.population import train_population, unit_folder
from rate2spike.rate.recipes import recipe
from rate2spike.spiking.diagnosis.diagnose import diagnose
from rate2spike.spiking.scoring.evaluate import evaluate
from rate2spike.spiking.search.grid import grid_search
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.trained_model import TrainedModel

NETWORKS = {"go-nogo": 8, "xor": 6, "mante": 6}
SHARES = (0.5, 0.8, 1.0, 1.25, 2.0)  # of the best factor
FRESH_TRIALS, FRESH_SEED = 500, 1_000_000
HEADER = (
    "task",
    "seed",
    "best_factor",
    "factor",
    "finding",
    "advised_factor",
    "accuracy_before",
    "accuracy_after",
    "p_worse",
)


def measure(model: TrainedModel, task: str, seed: int) -> Iterator[tuple]:
    """Rows of one network: what is found and advised at each factor, and the accuracy before and after."""
    best = grid_search(model, task, seed=seed).best_factor
    for factor in (round(best * share, 1) for share in SHARES):
        found = diagnose(model, task, factor, seed=seed)
        advised = found.advised_factor
        fresh = [
            evaluate(SpikingNetwork.from_model(model, one), task, FRESH_TRIALS, FRESH_SEED + seed)
            for one in (factor, *([advised] if advised else []))
        ]
        p_worse = p_of_a_loss(fresh[0].correct, fresh[1].correct) if advised else ""
        yield (
            task,
            seed,
            best,
            factor,
            found.findings[0].split(":")[0],
            advised or "",
            fresh[0].accuracy,
            fresh[-1].accuracy,
            p_worse,
        )


def p_of_a_loss(before, after) -> float:
    """Chance of at least such a loss if the two were equally good: sign test over the trials that only one solves."""
    lost, gained = int((before & ~after).sum()), int((after & ~before).sum())
    return round(float(binomtest(lost, lost + gained, alternative="greater").pvalue), 4) if lost + gained else 1.0


def report(rows: list[list[str]]) -> str:
    """How often advice was given, and what it did."""
    gains = [float(row[7]) - float(row[6]) for row in rows if row[5]]
    worse = sum(float(row[8]) < 0.05 for row in rows if row[5])
    solved = [float(row[6]) for row in rows if row[4] == "converted"]
    n_unhelped = len(rows) - len(solved) - len(gains)
    return (
        f'Of {len(rows)} diagnoses of {len({tuple(row[:2]) for row in rows})} networks, {len(solved)} said "converted" '
        f"(accuracy on fresh trials at least {min(solved):.3f}), {len(gains)} advised another factor, and {n_unhelped} found "
        f"no better one. Following the advice changed the accuracy by {min(gains):+.3f} to {max(gains):+.3f}, on average "
        f"{sum(gains) / len(gains):+.3f}. Losses: {sum(gain < 0 for gain in gains)}, of which beyond the sampling error "
        f"(p < 0.05): {worse}."
    )


def main() -> None:
    """Train, diagnose, follow the advice; resume where it was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="bench/diagnosis")
    arguments = parser.parse_args()
    folder, table = Path(arguments.output), Path(arguments.output) / "diagnosis_advice.csv"
    rows = list(csv.reader(table.open(newline="")))[1:] if table.exists() else []
    for task, n_networks in NETWORKS.items():
        seeds = range(1, n_networks + 1)
        train_population(recipe(task), seeds, folder / task, n_workers=1)
        for seed in seeds:
            if [task, str(seed)] not in [row[:2] for row in rows]:
                model = load_model(unit_folder(folder / task, seed) / "model.mat")
                rows += [[str(value) for value in row] for row in measure(model, task, seed)]
                with table.open("w", newline="") as file:
                    csv.writer(file).writerows([HEADER, *rows])
                print(*(" ".join(row) for row in rows[-len(SHARES) :]), sep="\n", flush=True)
    print(report(rows))


if __name__ == "__main__":
    main()
