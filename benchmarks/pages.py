"""Write the tables of measurements into the pages of docs/, from the result files that are committed there.

    python benchmarks/pages.py                            # write every table anew
    python benchmarks/pages.py add bench/results.json ... # take in what `make bench` measured, then write

A table stands between `<!-- NAME: written by benchmarks/pages.py -->` and `<!-- end -->`. Nothing is measured here. `add`
takes one or more files of results; of several runs docs/speed.csv keeps the lowest, the highest and the median value.
"""

import argparse
import csv
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median

import adaptive_search
import dendrites_study
import diagnosis_advice
import recipes
import tuning_candidates

import context_study
import engines_page
import engines_rows
import paper
import paper_figures
import tuning_study
import twin_tables
from paper_studies import STUDIES

DOCS = Path(__file__).parent.parent / "docs"
SPEED = "speed.csv"
LINE = 126
SECTIONS = (
    "simulator",
    "growth",
    "search",
    "octave",
    "training",
    "layers",
    "cells",
    "cascades",
    "dendrites",
    "kit",
    "detailed",
)
PAPER_ORDER = "7 2C 2E S4 4 5 S7 6C 6A 6B longer trainer small 1C S1 S2 S3".split()  # same columns side by side
BLOCK = re.compile(r"(<!-- ([\w ]+): written by benchmarks/pages\.py -->\n).*?(<!-- end -->)", flags=re.DOTALL)
Row = dict[str, str]


def speed_table(docs: Path, section: str) -> str:
    """What `make bench` and its neighbours print, of one section, with the machine below."""
    rows = [row for row in rows_of(docs / SPEED) if row["section"] == section]
    lines = ["| measure | value | runs | measured | command |", "|---|---|---|---|---|"]
    for row in rows:
        cells = (row["measure"], _span(row), row["runs"] or "not noted", row["date"], f"`{row['command']}`")
        lines.append(f"| {' | '.join(cells)} |")
    machines = "; ".join(dict.fromkeys(row["machine"] for row in rows))
    return "\n".join([*lines, "", f"Machine: {machines}."])


def _span(row: Row) -> str:
    value = row["low"] if row["low"] == row["high"] else f"{row['low']} to {row['high']}"
    return f"{value}, median {row['median']}" if row["median"] else value


def recipe_table(docs: Path) -> str:
    """The rows of recipes.csv, by study."""
    heads = ("study, N = 200", "criteria met", "updates", "training, s", "best factor", "converts")
    heads = (*heads, "accuracy of the spiking network, fresh trials")
    return "\n".join([f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), recipes.table(docs / "recipes.csv")])


def context_table(docs: Path) -> str:
    """Mean ± SD over the seeds of context.csv."""
    return context_study.table(context_study.read(docs / "context.csv"))


def dendrites_table(docs: Path) -> str:
    """Points and dendrites of dendrites.csv, by task and size, and in pairs."""
    rows = rows_of(docs / "dendrites.csv")
    return f"{dendrites_study.table(rows)}\n\n{dendrites_study.pairs_table(rows)}"


def twin_table(docs: Path) -> str:
    """Layer 5 cells of twin_studies.csv."""
    return twin_tables.table(rows_of(docs / "twin_studies.csv"))


def paper_table(docs: Path) -> str:
    """All figures of the paper, from docs/paper/."""
    return paper_figures.table(
        {name: (STUDIES[name], paper.rows_of(docs / "paper" / f"fig{name}.csv")) for name in PAPER_ORDER}
    )


def tuning_table(docs: Path) -> str:
    """Populations of tuning.csv."""
    return tuning_study.table(rows_of(docs / "tuning.csv"))


def candidates_table(docs: Path) -> str:
    """Networks of tuning_candidates.csv."""
    return tuning_candidates.table(rows_of(docs / "tuning_candidates.csv"))


def adaptive_summary(docs: Path) -> str:
    """One sentence about adaptive.csv."""
    return _wrapped(adaptive_search.report(_lists(docs / "adaptive.csv")))


def diagnosis_summary(docs: Path) -> str:
    """Two sentences about diagnosis_advice.csv."""
    return _wrapped(diagnosis_advice.report(_lists(docs / "diagnosis_advice.csv")))


def _wrapped(text: str) -> str:
    return textwrap.fill(text, LINE, break_on_hyphens=False)


def engines_table(docs: Path, name: str) -> str:
    """A table of engines.csv, or sentences."""
    text = engines_page.TABLES[name](engines_rows.read(docs / "engines.csv"))
    return text if text.startswith("|") else _wrapped(text)


BLOCKS: dict[str, Callable[[Path], str]] = {
    "recipes": recipe_table,
    "context": context_table,
    "dendrites study": dendrites_table,
    "twins": twin_table,
    "paper": paper_table,
    "tuning": tuning_table,
    "tuning candidates": candidates_table,
    "adaptive": adaptive_summary,
    "diagnosis": diagnosis_summary,
}
BLOCKS |= {f"speed {name}": partial(speed_table, section=name) for name in SECTIONS}
BLOCKS |= {f"engines {name}": partial(engines_table, name=name) for name in engines_page.TABLES}


def rows_of(path: Path) -> list[Row]:
    """A CSV file as one dictionary per row."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _lists(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))[1:]


def rewritten(page: str, docs: Path) -> str:
    """A page with every block as the result files in `docs` have it."""
    return BLOCK.sub(lambda found: f"{found[1]}{BLOCKS[found[2]](docs)}\n{found[3]}", page)


def add(docs: Path, files: Sequence[Path], today: str) -> list[str]:
    """Take results into docs/speed.csv; returns the measures that have no row there."""
    runs = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    rows = rows_of(docs / SPEED)
    known = {row["measure"]: row for row in rows}
    measured: dict[str, list[float]] = {}
    for run in runs:
        for name, value in run["results"].items():
            measured.setdefault(name, []).append(value)
    for name in known.keys() & measured.keys():
        values = measured[name]
        known[name] |= {
            "low": _short(min(values)),
            "high": _short(max(values)),
            "runs": str(len(values)),
            "date": today,
        }
        known[name] |= {"median": _short(median(values)) if len(values) > 1 else "", "machine": _machine(runs)}
    with (docs / SPEED).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return sorted(measured.keys() - known.keys())


def _short(value: float) -> str:
    return f"{float(f'{value:.3g}'):g}"


def _machine(runs: Iterable[dict]) -> str:
    where = (run["machine"] for run in runs)
    return "; ".join(dict.fromkeys(f"{m['processor']}, {m['cores']} cores, Python {m['python']}" for m in where))


def main() -> None:
    """Take in results if any are given, and write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("write", "add"), default="write")
    parser.add_argument("results", nargs="*", type=Path, help="results.json of `make bench` and its like")
    arguments = parser.parse_args()
    if arguments.what == "add":
        for name in add(DOCS, arguments.results, date.today().isoformat()):
            print(f"not on the page: {name}")
    for path in sorted(DOCS.glob("*.md")):
        page = path.read_text(encoding="utf-8")
        if (new := rewritten(page, DOCS)) != page:
            path.write_text(new, encoding="utf-8")
            print(f"written: {path}")


if __name__ == "__main__":
    main()
