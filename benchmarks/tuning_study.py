"""Which networks convert, and which do after tuning? One row per network, accuracies on 500 fresh trials.

    python benchmarks/tuning_study.py --output bench/tuning [--only sine] [--seeds 1-3]
    python benchmarks/tuning_study.py --table docs/tuning.csv

Trains the networks that the folder lacks (hours for all), and tunes each. Finished rows of tuning.csv are kept: the same
command goes on. The last populations are the networks of
`tests/data/models`, which the published program trained: as they convert, and at factors at which they do not.
"""

import argparse
import csv
from pathlib import Path
from typing import Any

from rate2spike.errors import InputError
from rate2spike.matlab_compat.model_file import load_model
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.population import train_population, unit_folder
from rate2spike.rate.recipes import recipe
from rate2spike.spiking.search.options import HISTORIC_FACTORS
from rate2spike.spiking.tuning.result import TuningResult
from rate2spike.spiking.tuning.tune import tune
from rate2spike.trained_model import TrainedModel

from paper_populations import POPULATIONS

STUDIES: dict[str, tuple[str, TrainConfig, int]] = {
    "sigmoid": ("Go-NoGo, published settings", POPULATIONS["sigmoid"], 40),
    **{
        f"go_nogo_n_{n}": (f"Go-NoGo, decays 20 to 50 ms, N = {n}", POPULATIONS[f"go_nogo_n_{n}"], 10)
        for n in (200, 100, 50)
    },
    "softplus": ("Go-NoGo, softplus", POPULATIONS["softplus"], 10),
    "xor": ("XOR", recipe("xor"), 10),
    "mante": ("Mante", recipe("mante"), 10),
    "dms": ("DMS", recipe("dms"), 10),
    "afc": ("AFC", recipe("afc"), 10),
    "sine": ("sine", recipe("sine"), 10),
}
PUBLISHED = "published program"
PUBLISHED_AMISS = "published program, amiss"
AMISS = {"go-nogo": 60.0, "xor": 25.0}  # factors at which they fail
PUBLISHED_MODELS = Path(__file__).parent.parent / "tests" / "data" / "models"
SOFTPLUS_FACTORS = tuple(range(4, 27, 2))  # as in the paper
NOT_LEARNT = "rate network fails"
HEADER = (
    "population", "seed", "outcome", "factor", "accuracy_before", "low_before", "high_before", "accuracy", "low", "high",
    "rate_hz_before", "rate_hz", "factors_before", "factors", "step", "w_change", "w_out_change", "n_silent_used", "seconds",
)  # fmt: skip


def tuned_row(
    population: str, seed: str, model: TrainedModel, task: str | None, factors: tuple[float, ...]
) -> dict[str, Any]:
    """Tune one network; of one that its rate network's task has not been learnt by, the row says only that."""
    factor = AMISS[str(task)] if population == PUBLISHED_AMISS else None
    try:
        return row_of(population, seed, tune(model, task, factor, scaling_factors=factors, seed=1, progress=False))
    except InputError as error:
        if "rate network itself" not in str(error):
            raise
        return dict.fromkeys(HEADER, "") | {"population": population, "seed": seed, "outcome": NOT_LEARNT}


def row_of(population: str, seed: str, result: TuningResult) -> dict[str, Any]:
    """One tuned network."""
    [kept] = [step for step in result.steps if step.name == result.best_step]
    values = (
        population, seed, result.outcome.value, result.scaling_factor,
        result.accuracy_before, *_rounded(result.before.interval), result.accuracy, *_rounded(result.interval),
        *_rounded((result.mean_rate_hz_before, result.mean_rate_hz), 2),
        _span(result.range_before), _span(result.range_after),
        kept.name, *_rounded((kept.w_change, kept.w_out_change)), kept.n_silent_used, round(result.seconds, 1),
    )  # fmt: skip
    return dict(zip(HEADER, values, strict=True))


def _rounded(values: tuple[float, ...], digits: int = 3) -> tuple[float, ...]:
    return tuple(round(float(value), digits) for value in values)


def _span(factors: tuple[float, float] | None) -> str:
    return f"{factors[0]:g} to {factors[1]:g}" if factors else ""


