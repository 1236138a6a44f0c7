"""What could help a network that does not convert? Each candidate alone, on the same networks and the same 300 fresh trials.

    python benchmarks/tuning_study.py --seeds 1-1 --output bench/tuning  # trains the networks, among others
    python benchmarks/tuning_candidates.py --output bench/tuning

Candidates: refitted output weights; the rate network as teacher (tuning_teacher.py), with the better of two gains; training
with the noise of spikes (tuning_noise_matched.py), converted at the better of the old factor and the one of a new search; and
what `rate2spike tune` does, gradients. Finished rows of tuning_candidates.csv are kept: the same command goes on.
"""

import argparse
import csv
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate.model_task import task_of_model
from rate2spike.rate.population import unit_folder
from rate2spike.rate.task import Task
from rate2spike.spiking.scoring.evaluate import evaluate
from rate2spike.spiking.search.grid import grid_search
from rate2spike.spiking.simulator.network import SpikingNetwork
from rate2spike.spiking.tuning.bounds import bounds_of
from rate2spike.spiking.tuning.descent import Weights
from rate2spike.spiking.tuning.readout import refitted_readout
from rate2spike.spiking.tuning.tune import tune
from rate2spike.spiking.tuning.tuned_model import with_weights
from rate2spike.trained_model import TrainedModel

from tuning_study import STUDIES
from tuning_teacher import Teacher

NETWORKS = [(name, 1) for name in ("go_nogo_n_200", "go_nogo_n_100", "go_nogo_n_50", "sine")]
GAINS = (1.0, 1.5)  # of the teacher's currents
FRESH_TRIALS, FRESH_SEED, CHOICE_SEED = 300, 1_000_000, 2_000_000
HEADER = (
    "population",
    "seed",
    "factor",
    "candidate",
    "accuracy_before",
    "accuracy",
    "rate_hz_before",
    "rate_hz",
    "seconds",
)
Candidate = Callable[[TrainedModel, Task, float], SpikingNetwork]


def readout(model: TrainedModel, task: Task, factor: float) -> SpikingNetwork:
    """Output weights refitted to filtered trains."""
    network, bounds = SpikingNetwork.from_model(model, factor), bounds_of(model, factor)
    with ThreadPoolExecutor() as pool:
        w_out = refitted_readout(network, task, bounds.most_out, 1, 1, pool)
    changed = with_weights(model, Weights(Weights.of(network).w_from, w_out), bounds)
    return SpikingNetwork.from_model(changed, factor)


def teacher(model: TrainedModel, task: Task, factor: float) -> SpikingNetwork:
    """Incoming weights refitted to the rate network's currents, then the output weights."""
    network, bounds = SpikingNetwork.from_model(model, factor), bounds_of(model, factor)
    found = []
    for gain in GAINS:
        w = Teacher(model, task, network, bounds, gain).taught(np.random.default_rng(1))
        taught = with_weights(model, Weights(w.T.copy(), Weights.of(network).w_out), bounds)
        changed = SpikingNetwork.from_model(taught, factor)
        with ThreadPoolExecutor() as pool:
            w_out = refitted_readout(changed, task, bounds.most_out, 1, 1, pool)
        changed = SpikingNetwork.from_model(with_weights(model, Weights(w.T.copy(), w_out), bounds), factor)
        found.append((evaluate(changed, task, 100, CHOICE_SEED).accuracy, changed))
    return max(found, key=lambda one: one[0])[1]


def noise_matching(model: TrainedModel, task: Task, factor: float) -> SpikingNetwork:
    """Trained on with the noise of spikes, converted anew."""
    from tuning_noise_matched import noise_matched  # loads TensorFlow, which the tables need not

    changed = noise_matched(model, task, factor, np.random.default_rng(1))
    searched = grid_search(changed, task, seed=1).best_factor
    networks = [SpikingNetwork.from_model(changed, one) for one in (factor, searched)]
    return max(networks, key=lambda network: evaluate(network, task, 100, CHOICE_SEED).accuracy)


def gradients(model: TrainedModel, task: Task, factor: float) -> SpikingNetwork:
    """What `rate2spike tune` does."""
    return tune(model, task, factor, seed=1, n_trials=100, scaling_factors=[factor]).network


CANDIDATES: dict[str, Candidate] = {
    "readout": readout,
    "teacher": teacher,
    "noise-matched training": noise_matching,
    "gradients": gradients,
}


def measured(model: TrainedModel, task: Task) -> Iterator[tuple]:
    """Factor, candidate, accuracies and rates before and after, seconds."""
    factor = grid_search(model, task, seed=1).best_factor
    before = evaluate(SpikingNetwork.from_model(model, factor), task, FRESH_TRIALS, FRESH_SEED)
    for name, candidate in CANDIDATES.items():
        began = time.perf_counter()
        network = candidate(model, task, factor)
        seconds = round(time.perf_counter() - began, 1)
        after = evaluate(network, task, FRESH_TRIALS, FRESH_SEED)
        rates = (round(one.mean_rate_hz, 2) for one in (before, after))
        yield factor, name, round(before.accuracy, 3), round(after.accuracy, 3), *rates, seconds


def table(rows: list[dict[str, str]]) -> str:
    """A line per network, a column per candidate: accuracy, rate, seconds."""
    lines = [f"| network | converted | {' | '.join(CANDIDATES)} |", "|" + "---|" * (2 + len(CANDIDATES))]
    for name, seed in dict.fromkeys((row["population"], row["seed"]) for row in rows):
        mine = {row["candidate"]: row for row in rows if (row["population"], row["seed"]) == (name, seed)}
        first = next(iter(mine.values()))
        cells = [f"{STUDIES[name][0]}, seed {seed}", f"{float(first['accuracy_before']):.2f}"]
        cells += [
            f"{float(mine[one]['accuracy']):.2f} ({float(mine[one]['seconds']):.0f} s)" if one in mine else ""
            for one in CANDIDATES
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure what is not in the table yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", default="bench/tuning", help="folder of the networks, of tuning_study.py")
    arguments = parser.parse_args()
    folder, path = Path(arguments.output), Path(arguments.output) / "tuning_candidates.csv"
    rows = list(csv.DictReader(path.open(newline=""))) if path.exists() else []
    for name, seed in NETWORKS:
        if (name, str(seed)) in {(row["population"], row["seed"]) for row in rows}:
            continue
        model = load_model(unit_folder(folder / name, seed) / "model.mat")
        task = task_of_model(model, None, None, {})
        for values in measured(model, task):
            row = dict(zip(HEADER, map(str, (name, seed, *values)), strict=True))
            rows.append(row)
            print(*row.values(), flush=True)
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, HEADER, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    print(table(rows))


if __name__ == "__main__":
    main()
