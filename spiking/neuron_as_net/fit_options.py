"""Settings of a fit."""

import re
from dataclasses import dataclass

from rate2spike.calls import public
from rate2spike.checks import NOT_NEGATIVE, POSITIVE, shown
from rate2spike.errors import InputError
from rate2spike.options import option
from rate2spike.seeding import SEED_LIMIT
from rate2spike.spiking.neuron_as_net.windows import WindowOptions

MAY_DIFFER = frozenset({"files_in_memory", "loss_gate", "variant", "schedule", "keep_best"})  # when a fit goes on
OPTIMIZERS = ("nadam", "adamw")


def _word(text: str) -> str:
    if not re.fullmatch(r"\w[\w-]*", text):
        raise InputError(f"{{variant}} must be one word of letters, digits, _ and -, got {shown(text)}", "variant")
    return text


@public()
@dataclass(frozen=True, repr=False)
class FitOptions(WindowOptions):
    """Settings of a fit; defaults as published for the layer-5 cell.

    Raises
    ------
    InputError
        If a value cannot be used, or there is no such setting.

    Examples
    --------
    >>> from rate2spike.spiking.neuron_as_net.fit_options import FitOptions
    >>> FitOptions(seed=3, batches_per_epoch=50)
    FitOptions(seed=3, batches_per_epoch=50)
    """

    seed: int = option(0, "seed of all that is drawn", least=0, most=SEED_LIMIT - 1)
    train_files_per_epoch: int = option(6, "files of training data per epoch", what="number of files")
    valid_files_per_epoch: int = option(3, "files of validation data per epoch", what="number of files")
    epochs_per_stage: int = option(10, "epochs of training per epoch of the schedule", what="number of epochs")
    batches_per_epoch: int | None = option(
        None, "updates of an epoch", what="number of batches", default_text="by load_fraction"
    )
    valid_batches: int | None = option(
        None, "batches on which an epoch is validated", what="number of batches", default_text="by load_fraction"
    )
    optimizer: str = option("nadam", "rule of the updates", choices=OPTIMIZERS)
    weight_decay: float = option(0.0, "decoupled decay of weights, of adamw", allowed=NOT_NEGATIVE)
    clip_norm: float | None = option(None, "largest norm of a gradient", what="norm", allowed=POSITIVE)
    loss_gate: float = option(
        0.03, "a file is written while the validation loss of spikes is below this", what="loss", allowed=POSITIVE
    )
    keep_best: bool = option(False, "at the end the network of the epoch with the least validation loss of spikes")
    variant: str = option("twin", "first word of the names of files", check=_word)
