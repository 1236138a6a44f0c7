"""What `rate2spike run` leaves behind its search: table, figures, summary.json, and the lines that it prints."""

import argparse
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.cli.columns import fact
from rate2spike.cli.speaking import next_step, tell
from rate2spike.io.run_folder import RunFolder

if TYPE_CHECKING:
    from rate2spike.spiking.scoring.result import Evaluation
    from rate2spike.spiking.search.result import SearchResult
    from rate2spike.spiking.simulator.network import SpikingNetwork


def write_search(folder: RunFolder, result: "SearchResult") -> None:
    """search.csv and the figure of accuracy over factor."""
    from rate2spike.io.figure_file import save_figure
    from rate2spike.spiking.search.plots import accuracy_over_factor

    header = (
        "scaling_factor",
        "accuracy",
        "interval_low",
        "interval_high",
        "n_correct",
        "n_trials",
        "mean_rate_hz",
        "output_error",
    )
    rows = [
        (f.scaling_factor, f.accuracy, *f.interval, f.n_correct, f.n_trials, f.mean_rate_hz, f.output_error)
        for f in result.factors
    ]
    folder.write_table("search", header, rows)
    save_figure(accuracy_over_factor(result), folder.figures / "accuracy_over_scaling_factor")


def draw_spiking(folder: RunFolder, network: "SpikingNetwork", task: Any, seed: int) -> None:
    """Outputs per condition, and a raster of each."""
    from rate2spike.io.figure_file import save_figure
    from rate2spike.spiking.scoring.demonstrate import demonstrate
    from rate2spike.spiking.scoring.plots import condition_outputs, raster

    conditions, point_s = demonstrate(network, task, seed)
    outputs = {condition.name: condition.outputs for condition in conditions}
    save_figure(condition_outputs(outputs, point_s), folder.figures / "spiking_outputs")
    for condition in conditions:
        stem = re.sub(r"[^\w]+", "_", condition.name.lower().replace("+", "plus").replace("-", "minus"))
        save_figure(raster(condition.example, f"{task.name}, {condition.name}"), folder.figures / f"raster_{stem}")


def summary_of(folder: RunFolder, path: Path, result: "SearchResult", evaluation: "Evaluation") -> dict[str, Any]:
    """What summary.json holds."""
    from rate2spike.matlab_compat.model_file import load_model
    from rate2spike.spiking.search.files import diagnose_command
    from rate2spike.spiking.search.tunable import tune_command

    model = load_model(path)
    remarks = result.remarks_naming(diagnose_command(path), tune_command(path))
    return {
        "model": str(path.relative_to(folder.path)),
        "seed": result.seed,
        "training_success": model.training_success,
        "updates": model.n_updates_done,
        "rate_accuracy": model.eval_accuracy,
        "rate_loss": model.eval_loss,
        "best": asdict(result.best),
        "remarks": remarks,
        "evaluation": {
            "n_trials": evaluation.n_trials,
            "n_correct": evaluation.n_correct,
            "accuracy": evaluation.accuracy,
            "interval_95": list(evaluation.interval),
            "mean_rate_hz": evaluation.mean_rate_hz,
        },
    }


def read_summary(path: Path) -> dict[str, Any]:
    """What summary.json holds; nothing if the run has not come so far."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def report(arguments: argparse.Namespace, summary: dict[str, Any], task: str, folder: RunFolder) -> None:
    """A line per fact, and what to do next."""
    best, evaluation = summary["best"], summary["evaluation"]
    low, high = evaluation["interval_95"]
    rows = (
        ("task", task),
        (
            "training",
            f"{'criteria met' if summary['training_success'] else 'criteria NOT met'} "
            f"after {summary['updates']} updates",
        ),
        ("rate network", f"accuracy {summary['rate_accuracy']:.2f}, loss {summary['rate_loss']:.2f}"),
        (
            "scaling factor",
            f"{best['scaling_factor']:g} (accuracy {best['n_correct'] / best['n_trials']:.3f} in the search)",
        ),
        (
            "spiking network",
            f"accuracy {evaluation['accuracy']:.3f} [{low:.3f}, {high:.3f}] over {evaluation['n_trials']} fresh trials",
        ),
        ("mean rate", f"{evaluation['mean_rate_hz']:.1f} Hz"),
        ("seed", str(summary["seed"])),
        ("model", str(folder.path / summary["model"])),
        ("figures", str(folder.figures)),
        ("settings", str(folder.path / "config.toml")),
    )
    remarks = summary.get("remarks", ())
    lines = [fact(heading, text, 19) for heading, text in (*rows, *(("warning", remark) for remark in remarks))]
    tell(arguments, {"run_folder": str(folder.path), "task": task, **summary}, "", *lines)
    model = folder.path / summary["model"]
    if remarks:
        next_step(arguments, "diagnose", model, "--seed", 1)
    else:
        next_step(arguments, "inspect", model, "--spectrum")