def table(rows: list[dict[str, str]]) -> str:
    """A line per population."""
    lines = [
        "| networks | convert | after tuning | accuracy of those that did not convert | after tuning | "
        "factors that work, of 12 | after tuning | rates, Hz | after tuning | longest, s |",
        "|" + "---|" * 10,
    ]
    names = {name: title for name, (title, _, _) in STUDIES.items()} | {
        PUBLISHED: f"networks of the {PUBLISHED}",
        PUBLISHED_AMISS: "the same, at factors of 60 (Go-NoGo) and 25 (XOR)",
    }
    for name, title in names.items():
        if mine := [row for row in rows if row["population"] == name]:
            lines.append(f"| {' | '.join((title, *_cells(mine)))} |")
    return "\n".join(lines)


def _cells(rows: list[dict[str, str]]) -> tuple[str, ...]:
    learnt = [row for row in rows if row["outcome"] != NOT_LEARNT]
    tuned = [row for row in learnt if row["outcome"] != "converts already"]
    work = {key: sum(float(row[key]) >= 0.95 for row in learnt) for key in ("accuracy_before", "accuracy")}
    return (
        *(f"{n} of {len(rows)}" for n in work.values()),
        _range(tuned, "accuracy_before", ".2f"),
        _range(tuned, "accuracy", ".2f"),
        *(f"{sum(map(_n_factors, tuned, [key] * len(tuned))) / len(tuned):.1f}" if tuned else "" for key in FACTORS),
        _range(tuned, "rate_hz_before", ".1f"),
        _range(tuned, "rate_hz", ".1f"),
        f"{max(float(row['seconds']) for row in learnt):.0f}",
    )


FACTORS = ("factors_before", "factors")


def _n_factors(row: dict[str, str], key: str) -> int:
    if not row[key]:
        return 0
    low, high = (float(end) for end in row[key].split(" to "))
    return round((high - low) / (2 if row["population"] == "softplus" else 5)) + 1


def _range(rows: list[dict[str, str]], key: str, form: str) -> str:
    values = [float(row[key]) for row in rows]
    return " to ".join(dict.fromkeys(format(value, form) for value in (min(values), max(values)))) if values else ""


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows that are measured."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def models_of(name: str, folder: Path, first: int, last: int) -> dict[str, Path]:
    """The model files of a population by seed, trained where they are missing."""
    if name.startswith(PUBLISHED):
        return {path.stem: path for path in sorted(PUBLISHED_MODELS.glob("Task_*.mat"))}
    _, config, n_seeds = STUDIES[name]
    seeds = range(first, min(last, n_seeds) + 1)
    missing = [seed for seed in seeds if not (unit_folder(folder / name, seed) / "model.mat").exists()]
    if missing:
        train_population(config, missing, folder / name, n_workers=1)
    return {str(seed): unit_folder(folder / name, seed) / "model.mat" for seed in seeds}


def main() -> None:
    """Train and tune what is not in the table yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only",
        choices=(*STUDIES, PUBLISHED, PUBLISHED_AMISS),
        nargs="+",
        default=(*STUDIES, PUBLISHED, PUBLISHED_AMISS),
    )
    parser.add_argument("--seeds", default="1-40", help="a range such as 1-5")
    parser.add_argument("--output", default="bench/tuning", help="folder of the networks and of tuning.csv")
    parser.add_argument("--table", type=Path, help="print the table of these rows, and stop")
    arguments = parser.parse_args()
    if arguments.table:
        print(table(rows_of(arguments.table)))
        return
    folder, path = Path(arguments.output), Path(arguments.output) / "tuning.csv"
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = list(rows_of(path)) if path.exists() else []
    first, last = (int(part) for part in arguments.seeds.split("-"))
    for name in arguments.only:
        factors = SOFTPLUS_FACTORS if name == "softplus" else HISTORIC_FACTORS
        for seed, model in models_of(name, folder, first, last).items():
            task = seed.split("_")[1] if name.startswith(PUBLISHED) else None  # those files name it in their names only
            if (name, seed) not in {(row["population"], row["seed"]) for row in rows}:
                rows.append(tuned_row(name, seed, load_model(model), task, factors))
                with path.open("w", newline="", encoding="utf-8") as file:
                    writer = csv.DictWriter(file, HEADER, lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(rows)
                print(*rows[-1].values(), flush=True)
    print(table([{key: str(value) for key, value in row.items()} for row in rows]))


if __name__ == "__main__":
    main()
