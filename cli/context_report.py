"""What `rate2spike context` leaves at the end: test scores, a summary and figures."""

import warnings
from typing import Any

from rate2spike.cli.columns import labelled, wrapped
from rate2spike.io.figure_file import save_figure
from rate2spike.io.run_folder import RunFolder
from rate2spike.progress import Progress
from rate2spike.spiking.context.config import ContextConfig
from rate2spike.spiking.context.f_i_curve import PUBLISHED_STEPS, spike_counts
from rate2spike.spiking.context.plots import f_i_family
from rate2spike.spiking.scoring.evaluate import SILENT_HZ

SOMA_DRIVES = (0.03, 0.06, 0.12, 0.24, 0.36, 0.48)
APICAL_DRIVES = (0.0, 0.5, 1.0, 2.0)
EXAMPLE_TRIAL = 1
SATURATED_PROBABILITY = 0.5  # spikes per unit and step


def tested_and_drawn(training: Any, splits: dict[str, Any], folder: RunFolder) -> Any:
    """Score the test trials with the last network, write summary.json and the figures; returns what was measured."""
    config, source = training.config, splits["test"]
    with Progress("test", source.n_batches) as progress:
        tested = training.measure(source, lambda _split, _count, loss: progress.advance(f"loss {loss:.3f}"))
        progress.finish(f"loss {tested.loss:.4f}, accuracy {tested.scores.accuracy:.3f}")
    folder.write_summary(
        {
            "model": config.model_type,
            "dataset": config.dataset,
            "synthetic": config.synthetic,
            "task": config.task_type,
            "seq_len": config.seq_len,
            "seed": config.seed,
            "epochs": training.n_done,
            "test_trials": source.n_trials,
            "parameters": training.model.count_params() - _n_constants(training.model),
            "step_ms": config.step_ms,
            **tested.as_record("test_"),
            "best_epoch": training.best_epoch,
            "best_val_balanced_accuracy": training.history[training.best_epoch - 1]["val_balanced_accuracy"],
        }
    )
    save_figure(training.history.plot(), folder.figures / "learning_curves")
    example = training.answer(source, min(EXAMPLE_TRIAL, source.n_trials - 1))
    save_figure(example.plot(), folder.figures / "trial")
    counts = {name: spike_counts(name, SOMA_DRIVES, APICAL_DRIVES) for name in ("relu_mult", "add")}
    save_figure(f_i_family(counts, SOMA_DRIVES, APICAL_DRIVES, PUBLISHED_STEPS), folder.figures / "f_i_family")
    return tested


def lines_of(tested: Any, config: ContextConfig, folder: RunFolder) -> tuple[str, str]:
    """The last lines."""
    scores = tested.scores
    said = (
        f"test on {config.data_name}: loss {tested.loss:.4f}, accuracy {scores.accuracy:.3f}, balanced accuracy "
        f"{scores.balanced_accuracy:.3f}, precision {scores.precision:.3f}, recall {scores.recall:.3f}, F1 {scores.f1:.3f}"
    )
    return wrapped(said, "", "  "), labelled("written to", folder.path)


def warn_of_activity(spike_probability: float, step_ms: float) -> None:
    """Say so if the units are silent, or fire in most steps, and what to change."""
    rate_hz = spike_probability / (step_ms * 1e-3)
    if rate_hz < SILENT_HZ:
        warnings.warn(
            f"the network is silent ({rate_hz:.2g} spikes per unit and second in the test), so that its answers say nothing: "
            "more updates (--epoch, --n_samples) or a lower --threshold may wake it",
            stacklevel=2,
        )
    elif spike_probability > SATURATED_PROBABILITY:
        warnings.warn(
            f"the network is saturated (each unit fires in {spike_probability:.0%} of the steps of the test): a higher "
            "--threshold, a larger --spike_reg_l2 or a smaller --lr may calm it",
            stacklevel=2,
        )


def _n_constants(model: Any) -> int:
    return sum(int(variable.shape.num_elements()) for variable in model.non_trainable_variables)
