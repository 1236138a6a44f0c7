"""Figures of Kim, Li & Sejnowski (PNAS 2019), from training to figure, beside the published numbers.

    python benchmarks/paper.py 7 [--networks 10] --output bench/paper
    python benchmarks/paper.py table 7 2C 6A 6B --output bench/paper
    python benchmarks/paper.py longer --compare "until the criteria" "6000 trials" --output bench/paper
    python benchmarks/paper.py trainer --networks 40 --output bench/paper

FIG is one of 1C, 2C, 2E, 4, 5, 6A, 6B, 6C, 7, S1, S2, S3, S4, S7, several of them, or `all`; small, longer and trainer are
studies of our own. Networks are trained where <output>/models lacks them, rows go to <output>/figFIG.csv as they are
measured, then <output>/figFIG.png and .pdf are drawn. Interrupted, it goes on where it was. `table` prints what is
measured so far, --compare two points of one figure.
"""

import argparse
import csv
from pathlib import Path

from rate2spike.io.figure_file import save_figure
from rate2spike.matlab_compat.model_file import load_model

from paper_figures import comparison, draw, table
from paper_populations import trained
from paper_studies import STUDIES, Point, Study

KEYS = ("point", "seed", "criteria_met", "updates")


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows measured so far."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def measure(study: Study, path: Path, n_networks: int, n_workers: int) -> None:
    """Train and measure what the CSV file does not hold yet."""
    folder = path.parent
    done = {(row["point"], int(row["seed"])) for row in rows_of(path)}
    for point in study.points:
        seeds = [seed for seed in range(1, n_networks + 1) if (point.name, seed) not in done]
        for outcome in trained(point.population, seeds, folder / "models", n_workers):
            row = row_of_another_figure(study, point, outcome.seed, folder)
            if row is None:
                model = load_model(model_path(folder, point, outcome.seed))
                met = "yes" if outcome.criteria_met else "no"
                row = dict(zip(KEYS, (point.name, outcome.seed, met, outcome.updates), strict=True))
                row |= study.measure(model, outcome.seed, n_workers, **point.options)
            append(path, row)
            print(path.stem, *row.values(), flush=True)


def row_of_another_figure(study: Study, point: Point, seed: int, folder: Path) -> dict | None:
    """The same measurement, if it is done: some conditions are in several figures."""
    for name, other in STUDIES.items():
        for same in other.points if other is not study and other.measure is study.measure else ():
            if (same.population, same.options) == (point.population, point.options):
                for row in rows_of(folder / f"fig{name}.csv"):
                    if (row["point"], row["seed"]) == (same.name, str(seed)):
                        return row | {"point": point.name}
    return None


def model_path(folder: Path, point: Point, seed: int) -> Path:
    """Where the network of a seed is."""
    return folder / "models" / point.population / f"seed_{seed}" / "model.mat"


def append(path: Path, row: dict) -> None:
    """Add a row, and the header to a new file."""
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if is_new:
            writer.writeheader()
        writer.writerow(row)


def main() -> None:
    """Measure and draw the figures asked for, or print their table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", nargs="+", metavar="FIG", help=f"{', '.join(STUDIES)}, all, or table [FIG ...]")
    parser.add_argument(
        "--networks", type=int, default=10, help="per point, seeds from 1 (default 10; the paper: 100; 0: only draw)"
    )
    parser.add_argument("--workers", type=int, default=2, help="cores for training and simulation (default 2)")
    parser.add_argument(
        "--compare", nargs=2, metavar="POINT", help="two points of FIG: means and p, nothing is measured"
    )
    parser.add_argument("--output", default="bench/paper", help="folder of models, CSV files and figures")
    arguments = parser.parse_args()
    wants_table = arguments.figures[0] == "table"
    names = arguments.figures[1:] if wants_table else arguments.figures
    names = list(STUDIES) if names in ([], ["all"]) else names
    if unknown := [name for name in names if name not in STUDIES]:
        parser.error(f"no figure {unknown[0]}: choose from {', '.join(STUDIES)}, all, table")
    folder = Path(arguments.output)
    folder.mkdir(parents=True, exist_ok=True)
    if wants_table:
        print(table({name: (STUDIES[name], rows) for name in names if (rows := rows_of(folder / f"fig{name}.csv"))}))
        return
    if arguments.compare:
        study = STUDIES[names[0]]
        if unknown := [name for name in arguments.compare if name not in [point.name for point in study.points]]:
            parser.error(f"no point {unknown[0]!r} in {names[0]}: {', '.join(point.name for point in study.points)}")
        print(comparison(study, rows_of(folder / f"fig{names[0]}.csv"), *arguments.compare))
        return
    for name in names:
        path = folder / f"fig{name}.csv"
        try:
            measure(STUDIES[name], path, arguments.networks, arguments.workers)
        except KeyboardInterrupt:
            raise SystemExit("interrupted: what is finished is kept; the same command goes on") from None
        print(*save_figure(draw(STUDIES[name], name, rows_of(path)), folder / f"fig{name}"))


if __name__ == "__main__":
    main()
