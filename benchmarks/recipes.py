"""Do the documented recipes train and convert? One row per seed: updates, seconds, best factor, accuracy on fresh trials.

    python benchmarks/recipes.py --seeds 1-10 [--only xor] --output bench

These are the numbers of docs/training.md. Interrupted, it goes on where it was: finished rows are kept in the CSV file.
"""

import argparse
import csv
import time
from dataclasses import replace
from pathlib import Path

from rate2spike.machine.tensorflow_device import prepare_tensorflow
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.recipes import recipe
from rate2spike.spiking.scoring.evaluate import evaluate
from rate2spike.spiking.search.grid import grid_search
from rate2spike.spiking.search.options import HISTORIC_FACTORS
from rate2spike.spiking.simulator.network import SpikingNetwork

GO_NOGO = recipe("go-nogo")
LONG = TrainConfig(task="go-nogo", batch_size=8)  # to the published least number of updates
SOFTPLUS_FACTORS = tuple(range(4, 27, 2))  # as in the paper
STUDIES: dict[str, tuple[TrainConfig, tuple[int, ...]]] = {
    "go-nogo": (GO_NOGO, HISTORIC_FACTORS),
    "xor": (recipe("xor"), HISTORIC_FACTORS),
    "mante": (recipe("mante"), HISTORIC_FACTORS),
    "dms": (recipe("dms"), HISTORIC_FACTORS),
    "afc": (recipe("afc"), HISTORIC_FACTORS),
    "sine": (recipe("sine"), HISTORIC_FACTORS),
    "xor, taus 10 to 50": (replace(recipe("xor"), tau_steps=(10.0, 50.0), min_updates=300), HISTORIC_FACTORS),
    "go-nogo, 400 updates of 8 trials": (
        TrainConfig(task="go-nogo", batch_size=8, learning_rate=0.02, min_updates=400),
        HISTORIC_FACTORS,
    ),
    "go-nogo, batch 1 (historic)": (TrainConfig(task="go-nogo"), HISTORIC_FACTORS),
    "go-nogo, no Dale": (replace(GO_NOGO, apply_dale=False), HISTORIC_FACTORS),
    "go-nogo, 20 SOM, P_inh 0.33": (replace(GO_NOGO, n_som=20, p_inh=0.33), HISTORIC_FACTORS),
    "go-nogo, fixed tau 7": (replace(GO_NOGO, tau_steps=(7.0,)), HISTORIC_FACTORS),
    "go-nogo, softplus": (replace(GO_NOGO, activation="softplus"), SOFTPLUS_FACTORS),
    "go-nogo, long": (LONG, HISTORIC_FACTORS),
    "go-nogo, long, no Dale": (replace(LONG, apply_dale=False), HISTORIC_FACTORS),
    "go-nogo, long, 20 SOM, P_inh 0.33": (replace(LONG, n_som=20, p_inh=0.33), HISTORIC_FACTORS),
    "go-nogo, long, fixed tau 7": (replace(LONG, tau_steps=(7.0,)), HISTORIC_FACTORS),
    "go-nogo, long, softplus": (replace(LONG, activation="softplus"), SOFTPLUS_FACTORS),
}
HEADER = ("study", "seed", "criteria_met", "updates", "training_s", "best_factor", "search_accuracy", "fresh_accuracy")
FRESH_TRIALS = 1000


def measure(config: TrainConfig, factors: tuple[int, ...], seed: int) -> tuple:
    """Train, search and evaluate one network."""
    from rate2spike.rate.train import train

    start = time.perf_counter()
    model = train(replace(config, seed=seed))
    seconds = time.perf_counter() - start
    result = grid_search(model, config.task, factors, seed=seed)
    fresh = evaluate(SpikingNetwork.from_model(model, result.best_factor), config.task, FRESH_TRIALS, seed)
    met = "yes" if model.training_success else "no"
    return met, model.last_update + 1, round(seconds, 1), result.best_factor, result.best_accuracy, fresh.accuracy


def table(path: Path) -> str:
    """The rows of recipes.csv by study, as the table of docs/training.md."""
    studies: dict[str, list[dict[str, str]]] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            studies.setdefault(row["study"], []).append(row)
    return "\n".join(_table_row(study, rows) for study, rows in studies.items())


def _table_row(study: str, rows: list[dict[str, str]]) -> str:
    def span(column: str, form: str) -> str:
        values = [float(row[column]) for row in rows]
        ends = dict.fromkeys(format(value, form) for value in (min(values), max(values)))
        return " to ".join(ends)

    n_met = sum(row["criteria_met"] == "yes" for row in rows)
    n_converted = sum(float(row["search_accuracy"]) >= 0.95 for row in rows)
    cells = (
        study,
        f"{n_met} of {len(rows)}",
        span("updates", ".0f"),
        span("training_s", ".0f"),
        span("best_factor", "g"),
        f"{n_converted} of {len(rows)}",
        span("fresh_accuracy", ".3f"),
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure what is not in the CSV file yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1-10", help="a range such as 1-5")
    parser.add_argument("--only", default=None, help="one study: " + "; ".join(STUDIES))
    parser.add_argument("--output", default="bench", help="folder of recipes.csv")
    parser.add_argument("--table", action="store_true", help="print the table of what is measured, and stop")
    arguments = parser.parse_args()
    first, last = (int(part) for part in arguments.seeds.split("-"))
    path = Path(arguments.output) / "recipes.csv"
    if arguments.table:
        print(table(path))
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    done = {(row[0], row[1]) for row in csv.reader(path.open())} if path.exists() else set()
    prepare_tensorflow("0")
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if not done:
            writer.writerow(HEADER)
        for study, (config, factors) in STUDIES.items():
            for seed in range(first, last + 1):
                if arguments.only in (None, study) and (study, str(seed)) not in done:
                    row = (study, seed, *measure(config, factors, seed))
                    writer.writerow(row)
                    file.flush()
                    print(*row, flush=True)


if __name__ == "__main__":
    main()
