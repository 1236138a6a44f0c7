"""What docs/twin_studies.csv says of layer 5 cells, as a table in Markdown and as a figure; twin_studies.py measures it."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt

from rate2spike.spiking.twin_evaluation.best_models import ModelTable
from rate2spike.spiking.twin_evaluation.model_row import ModelRow
from rate2spike.spiking.twin_evaluation.plots_complexity import families_over_parameters

Row = Mapping[str, str]
HEADS = {  # of a column, with the digits of its numbers
    "auc": ("AUC", 3),
    "TP @ 0.0020 FP": ("hits at 0.2 % false ones", 3),
    "raw_soma_explained_variance_percent": ("soma, explained variance, %", 1),
    "raw_soma_RMSE": ("RMSE, mV", 2),
    "complexity_index": ("FCI", 2),
    "minutes": ("minutes of the fit", 1),
}
INPUTS = {"test": "as fitted", "out_of_distribution": "another"}


def table(rows: Sequence[Row]) -> str:
    """Lowest and highest value over the seeds, of every network, cell and input."""
    lines = [
        f"| cell | network | weights | updates | seeds | input | {' | '.join(head for head, _ in HEADS.values())} |",
        "|" + "---|" * (6 + len(HEADS)),
    ]
    for (cell, network, data), runs in _groups(rows).items():
        first = runs[0]
        cells = [cell, network, f"{int(first['parameters']):,}".replace(",", " "), first["updates"], f"{len(runs)}"]
        cells += [INPUTS[data], *(_span([float(row[name]) for row in runs], n) for name, (_, n) in HEADS.items())]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def draw(rows: Sequence[Row], path: Path) -> None:
    """AUC and explained variance, input as fitted, over the number of weights, by family of networks: a column per cell."""
    known = [row for row in layer_5(rows) if row["data"] == "test"]
    if not known:
        return
    cells, metrics = sorted({row["cell"] for row in known}), ("auc", "soma_explained_percent")
    figure, panels = plt.subplots(2, len(cells), figsize=(9, 5.5), sharex=True, sharey="row", squeeze=False)
    for (metric, cell), axes in zip(itertools.product(metrics, cells), panels.ravel(), strict=True):
        shown = ModelTable(tuple(_model(row) for row in known if row["cell"] == cell))
        families_over_parameters(shown, metric, ax=axes)
        axes.set(title=cell if metric == "auc" else "", xscale="log")
        axes.label_outer()
        if cell != cells[-1]:
            axes.get_legend().remove()
    figure.savefig(path, dpi=100, bbox_inches="tight")


def layer_5(rows: Sequence[Row]) -> list[Row]:
    """Those of layer 5 cells."""
    return [row for row in rows if row["cell"].startswith("L5PC")]


def _groups(rows: Sequence[Row]) -> dict[tuple[str, str, str], list[Row]]:
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in layer_5(rows):
        found.setdefault((row["cell"], row["name"].partition("_seed_")[0], row["data"]), []).append(row)
    return dict(
        sorted(found.items(), key=lambda item: (item[0][0], int(item[1][0]["parameters"]), item[0][2] != "test"))
    )


def _span(values: Sequence[float], n_digits: int) -> str:
    texts = [f"{value:.{n_digits}f}" for value in (min(values), max(values))]
    return texts[0] if texts[0] == texts[1] else " to ".join(texts)


def _model(row: Row) -> ModelRow:
    family, _, size = row["name"].partition("_seed_")[0].partition("-")
    depth, width, history_ms = map(int, size.split("x")) if "x" in size else (1, int(size), None)
    return ModelRow(
        row["cell"],
        depth,
        width,
        history_ms,
        family.upper(),
        auc=float(row["auc"]),
        soma_explained_percent=float(row["raw_soma_explained_variance_percent"]),
        n_parameters=int(row["parameters"]),
    )
