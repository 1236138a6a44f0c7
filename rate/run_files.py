"""What a training run leaves in a run folder besides the model: tables and figures."""

import csv
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from rate2spike.io.run_folder import RunFolder
from rate2spike.rate.stopping import EvaluationRow

if TYPE_CHECKING:
    from rate2spike.rate.config import TrainConfig
    from rate2spike.rate.training_run import TrainingResult


def write_tables(folder: RunFolder, result: "TrainingResult") -> None:
    """training.csv (every update) and evaluations.csv."""
    folder.write_table("training", ("update", "loss"), enumerate(result.model.update_losses.tolist()))
    header = tuple(field.name for field in fields(EvaluationRow))
    folder.write_table("evaluations", header, (tuple(asdict(row).values()) for row in result.evaluations))


def read_evaluations(folder: RunFolder) -> list[EvaluationRow]:
    """What evaluations.csv holds; nothing if it cannot be read."""
    try:
        with (folder.path / "evaluations.csv").open(encoding="utf-8", newline="") as file:
            return [
                EvaluationRow(int(row["update"]), *(float(row[name]) for name in ("loss", "accuracy", "learning_rate")))
                for row in csv.DictReader(file)
            ]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def write_figures(folder: RunFolder, result: "TrainingResult", config: "TrainConfig") -> None:
    """Loss, time constants, and the rate network's outputs on the last evaluation, if there was one."""
    from rate2spike.io.figure_file import save_figure
    from rate2spike.rate.plots import loss_curve, rate_outputs, tau_distribution

    model = result.model
    save_figure(loss_curve(model), folder.figures / "training_loss")
    save_figure(tau_distribution(model), folder.figures / "time_constants")
    if model.eval_outputs is not None and model.eval_labels is not None:
        save_figure(rate_outputs(model.eval_outputs, model.eval_labels, config.task), folder.figures / "rate_outputs")
