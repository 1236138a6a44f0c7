"""Training with progress, checkpoints, and files as the result: what `train`, `main.py` and `run` share."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rate2spike.io.atomic_file import make_folder
from rate2spike.io.run_folder import RunFolder
from rate2spike.matlab_compat.model_file import historic_path, save_model
from rate2spike.progress import Progress
from rate2spike.rate.config import TrainConfig
from rate2spike.rate.run_files import write_figures, write_tables

if TYPE_CHECKING:
    from rate2spike.rate.train import TrainingResult


def train_with_progress(
    config: TrainConfig, gpu: str = "0", gpu_frac: float | None = None, checkpoints: Path | None = None,
    resume: bool = False,
) -> "TrainingResult":  # fmt: skip
    """Train, showing a bar or lines. checkpoints: folder for them. Raises InputError."""
    from rate2spike.rate.device import prepare_tensorflow

    strategy = prepare_tensorflow(gpu, gpu_frac)
    from rate2spike.rate.train import Checkpointing, train_interruptibly

    with Progress(f"training {config.task.name}", config.n_updates) as progress:
        progress.line(
            f"training {config.task.name}: {config.n_units} units, batch {config.batch_size}, seed {config.seed}"
        )
        accuracy_text, done = "", 0

        def on_update(update, loss):
            nonlocal done
            progress.advance(f"loss {loss:.2f}{accuracy_text}", update + 1 - done)
            done = update + 1

        def on_evaluation(update, evaluation):
            nonlocal accuracy_text
            accuracy_text = f", accuracy {evaluation.accuracy:.2f}"
            progress.log(f"update {update}: loss {evaluation.loss:.2f}, accuracy {evaluation.accuracy:.2f}")

        wanted = Checkpointing(checkpoints, resume) if checkpoints else None
        result = train_interruptibly(config, on_update, on_evaluation, wanted, strategy)
        progress.line(verdict(result))
    return result


def verdict(result: "TrainingResult") -> str:
    """How the training went, in a line."""
    model = result.model
    met = "criteria met" if model.training_success else "criteria NOT met"
    judged = "" if model.eval_loss is None else f": loss {model.eval_loss:.2f}, accuracy {model.eval_accuracy:.2f}"
    return f"{met} at update {model.last_update}{judged}"


def historic_model_path(config: TrainConfig, output_dir: Path, when: datetime) -> Path:
    """Historic folder and file name."""
    return historic_path(
        output_dir, config.task.name, config.n_units, config.tau_steps, config.activation, config.p_rec,
        config.apply_dale, when,
    )  # fmt: skip


def save_historic(model, config: TrainConfig, output_dir: Path) -> Path:
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
        from rate2spike.errors import InputError
        from rate2spike.rate.train import divergence_advice

        raise InputError(f"{divergence_advice(result)}. It is saved as {path}")
    if result.interrupted:
        raise KeyboardInterrupt(f"the unfinished network is in {path}; {how_to_go_on}")


def train_in_folder(folder: RunFolder, config: TrainConfig, gpu: str, gpu_frac: float | None) -> "TrainingResult":
    """Train with checkpoints in a run folder that holds its settings, and write what comes of it there."""
    result = train_with_progress(config, gpu, gpu_frac, folder.checkpoints, resume=True)
    save_model(result.model, folder.model)
    write_tables(folder, result)
    write_figures(folder, result, config)
    return result
