"""Training with progress, checkpoints, and files as the result: what `train`, `main.py` and `run` share."""

import warnings
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rate2spike.errors import InputError
from rate2spike.io.atomic_file import make_folder
from rate2spike.io.checkpoints import latest_update
from rate2spike.io.lock_file import is_alive_here
from rate2spike.io.run_folder import RunFolder
from rate2spike.matlab_compat.matfile import variable_names
from rate2spike.matlab_compat.model_file import CLAIM_VARIABLE, holds_model, load_model, save_model
from rate2spike.matlab_compat.model_paths import historic_path
from rate2spike.matlab_compat.model_update import update_model
from rate2spike.progress import Progress
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.run_files import read_evaluations, write_figures, write_tables
from rate2spike.rate.stopping import has_ended
from rate2spike.spiking.search.claim import read_claim, sidecar_path
from rate2spike.trained_model import TrainedModel

if TYPE_CHECKING:
    from rate2spike.rate.rate_evaluation import RateEvaluation
    from rate2spike.rate.training_run import TrainingResult


def train_with_progress(
    config: TrainConfig,
    gpu: str = "0",
    gpu_frac: float | None = None,
    checkpoints: Path | None = None,
    resume: bool = False,
) -> "TrainingResult":
    """Train, showing a bar or lines. checkpoints: folder for them. Raises InputError."""
    from rate2spike.machine.tensorflow_device import prepare_tensorflow

    strategy = prepare_tensorflow(gpu, gpu_frac)
    from rate2spike.rate.train import train_interruptibly
    from rate2spike.rate.training_run import Checkpointing

    with Progress(f"training {config.task.name}", config.n_updates) as progress:
        progress.line(
            f"training {config.task.name}: {config.n_units} units, batch {config.batch_size}, seed {config.seed}"
        )
        accuracy_text, done = "", 0

        def on_update(update: int, loss: float) -> None:
            nonlocal done
            progress.advance(f"loss {loss:.2f}{accuracy_text}", update + 1 - done)
            done = update + 1

        def on_evaluation(update: int, evaluation: "RateEvaluation") -> None:
            nonlocal accuracy_text
            accuracy_text = f", accuracy {evaluation.accuracy:.2f}"
            progress.log(f"update {update}: loss {evaluation.loss:.2f}, accuracy {evaluation.accuracy:.2f}")

        wanted = Checkpointing(checkpoints, resume) if checkpoints else None
        result = train_interruptibly(config, on_update, on_evaluation, wanted, strategy)
        progress.line(verdict(result.model))
        if not result.interrupted and result.diverged_at is None:
            progress.finish(_judged(result.model))
    return result


def facts_of(model: TrainedModel, path: Path, config: TrainConfig) -> dict[str, Any]:
    """What --json says of a training."""
    return {
        "model": str(path),
        "task": config.task.name,
        "seed": config.seed,
        "n_units": config.n_units,
        "criteria_met": bool(model.training_success),
        "updates": model.n_updates_done,
        "loss": model.eval_loss,
        "accuracy": model.eval_accuracy,
    }


def verdict(model: TrainedModel) -> str:
    """How the training went, in a line."""
    met = "criteria met" if model.training_success else "criteria NOT met"
    judged = _judged(model)
    return f"{met} at update {model.last_update}" + (f": {judged}" if judged else "")


def _judged(model: TrainedModel) -> str:
    return "" if model.eval_loss is None else f"loss {model.eval_loss:.2f}, accuracy {model.eval_accuracy:.2f}"


def historic_model_path(config: TrainConfig, output_dir: Path, when: datetime) -> Path:
    """Historic folder and file name."""
    return historic_path(
        output_dir,
        config.task.name,
        n_units=config.n_units,
        tau_limits_steps=config.tau_steps,
        activation=config.activation,
        p_rec=config.p_rec,
        dale=config.apply_dale,
        when=when,
    )


def save_historic(model: TrainedModel, config: TrainConfig, output_dir: Path) -> Path:
    """Save below output_dir with the historic name; two runs may end in the same second, so a free one is taken."""
    when = datetime.now()
    while historic_model_path(config, output_dir, when).exists():
        when += timedelta(seconds=1)
    path = historic_model_path(config, output_dir, when)
    make_folder(path.parent)
    save_model(model, path)
    return path


def end_or_raise(result: "TrainingResult", path: Path, how_to_go_on: str) -> None:
    """After the network is saved: raise if the training did not end by itself. Raises InputError, KeyboardInterrupt."""
    if result.diverged_at is not None:
        from rate2spike.rate.train import ADVISED, divergence_advice

        raise InputError(f"{divergence_advice(result)}. It is saved as {path}", *ADVISED)
    if result.interrupted:
        raise KeyboardInterrupt(f"the unfinished network is in {path}; {how_to_go_on}")


def finished_network(folder: RunFolder, config: TrainConfig) -> TrainedModel | None:
    """The network of a run folder if these settings leave nothing to do. Raises InputError if they ask for less."""
    model = load_model(folder.model) if folder.model.exists() and holds_model(folder.model) else None
    last = latest_update(folder.checkpoints)  # counted from 0
    n_done = model.n_updates_done if model else 0 if last is None else last + 1
    if n_done > config.n_updates:
        message = f"{folder.path} has {n_done} updates already, more than {{n_updates}} {config.n_updates}"
        raise InputError(message, "n_updates")
    return model if model and has_ended(config, read_evaluations(folder), model.last_update or 0) else None


def check_not_searched(path: Path) -> None:
    """Raise InputError while a search is at work on a model file that is to be replaced."""
    claim = read_claim(path)
    if claim and claim.owner and is_alive_here(claim.owner):
        raise InputError(f"{path} is being searched by {claim.owner_text()}: wait for it, or end it")


def save_over(model: TrainedModel, path: Path) -> None:
    """Save in place of the network that the file holds, if it does; warn if a λ search of that one goes."""
    unfinished_search = sidecar_path(path)
    searched = unfinished_search.exists() or (path.exists() and CLAIM_VARIABLE in variable_names(path))
    if update_model(model, path) and searched:
        unfinished_search.unlink(missing_ok=True)
        warnings.warn(f"the λ search of {path} was of the network before and is removed: search again", stacklevel=2)


def train_in_folder(folder: RunFolder, config: TrainConfig, gpu: str, gpu_frac: float | None) -> "TrainingResult":
    """Train with checkpoints in a run folder that holds its settings, and write what comes of it there."""
    result = train_with_progress(config, gpu, gpu_frac, folder.checkpoints, resume=True)
    save_over(result.model, folder.model)
    write_tables(folder, result)
    write_figures(folder, result, config)
    return result
